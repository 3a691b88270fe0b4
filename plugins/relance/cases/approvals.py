"""Answers to what waits for a yes: by who may, never by who asked, by two where the policy wants two, and once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from relance.cases.asked import KIND, QUESTION, WAITING
from relance.cases.holding import lift_holds, put_hold
from relance.cases.permissions import allowed, check_person, covering, demanded, longest_snooze, same_person
from relance.cases.reading import Case, last_event, lock_case, read_case
from relance.cases.record import Journal, change_case, close_case
from relance.cases.resting import put_to_rest, rest_written_off
from relance.cases.verbs import checked_text, finish
from relance.config.policy import Policy
from relance.config.roles import Action, Permission
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.money import Money
from relance.store.contacts import set_state
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork

REST_DAYS = 14
"""How long an invoice rests after a no, unless another number is given (planning.md)."""
_ANSWERS = ("close",)


@dataclass(frozen=True, slots=True)
class _Question:
    """An open question, locked: its case, and the contact or the case that it is about; `rows` allow the answer."""

    case: Case
    contact: sa.RowMapping | None
    target: Case | None
    rows: tuple[Permission, ...]

    @property
    def totals(self) -> list[Money]:
        if self.contact is None:
            return list(demanded(self.case))
        return [Money(one["currency"], one["amount"]) for one in self.contact["content"].get("totals", [])]


def approve(uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date) -> Case:
    """Say yes; gives the approval's case. Doesn't commit.

    A contact of the day goes out, an earlier one's invoices are planned anew; what a person asked for is done. Where the policy
    wants more people, the case stays open with the yeses so far in `details.votes`.

    Raises:
        CaseError: no such case, not an approval, or what it asks has changed.
        NotAllowedError: this person may not approve it, or has asked for it.
        AlreadyDoneError: it is answered, or this person has said yes; says who, what and when.
    """
    asked = _asked(uow, policy, case_id, by=by, action="approve", on=on_date)
    journal = Journal(uow=uow, entity=asked.case.entity, on=on_date, actor=by, policy=policy)
    votes = [*_votes(uow, policy, asked.case), _vote(asked.case, by=by, on=on_date)]
    needed = min(row.people for row in asked.rows)
    if len(votes) < needed:
        details = {**asked.case.details, "votes": votes}
        change_case(journal, asked.case, "vote", {"votes": len(votes), "of": needed}, details=details)
        return finish(journal, case_id)
    body: dict[str, Any] = {"role": asked.case.facts["role"]}
    if len(votes) > 1:
        body["people"] = [vote["by"] for vote in votes]
    if asked.contact is not None:
        _decide(uow, asked.case, "approved", by=by, on=on_date)
        if asked.contact["as_of"] == on_date:  # the plan of the day stands as it is
            set_state(
                uow, [asked.case.subject], "planned", by, note="approved on its day", only_from={"approved"}
            )
    if asked.target is not None:
        _grant(journal, asked.case, asked.target)
    details = {**asked.case.details, "votes": votes}
    close_case(journal, asked.case, asked.case.facts, reason="approved", body=body, details=details)
    return finish(journal, case_id)


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
    """Say no and why, and one no is enough; gives the approval's case. Doesn't commit.

    A step is not done, and its invoices rest for `days` days from `on_date`. Who asked for something takes it back with this.

    Raises:
        CaseError: no such case, not an approval, no reason, days that are none, or what it asks has changed.
        NotAllowedError: this person may not reject it, or not let it rest for longer than `REST_DAYS` and their snoozes may be.
        AlreadyDoneError: it is answered; says by whom, how and when.
    """
    words = checked_text(reason, "reason", needed=False)
    if words is None:
        raise CaseError("A no needs a reason.", hint="Say why: --reason TEXT.", key="empty")
    if not 1 <= days <= 365:
        raise CaseError(f"{days} days can't be rested.", hint="Give 1 to 365.", key="days")
    asked = _asked(uow, policy, case_id, by=by, action="reject", on=on_date)
    if asked.contact is not None:
        _check_rest(uow, policy, asked.case, by=by, days=days)
    journal = Journal(uow=uow, entity=asked.case.entity, on=on_date, actor=by, policy=policy)
    how = "withdrawn" if same_person(asked.case.requested_by, by) else "rejected"
    body = {"role": asked.case.facts["role"], "why": words}
    if asked.contact is not None:
        _decide(uow, asked.case, "rejected", by=by, on=on_date)
        until = on_date + timedelta(days=days - 1)
        put_hold(
            journal, asked.case.payer_id, asked.contact["invoices"], reason="snoozed", until=until,
            source=f"rejected by {by}", case_id=case_id,
        )  # fmt: skip
        body["until"] = until.isoformat()
    if asked.target is not None:
        told = {"asks": asked.case.details["asks"], "answer": how, "why": words, "approval": case_id}
        change_case(journal, asked.target, "answer", told)
    close_case(journal, asked.case, asked.case.facts, reason=how, body=body)
    return finish(journal, case_id)


def take_back(journal: Journal, policy: Policy, case: Case) -> dict[str, Any]:
    """Undo the answer to a step's approval, so that it is asked again; gives the case's details after that. Opens nothing.

    Raises:
        CaseError: it is what a person asked for, or its contact is on its way, or planned anew.
        NotAllowedError: the journal's actor may not answer it so.
    """
    if case.details.get("asks"):
        raise CaseError(
            f"What case {case.case_id} was asked for is not asked again.",
            hint=f"End what it gave (relance case wake {case.details['target_case']}), or ask for it there.",
            key="request_reopened",
        )  # fmt: skip
    action: Action = "approve" if case.closed_reason == "approved" else "reject"
    row = _contact(journal.uow, case)
    covering(
        journal.uow, policy, by=journal.actor, action=action, entity=case.entity, case=case, totals=demanded(case),
        asked=row["approval"],
    )  # fmt: skip
    written = journal.uow.execute(sa.select(outbox.c.key).where(outbox.c.key == case.subject)).first()
    later = journal.uow.execute(
        sa.select(contact.c.key).where(
            contact.c.entity == case.entity, contact.c.payer_id == case.payer_id, contact.c.as_of > row["as_of"],
            contact.c.invoices.overlap(row["invoices"]), contact.c.state != "cancelled",
        )
    ).first()  # fmt: skip
    if written is not None or later is not None:
        raise CaseError(
            f"The answer to case {case.case_id} can't be taken back: its contact has been made.",
            hint="What has left can't be held.", key="answer_used",
        )  # fmt: skip
    states = {"planned", "approved", "rejected"}
    if not set_state(
        journal.uow, [case.subject], WAITING, journal.actor, note="answer taken back", only_from=states
    ):
        raise CaseError(
            f"The answer to case {case.case_id} can't be taken back: its contact is {row['state']}.",
            hint="Only what has not left can be asked again.", key="answer_used",
        )  # fmt: skip
    lift_holds(journal, journal.on, case_id=case.case_id, reason="snoozed")
    return {**case.details, "votes": []}


def _asked(uow: UnitOfWork, policy: Policy, case_id: int, *, by: str, action: Action, on: date) -> _Question:
    """The open question, locked with what it is about, once this person may answer it that day."""
    check_person(by)
    case = lock_case(uow, case_id)
    about = case.details.get("target_case")
    target = read_case(uow, about) if about else None  # locked with the case that asks about it
    if case.kind != KIND:
        raise CaseError(
            f"Case {case_id} is of kind {case.kind}: there is nothing to approve.", key="no_approval"
        )
    row = _contact(uow, case) if target is None else None
    question = _Question(case, row, target, ())
    role = row["approval"] if row is not None else case.facts["asked_role"]
    if same_person(case.requested_by, by):
        if action == "approve":
            raise NotAllowedError(
                f"{by} asked for it and may not approve it: it takes somebody else's yes.",
                hint=f"It takes {role}.", key="four_eyes", could=role,
            )  # fmt: skip
        rows: tuple[Permission, ...] = ()
    else:
        rows = covering(
            uow,
            policy,
            by=by,
            action=action,
            entity=case.entity,
            case=case,
            totals=question.totals,
            asked=role,
        )
    _check_unanswered(uow, case)
    if row is not None:
        _check_unchanged(case, row, question.totals, on)
    if target is not None:
        _check_still(case, target, on)
    if action == "approve":
        _check_first(case, by)
    return _Question(case, row, target, rows)


def _check_rest(uow: UnitOfWork, policy: Policy, case: Case, *, by: str, days: int) -> None:
    """Who may say no may give it the usual rest; a longer one is a snooze, by the person's own limit."""
    if days <= REST_DAYS:
        return
    longest = longest_snooze(uow, policy, by=by, case=case)
    most = None if longest is None else max(longest, REST_DAYS)
    if most is not None and days > most:
        raise NotAllowedError(
            f"{by} may let it rest for {most} days at most, not {days}.", hint=f"Give 1 to {most} days.",
            key="rest_too_long", most=most,
        )  # fmt: skip


def _contact(uow: UnitOfWork, case: Case) -> sa.RowMapping:
    query = sa.select(contact).where(contact.c.key == case.subject).with_for_update()
    return uow.execute(query).mappings().one()


def _check_unanswered(uow: UnitOfWork, case: Case) -> None:
    if case.state == "open":
        return
    event = last_event(uow, case.case_id, _ANSWERS)
    who, when = (event.actor, event.on_date) if event is not None else ("somebody", case.closed_on)
    raise AlreadyDoneError(
        f"Case {case.case_id} was answered already: {case.closed_reason} by {who} on {when}.", key="answered",
        case=case.case_id, how=case.closed_reason, who=who, on=when,
    )  # fmt: skip


def _check_unchanged(case: Case, row: sa.RowMapping, totals: list[Money], on: date) -> None:
    if on < row["as_of"]:
        raise CaseError(
            f"{on} is before it was asked.", hint=f"Give {row['as_of']} or a later day.", key="too_early"
        )
    shown = tuple(case.facts[name] for name in QUESTION)
    if shown != (row["content"].get("totals", []), row["step"], row["level"], row["invoices"]):
        now = ", ".join(map(str, totals)) or "nothing"
        raise CaseError(
            f"What case {case.case_id} asks has changed meanwhile: step {row['step']}, {now}.",
            hint=f"Run the day's cases (relance run {case.entity} --as-of {on}), then look again.",
            key="question_changed",
        )


def _check_still(case: Case, target: Case, on: date) -> None:
    """Whether what a person asked for can still be done."""
    if target.state != "open":
        raise CaseError(
            f"Case {target.case_id}, which it is about, was closed meanwhile: {target.closed_reason}.",
            hint="It is withdrawn with the day's work.", key="target_closed",
        )  # fmt: skip
    until = case.details.get("until")
    if until is not None and date.fromisoformat(until) < on:
        raise CaseError(f"It asks for a rest until {until}: that has passed.", key="request_passed")


def _check_first(case: Case, by: str) -> None:
    for vote in case.details.get("votes") or ():
        if same_person(vote["by"], by) and vote["for"] == _what(case):
            raise AlreadyDoneError(
                f"{by} said yes to case {case.case_id} already on {vote['on']}: it takes somebody else's too.",
                key="voted", case=case.case_id, who=by, on=vote["on"],
            )  # fmt: skip


def _votes(uow: UnitOfWork, policy: Policy, case: Case) -> list[dict[str, Any]]:
    """The yeses so far that still count: to what is asked now, of people who still may."""
    return [
        vote
        for vote in case.details.get("votes") or ()
        if vote["for"] == _what(case) and "approve" in allowed(uow, policy, by=vote["by"], case=case)
    ]


def _vote(case: Case, *, by: str, on: date) -> dict[str, Any]:
    return {"by": by, "on": on.isoformat(), "for": _what(case)}


def _what(case: Case) -> list[Any]:
    """What a yes is given to."""
    return [case.facts.get(name) for name in QUESTION]


def _decide(uow: UnitOfWork, case: Case, state: str, *, by: str, on: date) -> None:
    if not set_state(uow, [case.subject], state, by, on, only_from={WAITING}):
        raise CaseError(f"Case {case.case_id} no longer waits: its contact was withdrawn.", key="withdrawn")


def _grant(journal: Journal, case: Case, target: Case) -> None:
    """Do what was asked for."""
    asks, who = case.details, case.requested_by or ""
    if asks["asks"] == "snooze":
        put_to_rest(
            journal, target, until=date.fromisoformat(asks["until"]), reason=asks["why"], items=asks["invoices"],
            asked_by=who, role=case.facts.get("asked_role"),
        )  # fmt: skip
    else:
        rest_written_off(journal, target, asks["invoices"], asked_by=who, reason=asks["why"])
