"""What every listener and worker has at hand: the services, Slack's client, its people, and what waits to be worked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient

from bot.ledgers import Ledgers
from relance.config.policy import Policy
from relance.errors import NotAllowedError
from relance.services import Services
from relance.slack.intents import Arrival, receive
from relance.slack.people import INSIDE, People, Person, impersonates, read_person
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.uow import UnitOfWork

HURRIED = 8
"""Threads that open modals."""
ASKED = 6
"""Threads that answer questions and draw Home tabs: long ones hold up no modal, whose trigger lives for three seconds."""

log = logging.getLogger("relance")


@dataclass(slots=True)
class Desk:
    """One bot process."""

    services: Services
    client: WebClient
    people: People
    ledgers: Ledgers
    bell: threading.Event = field(default_factory=threading.Event)
    hurried: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(HURRIED, thread_name_prefix="relance-hurried")
    )

    asked: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(ASKED, thread_name_prefix="relance-asked")
    )

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.services.policy

    def unit_of_work(self) -> UnitOfWork:
        """A new unit of work."""
        return UnitOfWork(self.services.database)

    def keep(self, one: Arrival) -> bool:
        """Keep what came, durably, before Slack is answered; False when it has come before."""
        with self.unit_of_work() as uow:
            is_new = receive(uow, one, now=self.services.now()) is not None
            uow.commit()
        if is_new:
            self.bell.set()
        return is_new

    def hurry(self, task: Callable[..., None], *given: Any) -> None:
        """Do what can't wait (a trigger lives for three seconds) beside the answer to Slack."""
        self.hurried.submit(_guarded, task, *given)

    def answer(self, task: Callable[..., None], *given: Any) -> None:
        """Do what may take its time, beside the answer to Slack."""
        self.asked.submit(_guarded, task, *given)

    def close(self) -> None:
        """End what was begun beside answers, and take no more."""
        self.hurried.shutdown(wait=True)
        self.asked.shutdown(wait=True)

    def actor(self, user_id: str) -> Person:
        """Somebody who wants to do something, with an e-mail that is theirs.

        Raises:
            NotAllowedError: for bots, closed accounts, and who has no e-mail that can be seen or shows somebody else's.
        """
        person = self.people.of(user_id)
        if person.kind in {"bot", "gone"}:
            raise NotAllowedError("Only people may do this.", key="no_human")
        if person.email is None:
            raise NotAllowedError(
                "Slack doesn't say what your e-mail is.",
                hint="The app needs the scope users:read.email, or your account has no e-mail.",
                key="no_email",
            )
        if person.kind != INSIDE:
            with self.unit_of_work() as uow:
                if impersonates(uow, person):
                    raise NotAllowedError(
                        "This e-mail belongs to a member of the workspace.", key="impersonates"
                    )
        return person

    def voice_of(self, user_id: str) -> Voice:
        """The words of somebody's language, as far as it is known without asking Slack."""
        with self.unit_of_work() as uow:
            person = read_person(uow, user_id)
        return Voice(locale_of(person.locale if person else None))


def _guarded(task: Callable[..., None], *given: Any) -> None:
    try:
        task(*given)
    except Exception as error:  # noqa: BLE001 - a traceback could quote what somebody wrote
        log.error("slack: %s failed (%s)", task.__name__, type(error).__name__)  # noqa: TRY400
