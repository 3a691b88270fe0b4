"""What modals are drawn from: the case, its open items, its people, and what the viewer may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from bot.desk import Desk
from relance.cases.permissions import allowed, longest_snooze
from relance.cases.reading import Case, read_events
from relance.slack.modals.modal import Item, ModalScene
from relance.slack.people import Person, user_id_of
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.uow import UnitOfWork


def scene_of(
    desk: Desk, case: Case, person: Person, *, prefill: Mapping[str, Any] | None = None
) -> ModalScene:
    """The scene of a case's modal for this viewer.

    Raises:
        RelanceError: when the ledger can't be read.
    """
    by = str(person.email)
    items = open_items(desk, case.entity, case.payer_id)
    with desk.unit_of_work() as uow:
        return ModalScene(
            case=case,
            voice=Voice(locale_of(person.locale)),
            today=desk.services.today(case.entity),
            may=allowed(uow, desk.policy, by=by, case=case),
            items=items,
            people=_people(uow, case),
            longest_snooze=longest_snooze(uow, desk.policy, by=by, case=case),
            prefill=prefill or {},
            notation=person.locale,
            events=read_events(uow, case.case_id),
        )


def open_items(desk: Desk, entity: str, payer_id: str) -> list[Item]:
    """What the payer owes today, the oldest first; credits, which nobody can promise or contest, are left out."""
    rows = (
        desk.ledgers.of(entity)
        .items.filter((pl.col("payer_id") == payer_id) & (pl.col("open") > 0))
        .sort("due_date", "invoice_id")
        .select("invoice_id", "due_date", "open", "currency")
    )
    return [Item(**row) for row in rows.iter_rows(named=True)]


def _people(uow: UnitOfWork, case: Case) -> dict[str, str]:
    named = [case.owner, *case.watchers]
    return {
        one.casefold(): user_id
        for one in named
        if one is not None and (user_id := user_id_of(uow, one)) is not None
    }
