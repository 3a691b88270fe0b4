"""The workers: each takes an intent, does it in one transaction, and tells the person what they must know.

The verb, the changed card and the note that the intent is done are one transaction: a worker that is killed leaves all or
nothing, and what it left undone is taken again. What fails is tried again with growing pauses, then given up, and the person
told; logs name the intent and the kind of error, nobody and nothing else.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from psycopg.errors import DeadlockDetected, LockNotAvailable

from bot.arriving import Place
from bot.desk import Desk, log
from bot.homes import publish
from bot.job import WORKS, Job
from bot.stale import bind, refresh
from bot.telling import refusal_text, tell
from relance.cases.reading import read_case
from relance.errors import CaseError
from relance.slack import intents
from relance.slack.homedata import HomeFilter
from relance.slack.intents import Intent, Nothing
from relance.slack.people import Person, UnknownPersonError
from relance.slack.sending import LOOKS, Watched

WORKERS = 4
PATIENCE_S = 5
"""Seconds that a worker waits for a case that somebody else works on, such as the day's run; then it takes another intent."""
LOOK_EVERY_S = 1.0
"""Seconds between looks at what other processes left."""
_OTHERS = (LockNotAvailable, DeadlockDetected)
TOLD_WITHIN = timedelta(minutes=30)
"""What a killed worker had no time to say is said by the next one, within this time."""
SWEEP_EVERY = timedelta(days=1)


class Workers:
    """Threads that work what was kept, until they are stopped."""

    def __init__(self, desk: Desk, *, count: int = WORKERS, policy: Watched | None = None) -> None:
        """`policy`: the policy as its files say now, for a bot that outlives changes of them."""
        self._desk = desk
        self._stop = threading.Event()
        self._swept: datetime | None = None
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name=f"relance-worker-{number}", daemon=True)
            for number in range(count)
        ]
        if policy is not None:
            self._threads.append(
                threading.Thread(target=self._follow, args=(policy,), name="relance-policy", daemon=True)
            )

    def start(self) -> None:
        """Begin with what was left to be said, then work."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 20.0) -> None:
        """Let each end the intent it works on."""
        self._stop.set()
        self._desk.bell.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether all work."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self, number: int) -> None:
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        while not self._stop.is_set():
            try:
                if number == 0:
                    self._look_after()
                if not work_next(self._desk, owner):
                    self._rest()
            except Exception as error:  # noqa: BLE001 - the database may be away; a traceback could quote somebody
                log.error("slack: a worker could not work (%s)", type(error).__name__)
                self._stop.wait(LOOK_EVERY_S)

    def _follow(self, policy: Watched) -> None:
        """Take over what the policy's files say, however long the workers' work takes."""
        while not self._stop.is_set():
            try:
                self._desk.services.policy = policy.newest()
            except Exception as error:  # noqa: BLE001 - the files may be away; the old policy stays
                log.error("slack: the policy could not be looked at (%s)", type(error).__name__)
            self._stop.wait(LOOKS.total_seconds())

    def _rest(self) -> None:
        if self._desk.bell.wait(LOOK_EVERY_S):
            self._desk.bell.clear()

    def _look_after(self) -> None:
        """Say once what was left unsaid, and once a day forget what was done long ago."""
        now = self._desk.services.now()
        if self._swept is None:
            tell_rest(self._desk)
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            with self._desk.unit_of_work() as uow:
                intents.sweep(uow, now=now)
                uow.commit()
            self._swept = now


def work_next(desk: Desk, owner: str) -> bool:
    """Take one intent and work it; False when none can be worked now."""
    with desk.unit_of_work() as uow:
        one = intents.take(uow, owner=owner, now=desk.services.now())
        if isinstance(one, Nothing):
            return False
        uow.commit()
    work_one(desk, one)
    return True


def work_one(desk: Desk, one: Intent) -> None:
    """Work an intent that was taken."""
    answer: dict[str, Any] | None = None
    try:
        try:
            person = desk.actor(one.user_id)
        except UnknownPersonError:
            raise  # Slack is away: that is no refusal
        except CaseError as refusal:
            answer = _refused(desk, one, refusal)
        else:
            answer = _done(desk, one, person)
    except Exception as error:  # noqa: BLE001 - tried again; a traceback could quote what somebody wrote
        answer = _failed(desk, one, error)
    if answer is not None:
        _tell(desk, one, answer)


def _done(desk: Desk, one: Intent, person: Person) -> dict[str, Any] | None:
    """Do it; gives what is to be said, if anything."""
    with desk.unit_of_work() as uow:
        uow.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE_S}s'"))
        if not intents.hold(uow, one):
            return None
        job = Job(desk, uow, one, person)
        _rebind(job)
        inner = uow.connection.begin_nested()
        try:
            outcome = WORKS[one.name](job)
            for case in {case.case_id: case for case in outcome.cases}.values():
                refresh(desk, uow, case)
        except CaseError as refusal:
            inner.rollback()
            told = _answer(refusal_text(job.voice, refusal), one)
            _redraw(job)
            intents.finish(uow, one, state="refused", now=desk.services.now(), answer=told)
            uow.commit()
            return told
        inner.commit()
        for following in outcome.follow_up:
            intents.receive(uow, following, now=desk.services.now())
        answer = _answer(job.voice(outcome.key, **outcome.values), one) if outcome.key else None
        intents.finish(uow, one, state="done", now=desk.services.now(), answer=answer)
        uow.commit()
    if outcome.follow_up:
        desk.bell.set()
    _show_home(desk, one)
    return answer


def _show_home(desk: Desk, one: Intent) -> None:
    """What was done from the Home tab shows there at once."""
    home = (one.payload.get("more") or {}).get("home")
    if home is not None:
        desk.answer(publish, desk, one.user_id, HomeFilter.parse(str(home)))


def _rebind(job: Job) -> None:
    """A card that was pressed and that the database doesn't know is the case's, whatever comes of the press."""
    if job.payload.get("card"):
        try:
            bind(job.uow, read_case(job.uow, job.target.case_id), job.payload["card"])
        except CaseError:
            return


def _redraw(job: Job) -> None:
    """After a refusal the card may show what is no longer so."""
    if "target" in job.payload:
        try:
            case = read_case(job.uow, job.target.case_id)
        except CaseError:
            return
        refresh(job.desk, job.uow, case)


def _refused(desk: Desk, one: Intent, refusal: CaseError) -> dict[str, Any] | None:
    """Note that nobody who may do anything wished it."""
    with desk.unit_of_work() as uow:
        if not intents.hold(uow, one):
            return None
        answer = _answer(refusal_text(desk.voice_of(one.user_id), refusal), one)
        intents.finish(uow, one, state="refused", now=desk.services.now(), answer=answer)
        uow.commit()
    return answer


def _failed(desk: Desk, one: Intent, error: Exception) -> dict[str, Any] | None:
    """Try it again later, or give it up and say so."""
    blocked = isinstance(getattr(error, "orig", None), _OTHERS)
    if blocked:
        log.info("slack: intent %d, %s, waits for somebody else's work", one.intent_id, one.name)
    else:
        log.error("slack: intent %d, %s, failed (%s)", one.intent_id, one.name, type(error).__name__)
    voice = desk.voice_of(one.user_id)
    with desk.unit_of_work() as uow:
        if not intents.hold(uow, one):
            return None
        put_off = intents.blocked if blocked else intents.again
        tried_again = put_off(uow, one, now=desk.services.now(), error=type(error).__name__)
        uow.commit()
    if tried_again:
        return None
    log.error("slack: intent %d, %s, is given up", one.intent_id, one.name)
    if one.payload.get("silent"):
        return None
    return _answer(voice("bot.failed", number=one.intent_id), one)


def _answer(text: str, one: Intent) -> dict[str, Any]:
    return {"text": text, "told": False, "first_url": bool(one.payload.get("first_url"))}


def _tell(desk: Desk, one: Intent, answer: Mapping[str, Any]) -> None:
    tell(
        desk.client, user_id=one.user_id, place=Place.parse(one.payload.get("place")), text=str(answer["text"]),
        first_url=bool(answer.get("first_url")),
    )  # fmt: skip
    with desk.unit_of_work() as uow:
        intents.told(uow, one, answer)
        uow.commit()


def tell_rest(desk: Desk) -> None:
    """Say what a killed worker had no time to say."""
    with desk.unit_of_work() as uow:
        rest = intents.untold(uow, since=desk.services.now() - TOLD_WITHIN)
    for one, answer in rest:
        _tell(desk, one, answer)
