"""Direct messages: at most one a person, case and day, and only for what the person is waited for or cares about.

A case somebody else gave me; a dispute that is mine to settle; a yes that is mine to give; a promise of my case whose day has
come or that was broken; a comment on a case that I own or watch. What Relance does by itself is told to nobody this way, but
for what a payer contests, promised and asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.cases.permissions import allowed, check_person, same_person
from relance.cases.reading import Case, Event, last_event
from relance.config.policy import Policy
from relance.config.roles import Role
from relance.errors import CaseError
from relance.slack import limits
from relance.slack.cards import Scene
from relance.slack.cards.titles import title_of
from relance.slack.limits import data
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import case_event, slack_direct, slack_outbox, slack_user
from relance.store.uow import UnitOfWork

_ASKS = ("open", "ask", "escalate")
"""Events after which an approval waits for somebody new."""
_OPENS = ("open", "reopen")
_CONTESTED = "dispute"
_SPOKEN = {"today", "broken"}
_ROOM = 600


def tell(
    uow: UnitOfWork,
    *,
    policy: Policy,
    person: str,
    case: Case,
    on_date: date,
    words_key: str,
    **values: str,
) -> bool:
    """Keep a direct message with the words `direct.<words_key>` for one person; gives whether there is one. Doesn't commit.

    None where slack.yaml says so, for people that Slack doesn't know or who may not see the case, and when they were told
    of this case that day. `values` fill the words; `title` is the card's. The language is that of their Slack.
    """
    if not policy.slack.noise.direct_messages:
        return False
    reader = _reader(uow, person)
    if reader is None or "see" not in allowed(uow, policy, by=person, case=case):
        return False
    if not _first_today(uow, person, case, on_date):
        return False
    voice = Voice(locale_of(reader["locale"]))
    scene = Scene(case, policy.entity(case.entity).name, voice)
    title, sign = title_of(scene)
    told = {name: data(value, _ROOM) for name, value in values.items()}
    text = f"{sign} {voice(f'direct.{words_key}', title=limits.escape(title), **told)}"
    payload = {
        "text": text,
        "blocks": [{"type": "section", "text": limits.mrkdwn(limits.clip(text, limits.SECTION))}],
        "link": voice("direct.link"),
    }
    uow.execute(
        sa.insert(slack_outbox).values(
            case_id=case.case_id, entity=case.entity, channel=reader["user_id"], verb="direct", payload=payload,
            digest=f"{case.case_id}:{on_date.isoformat()}", state="pending", person=_key(person),
        )
    )  # fmt: skip
    return True


def follow(uow: UnitOfWork, *, policy: Policy, case: Case, on_date: date) -> int:
    """Direct messages that follow from what people did to a case in this transaction; gives how many. Doesn't commit."""
    told = 0
    for event in _done_now(uow, case):
        if not _is_person(event.actor):
            continue
        if event.verb == "assign" and case.owner and not same_person(case.owner, event.actor):
            told += tell(
                uow, policy=policy, person=case.owner, case=case, on_date=on_date, words_key="assigned", by=event.actor
            )  # fmt: skip
        elif case.kind == _CONTESTED and event.verb in _OPENS:
            told += _tell_of_dispute(uow, policy, case, on_date)
        elif event.verb == "comment":
            told += _tell_of_comment(uow, policy, case, event, on_date)
        elif case.kind == "approval" and event.verb in _ASKS:
            told += _ask(uow, policy, case, on_date, by=event.actor)
    return told


def remind(
    uow: UnitOfWork, *, policy: Policy, case: Case, on_date: date, is_asked: bool, speaks: bool
) -> int:
    """A day's own direct messages about one case; gives how many. Doesn't commit.

    `is_asked`: an approval that waits for somebody new since that day, a dispute that was opened on it. `speaks`: a promise
    whose hour was not told before.
    """
    if case.state != "open":
        return 0
    if case.kind == "approval" and is_asked:
        return _ask(uow, policy, case, on_date, by=case.requested_by)
    if case.kind == _CONTESTED and is_asked:
        return _tell_of_dispute(uow, policy, case, on_date)
    speak = case.facts.get("speak")
    if case.kind == "promise" and speaks and speak in _SPOKEN and case.owner and _is_person(case.owner):
        return tell(
            uow, policy=policy, person=case.owner, case=case, on_date=on_date, words_key=f"promise.{speak}"
        )
    return 0


def asked_since(uow: UnitOfWork, numbers: Iterable[int], on_date: date) -> set[int]:
    """Approvals and disputes among these cases that began to wait for somebody on a day."""
    table = case_event.c
    query = sa.select(table.case_id).where(
        table.case_id.in_(list(numbers)), table.verb.in_(_ASKS), table.on_date == on_date
    )
    return set(uow.execute(query).scalars())


def _tell_of_comment(uow: UnitOfWork, policy: Policy, case: Case, event: Event, on_date: date) -> int:
    people = dict.fromkeys(_key(one) for one in (case.owner, *case.watchers) if one and _is_person(one))
    words = {"by": event.actor, "text": str(event.body.get("text", ""))}
    return sum(
        tell(uow, policy=policy, person=one, case=case, on_date=on_date, words_key="comment", **words)
        for one in people
        if not same_person(one, event.actor)
    )


def _tell_of_dispute(uow: UnitOfWork, policy: Policy, case: Case, on_date: date) -> int:
    """Tell who has the dispute, the sales owner where routes say so, whoever noted it: but not of what they noted themselves.

    A hold that is looked at again, because it has stood for long, is nothing that was contested now.
    """
    opened = last_event(uow, case.case_id, _OPENS)
    noted_by = opened.actor if opened is not None else None
    if (
        not case.owner
        or not _is_person(case.owner)
        or "held" in case.facts
        or same_person(case.owner, noted_by)
    ):
        return 0
    return tell(uow, policy=policy, person=case.owner, case=case, on_date=on_date, words_key="dispute")


def _ask(uow: UnitOfWork, policy: Policy, case: Case, on_date: date, *, by: str | None) -> int:
    """Tell the people of the role that is asked, but who asks."""
    role = case.facts.get("role") or case.details.get("role")
    people = [one for one in people_of(uow, policy, str(role)) if not same_person(one, by)]
    return sum(
        tell(uow, policy=policy, person=one, case=case, on_date=on_date, words_key="approval")
        for one in people
    )


def people_of(uow: UnitOfWork, policy: Policy, role: str) -> list[str]:
    """E-mails of a role's people: those named, and those of its Slack user groups."""
    known = policy.roles.roles.get(role, Role())
    groups = {one.strip().casefold() for one in known.slack_groups}
    found = dict.fromkeys(_key(one) for one in known.people)
    if groups:
        query = sa.select(slack_user.c.email, slack_user.c.groups).where(
            slack_user.c.kind == "member", slack_user.c.email.is_not(None)
        )
        for email, own in uow.execute(query):
            if groups & {one.casefold() for one in own}:
                found[_key(email)] = None
    return list(found)


def _reader(uow: UnitOfWork, person: str) -> Any:
    """Slack's user of that e-mail; None where there is none, or more than one."""
    table = slack_user.c
    query = sa.select(table.user_id, table.locale).where(
        sa.func.lower(table.email) == _key(person), table.kind.in_(("member", "guest"))
    )
    rows = uow.execute(query.limit(2)).mappings().all()
    return rows[0] if len(rows) == 1 else None


def _first_today(uow: UnitOfWork, person: str, case: Case, on_date: date) -> bool:
    row = {"person": _key(person), "case_id": case.case_id, "on_date": on_date}
    statement = insert(slack_direct).values(row).on_conflict_do_nothing().returning(slack_direct.c.case_id)
    return uow.execute(statement).first() is not None


def _done_now(uow: UnitOfWork, case: Case) -> list[Event]:
    """Events of this transaction: PostgreSQL's now() is the time it began."""
    query = sa.select(case_event).where(
        case_event.c.case_id == case.case_id, case_event.c.at == sa.func.now()
    )
    return [Event(**row) for row in uow.execute(query.order_by(case_event.c.event_id)).mappings()]


def _is_person(actor: str) -> bool:
    try:
        check_person(actor)
    except CaseError:
        return False
    return True


def _key(person: str) -> str:
    return person.strip().casefold()
