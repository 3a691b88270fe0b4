"""`/relance assign CASE @PERSON`: gives a case to somebody. It does something, and so it is kept before Slack is answered."""

from __future__ import annotations

import re
from typing import Any

from bot.job import WORKS, Job, Outcome
from relance.cases.assigning import assign
from relance.errors import CaseError
from relance.slack.actions import ASSIGN, Target
from relance.slack.intents import Arrival

NAME = "command.assign.v1"
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_MAIL = re.compile(r"(?:<mailto:)?([^@\s<>|]+@[^@\s<>|]+)(?:\|[^>]*>|>)?")
_ME = {"me", "moi", "mich", "ich", "yo"}


def arrival(
    words: tuple[str, ...], *, user_id: str, trigger_id: str, place: dict[str, Any]
) -> Arrival | None:
    """The intent of a complete command; None for one that lacks something, which is answered with how to write it."""
    if len(words) != 2:
        return None
    number = words[0].lstrip("#")
    known = number.isascii() and number.isdecimal() and len(number) <= 15
    kept = {
        "target": str(Target(ASSIGN, int(number) if known else 0, 0)),
        "who": words[1],
        "place": place,
        "first_url": True,
    }
    return Arrival(
        key=f"command|{trigger_id}",
        name=NAME,
        user_id=user_id,
        payload=kept,
        about=f"case:{number if known else 0}:{user_id}",
    )


def work(job: Job) -> Outcome:
    """Give the case to whom was named: a mention, an e-mail, or `me`."""
    case = assign(job.uow, **job.verb, owner=_owner(job))
    return Outcome([case], "bot.assigned", {"case": case.case_id, "owner": str(case.owner)})


def _owner(job: Job) -> str:
    who = str(job.payload["who"])
    if who.casefold() in _ME:
        return job.by
    mentioned, mail = _MENTION.fullmatch(who), _MAIL.fullmatch(who)
    if mentioned:
        return job.email(mentioned[1])
    if mail:
        return mail[1]
    raise CaseError(f"{who!r} is nobody.", hint="Mention a person: @name.", key="no_person", who=who)


WORKS[NAME] = work
