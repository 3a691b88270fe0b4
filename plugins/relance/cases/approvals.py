"""`approval`: a contact or task waits for somebody's yes. Asked once, passed on when nobody answers, answered once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.permissions import check_allowed
from relance.cases.reading import Case, list_cases, read_case
from relance.cases.record import Draft, Journal, close_case, open_cases, update_case
from relance.cases.standing import Worked
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.contacts import set_state
from relance.store.schema import contact, hold
from relance.store.uow import UnitOfWork

KIND = "approval"
REST_DAYS = 14
"""How long an invoice rests after a no, unless another number is given (planning.md)."""
WAITING = "awaiting_approval"


def work_approvals(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """Open a case for each contact or task that waits, pass on those nobody answered, close those that no longer wait."""
    waiting = _waiting(journal)
    cases = list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
    known = {case.subject for case in cases}
    fresh = {key: row for key, row in waiting.items() if key not in known}
    opened = open_cases(journal, _drafts(journal, fresh, snapshot, policy)) if fresh else {}
    updated = closed = 0
    for case in cases:
        if case.facts_on > journal.on:
            continue
        if case.subject not in waiting:
            close_case(journal, case, case.facts, reason="withdrawn")
            closed += 1
        elif _pass_on(journal, case, policy):
            updated += 1
    return Worked(len(opened), updated, closed)


def approve(uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date) -> Case:
    """Say yes: a contact of the day goes out, an earlier one's invoices are planned anew. Doesn't commit.

    Raises:
        CaseError: no such case, not an approval, or answered already.
        NotAllowedError: this person may not approve it.
    """
    case = _asked(uow, policy, case_id, by=by, action="approve")
    planned_on = date.fromisoformat(case.facts["asked_on"])
    _decide(uow, case, "approved", by=by, on=on_date)
    if planned_on == on_date:  # the plan of the day stands as it is
        set_state(uow, [case.subject], "planned", by, note="approved on its day", only_from={"approved"})
    journal = Journal(uow=uow, entity=case.entity, on=on_date, actor=by)
    close_case(journal, case, case.facts, reason="approved", body={"role": case.facts["role"]})
    journal.write()
    return read_case(uow, case_id)


def reject(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    reason: str,
    days: int = REST_DAYS,
) -> Case:
    """Say no and why: the step is not done, and its invoices rest for `days` days from `on_date`. Doesn't commit.

    Raises:
        CaseError: no such case, not an approval, answered already, no reason, or days that are none.
        NotAllowedError: this person may not reject it.
    """
    if not reason.strip():
        raise CaseError("A no needs a reason.", hint="Say why: --reason TEXT.")
    if not 1 <= days <= 365:
        raise CaseError(f"{days} days can't be rested.", hint="Give 1 to 365.")
    case = _asked(uow, policy, case_id, by=by, action="reject")
    _decide(uow, case, "rejected", by=by, on=on_date)
    until = on_date + timedelta(days=days - 1)
    invoices = uow.execute(sa.select(contact.c.invoices).where(contact.c.key == case.subject)).scalar_one()
    rows = [
        {
            "entity": case.entity, "payer_id": case.payer_id, "invoice_id": invoice, "reason": "snoozed",
            "from_date": on_date, "until": until, "source": f"rejected by {by}", "case_id": case_id,
        }
        for invoice in invoices
    ]  # fmt: skip
    uow.execute(sa.insert(hold), rows)
    journal = Journal(uow=uow, entity=case.entity, on=on_date, actor=by)
    body = {"role": case.facts["role"], "why": reason.strip(), "until": until.isoformat()}
    close_case(journal, case, case.facts, reason="rejected", body=body)
    journal.write()
    return read_case(uow, case_id)


def _waiting(journal: Journal) -> dict[str, sa.RowMapping]:
    query = sa.select(contact).where(
        contact.c.entity == journal.entity, contact.c.state == WAITING, contact.c.as_of <= journal.on
    )
    return {row["key"]: row for row in journal.uow.execute(query.order_by(contact.c.key)).mappings()}


def _drafts(
    journal: Journal, fresh: Mapping[str, sa.RowMapping], snapshot: Snapshot, policy: Policy
) -> list[Draft]:
    payers = {row["payer_id"] for row in fresh.values()}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(items["invoice_id"]))
    drafts = []
    for asked in _one_a_payer(fresh.values()):
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
        "asked_on": asked_on.isoformat(),
        "expires_on": (asked_on + timedelta(days=_patience(policy, row["scenario"]))).isoformat(),
        "scenario": row["scenario"],
        "step": row["step"],
        "level": row["level"],
        "what": row["channel"] if row["kind"] in ("message", "call") else row["kind"],
        "demanded": row["content"].get("totals", []),
    }


def _patience(policy: Policy, scenario: str) -> int:
    known = policy.scenarios.get(scenario)
    return known.approval_expires_days if known else 5


def _pass_on(journal: Journal, case: Case, policy: Policy) -> bool:
    """Once its days are over without an answer, the question goes to the next role; the last one keeps it."""
    if journal.on < date.fromisoformat(case.facts["expires_on"]):
        return False
    chain = policy.roles.onward(case.facts["role"])
    if len(chain) == 1:
        return False
    expires = journal.on + timedelta(days=_patience(policy, case.facts["scenario"]))
    facts = {**case.facts, "role": chain[1], "expires_on": expires.isoformat()}
    return update_case(
        journal, case, facts, verb="escalate", body={"from": case.facts["role"], "to": chain[1]}
    )


def _asked(uow: UnitOfWork, policy: Policy, case_id: int, *, by: str, action: Any) -> Case:
    case = read_case(uow, case_id, lock=True)
    if case.kind != KIND:
        raise CaseError(f"Case {case_id} is of kind {case.kind}: there is nothing to approve.")
    totals = [Money(one["currency"], one["amount"]) for one in case.facts["demanded"]]
    check_allowed(policy, by=by, action=action, entity=case.entity, totals=totals, asked=case.facts["role"])
    if case.state != "open":
        raise CaseError(f"Case {case_id} was answered already: {case.closed_reason}.")
    return case


def _decide(uow: UnitOfWork, case: Case, state: str, *, by: str, on: date) -> None:
    if not set_state(uow, [case.subject], state, by, on, only_from={WAITING}):
        raise CaseError(f"Case {case.case_id} no longer waits: its contact was withdrawn.")
