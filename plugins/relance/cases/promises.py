"""Promises worked through a day: measured, kept, broken; their holds lifted; their cards' facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import polars as pl
import sqlalchemy as sa

from relance.calendars import Calendar
from relance.cases import transitions
from relance.cases.counting import count, nothing_left
from relance.cases.holding import lift_holds
from relance.cases.instalments import money_of
from relance.cases.measure import KEPT_PERCENT, judge
from relance.cases.promised import Agreed, promise_facts
from relance.cases.reading import (
    Case,
    InstalmentPlan,
    Promise,
    list_cases,
    read_instalment_plans,
    read_promises,
)
from relance.cases.record import Journal, close_case, touch, update_case
from relance.ledger.snapshot import Snapshot
from relance.store.schema import promise as promise_table

KIND = "promise"
_VERBS = {"kept": "keep", "partly_kept": "keep_partly", "broken": "break"}
_One = TypeVar("_One", Promise, InstalmentPlan)


def work_promises(
    journal: Journal,
    *,
    snapshot: Snapshot,
    calendar: Calendar,
    measured: Mapping[int, InstalmentPlan] | None = None,
) -> tuple[int, int]:
    """Measure every open promise case; gives how many were updated and closed.

    `measured`: instalment plans as this unit of work has left them (`measure_instalments`), by number.
    """
    cases = [
        case
        for case in list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
        if case.facts_on <= journal.on
    ]
    payers = {case.payer_id for case in cases}
    promises = _by_payer(read_promises(journal.uow, entity=journal.entity, payers=payers))
    stored = read_instalment_plans(journal.uow, entity=journal.entity, payers=payers)
    plans = _by_payer((measured or {}).get(one.instalment_plan_id, one) for one in stored)
    updated = closed = 0
    agreed = {
        case.case_id: _work_payer(
            journal, case, promises.get(case.payer_id, []), plans.get(case.payer_id, []), snapshot
        )
        for case in cases
    }
    facts = promise_facts(journal, snapshot=snapshot, calendar=calendar, agreed=agreed, cases=cases)
    unchanged = []
    for case in cases:
        reason = _end(agreed[case.case_id])
        if reason is not None:
            close_case(journal, case, facts[case.case_id], reason=reason)
            closed += 1
        elif update_case(journal, case, facts[case.case_id]):
            updated += 1
        else:
            unchanged.append(case)
    touch(journal.uow, unchanged, journal.on)
    return updated, closed


def conclude(
    journal: Journal, case_kind: str, one: Promise, state: str, *, verb: str, body: Mapping[str, Any]
) -> Promise:
    """Bring an open promise to its end: its row, its holds, its events."""
    transitions.move(transitions.PROMISE, verb, one.state)
    ended = replace(one, state=state, concluded_on=journal.on)
    _store(journal, ended)
    # Planning has had its say for today; from tomorrow on the hold no longer stands. A replaced promise gives
    # way to the hold of the new one at once.
    lifted = journal.on if state == "replaced" else journal.on + timedelta(days=1)
    lift_holds(journal, lifted, promise_id=one.promise_id)
    told = {
        "promise": one.promise_id,
        "amount": one.amount,
        "currency": one.currency,
        "due_on": one.due_on.isoformat(),
    }
    journal.tell(case_id=one.case_id, payer_id=one.payer_id, verb=verb, kind=case_kind, body={**told, **body})
    return ended


def deal_with(journal: Journal, one: Promise, *, how: str) -> Promise:
    """Note that a broken promise is dealt with, and how."""
    transitions.move(transitions.PROMISE, "deal_with", one.state)
    done = replace(one, dealt_on=journal.on)
    _store(journal, done)
    journal.tell(
        case_id=one.case_id, payer_id=one.payer_id, verb="deal_with", kind=KIND,
        body={"promise": one.promise_id, "how": how},
    )  # fmt: skip
    return done


def _by_payer(found: Iterable[_One]) -> dict[str, list[_One]]:
    grouped: dict[str, list[_One]] = {}
    for one in found:
        grouped.setdefault(one.payer_id, []).append(one)
    return grouped


def _work_payer(
    journal: Journal,
    case: Case,
    promises: Sequence[Promise],
    plans: Sequence[InstalmentPlan],
    snapshot: Snapshot,
) -> Agreed:
    """Judge the case's promises by the payer's money; gives what was agreed on the case, as it is now.

    Promises of the payer's earlier cases take their share of the money first: a payment counts once.
    """
    own = tuple(one for one in promises if one.case_id == case.case_id)
    of_case = tuple(one for one in plans if one.case_id == case.case_id)
    if all(one.state == "replaced" for one in promises):
        return Agreed(own, of_case)
    items = snapshot.items.filter(pl.col("payer_id") == case.payer_id)
    payments = money_of(journal, case.payer_id, [*promises, *plans], snapshot)
    paid = count(promises, plans, payments, on=journal.on).promises
    later = count(promises, plans, payments, on=journal.on, late=True).promises
    result = []
    for one in own:
        now = one
        if one.state == "open":
            now = _judge(journal, one, paid[one.promise_id], gone=nothing_left(one, items))
        if now.state == "broken" and now.dealt_on is None:
            enough = later[now.promise_id] * 100 >= now.amount * KEPT_PERCENT
            if enough or nothing_left(now, items):
                now = deal_with(journal, now, how="paid_late")
        result.append(now)
    return Agreed(tuple(result), of_case)


def _judge(journal: Journal, one: Promise, paid: int, *, gone: bool) -> Promise:
    now = replace(one, paid=paid)
    state = judge(one.pledge, paid=paid, nothing_left=gone, as_of=journal.on)
    if state != "open":
        return conclude(journal, KIND, now, state, verb=_VERBS[state], body={"paid": paid})
    if paid != one.paid:
        _store(journal, now)
    return now


def _end(agreed: Agreed) -> str | None:
    """Why a promise case ends, or None while something is promised or broken and not dealt with."""
    if any(
        one.state == "open" or (one.state == "broken" and one.dealt_on is None) for one in agreed.everything
    ):
        return None
    concluded = [one for one in agreed.everything if one.state != "replaced"]
    if not concluded:
        return "replaced"
    # Of two that ended on one day the later one tells; a plan comes after the promises that it replaced.
    last = max(
        enumerate(concluded),
        key=lambda one: (one[1].dealt_on or one[1].concluded_on or one[1].made_on, one[0]),
    )[1]
    return "paid_late" if last.state == "broken" else last.state


def _store(journal: Journal, one: Promise) -> None:
    table = promise_table
    values = {
        "state": one.state,
        "paid": one.paid,
        "concluded_on": one.concluded_on,
        "dealt_on": one.dealt_on,
    }
    journal.uow.execute(sa.update(table).where(table.c.promise_id == one.promise_id).values(**values))
