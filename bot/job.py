"""One intent being worked: who wants what, in which transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.arriving import Place
from bot.desk import Desk
from bot.needs import DECISIONS
from bot.scenes import contacts_of, open_items
from bot.stale import check_fresh
from relance.cases.reading import Case, list_cases, lock_case, read_case
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.slack.actions import Target
from relance.slack.intents import Arrival, Intent
from relance.slack.limits import NAME, data
from relance.slack.modals import MESSAGES, MODALS, Entry, Item, KnownContact
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


@dataclass(frozen=True, slots=True)
class Job:
    """An intent with all that its work needs."""

    desk: Desk
    uow: UnitOfWork
    intent: Intent
    person: Person
    _read: dict[str, Case] = field(default_factory=dict)
    """The case, once it was read. No cached_property: in Python 3.11 one that waits for a row would hold up all."""

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

    @property
    def target(self) -> Target:
        """The case it is about."""
        return Target.parse(str(self.payload["target"]))

    @property
    def case(self) -> Case:
        """The case as it was when it was first asked for; locked since, with what a verb may lock after it, by number.

        Raises:
            CaseError: no such case, or a decision about one that has changed since its card was drawn.
        """
        if "case" not in self._read:
            case = lock_case(self.uow, self.target.case_id)
            if self.intent.name in DECISIONS:
                check_fresh(self.uow, case, self.target)
            self._read["case"] = case
        return self._read["case"]

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
        name = self.intent.name
        modal = MODALS[name] if name in MODALS else MESSAGES[name]
        read = modal.read(self.payload["values"], locale=self.payload["locale"], today=today)
        if not isinstance(read, kind):
            raise CaseError("What was filled in can't be read.", key="unreadable")
        return read

    @property
    def payer(self) -> dict[str, Any]:
        """The first parameters of a verb on the case's payer, without the unit of work."""
        case = self.case
        return {
            "policy": self.desk.policy, "entity": case.entity, "payer_id": case.payer_id, "by": self.by,
            "on_date": self.on_date,
        }  # fmt: skip

    @property
    def ledger(self) -> Snapshot | None:
        """The ledger on the day of the wish, where it is at hand."""
        entity = self.case.entity
        return self.desk.ledgers.of(entity) if self.on_date == self.desk.services.today(entity) else None

    @property
    def open_items(self) -> list[Item]:
        """What the payer owes."""
        return open_items(self.desk, self.case.entity, self.case.payer_id)

    @property
    def contacts(self) -> list[KnownContact]:
        """The payer's addresses."""
        return contacts_of(self.desk, self.case.entity, self.case.payer_id)

    def made(self, number: int) -> Outcome:
        """Something was taken down from this case's card, on that case: the person is told which, when it is another."""
        case = self.case
        return Outcome([case]) if number == case.case_id else self.noted(number)

    def noted(self, number: int | None = None) -> Outcome:
        """Something was put on a case that the person does not look at (this one's, or that of `number`): they are told."""
        other = read_case(self.uow, number or self.case.case_id)
        payer = data(str((other.facts.get("payer") or {}).get("name") or other.payer_id), NAME)
        return Outcome([self.case, other], "bot.noted", {"case": other.case_id, "payer": payer})

    def others_of_payer(self, case: Case) -> list[Case]:
        """The payer's other open cases, some of which may have been opened or changed just now."""
        found = list_cases(self.uow, entity=case.entity, payer_id=case.payer_id)
        return [one for one in found if one.case_id != case.case_id]

    def email(self, user_id: str) -> str:
        """The e-mail of somebody who was picked.

        Raises:
            NotAllowedError: they have none that can be seen.
        """
        return self.desk.people.email_of(user_id)
