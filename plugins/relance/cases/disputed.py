"""What is in dispute: which items of which case, how much of each, and what the card of a dispute shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.calendars import Calendar
from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.measure import speaks
from relance.cases.reading import Case
from relance.cases.record import Journal
from relance.ledger.snapshot import Snapshot
from relance.store.schema import hold
from relance.store.uow import UnitOfWork

KIND = "dispute"
PLATFORM = "platform"
"""Subject of the payer's case of what the e-invoicing platform says is refused or disputed, and its reason."""
REFUSED = ("refused", "disputed")
"""Delivery statuses with which the platform says that the payer contests an invoice."""


@dataclass(frozen=True, slots=True)
class Contested:
    """What a case contests: of each item (by id) a part in minor units, or all of it (None); `due_on`: an answer is due."""

    number: int
    payer_id: str
    parts: Mapping[str, int | None]
    due_on: date | None


def disputed_items(uow: UnitOfWork, case: Case) -> dict[str, int | None]:
    """The items of a dispute by id, with the part in dispute in minor units; None: all of it.

    An older case, from before its details were kept, is asked for its holds.
    """
    if case.subject == PLATFORM:
        return dict.fromkeys(case.details.get("about", ()))
    amounts = case.details.get("amounts")
    if amounts is not None:
        whole = set(case.details.get("whole", ()))
        return {item: None if item in whole else amount for item, amount in sorted(amounts.items())}
    table = hold.c
    query = sa.select(table.invoice_id, table.amount).where(
        table.case_id == case.case_id,
        table.reason == "disputed",
        table.ended_on.is_(None),
        table.invoice_id.is_not(None),
    )
    return {row.invoice_id: row.amount for row in uow.execute(query.order_by(table.invoice_id))}


def parts_on(uow: UnitOfWork, entity: str, payer_id: str, on: date) -> dict[str, int]:
    """By invoice the minor units of it in dispute on a day, where that was said of a part; all of it may be open by now."""
    table = hold.c
    query = (
        sa.select(table.invoice_id, sa.func.sum(table.amount))
        .where(
            table.entity == entity,
            table.payer_id == payer_id,
            table.reason == "disputed",
            table.amount.is_not(None),
            table.invoice_id.is_not(None),
            table.from_date <= on,
            sa.or_(table.until.is_(None), table.until >= on),
            sa.or_(table.ended_on.is_(None), table.ended_on > on),
        )
        .group_by(table.invoice_id)
    )
    return {invoice: int(amount) for invoice, amount in uow.execute(query)}


def is_by_day(case: Case) -> bool:
    """Whether the case follows the ledger by itself: the platform's word, or a review of a hold."""
    return case.subject == PLATFORM or case.subject.startswith("hold:")


def dispute_facts(
    journal: Journal, contested: Sequence[Contested], *, snapshot: Snapshot, calendar: Calendar
) -> dict[int, dict[str, Any]]:
    """The facts of dispute cases by number: the payer's, what is still open of what they contest, and the deadline.

    `disputed`: what is contested of open amounts, by currency; `deadline`: eve, today or passed, None before.
    """
    payers = {one.payer_id for one in contested}
    own = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(own["invoice_id"]))
    result: dict[int, dict[str, Any]] = {}
    for batch in _one_a_payer(contested):
        about = _about(own, batch)
        items = about.select(own.columns)
        base = payer_facts(snapshot, [one.payer_id for one in batch], history, items=items)
        sums = _sums(about)
        for one in batch:
            result[one.number] = {
                **base[one.payer_id],
                "asks": "dispute",
                "disputed": sums.get(one.number, []),
                "deadline": deadline(one.due_on, on=journal.on, calendar=calendar),
            }
    return result


def deadline(due_on: date | None, *, on: date, calendar: Calendar) -> str | None:
    """What a card says of the day by which an answer is due: eve, today, passed, or None."""
    if due_on is None:
        return None
    said = speaks(due_on=due_on, grace_until=date.max, as_of=on, calendar=calendar)
    return said or ("passed" if on > due_on else None)


def _one_a_payer(contested: Sequence[Contested]) -> list[list[Contested]]:
    """In batches in which each payer has one: facts are built by payer."""
    batches: list[list[Contested]] = []
    seen: dict[str, int] = {}
    for one in contested:
        place = seen.get(one.payer_id, 0)
        seen[one.payer_id] = place + 1
        if place == len(batches):
            batches.append([])
        batches[place].append(one)
    return batches


def _about(own: pl.DataFrame, batch: Iterable[Contested]) -> pl.DataFrame:
    """The open items of each case, with its `number` and the `part` (null: all of it)."""
    rows = [(one.number, one.payer_id, item, part) for one in batch for item, part in one.parts.items()]
    schema = {"number": pl.Int64, "payer_id": pl.String, "invoice_id": pl.String, "part": pl.Int64}
    return own.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["payer_id", "invoice_id"])


def _sums(about: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    contested = pl.min_horizontal("open", pl.coalesce("part", "open"))
    summed = about.group_by("number", "currency").agg(amount=contested.sum()).sort("number", "currency")
    found: dict[int, list[dict[str, Any]]] = {}
    for number, currency, amount in summed.iter_rows():
        found.setdefault(number, []).append({"currency": currency, "amount": amount})
    return found
