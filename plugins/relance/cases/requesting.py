"""What a person asks others to approve: a longer rest than their roles give, and a write-off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.permissions import check_allowed, sum_up
from relance.cases.reading import Case, find_case, list_cases
from relance.cases.record import Draft, Journal, change_case, open_cases
from relance.cases.resting import WRITTEN_OFF
from relance.cases.verbs import begin, check_open, checked_text, finish
from relance.config.policy import Policy
from relance.config.roles import Request
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.schema import hold
from relance.store.uow import UnitOfWork

KIND = "approval"
_OF_THE_PAYER = (
    "payer", "totals", "oldest_due", "invoices", "late_invoices", "about", "items", "level_reached", "last_contact", "next",
)  # fmt: skip
"""Facts that a question has from the case it is about."""


def write_off(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    reason: str,
    invoices: Sequence[str] | None = None,
    snapshot: Snapshot | None = None,
) -> Case:
    """Ask that these open invoices, or all of the payer's, be written off; gives the approval that was opened. Doesn't commit.

    Until somebody says yes nothing changes; then their dunning rests until the ledger has them written off. Which role is asked
    stands in roles.yaml, by the amount: with what of the payer waits for such a yes or has it, so that no tier is split away.
    `snapshot` is the ledger on `on_date`, read when not given.

    Raises:
        CaseError: no such case, no reason, invoices that are not open.
        NotAllowedError: `by` may not ask for it, or nobody is named to approve it.
        AlreadyDoneError: somebody asked before, or the case is closed.
    """
    from relance.cases.promising import (
        items_named,
        ledger_on,
    )  # both know the day's work, which knows requests

    words = checked_text(reason, "reason") or ""
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="write_off")
    check_open(uow, case)
    if case.kind in {KIND, "data"}:
        raise CaseError(f"A case of kind {case.kind} has nothing to be written off.", key="no_write_off")
    ledger = snapshot or ledger_on(uow, case.entity, on_date)
    items = items_named(ledger, case.payer_id, invoices)
    if items.is_empty():
        raise CaseError(
            f"Nothing of {case.payer_id} is open.", hint="It was paid or cleared since.", key="nothing_open"
        )
    totals = _sums(items)
    beside = _beside(uow, case, ledger, items)
    check_allowed(
        uow, policy, by=by, action="write_off", entity=case.entity, case=case, totals=sum_up([*totals, *beside])
    )  # fmt: skip
    number = ask(
        journal, policy, case, what="write_off", why=words, totals=totals, items=sorted(items["invoice_id"]), beside=beside,
    )  # fmt: skip
    return finish(journal, number)


def _beside(uow: UnitOfWork, case: Case, ledger: Snapshot, items: pl.DataFrame) -> list[Money]:
    """What else of the payer is open that waits to be written off or is approved to be, in the currencies of these items.

    Two that ask at once do so one after the other, so that the second counts the first.
    """
    key = sa.func.hashtextextended(f"relance write-off {case.entity} {case.payer_id}", 0)
    uow.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
    approved = sa.select(hold.c.invoice_id).where(
        hold.c.entity == case.entity, hold.c.payer_id == case.payer_id, hold.c.reason == WRITTEN_OFF,
        hold.c.ended_on.is_(None), hold.c.case_id.is_not(None), hold.c.invoice_id.is_not(None),
    )  # fmt: skip
    names = set(uow.execute(approved).scalars())
    for other in list_cases(uow, entity=case.entity, kind=KIND, payer_id=case.payer_id):
        if other.details.get("asks") == "write_off":
            names.update(other.details.get("invoices") or ())
    others = ledger.items.filter(
        pl.col("payer_id") == case.payer_id, pl.col("invoice_id").is_in(sorted(names)),
        ~pl.col("invoice_id").is_in(items["invoice_id"].to_list()), pl.col("currency").is_in(items["currency"].to_list()),
    )  # fmt: skip
    return _sums(others)


def _sums(items: pl.DataFrame) -> list[Money]:
    return sum_up(
        [Money(currency, open_) for currency, open_ in items.select("currency", "open").iter_rows()]
    )


def ask(
    journal: Journal,
    policy: Policy,
    case: Case,
    *,
    what: Request,
    why: str,
    totals: Iterable[Money],
    items: Sequence[str] | None,
    until: str | None = None,
    beside: Iterable[Money] = (),
) -> int:
    """Open the approval of what the journal's actor asks for, and tell the case it is about; gives the approval's number.

    `beside`: what of the same kind stands already; it counts where the amount says who is asked and who may answer.

    Raises:
        NotAllowedError: roles.yaml names nobody to approve it.
        AlreadyDoneError: it waits for a yes already.
    """
    amounts, more = tuple(totals), tuple(beside)
    role = policy.roles.approvals.role_for(what, sum_up([*amounts, *more]))
    if role is None:
        raise NotAllowedError(
            f"{journal.actor} may not {what.replace('_', ' ')} this, and nobody is named to approve it.",
            hint=f"Name a role in roles.yaml: approvals: {{{what}: finance_lead}}.", key="nobody_approves", what=what,
        )  # fmt: skip
    details = {
        "asks": what, "target_case": case.case_id, "until": until, "invoices": None if items is None else list(items),
        "why": why, "votes": [],
    }  # fmt: skip
    facts = question(policy, case, role=role, on=journal.on, what=what, totals=amounts, items=items)
    if more:
        facts["beside"] = as_facts(more)
    draft = Draft(
        case.payer_id, KIND, facts, body={"asks": what, "role": role, "why": why, "until": until},
        subject=f"{what}:{case.case_id}", details=details, requested_by=journal.actor,
        due_on=date.fromisoformat(facts["expires_on"]),
    )  # fmt: skip
    opened = open_cases(journal, [draft])
    if not opened:
        raise _waits_already(journal, case, draft)
    number = opened[draft.payer_id, draft.subject]
    change_case(
        journal, case, "ask", {"asks": what, "approval": number, "role": role, "why": why, "until": until}
    )
    return number


def question(
    policy: Policy,
    case: Case,
    *,
    role: str,
    on: date,
    what: str,
    totals: Iterable[Money],
    items: Sequence[str] | None,
) -> dict[str, Any]:
    """The facts of a question: the payer's, and what is asked of whom until when, in the form of a step's approval."""
    return {
        **of_the_payer(case.facts),
        "role": role,
        "asked_role": role,
        "asked_on": on.isoformat(),
        "expires_on": (on + timedelta(days=policy.roles.approvals.days)).isoformat(),
        "scenario": None,
        "step": None,
        "level": None,
        "what": what,
        "demanded": as_facts(totals),
        "invoices_asked": None if items is None else list(items),
    }


def as_facts(totals: Iterable[Money]) -> list[dict[str, Any]]:
    """Amounts as facts keep them."""
    return [{"currency": total.currency, "amount": total.minor} for total in totals]


def of_the_payer(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a question shows of the payer."""
    return {name: facts.get(name) for name in _OF_THE_PAYER}


def _waits_already(journal: Journal, case: Case, draft: Draft) -> CaseError:
    other = find_case(
        journal.uow, entity=case.entity, payer_id=case.payer_id, kind=KIND, subject=draft.subject
    )
    if other is None:
        return CaseError(
            f"Case {case.case_id} was changed by somebody else.", hint="Try again.", key="try_again"
        )
    return AlreadyDoneError(
        f"{other.requested_by} asked for it already on {other.opened_on}: case {other.case_id} waits for {other.facts['role']}.",
        key="asked_already", who=other.requested_by, on=other.opened_on, case=other.case_id, role=other.facts["role"],
    )  # fmt: skip
