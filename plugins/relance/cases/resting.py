"""What lets dunning rest by a person's word: put on a case, ended by time, by payment or by hand, and told each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.among import among
from relance.cases.facts import customers_of
from relance.cases.history import item_endings, payments_of
from relance.cases.holding import lift_holds, put_hold
from relance.cases.reading import Case
from relance.cases.record import Journal, change_case
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case, hold

SNOOZED = "snoozed"
ONE_DAY = timedelta(days=1)
FAR = date(9000, 1, 1)
"""The last day of what has none."""
WRITTEN_OFF = "commercial_hold"
"""The hold of invoices that are approved to be written off, until the ledger says so."""
_PAID = frozenset({"paid", "paid_late", "kept", "partly_kept"})


def put_to_rest(
    journal: Journal,
    case: Case,
    *,
    until: date,
    reason: str,
    items: Sequence[str] | None,
    asked_by: str | None = None,
    role: str | None = None,
) -> None:
    """The case, and dunning of these items or of all of the payer's (None), rest to the end of `until`, instead of earlier rests.

    `asked_by`: who asked for it, where the journal's actor is who approved it; `role`: the role that was asked.
    """
    lift_holds(journal, journal.on, case_id=case.case_id, reason=SNOOZED)
    said = {
        "by": asked_by or journal.actor, "on": journal.on.isoformat(), "until": until.isoformat(), "reason": reason,
        "invoices": None if items is None else list(items),
        **({"approved_by": journal.actor, "role": role} if asked_by else {}),
    }  # fmt: skip
    hold_rest(journal, case, until, items, source=f"{said['by']}, {journal.on.isoformat()}")
    details = {**case.details, "snooze": said}
    change_case(journal, case, "snooze", said, snoozed_until=until, details=details)


def unbroken_since(journal: Journal, case: Case, items: Sequence[str] | None) -> date:
    """The first day of the rest that a rest of these items (None: all) would go on from without a day between; else today."""
    table = hold.c
    meant = [table.entity == case.entity, table.payer_id == case.payer_id, table.reason == SNOOZED]
    if items is not None:
        meant.append(sa.or_(table.invoice_id.is_(None), among(table.invoice_id, items)))
    query = sa.select(table.from_date, table.until, table.ended_on).where(
        *meant, table.from_date <= journal.on
    )
    first = journal.on
    for put in sorted(journal.uow.execute(query), key=_last_day, reverse=True):
        if put.from_date < first <= _last_day(put) + ONE_DAY:
            first = put.from_date
    return first


def _last_day(put: sa.Row[Any]) -> date:
    """The last day on which a hold stood, or will."""
    ends: list[date] = [put.until] if put.until else []
    if put.ended_on:
        ends.append(put.ended_on - ONE_DAY)
    return min(ends, default=FAR)


def hold_rest(journal: Journal, case: Case, until: date, items: Sequence[str] | None, *, source: str) -> None:
    """The hold of a rest; a case about data has no payer whose dunning could rest."""
    if case.kind != "data":
        put_hold(
            journal, case.payer_id, items, reason=SNOOZED, until=until, source=source, case_id=case.case_id
        )


def end_rest(journal: Journal, case: Case, *, how: str, reason: str | None = None) -> None:
    """A case rests no longer, from the journal's day on. `how`: time, payment, hand, or why its case closed."""
    if how != "time":  # a hold that has run out ends by itself
        lift_holds(journal, journal.on, case_id=case.case_id, reason=SNOOZED)
    told = {"how": how, "until": case.snoozed_until and case.snoozed_until.isoformat()}
    if reason:
        told["reason"] = reason
    details = without(case.details, "snooze")
    change_case(journal, case, "wake", told, snoozed_until=None, details=details)


def rest_written_off(
    journal: Journal, case: Case, items: Sequence[str], *, asked_by: str, reason: str
) -> None:
    """Dunning of these items rests until the ledger has them written off, or somebody ends that."""
    put_hold(
        journal, case.payer_id, items, reason=WRITTEN_OFF, until=None, source=f"write-off approved by {journal.actor}",
        case_id=case.case_id,
    )  # fmt: skip
    earlier = (case.details.get("written_off") or {}).get("invoices") or []
    said = {
        "by": asked_by, "on": journal.on.isoformat(), "approved_by": journal.actor, "reason": reason,
        "invoices": sorted({*earlier, *items}),
    }  # fmt: skip
    change_case(journal, case, "write_off", said, details={**case.details, "written_off": said})


def end_write_off(journal: Journal, case: Case, *, how: str, reason: str | None = None) -> None:
    """What was to be written off is dunned again, or has left the ledger."""
    lift_holds(journal, journal.on, case_id=case.case_id, reason=WRITTEN_OFF)
    said = case.details.get("written_off") or {}
    told = {"how": how, "invoices": said.get("invoices"), **({"reason": reason} if reason else {})}
    change_case(journal, case, "end_write_off", told, details=without(case.details, "written_off"))


def without(details: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Details less some of them."""
    return {name: value for name, value in details.items() if name not in names}


def work_rests(journal: Journal, *, snapshot: Snapshot) -> int:
    """End the rests that are over on the journal's day: by time, by payment, with their case; gives how many.

    Ends by payment: money has come since, and nothing of what rests is overdue any more (of named invoices: is open).
    """
    ended = 0
    for case in _resting(journal):
        how = _how_over(journal, case, snapshot)
        if how is not None:
            end_rest(journal, case, how=how)
            ended += 1
    for case in _to_be_written_off(journal):
        names = (case.details.get("written_off") or {}).get("invoices") or []
        if snapshot.items.filter(pl.col("invoice_id").is_in(names)).is_empty():
            endings = set(item_endings(journal.uow, journal.entity, names, journal.on).values())
            end_write_off(journal, case, how="written_off" if "written_off" in endings else "payment")
            ended += 1
    return ended


def _resting(journal: Journal) -> list[Case]:
    """Cases that rest, locked; those that were put to rest on a later day are left alone."""
    table = dunning_case
    query = sa.select(table).where(table.c.entity == journal.entity, table.c.snoozed_until.is_not(None))
    rows = journal.uow.execute(query.order_by(table.c.case_id).with_for_update()).mappings()
    cases = [Case(**row) for row in rows]
    return [case for case in cases if _since(case) <= journal.on]


def _to_be_written_off(journal: Journal) -> list[Case]:
    put = sa.select(hold.c.case_id).where(
        hold.c.entity == journal.entity, hold.c.reason == WRITTEN_OFF, hold.c.ended_on.is_(None),
        hold.c.case_id.is_not(None), hold.c.from_date <= journal.on,
    )  # fmt: skip
    numbers = set(journal.uow.execute(put).scalars())
    if not numbers:
        return []
    query = sa.select(dunning_case).where(among(dunning_case.c.case_id, numbers))
    rows = journal.uow.execute(query.order_by(dunning_case.c.case_id).with_for_update()).mappings()
    return [case for case in (Case(**row) for row in rows) if case.details.get("written_off")]


def _since(case: Case) -> date:
    said = (case.details.get("snooze") or {}).get("on")
    return date.fromisoformat(said) if said else case.opened_on


def _how_over(journal: Journal, case: Case, snapshot: Snapshot) -> str | None:
    assert case.snoozed_until is not None
    if case.state != "open":
        return "payment" if case.closed_reason in _PAID else "closed"
    if case.snoozed_until < journal.on:
        return "time"
    return "payment" if _is_paid(journal, case, snapshot) else None


def _is_paid(journal: Journal, case: Case, snapshot: Snapshot) -> bool:
    named = (case.details.get("snooze") or {}).get("invoices")
    own = snapshot.items.filter(pl.col("payer_id") == case.payer_id)
    left = own.filter(pl.col("due_date") < journal.on if named is None else pl.col("invoice_id").is_in(named))
    if not left.is_empty():
        return False
    customers = customers_of(snapshot, [case.payer_id])[case.payer_id]
    came = payments_of(
        journal.uow, case.entity, case.payer_id, customers=customers, since=_since(case), until=journal.on
    )
    return sum(payment.amount for payment in came) > 0
