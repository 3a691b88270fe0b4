"""Promises worked through a day: measured, kept, broken; their holds lifted; their cards' facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.calendars import Calendar
from relance.cases import transitions
from relance.cases.facts import customers_of, payer_facts
from relance.cases.history import payments_of, read_history
from relance.cases.measure import KEPT_PERCENT, judge, paid_towards, speaks
from relance.cases.reading import Case, Promise, list_cases, read_promises
from relance.cases.record import Journal, close_case, touch, update_case
from relance.ledger.snapshot import Snapshot
from relance.store.schema import hold
from relance.store.schema import promise as promise_table

KIND = "promise"
SHOWN = 8
"""Promises of one case that its card names; the others are counted."""
_VERBS = {"kept": "keep", "partly_kept": "keep_partly", "broken": "break"}
_URGENCY = ("broken", "today", "eve")


def work_promises(journal: Journal, *, snapshot: Snapshot, calendar: Calendar) -> tuple[int, int]:
    """Measure every open promise case; gives how many were updated and closed."""
    cases = [
        case
        for case in list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
        if case.facts_on <= journal.on
    ]
    payers = {case.payer_id for case in cases}
    by_payer: dict[str, list[Promise]] = {}
    for one in read_promises(journal.uow, entity=journal.entity, payers=payers):
        by_payer.setdefault(one.payer_id, []).append(one)
    updated = closed = 0
    worked = {
        case.case_id: _work_payer(journal, case, by_payer.get(case.payer_id, []), snapshot) for case in cases
    }
    facts = promise_facts(journal, snapshot=snapshot, calendar=calendar, promises=worked, cases=cases)
    unchanged = []
    for case in cases:
        reason = _end(worked[case.case_id])
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
    journal.uow.execute(
        sa.update(hold)
        .where(hold.c.promise_id == one.promise_id, hold.c.ended_on.is_(None))
        .values(ended_on=lifted, ended_at=sa.func.now())
    )
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


def promise_facts(
    journal: Journal,
    *,
    snapshot: Snapshot,
    calendar: Calendar,
    promises: Mapping[int, Sequence[Promise]],
    cases: Iterable[Case],
) -> dict[int, dict[str, Any]]:
    """The facts of promise cases by case number: the payer's, and what was promised and how it stands."""
    chosen = list(cases)
    payers = {case.payer_id for case in chosen}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(items["invoice_id"]))
    about = pl.concat([_about(items, case, promises[case.case_id]) for case in chosen]) if chosen else items
    base = payer_facts(snapshot, payers, history, items=about)
    result = {}
    for case in chosen:
        shown, speak = _standing(promises[case.case_id], on=journal.on, calendar=calendar)
        more = max(0, len(shown) - SHOWN)
        result[case.case_id] = {
            **base[case.payer_id],
            "promises": shown[:SHOWN],
            "more_promises": more,
            "speak": speak,
        }
    return result


def _work_payer(
    journal: Journal, case: Case, promises: Sequence[Promise], snapshot: Snapshot
) -> list[Promise]:
    """Judge the case's promises by the payer's money; gives the case's promises as they are now.

    Promises of the payer's earlier cases take their share of the money first: a payment counts once.
    """
    counting = [one for one in promises if one.state != "replaced"]
    if not counting:
        return [one for one in promises if one.case_id == case.case_id]
    items = snapshot.items.filter(pl.col("payer_id") == case.payer_id)
    payments = payments_of(
        journal.uow, journal.entity, case.payer_id,
        customers=customers_of(snapshot, [case.payer_id])[case.payer_id],
        since=min(one.made_on for one in counting), until=journal.on,
    )  # fmt: skip
    pledges = [one.pledge for one in counting]
    paid = paid_towards(pledges, payments, until=journal.on)
    later = paid_towards(pledges, payments, until=journal.on, late=True)
    result = []
    for one in promises:
        if one.case_id != case.case_id:
            continue
        now = one
        if one.state == "open":
            now = _judge(journal, one, paid[one.promise_id], nothing_left=_nothing_left(one, items))
        if now.state == "broken" and now.dealt_on is None:
            enough = later[now.promise_id] * 100 >= now.amount * KEPT_PERCENT
            if enough or _nothing_left(now, items):
                now = deal_with(journal, now, how="paid_late")
        result.append(now)
    return result


def _judge(journal: Journal, one: Promise, paid: int, *, nothing_left: bool) -> Promise:
    now = replace(one, paid=paid)
    state = judge(one.pledge, paid=paid, nothing_left=nothing_left, as_of=journal.on)
    if state != "open":
        return conclude(journal, KIND, now, state, verb=_VERBS[state], body={"paid": paid})
    if paid != one.paid:
        _store(journal, now)
    return now


def _nothing_left(one: Promise, items: pl.DataFrame) -> bool:
    """Whether nothing is open any more of what was promised (paid, credited, cancelled …)."""
    if one.invoices is None:
        return items.filter(pl.col("currency") == one.currency).is_empty()
    return items.filter(pl.col("invoice_id").is_in(list(one.invoices))).is_empty()


def _about(items: pl.DataFrame, case: Case, promises: Sequence[Promise]) -> pl.DataFrame:
    own = items.filter(pl.col("payer_id") == case.payer_id)
    live = [one for one in promises if one.state != "replaced"]
    if any(one.invoices is None for one in live):
        return own
    return own.filter(
        pl.col("invoice_id").is_in(sorted({item for one in live for item in one.invoices or ()}))
    )


def _standing(
    promises: Sequence[Promise], *, on: date, calendar: Calendar
) -> tuple[list[dict[str, Any]], str | None]:
    """The case's promises as facts, the most urgent first, and what the card says most loudly."""
    said = []
    for one in promises:
        speak = None
        if one.state == "open":
            speak = speaks(due_on=one.due_on, grace_until=one.grace_until, as_of=on, calendar=calendar)
        elif one.state == "broken" and one.dealt_on is None:
            speak = "broken"
        rank = (
            _URGENCY.index(speak)
            if speak
            else 3
            if one.state == "open"
            else 5
            if one.state == "replaced"
            else 4
        )
        said.append((rank, one.due_on, one.promise_id, speak, one))
    said.sort(key=lambda row: row[:3])
    facts = [
        {
            "promise_id": one.promise_id, "amount": one.amount, "currency": one.currency, "paid": one.paid,
            "made_on": one.made_on.isoformat(), "due_on": one.due_on.isoformat(),
            "grace_until": one.grace_until.isoformat(), "state": one.state, "by": one.by, "speak": speak,
            "invoices": None if one.invoices is None else len(one.invoices),
        }
        for _, _, _, speak, one in said
    ]  # fmt: skip
    return facts, said[0][3] if said else None


def _end(promises: Sequence[Promise]) -> str | None:
    """Why a promise case ends, or None while something is promised or broken and not dealt with."""
    if any(one.state == "open" or (one.state == "broken" and one.dealt_on is None) for one in promises):
        return None
    concluded = [one for one in promises if one.state != "replaced"]
    if not concluded:
        return "replaced"
    last = max(concluded, key=lambda one: (one.dealt_on or one.concluded_on or one.due_on, one.promise_id))
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
