"""`approval`, day by day: a contact or task that waits for a yes is asked of its role, passed on when nobody answers, withdrawn.

So is what a person asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.reading import Case, list_cases, read_case
from relance.cases.record import (
    SYSTEM,
    Draft,
    Journal,
    change_case,
    close_case,
    open_cases,
    touch,
    update_case,
)
from relance.cases.requesting import as_facts
from relance.cases.standing import Worked
from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.contacts import set_state
from relance.store.schema import contact

KIND = "approval"
WAITING = "awaiting_approval"
QUESTION = ("demanded", "step", "level", "invoices_asked")
"""What a yes is given to: where any of it changes, earlier yeses count no more."""


def work_approvals(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """Ask for each contact or task that waits, pass on what nobody answered, end what no longer waits or is paid."""
    waiting = _waiting(journal, snapshot)
    cases = {
        case.subject: case
        for case in list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
        if case.facts_on <= journal.on and not case.details.get("asks")
    }
    drafts = {draft.subject: draft for draft in _drafts(journal, waiting, snapshot, policy)}
    opened = open_cases(journal, [draft for key, draft in drafts.items() if key not in cases])
    updated = closed = 0
    unchanged = []
    for key, case in cases.items():
        if key not in drafts:
            close_case(journal, case, case.facts, reason="withdrawn")
            closed += 1
        elif _bring_up_to_date(journal, case, drafts[key].facts, policy):
            updated += 1
        else:
            unchanged.append(case)
    touch(journal.uow, unchanged, journal.on)
    return Worked(len(opened), updated, closed) + _work_requests(journal, snapshot=snapshot, policy=policy)


def _waiting(journal: Journal, snapshot: Snapshot) -> dict[str, sa.RowMapping]:
    """What waits, by key; what is about nothing open any more is withdrawn."""
    query = sa.select(contact).where(
        contact.c.entity == journal.entity, contact.c.state == WAITING, contact.c.as_of <= journal.on
    )
    rows = journal.uow.execute(query.order_by(contact.c.key)).mappings().all()
    still = set(snapshot.items["invoice_id"])
    over = [row["key"] for row in rows if still.isdisjoint(row["invoices"])]
    set_state(
        journal.uow, over, "cancelled", SYSTEM, note="nothing of it is open any more", only_from={WAITING}
    )
    return {row["key"]: row for row in rows if row["key"] not in over}


def _drafts(
    journal: Journal, waiting: Mapping[str, sa.RowMapping], snapshot: Snapshot, policy: Policy
) -> list[Draft]:
    payers = {row["payer_id"] for row in waiting.values()}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(items["invoice_id"]))
    drafts = []
    for asked in _one_a_payer(waiting.values()):
        about = [invoice for row in asked.values() for invoice in row["invoices"]]
        facts = payer_facts(snapshot, asked, history, items=items.filter(pl.col("invoice_id").is_in(about)))
        for payer, row in asked.items():
            question = _question(row, policy)
            drafts.append(Draft(payer, KIND, {**facts[payer], **question}, body=question, subject=row["key"]))
    return drafts


def _one_a_payer(rows: Iterable[sa.RowMapping]) -> list[dict[str, sa.RowMapping]]:
    """The rows in rounds, a payer at most once in each: facts are made of all payers of a round at once."""
    rounds: list[dict[str, sa.RowMapping]] = []
    for row in rows:
        free = next((one for one in rounds if row["payer_id"] not in one), None)
        if free is None:
            rounds.append(free := {})
        free[row["payer_id"]] = row
    return rounds


def _question(row: sa.RowMapping, policy: Policy) -> dict[str, Any]:
    """What is asked of whom, and until when."""
    asked_on: date = row["as_of"]
    return {
        "role": row["approval"],
        "asked_role": row["approval"],
        "asked_on": asked_on.isoformat(),
        "expires_on": (asked_on + timedelta(days=_patience(policy, row["scenario"]))).isoformat(),
        "scenario": row["scenario"],
        "step": row["step"],
        "level": row["level"],
        "what": row["channel"] if row["kind"] in ("message", "call") else row["kind"],
        "demanded": row["content"].get("totals", []),
        "invoices_asked": row["invoices"],
    }


def _patience(policy: Policy, scenario: str) -> int:
    known = policy.scenarios.get(scenario)
    return known.approval_expires_days if known else 5


def _bring_up_to_date(journal: Journal, case: Case, facts: Mapping[str, Any], policy: Policy) -> bool:
    """The question as its contact has it today; unanswered for its days, it goes to the next role; the last keeps it."""
    asked = {name: case.facts[name] for name in ("role", "expires_on")}
    patience = _patience(policy, case.facts["scenario"])
    return _pass_on(journal, case, {**facts, **asked}, policy, patience)


def _pass_on(journal: Journal, case: Case, facts: Mapping[str, Any], policy: Policy, patience: int) -> bool:
    """Facts of the day, and the next role where the one that was asked has let its days pass; gives whether anything changed."""
    if case.details.get("votes") and any(facts.get(name) != case.facts.get(name) for name in QUESTION):
        details = {**case.details, "votes": []}
        change_case(journal, case, "ask_anew", {"votes": len(case.details["votes"])}, details=details)
        case = read_case(journal.uow, case.case_id)
    if journal.on >= date.fromisoformat(case.facts["expires_on"]):
        following = policy.roles.onward(case.facts["role"])[1:2]
        if following:
            expires = journal.on + timedelta(days=patience)
            now = {"role": following[0], "expires_on": expires.isoformat()}
            return update_case(
                journal, case, {**facts, **now}, verb="escalate",
                body={"from": case.facts["role"], "to": now["role"], "until": now["expires_on"]},
            )  # fmt: skip
    return update_case(journal, case, facts)


def _work_requests(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """What people asked for: brought to the day, passed on, and ended where it is about nothing any more."""
    updated = closed = 0
    unchanged = []
    for case in list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True):
        if not case.details.get("asks") or case.facts_on > journal.on:
            continue
        why = _why_over(journal, case, snapshot)
        if why is not None:
            close_case(journal, case, case.facts, reason=why)
            closed += 1
        elif _pass_on(journal, case, _request_today(case, snapshot), policy, policy.roles.approvals.days):
            updated += 1
        else:
            unchanged.append(case)
    touch(journal.uow, unchanged, journal.on)
    return Worked(updated=updated, closed=closed)


def _why_over(journal: Journal, case: Case, snapshot: Snapshot) -> str | None:
    """Withdrawn with the case it is about, or when nothing of it is open any more; expired once its days have passed."""
    until = case.details.get("until")
    if until is not None and date.fromisoformat(until) < journal.on:
        return "expired"
    if read_case(journal.uow, case.details["target_case"]).state != "open":
        return "withdrawn"
    items = case.details.get("invoices")
    open_ = pl.col("payer_id") == case.payer_id if items is None else pl.col("invoice_id").is_in(items)
    return "withdrawn" if snapshot.items.filter(open_).is_empty() else None


def _request_today(case: Case, snapshot: Snapshot) -> dict[str, Any]:
    """The facts of a request with the amounts of the day: of a write-off what is open of it, of a rest what is overdue."""
    if case.details["asks"] == "write_off":
        items = snapshot.items.filter(pl.col("invoice_id").is_in(case.details["invoices"]))
    else:
        items = snapshot.items.filter(
            pl.col("payer_id") == case.payer_id, pl.col("due_date") < snapshot.as_of
        )
    return {**case.facts, "demanded": as_facts(_sums(items))}


def _sums(items: pl.DataFrame) -> Sequence[Money]:
    sums = items.group_by("currency").agg(pl.col("open").sum()).sort("currency")
    return [Money(currency, open_) for currency, open_ in sums.iter_rows()]
