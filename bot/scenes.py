"""What modals are drawn from: the case, its open items, its people, and what the viewer may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from bot.desk import Desk
from relance.cases.facts import customers_of
from relance.cases.permissions import allowed, longest_snooze
from relance.cases.reading import Case, read_events
from relance.slack.modals import Item, KnownContact, ModalScene
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
            contacts=contacts_of(desk, case.entity, case.payer_id),
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


_ADDRESSES = (("email", "email"), ("call", "phone"), ("whatsapp", "whatsapp"), ("letter", "address"))
"""Channels by which people are reached, with the column of their address."""


def contacts_of(desk: Desk, entity: str, payer_id: str) -> list[KnownContact]:
    """The payer's people, each address a line."""
    snapshot = desk.ledgers.of(entity)
    customers = customers_of(snapshot, [payer_id])[payer_id]
    people = snapshot.contacts.filter(pl.col("customer_id").is_in(customers)).sort("contact_id")
    return [
        KnownContact(contact_id=row["contact_id"], channel=channel, address=row[column], name=row["name"])
        for row in people.iter_rows(named=True)
        for channel, column in _ADDRESSES
        if row[column]
    ]


def _people(uow: UnitOfWork, case: Case) -> dict[str, str]:
    named = [case.owner, *case.watchers]
    return {
        one.casefold(): user_id
        for one in named
        if one is not None and (user_id := user_id_of(uow, one)) is not None
    }
