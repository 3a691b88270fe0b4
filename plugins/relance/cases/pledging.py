"""Promises and instalment plans of a case that a person resolves, and of one that is opened again: given up, taken up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from relance.cases import transitions
from relance.cases.among import among
from relance.cases.holding import put_hold
from relance.cases.instalments import conclude_plan, deal_with_plan, hold_for
from relance.cases.promises import KIND, conclude, deal_with
from relance.cases.reading import Case, InstalmentPlan, Promise, read_instalment_plans, read_promises
from relance.cases.record import Journal
from relance.errors import CaseError
from relance.store.schema import instalment_plan, promise


def give_up(journal: Journal, case: Case) -> dict[str, Any]:
    """What is promised on the case counts no longer, and what was broken is dealt with; gives which, for `take_up`."""
    uow = journal.uow
    promises = read_promises(uow, entity=case.entity, payers=[case.payer_id], case_id=case.case_id)
    plans = read_instalment_plans(uow, entity=case.entity, payers=[case.payer_id], case_id=case.case_id)
    open_, broken = (
        [one for one in promises if one.state == state and one.dealt_on is None]
        for state in ("open", "broken")
    )
    running = [one for one in plans if one.state == "open"]
    for one in open_:
        conclude(journal, KIND, one, "replaced", verb="replace", body={"how": "resolved"})
    for one in broken:
        deal_with(journal, one, how="resolved")
    for plan in running:
        conclude_plan(journal, plan, "replaced")
    missed = [one for one in plans if one.state == "broken" and one.is_live]
    for plan in missed:
        deal_with_plan(journal, plan, how="resolved")
    return {
        "promises": [one.promise_id for one in open_], "broken": [one.promise_id for one in broken],
        "plans": [one.instalment_plan_id for one in running],
        "broken_plans": [one.instalment_plan_id for one in missed],
    }  # fmt: skip


def take_up(journal: Journal, case: Case, kept: Mapping[str, Any]) -> None:
    """What was promised on the case when it was resolved counts again, and dunning rests for it as it did.

    Raises:
        CaseError: nothing of it can count again.
    """
    uow = journal.uow
    promises = {
        one.promise_id: one
        for one in read_promises(uow, entity=case.entity, payers=[case.payer_id], case_id=case.case_id)
    }
    plans = {
        one.instalment_plan_id: one
        for one in read_instalment_plans(
            uow, entity=case.entity, payers=[case.payer_id], case_id=case.case_id
        )
    }
    back = [promises[number] for number in kept.get("promises", ())]
    broken, missed = list(kept.get("broken", ())), list(kept.get("broken_plans", ()))
    running = [plans[number] for number in kept.get("plans", ())]
    if not (back or broken or running or missed):
        raise CaseError(
            f"Nothing of case {case.case_id} is promised any more.",
            hint="Note a new promise.",
            key="no_promise_left",
        )
    _restore(journal, promise, promise.c.promise_id, [one.promise_id for one in back])
    _restore(journal, instalment_plan, instalment_plan.c.instalment_plan_id, kept.get("plans", ()))
    if broken:
        statement = sa.update(promise).where(among(promise.c.promise_id, broken))
        uow.execute(statement.values(dealt_on=None))
    _rest(journal, back, running)
    for one in back:
        transitions.move(transitions.PROMISE, "restore", one.state)
        _tell(journal, case, {"promise": one.promise_id})
    for plan in running:
        transitions.move(transitions.INSTALMENT_PLAN, "restore", plan.state)
        _tell(journal, case, {"instalment_plan": plan.instalment_plan_id})
    for number in missed:  # it stays broken; the event is the record that nothing has dealt with that
        _tell(journal, case, {"instalment_plan": number})


def as_facts(facts: Mapping[str, Any], *, live: bool) -> dict[str, Any]:
    """A promise case's facts once what it is about was given up, or taken up again; the day's work reckons the rest."""
    before, after = ("replaced", "open") if live else ("open", "replaced")
    lines = [
        {**line, "state": after if line["state"] == before else line["state"], "speak": None}
        for line in facts.get("promises", ())
    ]
    return {**facts, "promises": lines, "speak": None}


def _restore(journal: Journal, table: sa.Table, key: sa.Column[Any], numbers: Iterable[int]) -> None:
    statement = sa.update(table).where(among(key, numbers), table.c.state == "replaced")
    journal.uow.execute(statement.values(state="open", concluded_on=None))


def _rest(journal: Journal, promises: Iterable[Promise], plans: Iterable[InstalmentPlan]) -> None:
    for one in promises:
        if one.due_on >= journal.on:
            put_hold(
                journal, one.payer_id, one.invoices, reason="promised", until=one.due_on,
                source=f"{one.by}, {one.made_on.isoformat()}", case_id=one.case_id, promise_id=one.promise_id,
            )  # fmt: skip
    for plan in plans:
        hold_for(journal, replace(plan, state="open", concluded_on=None))


def _tell(journal: Journal, case: Case, body: Mapping[str, Any]) -> None:
    journal.tell(case_id=case.case_id, payer_id=case.payer_id, verb="restore", kind=KIND, body=body)
