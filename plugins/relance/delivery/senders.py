"""Senders at work on one day: as many messages are on their way at once as there are senders, and one keeps the books.

Hands wait for providers, the bookkeeper for the database. Whatever has ended while it was busy is written down together with the
marks of the next messages in one commit (`strides`); so a commit is shared where messages are many, and nobody waits for
others where they are few.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import psycopg
import sqlalchemy as sa

from relance.config.policy import Policy
from relance.delivery import leases, pace, records, retry
from relance.delivery.hands import Ended, Hands, hands
from relance.delivery.port import (
    Channel,
    ChannelDownError,
    ChannelRefusedError,
    InDoubtError,
    Message,
    Receipt,
    RecipientError,
)
from relance.delivery.registry import Channels
from relance.delivery.strides import MISFITS, Mark, Strides, Taken, strides
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.store.database import Database
from relance.store.uow import UnitOfWork

BATCH = 100
_A_SENDER = 50
_MARGIN_S = 60.0


class Figures(Protocol):
    """Where senders count what they did."""

    sent: int
    kept: int
    failed: int
    refused: int
    in_doubt: int
    problem: str | None
    by_channel: dict[str, int]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be sent, and under which name messages are taken."""

    database: Database
    policy: Policy
    entity: str
    as_of: date
    keys: Sequence[str] | None
    name: str
    lease_s: float | None

    def lease_for(self, channel: Channel | None = None) -> float:
        """Seconds that a message may take, once it is begun, before another sender may look after it."""
        if self.lease_s is not None:
            return self.lease_s
        return (channel.limits.patience_s if channel else _MARGIN_S) + _MARGIN_S


class Senders:
    """Several senders on one job; they share what is known of providers, and stop together."""

    def __init__(self, job: Job, make: Callable[[], Channels], report: Figures) -> None:
        self.job = job
        self.make = make
        self.report = report
        self.down: set[str] = set()
        self.full: set[str] = set()
        self.refused: ChannelRefusedError | None = None

    def work(self) -> None:
        """Send until nothing is left that may go now.

        Raises:
            ChannelRefusedError: when a provider refuses us, after the other channels' messages have gone.
        """
        job = self.job
        with (
            self.make() as channels,
            UnitOfWork(job.database) as uow,
            strides(job.database, entity=job.entity, name=job.name) as made,
        ):
            waiting = leases.waiting_later(uow, entity=job.entity, as_of=job.as_of, keys=job.keys)
            number = min(job.policy.channels.senders, 1 + sum(waiting.values()) // _A_SENDER)
            uow.commit()
            with hands(number, self.make, channels) as these:
                _Bookkeeper(self, uow, channels, made, these).run()
        if self.refused is not None:
            raise self.refused

    def refuse(self, channel: str, error: ChannelRefusedError) -> None:
        """Nothing more goes by a channel whose provider refuses us; the others go on."""
        self.down.add(channel)
        self.refused = self.refused or error

    def release(self) -> None:
        """Give back what was taken and not begun."""
        with UnitOfWork(self.job.database) as uow:
            leases.release(uow, name=self.job.name)
            uow.commit()


class _Bookkeeper:
    """Takes messages, marks them, gives them to free hands, and writes down what came of them.

    A message is open from its mark's commit until its record's; there are never more than hands.
    """

    def __init__(
        self, all_: Senders, uow: UnitOfWork, channels: Channels, made: Strides, these: Hands
    ) -> None:
        self._all = all_
        self._job = all_.job
        self._uow = uow
        self._channels = channels
        self._strides = made
        self._hands = these
        self._waiting: deque[Taken] = deque()
        self._ended: list[Ended] = []
        self._dry = False

    def run(self) -> None:
        """Work until nothing is left; what hands still hold when it breaks off is written down before it goes on breaking."""
        try:
            while self._step():
                pass
        except BaseException:
            self._hands.stop()
            self._ended += self._hands.ended(0)
            with suppress(sa.exc.SQLAlchemyError, psycopg.Error):
                self._uow.rollback()
                self._record(self._ended)
            raise

    def _step(self) -> bool:
        """Write down what has ended and begin what may go; False when nothing is left."""
        if not self._waiting and not self._dry and self._free:
            self._refill()
        if not self._waiting and not self._hands.busy:
            return False
        self._ended += self._hands.ended(self._patience())
        due = self._due()
        if self._ended or due:
            self._stride(due)
        return True

    @property
    def _free(self) -> int:
        return self._hands.number - self._hands.busy

    def _refill(self) -> None:
        """Take the next batch, of a channel that is neither down nor full."""
        job = self._job
        for channel in leases.channels_waiting(self._uow, entity=job.entity, as_of=job.as_of, keys=job.keys):
            if channel not in self._all.down and self._take(channel):
                return
        self._uow.commit()
        self._dry = True

    def _take(self, channel: str) -> bool:
        job, rules = self._job, self._job.policy.channels
        provider = self._channels.provider_of(channel)
        size = pace.most_at_once(rules, channel=channel, provider=provider, batch=BATCH)
        left = pace.room(
            self._uow, rules, entity=job.entity, as_of=job.as_of, channel=channel, provider=provider,
            carried=self._channels.carried_by(provider),
        )  # fmt: skip
        if left is not None and left < size:
            size = left
            if not left:
                self._all.full.add(channel)
                return False
        batch = leases.lease(
            self._uow, name=job.name, entity=job.entity, as_of=job.as_of, channel=channel, keys=job.keys, size=size,
            seconds=BATCH * job.lease_for(),
        )  # fmt: skip
        if not batch:
            return False
        turns = pace.turns(
            self._uow, rules, entity=job.entity, channel=channel, provider=provider, count=len(batch)
        )
        self._uow.commit()
        first = time.monotonic() + turns.wait_s
        self._waiting.extend(self._strides.taken(batch, first=first, every_s=turns.every_s))
        return True

    def _patience(self) -> float | None:
        """How long to wait for hands: not at all when a message may be begun, until its turn when it may not yet."""
        if not self._waiting or not self._free:
            return None
        return max(self._waiting[0].turn - time.monotonic(), 0)

    def _due(self) -> list[tuple[Taken, Channel]]:
        """Messages whose turn it is, one for each free hand."""
        due: list[tuple[Taken, Channel]] = []
        now = time.monotonic()
        while self._waiting and len(due) < self._free and self._waiting[0].turn <= now:
            message = self._waiting[0].message
            try:
                channel = self._channels.of(message)
            except ChannelRefusedError as error:
                self._all.refuse(message.channel, error)
            if message.channel in self._all.down:  # all that waits is of one channel
                self._waiting.clear()
                break
            due.append((self._waiting.popleft(), channel))
        return due

    def _stride(self, due: Sequence[tuple[Taken, Channel]]) -> None:
        """One commit: the records of what has ended, the marks of what is due; then hands get what they may hand over."""
        plain, others = _sorted(self._ended)
        self._record(others)
        due = [one for one in due if one[0].message.channel not in self._all.down]
        marks = [Mark(one.message.key, channel.name, self._job.lease_for(channel)) for one, channel in due]
        try:
            bodies = self._strides.make(plain, marks)
        except MISFITS:
            self._record([Ended(one, receipt) for one, receipt in plain])
            bodies = self._strides.make([], marks)
        else:
            for one, receipt in plain:
                self._count(one.message, receipt)
        self._ended = []
        for one, _ in due:
            if (body := bodies.get(one.message.key)) is not None:  # None: it is no longer ours to send
                self._hands.give(one, replace(one.message, body=body))

    def _record(self, ended: Sequence[Ended]) -> None:
        """Write down what came of messages, one by one.

        Raises:
            BaseException: what a hand broke down of, after all others are written down.
        """
        broken: BaseException | None = None
        for one in ended:
            if one.taken is not None and isinstance(one.outcome, (Receipt, DeliveryError)):
                self._record_one(one.taken.message, one.outcome)
                self._uow.commit()
            elif isinstance(one.outcome, BaseException):
                broken = broken or one.outcome
        if broken is not None:
            raise broken

    def _record_one(self, message: Message, outcome: Receipt | DeliveryError) -> None:
        if isinstance(outcome, Receipt):
            if records.sent(self._uow, message, outcome):
                self._count(message, outcome)
        elif isinstance(outcome, ChannelRefusedError):
            records.postponed(self._uow, message, str(outcome), wait_s=None)
            self._all.refuse(message.channel, outcome)
        elif isinstance(outcome, ChannelDownError):
            records.postponed(self._uow, message, str(outcome), wait_s=None)
            self._all.down.add(message.channel)
            self._all.report.problem = str(outcome)
        else:
            self._record_error(message, outcome)

    def _count(self, message: Message, receipt: Receipt) -> None:
        report = self._all.report
        report.sent += 1
        report.kept += receipt.kept
        report.by_channel[message.channel] = report.by_channel.get(message.channel, 0) + 1

    def _record_error(self, message: Message, error: DeliveryError) -> None:
        report = self._all.report
        if isinstance(error, InDoubtError):
            report.in_doubt += records.in_doubt(self._uow, message, str(error))
        elif isinstance(error, PermanentError):
            mark = error.mark if isinstance(error, RecipientError) else None
            failed = records.failed(self._uow, message, str(error), mark=mark)
            report.failed += failed
            report.refused += failed and mark is not None
        else:
            self._try_later(message, error)

    def _try_later(self, message: Message, error: DeliveryError) -> None:
        """Let a message wait for its next try; after the last one it has failed."""
        attempt = records.attempts(self._uow, message.key)
        if attempt >= retry.MAX_ATTEMPTS:
            why = f"given up after {attempt} tries: {error}"
            self._all.report.failed += records.failed(self._uow, message, why)
            return
        asked = error.retry_after if isinstance(error, TransientError) else None
        wait_s = retry.delay_s(key=message.key, attempt=attempt, retry_after=asked)
        records.postponed(self._uow, message, str(error), wait_s=wait_s)


def _sorted(ended: Sequence[Ended]) -> tuple[list[tuple[Taken, Receipt]], list[Ended]]:
    """Messages that have gone and claim nothing, for a stride; and all the others."""
    plain: list[tuple[Taken, Receipt]] = []
    others: list[Ended] = []
    for one in ended:
        if one.taken is not None and isinstance(one.outcome, Receipt) and not one.taken.charges:
            plain.append((one.taken, one.outcome))
        else:
            others.append(one)
    return plain, others
