"""The sender as a part of the bot: runs until it is told to stop, whatever Slack and the database do meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slack_sdk import WebClient

from relance.config.load import load_policy
from relance.config.policy import Policy
from relance.errors import PolicyError
from relance.settings import Settings
from relance.slack import outbox
from relance.slack.outbox import Nothing
from relance.slack.presence import Presence, is_served
from relance.slack.sender import Sender, SlackReport, client_of, send
from relance.store.database import Database

POLL_S = 1.0
"""Seconds between two looks into an empty outbox."""
LOOKS = timedelta(seconds=10)
"""How often the bot's place is kept, and the policy's files are looked at."""
_REST_S = 5.0
_log = logging.getLogger("relance")


def send_unless_served(
    database: Database, *, settings: Settings, policy: Policy | None = None, entity: str | None = None
) -> SlackReport:
    """`send`, where no bot is there that does; else only count what waits for it."""
    if is_served(database):
        return SlackReport(pending=outbox.unfinished(database, entity=entity))
    return send(database, settings=settings, policy=policy, entity=entity)


def serve(database: Database, settings: Settings, policy: Policy, stop: threading.Event) -> None:
    """Send what comes into the outbox until `stop` is set. Several may run at once, and beside `send`.

    Reads the policy anew when its files change; one that does not hold together is left, and the old one kept. Without a
    token it waits for the stop alone. Ends after the call to Slack that is under way: within seconds, at most its time-out.
    """
    if not settings.slack_token:
        _log.warning("slack: no token: cards are kept and not sent")
        stop.wait()
        return
    serving = _Serving(database, client_of(settings), policy, stop)
    while not stop.is_set():
        try:
            serving.run()
        except Exception as error:  # noqa: BLE001 - what is kept goes out later; a traceback could quote it
            _log.error("slack: the sender stopped (%s: %s); again soon", type(error).__name__, _reason(error))
            stop.wait(_REST_S)


def _reason(error: Exception) -> str:
    """What the database says of itself, without the statement or its values."""
    cause = getattr(error, "orig", None)
    return type(cause).__name__ if cause is not None else "no reason given"


class _StoppableClock:
    """The machine's clock, whose waits end with the service."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, or until the stop."""
        self._stop.wait(seconds)


class _Serving:
    def __init__(self, database: Database, client: WebClient, policy: Policy, stop: threading.Event) -> None:
        self.stop = stop
        self.database = database
        self.clock = _StoppableClock(stop)
        self.policy = Watched(policy)
        self.sender = Sender(database, client, policy, self.clock, SlackReport())

    def run(self) -> None:
        """Until the stop, or until the database goes away."""
        with Presence(self.database) as here:
            looked = self.clock.now()
            while not self.stop.is_set():
                if self.clock.now() - looked > LOOKS:
                    looked = self.clock.now()
                    here.keep()
                    self.sender.policy = self.policy.newest()
                self._once()

    def _once(self) -> None:
        now, rests_until = self.clock.now(), self.sender.rests_until
        if rests_until is not None and now < rests_until:
            self.stop.wait(min(POLL_S, (rests_until - now).total_seconds()))
            return
        self.sender.rests_until = None
        nothing = self.sender.step()
        if nothing is not None:
            self.stop.wait(_until(nothing, self.clock.now()))


def _until(nothing: Nothing, now: datetime) -> float:
    """How long to wait: until a row can go, but no longer than a new one may wait."""
    if nothing.at is None:
        return POLL_S
    return min(POLL_S, max(0.02, (nothing.at - now).total_seconds()))


class Watched:
    """A policy that follows its files. `load`: how a folder is read."""

    def __init__(self, policy: Policy, load: Callable[[Path], Policy] = load_policy) -> None:
        self._policy = policy
        self._load = load
        self._mark = _mark(policy.directory)

    def newest(self) -> Policy:
        """The policy as its files say now; as it was while they don't hold together."""
        mark = _mark(self._policy.directory)
        if mark != self._mark:
            self._mark = mark
            try:
                self._policy = self._load(self._policy.directory)
            except PolicyError as error:
                _log.warning(
                    "slack: the policy's files don't hold together, the old policy stays: %s", error.message
                )
            else:
                _log.info("slack: the policy was read anew")
        return self._policy


def _mark(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """The files' names, sizes and times."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((path.as_posix(), stat.st_mtime_ns, stat.st_size))
    return tuple(found)
