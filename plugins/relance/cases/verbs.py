"""How each verb of a person begins and ends: the case locked, the person asked for, one revision, events and timeline."""

from __future__ import annotations

from datetime import date
from typing import Any

from relance.cases.permissions import check_allowed, check_person
from relance.cases.reading import Case, last_event, lock_case, read_case
from relance.cases.record import Journal
from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import AlreadyDoneError, CaseError
from relance.store.uow import UnitOfWork

LONGEST_TEXT = 3000
"""Characters of a comment, a reason or a note."""


def begin(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    action: Action,
    days: int | None = None,
) -> tuple[Case, Journal]:
    """The case, locked until the unit of work ends, and a journal in the person's name, once they may do `action` to it.

    Raises:
        CaseError: no such case, or `by` is not a person's e-mail.
        NotAllowedError: they may not; says why, and who could.
    """
    check_person(by)
    case = lock_case(uow, case_id)
    check_allowed(uow, policy, by=by, action=action, entity=case.entity, case=case, days=days)
    return case, Journal(uow=uow, entity=case.entity, on=on_date, actor=by, policy=policy)


def finish(journal: Journal, case_id: int) -> Case:
    """Write what was told, and give the case as it is now."""
    journal.write()
    return read_case(journal.uow, case_id)


def check_open(uow: UnitOfWork, case: Case) -> None:
    """Refuse what can be done to an open case only.

    Raises:
        AlreadyDoneError: it is closed; says who closed it, when and why.
    """
    if case.state != "open":
        raise already(
            uow, case, f"closed: {case.closed_reason}", ("resolve", "close", *_ANSWERED), key="closed"
        )


def already(
    uow: UnitOfWork, case: Case, what: str, verbs: tuple[str, ...], *, key: str = "already", **values: Any
) -> AlreadyDoneError:
    """The error that tells the second person what the first did: `what` is "closed", "snoozed until …"; who and when it finds."""
    event = last_event(uow, case.case_id, verbs)
    who, when = (event.actor, event.on_date) if event is not None else ("somebody", case.facts_on)
    return AlreadyDoneError(
        f"Case {case.case_id} is {what} already, by {who} on {when}.", key=key, case=case.case_id, who=who, on=when,
        what=what, **values,
    )  # fmt: skip


def checked_text(text: str | None, what: str, *, needed: bool = True) -> str | None:
    """Words without blanks around them, None for none.

    Raises:
        CaseError: none where they are `needed`, or too many.
    """
    words = (text or "").replace("\x00", "").strip()
    if not words and needed:
        raise CaseError(f"The {what} is empty.", hint="Write some words.", key="empty")
    if len(words) > LONGEST_TEXT:
        raise CaseError(
            f"The {what} has {len(words)} characters.", hint=f"Write {LONGEST_TEXT} at most.", key="too_long",
            most=LONGEST_TEXT,
        )  # fmt: skip
    return words or None


_ANSWERED = ("approve", "reject", "withdraw")
