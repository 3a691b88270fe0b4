"""Addresses that are used no more, as people see them, and a person's word that one can be used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from relance.cases.permissions import check_person
from relance.errors import UsageError
from relance.store import timeline
from relance.store.inbound import Mark, lift_marks, normal_address
from relance.store.schema import contact, reach_mark
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Cleared:
    """How many marks were lifted, and on whose timelines it stands."""

    marks: int
    payers: tuple[str, ...]


def standing(uow: UnitOfWork, *, entity: str) -> Sequence[sa.RowMapping]:
    """Marks that stand: `channel`, `address`, `mark`, `on_date`, `source`, `key`; the newest first."""
    columns = [reach_mark.c[name] for name in ("channel", "address", "mark", "on_date", "source", "key")]
    query = sa.select(*columns).where(reach_mark.c.entity == entity, reach_mark.c.lifted_on.is_(None))
    newest_first = (reach_mark.c.on_date.desc(), reach_mark.c.mark_id.desc())
    return uow.execute(query.order_by(*newest_first)).mappings().all()


def clear(
    uow: UnitOfWork,
    *,
    entity: str,
    channel: str,
    address: str,
    by: str,
    on_date: date,
    opted_out: bool = False,
) -> Cleared:
    """Use an address again from a day on, in this transaction; told on the timelines of the payers it belongs to.

    Whoever asked for no more messages has to be the one who wants them again: such a mark is lifted only with `opted_out`.

    Raises:
        CaseError: `by` is not a person's e-mail.
        UsageError: no such mark stands, or only its owner's own wish.
    """
    check_person(by)
    told = normal_address(channel, address)
    marks = [
        row for row in standing(uow, entity=entity) if (row["channel"], row["address"]) == (channel, told)
    ]
    lifted: list[Mark] = [row["mark"] for row in marks if opted_out or row["mark"] != "opted_out"]
    if not lifted:
        hint = (
            "Its owner asked for no more messages; if they want them again, add --opted-out."
            if marks
            else f"`relance reach {entity}` shows the marks that stand."
        )
        raise UsageError(f"Nothing to lift for this address on {channel}.", hint=hint)
    count = sum(
        lift_marks(uow, entity=entity, channel=channel, address=told, on_date=on_date, by=by, mark=mark)
        for mark in lifted
    )
    payers = _payers(uow, entity, channel, told, [row["key"] for row in marks if row["key"]])
    body = {"channel": channel, "address": told, "marks": sorted(lifted)}
    entries = [
        timeline.Entry(
            payer_id=payer, at=datetime.now(UTC), on_date=on_date, kind="reach.cleared", actor=by,
            subject=f"reach:{channel}", body=body,
        )
        for payer in payers
    ]  # fmt: skip
    timeline.append(uow, entity, entries)
    return Cleared(count, payers)


def _payers(uow: UnitOfWork, entity: str, channel: str, address: str, keys: list[str]) -> tuple[str, ...]:
    """Whom we have written to there, and whose message the mark came of."""
    same = (contact.c.channel == channel) & (sa.func.lower(contact.c.recipient) == address.lower())
    query = sa.select(contact.c.payer_id).where(contact.c.entity == entity, same | contact.c.key.in_(keys))
    return tuple(sorted(set(uow.execute(query).scalars())))
