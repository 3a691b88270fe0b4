"""Senders at work on one day: threads, each with connections of its own, that take messages and hand them over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from relance.config.policy import Policy
from relance.delivery import leases, pace, records, retry
from relance.delivery.pace import Turns
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
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.store.database import Database
from relance.store.uow import UnitOfWork

BATCH = 50
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


class Senders:
    """Several senders on one job; they share what is known of providers, and stop together."""

    def __init__(self, job: Job, make: Callable[[], Channels], report: Figures) -> None:
        self.job = job
        self.make = make
        self.report = report
        self.down: set[str] = set()
        self.full: set[str] = set()
        self.refused: ChannelRefusedError | None = None
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def work(self) -> None:
        """Send until nothing is left that may go now.

        Raises:
            ChannelRefusedError: when a provider refuses us, after the other channels' messages have gone.
        """
        with UnitOfWork(self.job.database) as uow:
            number = min(self.job.policy.channels.senders, 1 + self._waiting(uow) // BATCH)
        if number == 1:
            _Sender(self).run()
        else:
            with ThreadPoolExecutor(number, thread_name_prefix="sender") as threads:
                runs = [threads.submit(_Sender(self).run) for _ in range(number)]
            for run in runs:
                run.result()
        if self.refused is not None:
            raise self.refused

    def refuse(self, channel: str, error: ChannelRefusedError) -> None:
        """Nothing more goes by a channel whose provider refuses us; the others go on."""
        with self.lock:
            self.down.add(channel)
            self.refused = self.refused or error

    def release(self) -> None:
        """Give back what was taken and not begun."""
        with UnitOfWork(self.job.database) as uow:
            leases.release(uow, name=self.job.name)
            uow.commit()

    def _waiting(self, uow: UnitOfWork) -> int:
        job = self.job
        return sum(leases.waiting_later(uow, entity=job.entity, as_of=job.as_of, keys=job.keys).values())


class _Sender:
    """One sender: its connections, and one message at a time."""

    def __init__(self, all_: Senders) -> None:
        self._all = all_
        self._job = all_.job
        self._report = all_.report

    def run(self) -> None:
        """Take batch after batch; an error stops the other senders too."""
        try:
            # one connection for as long as it sends: a new one costs as much as ten messages
            with self._all.make() as channels, UnitOfWork(self._job.database) as uow:
                while not self._all.stopped.is_set() and (batch := self._next(uow, channels)):
                    self._deliver(uow, channels, *batch)
        except BaseException:
            self._all.stopped.set()
            raise

    def _next(self, uow: UnitOfWork, channels: Channels) -> tuple[list[Message], Turns] | None:
        """The next batch, of a channel that is neither down nor full, and when its messages may go."""
        job = self._job
        waiting = leases.channels_waiting(uow, entity=job.entity, as_of=job.as_of, keys=job.keys)
        for channel in waiting:
            if channel not in self._all.down and (batch := self._take(uow, channels, channel)):
                uow.commit()
                return batch
        return None

    def _take(self, uow: UnitOfWork, channels: Channels, channel: str) -> tuple[list[Message], Turns] | None:
        job, rules = self._job, self._job.policy.channels
        provider = channels.provider_of(channel)
        size = pace.most_at_once(rules, channel=channel, provider=provider, batch=BATCH)
        left = pace.room(
            uow, rules, entity=job.entity, as_of=job.as_of, channel=channel, provider=provider,
            carried=channels.carried_by(provider),
        )  # fmt: skip
        if left is not None and left < size:
            size = left
            if not left:
                self._all.full.add(channel)
                return None
        batch = leases.lease(
            uow, name=job.name, entity=job.entity, as_of=job.as_of, channel=channel, keys=job.keys, size=size,
            seconds=BATCH * self._seconds(),
        )  # fmt: skip
        if not batch:
            return None
        turns = pace.turns(
            uow, rules, entity=job.entity, channel=channel, provider=provider, count=len(batch)
        )
        return batch, turns

    def _deliver(self, uow: UnitOfWork, channels: Channels, batch: list[Message], turns: Turns) -> None:
        """Send a batch, message by message; one that fails does not stop the others."""
        first = time.monotonic() + turns.wait_s
        for place, message in enumerate(batch):
            if message.channel in self._all.down or self._wait(uow, first + place * turns.every_s):
                break
            try:
                channel = channels.of(message)
            except ChannelRefusedError as error:
                self._all.refuse(message.channel, error)
                break
            body = records.begun(
                uow, key=message.key, name=self._job.name, provider=channel.name, seconds=self._seconds(channel)
            )  # fmt: skip
            uow.commit()  # with it goes the record of the message before
            if body is not None:
                self._hand_over(uow, channel, replace(message, body=body))
        uow.commit()

    def _wait(self, uow: UnitOfWork, turn: float) -> bool:
        """Wait for a message's turn, with the record of the one before written; True when all senders stop."""
        left = turn - time.monotonic()
        if left > 0:
            uow.commit()
            return self._all.stopped.wait(left)
        return self._all.stopped.is_set()

    def _seconds(self, channel: Channel | None = None) -> float:
        if self._job.lease_s is not None:
            return self._job.lease_s
        return (channel.limits.patience_s if channel else _MARGIN_S) + _MARGIN_S

    def _hand_over(self, uow: UnitOfWork, channel: Channel, message: Message) -> None:
        try:
            receipt = channel.send(message)
        except ChannelRefusedError as error:
            records.postponed(uow, message, str(error), wait_s=None)
            self._all.refuse(message.channel, error)
        except ChannelDownError as error:
            records.postponed(uow, message, str(error), wait_s=None)
            self._all.down.add(message.channel)
            self._report.problem = str(error)
        except DeliveryError as error:
            self._record_error(uow, message, error)
        else:
            self._record_receipt(uow, message, receipt)

    def _record_receipt(self, uow: UnitOfWork, message: Message, receipt: Receipt) -> None:
        if not records.sent(uow, message, receipt):
            return
        report = self._report
        with self._all.lock:
            report.sent += 1
            report.kept += receipt.kept
            report.by_channel[message.channel] = report.by_channel.get(message.channel, 0) + 1

    def _record_error(self, uow: UnitOfWork, message: Message, error: DeliveryError) -> None:
        failed, refused, doubtful = 0, 0, 0
        if isinstance(error, InDoubtError):
            doubtful = int(records.in_doubt(uow, message, str(error)))
        elif isinstance(error, PermanentError):
            mark = error.mark if isinstance(error, RecipientError) else None
            failed = int(records.failed(uow, message, str(error), mark=mark))
            refused = failed if mark else 0
        else:
            failed = self._try_later(uow, message, error)
        with self._all.lock:
            self._report.failed += failed
            self._report.refused += refused
            self._report.in_doubt += doubtful

    def _try_later(self, uow: UnitOfWork, message: Message, error: DeliveryError) -> int:
        """Let a message wait for its next try; after the last one it has failed. Gives how many failed."""
        attempt = records.attempts(uow, message.key)
        if attempt >= retry.MAX_ATTEMPTS:
            return int(records.failed(uow, message, f"given up after {attempt} tries: {error}"))
        asked = error.retry_after if isinstance(error, TransientError) else None
        wait_s = retry.delay_s(key=message.key, attempt=attempt, retry_after=asked)
        records.postponed(uow, message, str(error), wait_s=wait_s)
        return 0
