"""Who has a case and who watches it: one owner, and as many watchers as want to be told of changes."""

from __future__ import annotations

from datetime import date

from relance.cases.permissions import check_person, same_person
from relance.cases.reading import Case, last_event
from relance.cases.record import change_case
from relance.cases.verbs import already, begin, check_open, finish
from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import AlreadyDoneError
from relance.store.uow import UnitOfWork

MOST_WATCHERS = 50


def assign(
    uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date, owner: str | None
) -> Case:
    """Give a case to one person, or with None to nobody; gives the case. Doesn't commit.

    Raises:
        CaseError: no such case, or an owner that is not a person's e-mail.
        NotAllowedError: `by` may not assign it.
        AlreadyDoneError: it is theirs already, is nobody's already, or is closed; says who did that, and when.
    """
    if owner is not None:
        owner = owner.strip()
        check_person(owner)
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="assign")
    check_open(uow, case)
    if case.owner == owner or same_person(case.owner, owner):
        raise already(
            uow, case, f"given to {case.owner}" if owner else "nobody's", ("open", "assign", "unassign"), key="assigned",
            owner=owner,
        )  # fmt: skip
    verb = "assign" if owner else "unassign"
    change_case(journal, case, verb, {"owner": owner, "before": case.owner}, owner=owner)
    return finish(journal, case_id)


def watch(uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date, person: str) -> Case:
    """Let a person be told of a case's changes; gives the case. Doesn't commit.

    Who may see a case may watch it; to have others told takes the right to assign.

    Raises:
        CaseError: no such case, or a person that has no e-mail.
        NotAllowedError: `by` may not.
        AlreadyDoneError: they watch it already.
    """
    person = person.strip()
    check_person(person)
    case, journal = begin(
        uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action=_action(by, person)
    )
    if any(same_person(one, person) for one in case.watchers):
        raise already(uow, case, f"watched by {person}", ("open", "watch"), key="watched", person=person)
    if len(case.watchers) >= MOST_WATCHERS:
        raise AlreadyDoneError(
            f"Case {case_id} has {MOST_WATCHERS} watchers.", hint="Take one away first.", key="many_watchers"
        )
    change_case(journal, case, "watch", {"person": person}, watchers=[*case.watchers, person])
    return finish(journal, case_id)


def unwatch(uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date, person: str) -> Case:
    """Tell a person no longer of a case's changes; gives the case. Doesn't commit.

    Raises:
        CaseError: no such case.
        NotAllowedError: `by` may not.
        AlreadyDoneError: they don't watch it.
    """
    person = person.strip()
    case, journal = begin(
        uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action=_action(by, person)
    )
    left = [one for one in case.watchers if not same_person(one, person)]
    if len(left) == len(case.watchers):
        raise _not_watching(uow, case, person)
    change_case(journal, case, "unwatch", {"person": person}, watchers=left)
    return finish(journal, case_id)


def _not_watching(uow: UnitOfWork, case: Case, person: str) -> AlreadyDoneError:
    last = last_event(uow, case.case_id, ("unwatch",))
    if last is not None and same_person((last.body or {}).get("person"), person):
        return already(
            uow, case, f"not watched by {person}", ("unwatch",), key="unwatched", person=person
        )  # fmt: skip
    return AlreadyDoneError(
        f"{person} doesn't watch case {case.case_id}.", hint="Nothing is to be done.", key="unwatched", case=case.case_id,
        person=person,
    )  # fmt: skip


def _action(by: str, person: str) -> Action:
    return "see" if same_person(by, person) else "assign"
