"""Sending what the outbox holds, each message once.

For each message: mark it as being sent and commit; hand it over; write down what came of it. The writing-down of one and
the marking of the next share a transaction, so that a message costs one commit and exactly one can be open when the
process dies. What a dead process left open is asked about (`recover`) or, where the provider can't be asked, marked in
doubt for a person; it is never sent again on a guess.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from relance.config.policy import Policy
from relance.delivery import leases, records, retry
from relance.delivery.port import (
    Channel,
    ChannelDownError,
    ChannelRefusedError,
    InDoubtError,
    Message,
    Receipt,
)
from relance.delivery.recover import cancel_left_planned, recover
from relance.delivery.registry import Channels
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.settings import Settings
from relance.store.database import Database
from relance.store.uow import UnitOfWork

log = logging.getLogger("relance")
BATCH = 50
_MARGIN_S = 60.0


@dataclass(slots=True)
class SendReport:
    """Figures of one run: `sent` includes `kept` (in a folder); `deferred` wait for another try; `problem`: why all stopped."""

    sent: int = 0
    kept: int = 0
    failed: int = 0
    in_doubt: int = 0
    deferred: int = 0
    cancelled: int = 0
    problem: str | None = None
    by_channel: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As `run --json` shows it."""
        return asdict(self)


def send(
    database: Database,
    *,
    settings: Settings,
    policy: Policy,
    entity: str,
    as_of: date,
    keys: Sequence[str] | None = None,
    channels: Callable[[], Channels] | None = None,
    lease_s: float | None = None,
) -> SendReport:
    """Send the day's intended messages (or those of `keys`), each at most once whoever else is sending.

    First looks after what dead senders left open and cancels what waits from days before (its amounts are no longer true;
    planning says it anew). Messages that can't go now wait for their next try and count as `deferred`.

    Raises:
        ChannelRefusedError: a provider refuses us as a whole; nothing was lost, the messages wait.
        UsageError: for an unknown entity.
    """
    policy.entity(entity)
    report = SendReport()
    make = channels or (lambda: Channels(settings=settings, entity=entity))
    with leases.owner(database) as name, make() as open_channels:
        run = _Run(database, open_channels, name, report, lease_s)
        recover(database, channels=open_channels, entity=entity, as_of=as_of, keys=keys, report=report)
        try:
            while batch := run.lease(entity, as_of, keys):
                run.deliver(batch)
        finally:
            run.release()
    with UnitOfWork(database) as uow:
        report.deferred = leases.waiting_later(uow, entity=entity, as_of=as_of, keys=keys)
    log.info(
        "delivery %s %s: %d sent by a provider, %d kept in folder, %d failed, %d in doubt, %d deferred, %d cancelled%s",
        entity, as_of, report.sent - report.kept, report.kept, report.failed, report.in_doubt, report.deferred,
        report.cancelled, f"; {report.problem}" if report.problem else "",
    )  # fmt: skip
    return report


def settle(database: Database, *, settings: Settings, policy: Policy, entity: str, as_of: date) -> SendReport:
    """Before a day is planned: ask about what dead senders left open, and cancel what waits from days before.

    A payer whose message could not leave yesterday is then free for today's plan, with today's amounts.

    Raises:
        UsageError: for an unknown entity.
    """
    policy.entity(entity)
    report = SendReport()
    with Channels(settings=settings, entity=entity) as channels:
        recover(database, channels=channels, entity=entity, as_of=as_of, report=report)
    report.cancelled += cancel_left_planned(database, entity=entity, as_of=as_of)
    return report


class _Run:
    """One sender at work."""

    def __init__(
        self, database: Database, channels: Channels, name: str, report: SendReport, lease_s: float | None
    ) -> None:
        self._database = database
        self._channels = channels
        self._name = name
        self._report = report
        self._lease_s = lease_s
        self._down: set[str] = set()

    def lease(self, entity: str, as_of: date, keys: Sequence[str] | None) -> list[Message]:
        """Take the next batch, of channels that are not known to be down."""
        with UnitOfWork(self._database) as uow:
            batch = leases.lease(
                uow, name=self._name, entity=entity, as_of=as_of, keys=keys, size=BATCH, without=self._down,
                seconds=BATCH * self._seconds(),
            )  # fmt: skip
            uow.commit()
        return batch

    def deliver(self, batch: list[Message]) -> None:
        """Send a batch, message by message; one that fails does not stop the others."""
        with UnitOfWork(self._database) as uow:
            for message in batch:
                if message.channel in self._down:
                    continue
                channel = self._channels.of(message.channel)
                begun = records.begun(
                    uow,
                    key=message.key,
                    name=self._name,
                    provider=channel.name,
                    seconds=self._seconds(channel),
                )
                uow.commit()  # with it goes the record of the message before
                if begun:
                    self._hand_over(uow, channel, message)
            uow.commit()

    def release(self) -> None:
        """Give back what was taken and not begun."""
        with UnitOfWork(self._database) as uow:
            leases.release(uow, name=self._name)
            uow.commit()

    def _seconds(self, channel: Channel | None = None) -> float:
        if self._lease_s is not None:
            return self._lease_s
        return (channel.limits.patience_s if channel else _MARGIN_S) + _MARGIN_S

    def _hand_over(self, uow: UnitOfWork, channel: Channel, message: Message) -> None:
        try:
            receipt = channel.send(message)
        except ChannelRefusedError as error:
            records.postponed(uow, message, str(error), wait_s=None)
            uow.commit()
            raise
        except ChannelDownError as error:
            records.postponed(uow, message, str(error), wait_s=None)
            self._down.add(message.channel)
            self._report.problem = str(error)
        except DeliveryError as error:
            self._record_error(uow, message, error)
        else:
            self._record_receipt(uow, message, receipt)

    def _record_receipt(self, uow: UnitOfWork, message: Message, receipt: Receipt) -> None:
        if records.sent(uow, message, receipt):
            self._report.sent += 1
            self._report.kept += receipt.kept
            self._report.by_channel[message.channel] = self._report.by_channel.get(message.channel, 0) + 1

    def _record_error(self, uow: UnitOfWork, message: Message, error: DeliveryError) -> None:
        if isinstance(error, InDoubtError):
            self._report.in_doubt += records.in_doubt(uow, message, str(error))
        elif isinstance(error, PermanentError):
            self._report.failed += records.failed(uow, message, str(error))
        else:
            attempt = records.attempts(uow, message.key)
            if attempt >= retry.MAX_ATTEMPTS:
                text = f"given up after {attempt} tries: {error}"
                self._report.failed += records.failed(uow, message, text)
                return
            asked = error.retry_after if isinstance(error, TransientError) else None
            wait_s = retry.delay_s(key=message.key, attempt=attempt, retry_after=asked)
            records.postponed(uow, message, str(error), wait_s=wait_s)
