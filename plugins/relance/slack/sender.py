"""The outbox into Slack: in order per channel, at Slack's pace, through every kind of trouble; how rows go is in `posting`."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from slack_sdk import WebClient

from relance.config.policy import Policy
from relance.settings import Settings
from relance.slack import outbox, refusals
from relance.slack.operations import tell_operations
from relance.slack.outbox import Claim, Nothing
from relance.slack.pace import Gate
from relance.slack.posting import Poster, RefusedError
from relance.slack.routing import instead_of
from relance.store.database import Database
from relance.store.uow import UnitOfWork

PATIENCE = timedelta(seconds=90)
"""The longest that a single run waits for Slack before it leaves the rest for the next."""

FAILURES_IN_A_ROW = 4
"""Then Slack is taken to be down: a single run leaves the rest for the next, the bot's sender waits."""

MOST_ATTEMPTS = 60
GIVE_UP_AFTER = timedelta(days=2)
"""A row that Slack fails on is given up after so many attempts, and not before so long: an outage of a day loses nothing."""

_LONGEST_BACKOFF = 300.0
_TOKEN_REST = timedelta(seconds=60)
_MOST_PROBLEMS = 200
_TIMEOUT_S = 30
_log = logging.getLogger("relance")
_client_log = logging.getLogger("relance.slack.client")
_client_log.setLevel(logging.CRITICAL)  # what it would say is said once, in our own words


class Clock(Protocol):
    """The time, and waiting; tests bring their own."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(slots=True)
class SlackReport:
    """What a run of the sender did; `pending` rows are left for the next, `problems` are for operations."""

    posted: int = 0
    updated: int = 0
    pending: int = 0
    skipped: int = 0
    dead: int = 0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return asdict(self)


def send(
    database: Database,
    *,
    settings: Settings,
    policy: Policy | None = None,
    entity: str | None = None,
    clock: Clock | None = None,
) -> SlackReport:
    """Send what waits in the outbox; without a token nothing is sent and all stays pending.

    `policy` names the channels to fall back to and who operations are. `entity` only narrows the count of what is pending:
    a channel's order is kept over all entities that write to it. Several senders may run at once.
    """
    report = SlackReport()
    if settings.slack_token:
        with database.keeping():
            Sender(database, client_of(settings), policy, clock or SystemClock(), report).run()
    report.pending = outbox.unfinished(database, entity=entity)
    return report


def client_of(settings: Settings) -> WebClient:
    """Slack's client, without retries of its own: the sender knows better when."""
    return WebClient(
        token=settings.slack_token,
        base_url=settings.slack_base_url,
        timeout=_TIMEOUT_S,
        retry_handlers=[],
        logger=_client_log,
    )


class Sender:
    """Works rows, one at a time."""

    def __init__(
        self, database: Database, client: WebClient, policy: Policy | None, clock: Clock, report: SlackReport
    ) -> None:
        self.database = database
        self.policy = policy
        self.clock = clock
        self.report = report
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.gate = Gate()
        self.failures = 0
        self.rests_until: datetime | None = None
        self._poster = Poster(database, client, self.gate, clock.now, clock.sleep)

    def run(self) -> None:
        """Send until nothing is left, or what is left would have to wait for long."""
        while self.rests_until is None:
            nothing = self.step()
            if nothing is not None and not self._wait_for(nothing):
                break

    def step(self) -> Nothing | None:
        """Work one row; when none can be sent now, when the next can."""
        one = outbox.claim(self.database, owner=self.owner, now=self.clock.now(), gate=self.gate)
        if isinstance(one, Nothing):
            return one
        self._work(one)
        return None

    def _wait_for(self, nothing: Nothing) -> bool:
        """Wait until a row can be sent; False when there is none or it is too long."""
        if nothing.at is None or nothing.at - self.clock.now() > PATIENCE:
            return False
        self.clock.sleep(max(0.05, (nothing.at - self.clock.now()).total_seconds()))
        return True

    def _work(self, one: Claim) -> None:
        try:
            done = self._poster.deliver(one)
        except RefusedError as refused:
            self._refused(one, refused.refusal)
        except refusals.FAILURES as error:
            self._refused(one, refusals.read(error))
        except sa.exc.SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - one row must not stop the others; a traceback could quote it
            _log.error("slack: row %d failed (%s)", one.row_id, type(error).__name__)
            self._refused(one, refusals.Refusal("retry", f"failed: {type(error).__name__}", sure=False))
        else:
            self.failures = 0
            setattr(self.report, done.how, getattr(self.report, done.how) + 1)

    def _refused(self, one: Claim, refusal: refusals.Refusal) -> None:
        """What becomes of a row that Slack did not take."""
        ways = {
            "rate": self._slower,
            "retry": self._later,
            "token": self._keep_all,
            "channel": self._elsewhere,
        }
        ways.get(refusal.what, self._give_up)(one, refusal)

    def _slower(self, one: Claim, refusal: refusals.Refusal) -> None:
        """Obey Retry-After for the method that was called: other methods, and so other channels' rows, go on."""
        until = self.clock.now() + timedelta(seconds=refusal.after or refusals.WITHOUT_RETRY_AFTER)
        self.gate.close(self._poster.calling[0], until)
        outbox.again(self.database, one, at=until, reason=refusal.reason, sure=True)

    def _later(self, one: Claim, refusal: refusals.Refusal) -> None:
        now = self.clock.now()
        if one.attempts >= MOST_ATTEMPTS and now - one.created_at > GIVE_UP_AFTER:
            self._give_up(one, refusal)
            return
        backoff = timedelta(seconds=min(_LONGEST_BACKOFF, 2.0 ** min(one.attempts, 10)))
        outbox.again(self.database, one, at=now + backoff, reason=refusal.reason, sure=refusal.sure)
        _log.info("slack: %s: %s; again in %d s", one.channel, refusal.reason, backoff.total_seconds())
        self.failures += 1
        if self.failures >= FAILURES_IN_A_ROW:
            self._rest(timedelta(seconds=min(_LONGEST_BACKOFF, 2.0 ** min(self.failures, 10))))

    def _keep_all(self, one: Claim, refusal: refusals.Refusal) -> None:
        """Nothing is wrong with the row: it goes out once the token is mended. Other scopes stop only what needs them."""
        if refusal.reason.startswith("missing_scope") and (one.verb == "direct" or one.file_name):
            self._give_up(one, refusal)
            return
        outbox.again(self.database, one, at=self.clock.now(), reason=refusal.reason, sure=refusal.sure)
        self._problem(f"Slack refuses the token or its scopes ({refusal.reason}); all cards are kept.")
        self._rest(_TOKEN_REST)

    def _elsewhere(self, one: Claim, refusal: refusals.Refusal) -> None:
        """A channel that takes nothing: the entity's main one, else the fallback. A reply belongs to its thread alone."""
        other = instead_of(self.policy, one.entity, one.channel)
        if other is None or one.verb in {"reply", "direct"} or one.file_name:
            self._give_up(one, refusal)
            return
        outbox.elsewhere(self.database, one, channel=other, reason=refusal.reason)
        self._problem(f"{one.channel}: {refusal.reason}; {_name(one)} goes to {other}.")
        self._tell(one, refusal)

    def _give_up(self, one: Claim, refusal: refusals.Refusal) -> None:
        gone = refusal.what == "gone"
        outbox.dead(
            self.database, one, now=self.clock.now(), reason=refusal.reason, gone=gone, sure=refusal.sure
        )
        self.report.dead += 1
        self._problem(f"{one.channel}: {_name(one)} can't be shown: {refusal.reason}.")
        self._tell(one, refusal)

    def _rest(self, after: timedelta) -> None:
        """Send nothing for a while: Slack is down, or does not let us in."""
        self.rests_until = self.clock.now() + after

    def _problem(self, text: str) -> None:
        _log.warning("slack: %s", text)
        if len(self.report.problems) < _MOST_PROBLEMS:
            self.report.problems.append(text)

    def _tell(self, one: Claim, refusal: refusals.Refusal) -> None:
        """Tell operations, in their channel; of a person's own messages no address."""
        if self.policy is None:
            return
        channel = "direct messages" if one.verb == "direct" else one.channel
        with UnitOfWork(self.database) as uow:
            if tell_operations(
                uow, policy=self.policy, entity=one.entity, channel=channel, reason=refusal.reason
            ):
                uow.commit()


def _name(one: Claim) -> str:
    return f"case {one.case_id}" if one.case_id is not None else f"a {one.verb}"
