"""One intent being worked: who wants what, in which transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.arriving import Place
from bot.desk import Desk
from bot.needs import DECISIONS
from bot.stale import check_fresh
from relance.cases.reading import Case, read_case
from relance.errors import CaseError
from relance.slack.actions import Target
from relance.slack.intents import Arrival, Intent
from relance.slack.modals import MODALS
from relance.slack.modals.modal import Entry
from relance.slack.people import Person
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.uow import UnitOfWork

E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the cases whose cards it changes, what the person is told (words' key and values), and what follows."""

    cases: Sequence[Case] = ()
    key: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    follow_up: Sequence[Arrival] = ()


Work = Callable[["Job"], Outcome]
"""What a worker does; in the transaction in which the intent ends.

Raises:
    CaseError: it is refused; the person is told why, and nothing of it stays.
"""

WORKS: dict[str, Work] = {}
"""By the intent's name; filled when listeners are registered."""


@dataclass(frozen=True)
class Job:
    """An intent with all that its work needs."""

    desk: Desk
    uow: UnitOfWork
    intent: Intent
    person: Person

    @property
    def by(self) -> str:
        """The person's e-mail."""
        return str(self.person.email)

    @property
    def voice(self) -> Voice:
        """The person's words."""
        return Voice(locale_of(self.person.locale))

    @property
    def payload(self) -> Mapping[str, Any]:
        """What was kept."""
        return self.intent.payload

    @property
    def place(self) -> Place:
        """Where the person can be answered."""
        return Place.parse(self.payload.get("place"))

    @cached_property
    def target(self) -> Target:
        """The case it is about."""
        return Target.parse(str(self.payload["target"]))

    @cached_property
    def case(self) -> Case:
        """The case as it is, locked.

        Raises:
            CaseError: no such case, or a decision about one that has changed since its card was drawn.
        """
        case = read_case(self.uow, self.target.case_id, lock=True)
        if self.intent.name in DECISIONS:
            check_fresh(self.uow, case, self.target)
        return case

    @property
    def on_date(self) -> date:
        """The day on which it was wished, where the case's entity is: a bot that was down may work it later."""
        return self.day_of(self.case.entity)

    def day_of(self, entity: str) -> date:
        """The day on which it was wished, where the entity is."""
        zone = ZoneInfo(self.desk.policy.entity(entity).timezone)
        return self.intent.received_at.astimezone(zone).date()

    @property
    def verb(self) -> dict[str, Any]:
        """The first parameters of every verb on a case, without the unit of work."""
        return {
            "policy": self.desk.policy,
            "case_id": self.case.case_id,
            "by": self.by,
            "on_date": self.on_date,
        }

    def entry(self, kind: type[E]) -> E:
        """What was filled in, read as it was when it was submitted.

        Raises:
            CaseError: what was kept can't be read any more.
        """
        today = date.fromisoformat(self.payload["today"])
        read = MODALS[self.intent.name].read(
            self.payload["values"], locale=self.payload["locale"], today=today
        )
        if not isinstance(read, kind):
            raise CaseError("What was filled in can't be read.", key="unreadable")
        return read

    def email(self, user_id: str) -> str:
        """The e-mail of somebody who was picked.

        Raises:
            NotAllowedError: they have none that can be seen.
        """
        return self.desk.people.email_of(user_id)
