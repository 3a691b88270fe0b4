"""Disputes worked through a day: the platform's word, deadlines, and their ends; what a resolved one leaves behind.

A dispute that was accepted leaves its hold until the credit note has come, so that nobody is chased for what is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from relance.calendars import Calendar
from relance.cases.disputed import (
    KIND,
    PLATFORM,
    REFUSED,
    Contested,
    deadline,
    dispute_facts,
    disputed_items,
    is_by_day,
)
from relance.cases.facts import TOP_ITEMS
from relance.cases.history import item_endings
from relance.cases.holding import lift_holds, put_hold
from relance.cases.reading import Case, list_cases
from relance.cases.record import Journal, close_case, touch, update_case
from relance.cases.standing import GRAVEST_FIRST, Condition, Worked, work_standing
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case, hold

ACCEPTED = ("accepted_credit_note", "partly_accepted", "pricing_corrected", "duplicate")
"""Resolutions after which a credit note is expected: what was contested rests until it comes."""
NOTE_DAYS = 30
"""How long, in calendar days, what was contested rests at most while a credit note is expected."""
CLEARED = "status_cleared"
"""Why a case of the platform's word closes when the platform no longer says so."""


def hold_disputed(
    journal: Journal,
    payer_id: str,
    case_id: int,
    parts: Mapping[str, int | None],
    *,
    until: date | None = None,
) -> None:
    """Dunning rests for what a case contests, of each item a part or all of it; without `until` as long as the case is open."""
    if parts:
        put_hold(
            journal, payer_id, sorted(parts), reason="disputed", until=until, source=f"{journal.actor}, {journal.on.isoformat()}",
            parts={item: part for item, part in parts.items() if part is not None}, case_id=case_id,
        )  # fmt: skip


def end_dispute(journal: Journal, case: Case, *, reason: str) -> date | None:
    """The hold of a dispute ends today, for whoever closes its case; gives the last day on which a credit note is awaited.

    After a resolution of `ACCEPTED` what was contested rests on until the credit note comes, `NOTE_DAYS` at most; where one has
    come since the dispute began, nothing rests any more. What the platform says holds as long as it says so. Closes nothing.
    """
    lift_holds(journal, journal.on, case_id=case.case_id, reason="disputed")
    if reason not in ACCEPTED or case.subject == PLATFORM:
        return None
    parts = disputed_items(journal.uow, case)
    noted = _noted(journal, parts, since=case.opened_on)
    awaited = {item: part for item, part in parts.items() if item not in noted}
    if not awaited:
        return None
    until = journal.on + timedelta(days=NOTE_DAYS)
    hold_disputed(journal, case.payer_id, case.case_id, awaited, until=until)
    return until


def reopen_dispute(journal: Journal, case: Case) -> None:
    """What the case contests rests again, for whoever opens it again. Opens nothing.

    Raises:
        CaseError: another case contests one of its items by now.
    """
    lift_holds(journal, journal.on, case_id=case.case_id, reason="disputed")
    if case.subject == PLATFORM:
        return
    parts = disputed_items(journal.uow, case)
    for other in list_cases(journal.uow, entity=case.entity, kind=KIND, payer_id=case.payer_id, lock=True):
        if other.case_id != case.case_id and disputed_items(journal.uow, other).keys() & parts.keys():
            raise CaseError(
                f"Case {other.case_id} contests the same invoices by now.", hint="Go on with that one."
            )
    hold_disputed(journal, case.payer_id, case.case_id, parts)


def work_disputes(journal: Journal, *, snapshot: Snapshot, policy: Policy, calendar: Calendar) -> Worked:
    """Open, update and close: what the platform says by the day's ledger, all others when nothing they contest is open."""
    one = policy.entity(journal.entity)
    _give_days(journal, one.dispute_days)
    cases = [case for case in _open_cases(journal) if not is_by_day(case)]
    parts = {case.case_id: disputed_items(journal.uow, case) for case in cases}
    taken = {item for case in cases for item in parts[case.case_id]}
    worked = _work_platform(journal, taken, snapshot=snapshot, calendar=calendar, days=one.dispute_days)
    current = [case for case in cases if case.facts_on <= journal.on]
    contested = [Contested(case.case_id, case.payer_id, parts[case.case_id], case.due_on) for case in current]
    facts = dispute_facts(journal, contested, snapshot=snapshot, calendar=calendar)
    still = set(snapshot.items["invoice_id"].filter(snapshot.items["invoice_id"].is_in(sorted(taken))))
    ending = [case for case in current if not still & parts[case.case_id].keys()]
    over = {case.case_id for case in ending}
    endings = item_endings(
        journal.uow, journal.entity, {item for case in ending for item in parts[case.case_id]}, journal.on
    )
    for case in ending:
        _close(journal, case, facts[case.case_id], {item: endings[item] for item in parts[case.case_id]})
    staying = [case for case in current if case.case_id not in over]
    unchanged = [case for case in staying if not update_case(journal, case, facts[case.case_id])]
    touch(journal.uow, unchanged, journal.on)
    return worked + Worked(updated=len(staying) - len(unchanged), closed=len(ending))


def end_awaited(journal: Journal) -> int:
    """Lift what rests for credit notes that have come by the journal's day; gives how many holds."""
    table = hold.c
    query = (
        sa.select(table.hold_id, table.invoice_id, table.case_id, dunning_case.c.opened_on)
        .join_from(hold, dunning_case, table.case_id == dunning_case.c.case_id)
        .where(
            table.entity == journal.entity,
            table.reason == "disputed",
            table.ended_on.is_(None),
            table.from_date <= journal.on,
            table.until >= journal.on,
            dunning_case.c.state == "closed",
        )
    )
    waiting = journal.uow.execute(query).all()
    lifted = 0
    for since in sorted({row.opened_on for row in waiting}):
        rows = [row for row in waiting if row.opened_on == since]
        noted = _noted(journal, [row.invoice_id for row in rows], since=since)
        for row in rows:
            if row.invoice_id in noted:
                lift_holds(journal, journal.on, hold_id=row.hold_id)
                lifted += 1
    return lifted


def _open_cases(journal: Journal) -> list[Case]:
    return list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)


def _close(journal: Journal, case: Case, facts: Mapping[str, Any], how: Mapping[str, str]) -> None:
    """Nothing that the case contests is open any more; its holds have had their say for today."""
    reason = next((word for word in GRAVEST_FIRST if word in how.values()), "paid")
    told = dict(sorted(how.items())[:TOP_ITEMS])
    close_case(journal, case, facts, reason=reason, body={"items": told})
    lift_holds(journal, journal.on + timedelta(days=1), case_id=case.case_id, reason="disputed")


def _noted(journal: Journal, items: Iterable[str], *, since: date) -> set[str]:
    """Those of the items for which a credit note has first come on a day from `since` on."""
    names = sorted(items)
    if not names:
        return set()
    values = {"entity": journal.entity, "items": names, "on": journal.on, "since": since}
    return set(journal.uow.execute(_NOTED, values).scalars())


_NOTED = sa.text(
    """
    WITH mine AS (
      SELECT DISTINCT item_id, invoice_id FROM invoice_version WHERE entity = :entity AND item_id = ANY(:items)
    ), notes AS (
      SELECT DISTINCT ON (item_id) credits_invoice_id, status, min(extract_date) OVER (PARTITION BY item_id) AS came
      FROM invoice_version
      WHERE entity = :entity AND kind = 'credit_note' AND extract_date <= :on
        AND credits_invoice_id IN (SELECT item_id FROM mine UNION SELECT invoice_id FROM mine)
      ORDER BY item_id, extract_date DESC, import_id DESC)
    SELECT DISTINCT mine.item_id FROM mine JOIN notes ON credits_invoice_id IN (mine.item_id, mine.invoice_id)
    WHERE came >= :since AND status IS DISTINCT FROM 'cancelled'
    """
)


def _work_platform(
    journal: Journal, taken: Iterable[str], *, snapshot: Snapshot, calendar: Calendar, days: int
) -> Worked:
    """What the e-invoicing platform says is refused or disputed: one case a payer, as long as it says so of an open item.

    Items that another dispute is about (`taken`) are left out. `days`: in which an answer is due.
    """
    items = snapshot.items.filter(
        pl.col("delivery_status").is_in(REFUSED), ~pl.col("invoice_id").is_in(sorted(taken))
    )
    due = {case.payer_id: case.due_on for case in _open_cases(journal) if case.subject == PLATFORM}
    told: dict[str, dict[str, Any]] = {}
    for (payer,), own in items.group_by(["payer_id"]):
        sums = own.group_by("currency").agg(amount=pl.col("open").sum()).sort("currency")
        due_on = due.get(str(payer)) or journal.on + timedelta(days=days)
        told[str(payer)] = {
            "asks": "dispute",
            "platform": dict(own["delivery_status"].value_counts().sort("delivery_status").iter_rows()),
            "disputed": sums.to_dicts(),
            "deadline": deadline(due_on, on=journal.on, calendar=calendar),
        }
    condition = Condition(KIND, items, over=CLEARED, subject=PLATFORM, by_payer=told, news=False)
    worked = work_standing(journal, condition, snapshot=snapshot)
    if worked.opened:
        _give_days(journal, days)
    return worked


def _give_days(journal: Journal, days: int) -> None:
    """Open disputes without a deadline get one, counted from their first day: new ones of the platform's word, and older ones.

    The platform's get their reason with it. Reviews of holds have no deadline.
    """
    table = dunning_case
    reason = sa.case(
        (table.c.subject == PLATFORM, sa.cast({"reason": PLATFORM}, JSONB)), else_=sa.cast({}, JSONB)
    )
    journal.uow.execute(
        sa.update(table)
        .where(
            table.c.entity == journal.entity,
            table.c.kind == KIND,
            table.c.state == "open",
            ~table.c.subject.startswith("hold:"),
            table.c.due_on.is_(None),
        )
        .values(due_on=table.c.opened_on + days, details=table.c.details.op("||")(reason))
    )
