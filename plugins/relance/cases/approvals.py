"""`approval`: a contact or task waits for somebody's yes. Asked once, passed on when nobody answers, answered once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.holding import put_hold
from relance.cases.permissions import check_allowed
from relance.cases.reading import Case, list_cases, read_case
from relance.cases.record import SYSTEM, Draft, Journal, close_case, open_cases, touch, update_case
from relance.cases.standing import Worked
from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.contacts import set_state
from relance.store.schema import contact
from relance.store.uow import UnitOfWork

KIND = "approval"
REST_DAYS = 14
"""How long an invoice rests after a no, unless another number is given (planning.md)."""
WAITING = "awaiting_approval"


def work_approvals(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """Ask for each contact or task that waits, pass on what nobody answered, end what no longer waits or is paid."""
    waiting = _waiting(journal, snapshot)
    cases = {
        case.subject: case
        for case in list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
        if case.facts_on <= journal.on
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
    return Worked(len(opened), updated, closed)


def approve(uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date) -> Case:
    """Say yes: a contact of the day goes out, an earlier one's invoices are planned anew. Doesn't commit.

    Raises:
        CaseError: no such case, not an approval, or answered already.
        NotAllowedError: this person may not approve it.
    """
    case, row = _asked(uow, policy, case_id, by=by, action="approve", on=on_date)
    _decide(uow, case, "approved", by=by, on=on_date)
    if row["as_of"] == on_date:  # the plan of the day stands as it is
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
    case, row = _asked(uow, policy, case_id, by=by, action="reject", on=on_date)
    _decide(uow, case, "rejected", by=by, on=on_date)
    until = on_date + timedelta(days=days - 1)
    journal = Journal(uow=uow, entity=case.entity, on=on_date, actor=by)
    put_hold(
        journal,
        case.payer_id,
        row["invoices"],
        reason="snoozed",
        until=until,
        source=f"rejected by {by}",
        case_id=case_id,
    )
    body = {"role": case.facts["role"], "why": reason.strip(), "until": until.isoformat()}
    close_case(journal, case, case.facts, reason="rejected", body=body)
    journal.write()
    return read_case(uow, case_id)


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
    if journal.on >= date.fromisoformat(case.facts["expires_on"]):
        following = policy.roles.onward(case.facts["role"])[1:2]
        if following:
            expires = journal.on + timedelta(days=_patience(policy, case.facts["scenario"]))
            now = {"role": following[0], "expires_on": expires.isoformat()}
            return update_case(
                journal, case, {**facts, **now}, verb="escalate",
                body={"from": asked["role"], "to": now["role"], "until": now["expires_on"]},
            )  # fmt: skip
    return update_case(journal, case, {**facts, **asked})


def _asked(
    uow: UnitOfWork, policy: Policy, case_id: int, *, by: str, action: Action, on: date
) -> tuple[Case, sa.RowMapping]:
    """The open question and the contact it is about, both locked, once this person may answer it that day."""
    case = read_case(uow, case_id, lock=True)
    if case.kind != KIND:
        raise CaseError(f"Case {case_id} is of kind {case.kind}: there is nothing to approve.")
    query = sa.select(contact).where(contact.c.key == case.subject).with_for_update()
    row = uow.execute(query).mappings().one()
    demanded = row["content"].get("totals", [])
    totals = [Money(one["currency"], one["amount"]) for one in demanded]
    check_allowed(
        uow, policy, by=by, action=action, entity=case.entity, totals=totals, asked=row["approval"], case=case
    )
    if case.state != "open":
        raise CaseError(f"Case {case_id} was answered already: {case.closed_reason}.")
    if on < row["as_of"]:
        raise CaseError(f"{on} is before it was asked.", hint=f"Give {row['as_of']} or a later day.")
    shown = tuple(case.facts[name] for name in ("demanded", "step", "level", "invoices_asked"))
    if shown != (demanded, row["step"], row["level"], row["invoices"]):
        now = ", ".join(map(str, totals)) or "nothing"
        raise CaseError(
            f"What case {case_id} asks has changed meanwhile: step {row['step']}, {now}.",
            hint=f"Run the day's cases (relance run {case.entity} --as-of {on}), then look again.",
        )
    return case, row


def _decide(uow: UnitOfWork, case: Case, state: str, *, by: str, on: date) -> None:
    if not set_state(uow, [case.subject], state, by, on, only_from={WAITING}):
        raise CaseError(f"Case {case.case_id} no longer waits: its contact was withdrawn.")
