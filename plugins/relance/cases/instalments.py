"""Instalment plans measured from day to day: parts paid, plans kept or broken, and the hold that goes with them.

The hold stands from the agreement to the end of the first part's grace, and as each part is paid to the end of the
next one's. A row never changes its end: the next row takes its place, and a missed part is one that none follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases import transitions
from relance.cases.among import among
from relance.cases.counting import count, judged, made_good, nothing_left
from relance.cases.facts import customers_of
from relance.cases.history import payments_of
from relance.cases.holding import lift_holds, put_hold
from relance.cases.measure import Payment
from relance.cases.reading import Instalment, InstalmentPlan, Promise, read_instalment_plans, read_promises
from relance.cases.record import Journal
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case, instalment, instalment_plan

KIND = "promise"
"""Instalments are promises: the kind of their case."""
_VERBS = {"kept": "keep", "broken": "break", "replaced": "replace"}


def measure_instalments(journal: Journal, *, snapshot: Snapshot) -> dict[int, InstalmentPlan]:
    """Bring the entity's running plans to the journal's day; gives those that changed, by number.

    Measured before the day is decided, a part paid yesterday holds dunning today. The same day twice changes
    nothing; a plan whose case already stands on a later day is left alone. Cases keep their facts and states: the
    day's work on promises shows and closes them. Doesn't write the journal.
    """
    cases = _running(journal)
    payers = sorted(set(cases.values()))
    plans = read_instalment_plans(journal.uow, entity=journal.entity, payers=payers) if payers else []
    promises = read_promises(journal.uow, entity=journal.entity, payers=payers) if payers else []
    changed: dict[int, InstalmentPlan] = {}
    for payer in payers:
        own = [one for one in plans if one.payer_id == payer]
        judging = {
            one.instalment_plan_id
            for one in own
            if one.case_id in cases and one.is_live and not _ahead(one, journal.on)
        }
        if judging:
            promised = [one for one in promises if one.payer_id == payer]
            changed |= _measure_payer(journal, own, promised, snapshot, judging=judging)
    return changed


def hold_for(journal: Journal, plan: InstalmentPlan) -> None:
    """Dunning rests for what the plan is about until the awaited part's grace is over."""
    awaited = plan.awaited
    if awaited is None:
        return
    put_hold(
        journal, plan.payer_id, plan.invoices, reason="instalment_plan", until=awaited.grace_until,
        source=f"{plan.by}, {plan.made_on.isoformat()}", case_id=plan.case_id,
        instalment_plan_id=plan.instalment_plan_id,
    )  # fmt: skip


def conclude_plan(journal: Journal, plan: InstalmentPlan, state: str) -> InstalmentPlan:
    """Bring an open plan to its end: its row, its holds, its events."""
    verb = _VERBS[state]
    transitions.move(transitions.INSTALMENT_PLAN, verb, "open")
    ended = replace(plan, state=state, concluded_on=journal.on)
    journal.uow.execute(
        sa.update(instalment_plan)
        .where(instalment_plan.c.instalment_plan_id == plan.instalment_plan_id)
        .values(state=state, concluded_on=journal.on)
    )
    # As for promises its holds stand to the end of the day; a replaced plan gives way to the new one at once.
    lifted = journal.on if state == "replaced" else journal.on + timedelta(days=1)
    lift_holds(journal, lifted, instalment_plan_id=plan.instalment_plan_id)
    missed = ended.awaited if state == "broken" else None
    _tell(journal, ended, verb, {"paid": sum(part.paid for part in ended.parts)}, part=missed)
    return ended


def deal_with_plan(journal: Journal, plan: InstalmentPlan, *, how: str) -> InstalmentPlan:
    """Note that a broken plan is dealt with, and how; the event is the record of it."""
    transitions.move(transitions.INSTALMENT_PLAN, "deal_with", plan.state)
    _tell(journal, plan, "deal_with", {"how": how})
    return replace(plan, dealt_on=journal.on)


def money_of(
    journal: Journal,
    payer_id: str,
    agreed: Sequence[Promise | InstalmentPlan],
    snapshot: Snapshot,
) -> list[Payment]:
    """The payer's money since the first of what counts was promised, up to the journal's day."""
    since = [one.made_on for one in agreed if one.state != "replaced"]
    if not since:
        return []
    return payments_of(
        journal.uow, journal.entity, payer_id,
        customers=customers_of(snapshot, [payer_id])[payer_id], since=min(since), until=journal.on,
    )  # fmt: skip


def _running(journal: Journal) -> dict[int, str]:
    """Open cases with a running or broken plan, locked: case → payer."""
    case, plan = dunning_case.c, instalment_plan.c
    live = sa.select(plan.case_id).where(plan.entity == journal.entity, plan.state.in_(("open", "broken")))
    query = (
        sa.select(case.case_id, case.payer_id)
        .where(
            among(case.case_id, journal.uow.execute(live).scalars()),
            case.state == "open",
            case.facts_on <= journal.on,
        )
        .order_by(case.case_id)
        .with_for_update()
    )
    return {row.case_id: row.payer_id for row in journal.uow.execute(query)}


def _ahead(plan: InstalmentPlan, on: date) -> bool:
    """Whether it was already measured on a later day."""
    return plan.made_on > on or any(part.paid_on is not None and part.paid_on > on for part in plan.parts)


def _measure_payer(
    journal: Journal,
    plans: Sequence[InstalmentPlan],
    promises: Sequence[Promise],
    snapshot: Snapshot,
    *,
    judging: set[int],
) -> dict[int, InstalmentPlan]:
    payer = plans[0].payer_id
    items = snapshot.items.filter(pl.col("payer_id") == payer)
    payments = money_of(journal, payer, [*promises, *plans], snapshot)
    settled = _settled(plans, promises, payments, items, judging=judging, on=journal.on)
    late = count(promises, settled, payments, on=journal.on, late=True)
    changed = {}
    for before, after in zip(plans, settled, strict=True):
        if before.instalment_plan_id not in judging:
            continue
        now = _store(journal, before, after)
        if now.state == "broken" and (made_good(now, late, on=journal.on) or nothing_left(now, items)):
            now = deal_with_plan(journal, now, how="paid_late")
        if now != before:
            changed[now.instalment_plan_id] = now
    return changed


def _settled(
    plans: Sequence[InstalmentPlan],
    promises: Sequence[Promise],
    payments: Sequence[Payment],
    items: pl.DataFrame,
    *,
    judging: set[int],
    on: date,
) -> list[InstalmentPlan]:
    """The plans as they are on a day. A plan that ends leaves its money to the others: judged until none ends."""
    now = list(plans)
    while True:
        counted = count(promises, now, payments, on=on)
        later = [
            judged(one, counted, nothing_left=nothing_left(one, items), on=on)
            if one.instalment_plan_id in judging and one.state == "open"
            else one
            for one in now
        ]
        if [one.state for one in later] == [one.state for one in now]:
            return later
        now = later


def _store(journal: Journal, before: InstalmentPlan, after: InstalmentPlan) -> InstalmentPlan:
    """Write down what changed of a plan: its parts, its state, its hold."""
    for was, part in zip(before.parts, after.parts, strict=True):
        if part != was:
            _store_part(journal, after, was, part)
    if after.state != before.state:
        return conclude_plan(journal, after, after.state)
    if after.state == "open" and _number(after) != _number(before):
        lift_holds(journal, journal.on, instalment_plan_id=after.instalment_plan_id)
        hold_for(journal, after)
    return after


def _number(plan: InstalmentPlan) -> int | None:
    return plan.awaited.number if plan.awaited else None


def _store_part(journal: Journal, plan: InstalmentPlan, was: Instalment, part: Instalment) -> None:
    journal.uow.execute(
        sa.update(instalment)
        .where(instalment.c.instalment_plan_id == plan.instalment_plan_id, instalment.c.number == part.number)
        .values(paid=part.paid, paid_on=part.paid_on)
    )
    if (was.paid_on is None) != (part.paid_on is None):
        verb = "instalment_paid" if part.paid_on else "instalment_returned"
        _tell(journal, plan, verb, {"paid": part.paid}, part=part)


def _tell(
    journal: Journal,
    plan: InstalmentPlan,
    verb: str,
    body: Mapping[str, Any],
    *,
    part: Instalment | None = None,
) -> None:
    about: dict[str, Any] = {"instalment_plan": plan.instalment_plan_id, "currency": plan.currency}
    if part is not None:
        about |= {"number": part.number, "amount": part.amount, "due_on": part.due_on.isoformat()}
    journal.tell(case_id=plan.case_id, payer_id=plan.payer_id, verb=verb, kind=KIND, body={**about, **body})
