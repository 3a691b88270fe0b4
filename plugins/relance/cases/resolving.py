"""Resolving a case with a reason, and opening a resolved or closed one again, with what it held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy.exc import IntegrityError

from relance.cases import approvals
from relance.cases.calling import reopen_call
from relance.cases.calls import reopen_work
from relance.cases.completing import reopen_task
from relance.cases.disputes import end_dispute, reopen_dispute
from relance.cases.holding import lift_holds
from relance.cases.pledging import as_facts, give_up, take_up
from relance.cases.reading import Case, find_case, last_event, read_case
from relance.cases.record import Journal, change_case
from relance.cases.resting import SNOOZED, hold_rest, without
from relance.cases.tasks import is_task, key_of
from relance.cases.undelivered import end_undelivered, reopen_undelivered
from relance.cases.verbs import already, begin, check_open, checked_text, finish
from relance.config.policy import Policy
from relance.errors import AlreadyDoneError, CaseError
from relance.store.contacts import set_state
from relance.store.uow import UnitOfWork

RESOLUTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dispute": (
            "accepted_credit_note", "partly_accepted", "pricing_corrected", "goods_replaced", "duplicate", "rejected",
            "withdrawn", "clarified",
        ),
        "promise": ("dealt_with", "withdrawn"),
        "overdue_90": ("being_handled", "legal_action", "accepted_risk", "clarified"),
        "approval": (),
        "call": ("not_needed",),
        "no_contact": ("contact_given", "not_needed"),
        "delivery": ("fixed", "arrived", "not_sent", "sent_otherwise", "not_needed"),
        "risk": ("seen", "being_handled"),
        "question": ("answered", "not_for_us", "not_needed"),
        "handover": ("settled", "returned", "given_up"),
        "exhausted": ("being_handled", "legal_action", "accepted_risk", "clarified"),
        "data": ("fixed", "not_needed"),
    }
)  # fmt: skip
"""Why people resolve a case, by its kind; questions that wait for a yes are answered instead."""
NOT_DONE = ("not_needed",)
"""Why a task is resolved; one that was done is completed."""
KIND_ASKED = "approval"


def resolve(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    reason: str,
    note: str | None = None,
) -> Case:
    """Close a case for one of the reasons of its kind (`RESOLUTIONS`); gives the case. Doesn't commit.

    What the case held rests no longer: a dispute's and a promise's holds, and its snooze; an accepted dispute's until its credit
    note has come. What is approved to be written off rests on. The day's work opens another
    such case only when there is something new.

    Raises:
        CaseError: no such case, or no reason of its kind; says which there are.
        NotAllowedError: `by` may not resolve it.
        AlreadyDoneError: it is closed; says by whom, when and why.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="resolve")
    check_open(uow, case)
    _check_reason(case, reason)
    words = checked_text(note, "note", needed=False)
    kept: dict[str, Any] = {"by": by, "on": on_date.isoformat(), "reason": reason, "note": words}
    if case.snoozed_until is not None:
        kept["snooze"] = case.details.get("snooze")
        lift_holds(journal, on_date, case_id=case_id, reason=SNOOZED)
    told = _END[case.kind](journal, case, reason) if case.kind in _END else {}
    facts = as_facts(case.facts, live=False) if case.kind == "promise" else dict(case.facts)
    change_case(
        journal, case, "resolve", {"reason": reason, "note": words, **told}, closed_on=on_date, closed_reason=reason,
        snoozed_until=None, details={**without(case.details, "snooze"), "resolved": kept | told},
        facts=facts,
    )  # fmt: skip
    return finish(journal, case_id)


def reopen(
    uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date, reason: str | None = None
) -> Case:
    """Open a closed case again, with what it held; gives the case. Doesn't commit.

    A step's approval is asked again as long as its contact has not been made.

    Raises:
        CaseError: no such case, another one of its kind is open by now, or what it held can't come back; says why.
        NotAllowedError: `by` may not open it again.
        AlreadyDoneError: it is open; says by whom.
    """
    words = checked_text(reason, "reason", needed=False)
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="reopen")
    if case.state == "open":
        raise _is_open(uow, case)
    _check_alone(uow, case)
    kept = case.details.get("resolved") or {}
    if case.kind == KIND_ASKED:
        details = approvals.take_back(journal, policy, case)
    else:
        again = _AGAIN.get(case.kind)
        facts = again(journal, case, kept) if again else None
        case = replace(
            read_case(uow, case_id, lock=True), facts=facts or case.facts
        )  # its details may be others now
        details = without(case.details, "resolved")
    until = _rest_again(journal, case, kept, details)
    told = {"reason": words, "was": case.closed_reason}
    try:
        with uow.connection.begin_nested():
            change_case(
                journal, case, "reopen", told, closed_on=None, closed_reason=None, snoozed_until=until,
                details=details, facts=dict(case.facts),
            )  # fmt: skip
    except IntegrityError:
        _check_alone(uow, case)
        raise
    return finish(journal, case_id)


def resolutions_of(case: Case) -> tuple[str, ...]:
    """The reasons for which this case may be resolved."""
    return NOT_DONE if is_task(case) else RESOLUTIONS[case.kind]


def _check_reason(case: Case, reason: str) -> None:
    codes = resolutions_of(case)
    if not codes:
        raise CaseError(
            f"Case {case.case_id} waits for a yes or a no.", hint="Approve or reject it.", key="answer_it"
        )
    if reason not in codes:
        raise CaseError(
            f"{reason!r} is no reason to resolve a case of kind {case.kind}.", hint=f"Give one of {', '.join(codes)}.",
            key="no_reason", reasons=codes,
        )  # fmt: skip


def _check_alone(uow: UnitOfWork, case: Case) -> None:
    other = find_case(uow, entity=case.entity, payer_id=case.payer_id, kind=case.kind, subject=case.subject)
    if other is not None:
        raise CaseError(
            f"Case {other.case_id} of the same kind is open by now.", hint="Go on with that one.", key="another_open",
            case=other.case_id,
        )  # fmt: skip


def _rest_again(
    journal: Journal, case: Case, kept: Mapping[str, Any], details: dict[str, Any]
) -> date | None:
    """The rest that a resolved case had stands again where its days are not over; gives its last day."""
    said = kept.get("snooze")
    until = date.fromisoformat(said["until"]) if said else None
    if said is None or until is None or until < journal.on:
        return None
    hold_rest(journal, case, until, said["invoices"], source=f"{said['by']}, {said['on']}")
    details["snooze"] = said
    return until


def _end_dispute(journal: Journal, case: Case, reason: str) -> dict[str, Any]:
    awaited = end_dispute(journal, case, reason=reason)
    return {"credit_note_until": awaited.isoformat()} if awaited else {}


def _dispute_again(journal: Journal, case: Case, _: Mapping[str, Any]) -> None:
    reopen_dispute(journal, case)


def _end_promise(journal: Journal, case: Case, _: str) -> dict[str, Any]:
    return {"given_up": give_up(journal, case)}


def _promise_again(journal: Journal, case: Case, kept: Mapping[str, Any]) -> dict[str, Any]:
    take_up(journal, case, kept.get("given_up") or {})
    return as_facts(case.facts, live=True)


def _is_open(uow: UnitOfWork, case: Case) -> AlreadyDoneError:
    last = last_event(uow, case.case_id, ("reopen", "open"))
    if last is None or last.verb == "reopen":
        return already(uow, case, "open", ("reopen", "open"), key="open")
    return AlreadyDoneError(
        f"Case {case.case_id} is open: nobody has closed it.", hint="Nothing is to be done.", key="open",
        case=case.case_id, who=last.actor, on=last.on_date,
    )  # fmt: skip


def _end_work(journal: Journal, case: Case, _: str) -> dict[str, Any]:
    """Calls or a task that nobody has to do any more are withdrawn."""
    keys = [key_of(case)] if is_task(case) else list(case.details.get("keys") or ())
    done = set_state(journal.uow, keys, "cancelled", journal.actor, note="not needed", only_from={"open"})
    return {"withdrawn": done} if done else {}


def _work_again(journal: Journal, case: Case, kept: Mapping[str, Any]) -> None:
    if case.kind == "question" and not is_task(case):
        return
    if not kept:  # it was done, and not resolved
        (reopen_task if is_task(case) else reopen_call)(journal, case)
        return
    if case.closed_on != journal.on:
        raise CaseError(
            f"It was resolved on {case.closed_on}: dunning has gone on since.", hint="What is due is planned anew.",
            key="work_gone", on=case.closed_on,
        )  # fmt: skip
    reopen_work(journal, kept.get("withdrawn") or [])


_END: Mapping[str, Callable[[Journal, Case, str], dict[str, Any]]] = MappingProxyType(
    {
        "dispute": _end_dispute,
        "promise": _end_promise,
        "call": _end_work,
        "question": _end_work,
        "delivery": end_undelivered,
    }
)
"""What is done, beside closing the case, when a case of that kind is resolved; what it gives is kept for `_AGAIN`."""
_AGAIN: Mapping[str, Callable[[Journal, Case, Mapping[str, Any]], dict[str, Any] | None]] = MappingProxyType(
    {
        "dispute": _dispute_again,
        "promise": _promise_again,
        "call": _work_again,
        "question": _work_again,
        "delivery": reopen_undelivered,
    }
)
"""What brings that back when the case is opened again; gives its facts where they are others now."""
