"""`call`: call steps that are due wait for somebody to make them. One case a payer, whatever the number of its calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.calendars import Calendar, add_business_days
from relance.cases.among import among
from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.reading import Case, list_cases
from relance.cases.record import (
    SYSTEM,
    Draft,
    Journal,
    close_case,
    open_cases,
    touch,
    update_case,
)
from relance.cases.standing import Condition, Worked, work_standing
from relance.config.models import Scenario
from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.planning.patience import region_calendar
from relance.store.contacts import set_state
from relance.store.schema import contact, dunning_case, hold
from relance.store.uow import UnitOfWork

KIND = "call"
REFUSED = "refuses"
"""The subject of an `exhausted` case: a payer that said on the telephone that it will not pay."""
RESTS = ("disputed", "promised", "instalment_plan", "payment_announced", "snoozed", "commercial_hold")
"""Holds for which nobody calls, or does a task, that waits: the step is planned anew when they are over."""


@dataclass(frozen=True, slots=True)
class Calls:
    """A payer's calls that wait, the oldest first: rows of `contact`."""

    rows: tuple[sa.RowMapping, ...]
    due_on: date

    @property
    def keys(self) -> list[str]:
        """Their keys."""
        return [row["key"] for row in self.rows]

    @property
    def invoices(self) -> list[str]:
        """The items that they act for."""
        return sorted({item for row in self.rows for item in row["invoices"]})

    def facts(self) -> dict[str, Any]:
        """What the card says of them beside the payer's facts."""
        lead = self.rows[-1]
        return {
            "step": lead["step"],
            "level": lead["level"],
            "scenario": lead["scenario"],
            "demanded": _demanded(self.rows),
            "call": {
                "template": lead["content"].get("template"),
                "tone": lead["content"].get("tone"),
                "planned_on": self.rows[0]["as_of"].isoformat(),
                "until": self.due_on.isoformat(),
                "invoices": self.invoices,
            },
        }

    def details(self) -> dict[str, Any]:
        """Whom to call, for the case to keep: what people do changes it."""
        lead = self.rows[-1]
        person = lead["content"].get("person") or {}
        return {
            "key": lead["key"],
            "keys": self.keys,
            "step": lead["step"],
            "contact_id": lead["contact_id"],
            "person": person.get("name"),
            "phone": lead["recipient"],
            "language": lead["language"],
            "attempts": [],
        }


def work_calls(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """Open a case for each payer with calls that wait, bring it to the day, and close it when none is left to be made."""
    waiting = _waiting(journal, snapshot, policy)
    listed = list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
    cases = [case for case in listed if case.facts_on <= journal.on]
    facts = _facts(journal, snapshot, waiting, {case.payer_id for case in cases})
    known = {case.payer_id for case in listed}
    drafts = [
        Draft(
            payer, KIND, facts[payer], body={"step": calls.rows[-1]["step"], "calls": len(calls.rows)},
            details=calls.details(), due_on=calls.due_on,
        )
        for payer, calls in waiting.items()
        if payer not in known
    ]  # fmt: skip
    worked = Worked(opened=len(open_cases(journal, drafts)))
    staying = [case for case in cases if case.payer_id in waiting]
    changed = {
        case.case_id
        for case in staying
        if _bring(journal, case, waiting[case.payer_id], facts[case.payer_id])
    }
    ending = [case for case in cases if case.payer_id not in waiting]
    agreed = {case.case_id for case in ending if _is_agreed(journal, case, snapshot)}
    over = [case for case in ending if case.case_id not in agreed]
    _end(journal, over, facts, snapshot)
    touch(
        journal.uow,
        [case for case in cases if case.case_id not in {*changed, *map(_number, over)}],
        journal.on,
    )
    worked += Worked(updated=len(changed), closed=len(over))
    return worked + _work_refused(journal, snapshot)


def last_day(policy: Policy, calendar: Calendar, scenario: str, planned_on: date) -> date:
    """The last business day on which a call can be made before it counts as not made (`call_patience_days`)."""
    known = policy.scenarios.get(scenario)
    patience = known.call_patience_days if known else Scenario.model_fields["call_patience_days"].default
    day = add_business_days(calendar, planned_on, patience) - timedelta(days=1)
    while day > planned_on and calendar.is_closed(day):
        day -= timedelta(days=1)
    return max(day, planned_on)


def calendar_for(policy: Policy, entity: str) -> Calendar:
    """The business days of the entity's region."""
    return region_calendar(policy.region_of(entity))


def withdraw_idle(journal: Journal, rows: Iterable[sa.RowMapping], snapshot: Snapshot) -> list[sa.RowMapping]:
    """Of calls or tasks that wait, those still to be done; what is about nothing open, or only about what rests, is withdrawn."""
    listed = list(rows)
    still = dict(snapshot.items.select("invoice_id", "payer_id").iter_rows())
    resting = _resting(journal, {row["payer_id"] for row in listed})
    paid: list[sa.RowMapping] = []
    held: list[sa.RowMapping] = []
    left: list[sa.RowMapping] = []
    for row in listed:
        opened = [item for item in row["invoices"] if item in still]
        rests = [(row["payer_id"], item) in resting or (row["payer_id"], None) in resting for item in opened]
        (paid if not opened else held if all(rests) else left).append(row)
    for gone, why in ((paid, "nothing of it is open any more"), (held, "what it is about rests")):
        keys = [row["key"] for row in gone]
        set_state(journal.uow, keys, "cancelled", SYSTEM, note=why, only_from={"open"})
    return left


def open_work(uow: UnitOfWork, entity: str, on: date, kinds: Sequence[str]) -> Sequence[sa.RowMapping]:
    """Calls or tasks that wait for a person, planned by the day; by day and key."""
    query = sa.select(contact).where(
        contact.c.entity == entity,
        contact.c.state == "open",
        contact.c.kind.in_(kinds),
        contact.c.as_of <= on,
    )
    return uow.execute(query.order_by(contact.c.as_of, contact.c.key)).mappings().all()


def reopen_work(journal: Journal, keys: Sequence[str]) -> None:
    """Calls or tasks wait for a person again."""
    done = set_state(journal.uow, keys, "open", journal.actor, note="taken back on its day")
    journal.uow.execute(sa.update(contact).where(among(contact.c.key, done)).values(acted_on=None))


def ended_as(keys: Sequence[str], invoices: Iterable[str], journal: Journal, snapshot: Snapshot) -> str:
    """Why a call or task no longer waits: paid, not_made, completed, else withdrawn."""
    if set(invoices).isdisjoint(snapshot.items["invoice_id"]):
        return "paid"
    query = sa.select(contact.c.state).where(among(contact.c.key, keys))
    states = set(journal.uow.execute(query).scalars())
    return next((state for state in ("not_made", "completed") if state in states), "withdrawn")


def _waiting(journal: Journal, snapshot: Snapshot, policy: Policy) -> dict[str, Calls]:
    rows = open_work(journal.uow, journal.entity, journal.on, (KIND,))
    by_payer: dict[str, list[sa.RowMapping]] = defaultdict(list)
    for row in withdraw_idle(journal, rows, snapshot):
        by_payer[row["payer_id"]].append(row)
    calendar = calendar_for(policy, journal.entity)
    return {
        payer: Calls(
            tuple(own), min(last_day(policy, calendar, row["scenario"], row["as_of"]) for row in own)
        )
        for payer, own in sorted(by_payer.items())
    }


def _facts(
    journal: Journal, snapshot: Snapshot, waiting: Mapping[str, Calls], others: set[str]
) -> dict[str, dict[str, Any]]:
    payers = {*waiting, *others}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(items["invoice_id"]))
    about = {item for calls in waiting.values() for item in calls.invoices}
    base = payer_facts(
        snapshot, payers, history, items=items.filter(pl.col("invoice_id").is_in(sorted(about)))
    )
    return {
        payer: {**base[payer], **(waiting[payer].facts() if payer in waiting else {})} for payer in payers
    }


def _bring(journal: Journal, case: Case, calls: Calls, facts: Mapping[str, Any]) -> bool:
    """Bring a case to the day; another call of the payer joins it."""
    if case.details.get("keys") == calls.keys:
        return update_case(journal, case, facts)
    told = calls.details()
    kept = {name: case.details[name] for name in ("attempts", "next_on") if name in case.details}
    body = {"step": told["step"], "calls": len(calls.rows)}
    return update_case(journal, case, facts, body=body, details={**told, **kept}, due_on=calls.due_on)


def _is_agreed(journal: Journal, case: Case, snapshot: Snapshot) -> bool:
    """Whether a further call was agreed with the payer and its days are not over, with something open still."""
    if not case.details.get("agreed") or case.due_on is None or case.due_on < journal.on:
        return False
    return bool(snapshot.items.filter(pl.col("payer_id") == case.payer_id).height)


def _end(
    journal: Journal, cases: Sequence[Case], facts: Mapping[str, Mapping[str, Any]], snapshot: Snapshot
) -> None:
    for case in cases:
        told = case.facts.get("call") or {}
        reason = ended_as(case.details.get("keys", ()), told.get("invoices", ()), journal, snapshot)
        if reason == "completed" and case.details.get("agreed"):
            reason = "not_made"  # the further call that was agreed
        close_case(journal, case, {**case.facts, **facts[case.payer_id]}, reason=reason)


def _resting(journal: Journal, payers: set[str]) -> set[tuple[str, str | None]]:
    """Payer and item (None: all of the payer's) for which dunning rests on the day, wholly."""
    table = hold.c
    query = sa.select(table.payer_id, table.invoice_id).where(
        table.entity == journal.entity, among(table.payer_id, payers), table.reason.in_(RESTS), table.amount.is_(None),
        table.from_date <= journal.on, sa.or_(table.until.is_(None), table.until >= journal.on),
        sa.or_(table.ended_on.is_(None), table.ended_on > journal.on),
    )  # fmt: skip
    return {(row.payer_id, row.invoice_id) for row in journal.uow.execute(query)}


def _work_refused(journal: Journal, snapshot: Snapshot) -> Worked:
    """A payer that will not pay stays with who decides until it has paid, is handed over or written off."""
    table = dunning_case.c
    query = sa.select(table.payer_id).where(
        table.entity == journal.entity,
        table.kind == "exhausted",
        table.subject == REFUSED,
        table.state == "open",
    )
    payers = sorted(journal.uow.execute(query).scalars())
    if not payers:
        return Worked()
    late = snapshot.items.filter(pl.col("payer_id").is_in(payers), pl.col("due_date") < journal.on)
    told = {payer: {"refused": True} for payer in payers}
    condition = Condition("exhausted", late, over="paid", subject=REFUSED, by_payer=told)
    return work_standing(journal, condition, snapshot=snapshot)


def _demanded(rows: Iterable[sa.RowMapping]) -> list[dict[str, Any]]:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        for one in row["content"].get("totals") or ():
            sums[one["currency"]] += one["amount"]
    return [{"currency": currency, "amount": sums[currency]} for currency in sorted(sums)]


def _number(case: Case) -> int:
    return case.case_id
