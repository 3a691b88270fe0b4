"""Sending what the outbox holds, each message once.

For each message: mark it as being sent and commit; hand it over; write down what came of it. The writing-down of one and
the marking of the next share a transaction, so that a message costs one commit and each of the senders at work has exactly
one open when the process dies. What a dead process left open is asked about (`recover`) or, where the provider can't be
asked, marked in doubt for a person; it is never sent again on a guess.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from relance.config.policy import Policy
from relance.delivery import leases
from relance.delivery.recover import cancel_left_planned, recover
from relance.delivery.registry import Channels
from relance.delivery.senders import Job, Senders
from relance.settings import Settings
from relance.store.database import Database
from relance.store.uow import UnitOfWork

log = logging.getLogger("relance")


@dataclass(slots=True)
class SendReport:
    """Figures of one run: `sent` includes `kept` (in a folder); `deferred` wait for another try; `problem`: why all stopped.

    `capped` wait because their channel's messages of the day are used up; `refused`: failed since their address takes none.
    """

    sent: int = 0
    kept: int = 0
    failed: int = 0
    refused: int = 0
    in_doubt: int = 0
    deferred: int = 0
    capped: int = 0
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
    planning says it anew). Messages that can't go now wait for their next try and count as `deferred`. `channels` makes the
    ways out of one sender; as many send at once as `channels.yaml` says.

    Raises:
        ChannelRefusedError: a provider refuses us as a whole; nothing was lost, the messages wait.
        UsageError: for an unknown entity.
    """
    policy.entity(entity)
    report = SendReport()
    make = channels or (lambda: Channels(database=database, settings=settings, policy=policy, entity=entity))
    with make() as asked:
        recover(database, channels=asked, entity=entity, as_of=as_of, keys=keys, report=report)
    with leases.owner(database) as name:
        job = Job(database, policy, entity, as_of, keys, name, lease_s)
        senders = Senders(job, make, report)
        try:
            senders.work()
        finally:
            senders.release()
    with UnitOfWork(database) as uow:
        waiting = leases.waiting_later(uow, entity=entity, as_of=as_of, keys=keys)
    report.capped = sum(number for channel, number in waiting.items() if channel in senders.full)
    report.deferred = sum(waiting.values()) - report.capped
    log.info(
        "delivery %s %s: %d sent by a provider, %d kept in folder, %d failed, %d in doubt, %d deferred, %d over the day's cap, "
        "%d cancelled%s",
        entity, as_of, report.sent - report.kept, report.kept, report.failed, report.in_doubt, report.deferred,
        report.capped, report.cancelled, f"; {report.problem}" if report.problem else "",
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
    with Channels(database=database, settings=settings, policy=policy, entity=entity) as channels:
        recover(database, channels=channels, entity=entity, as_of=as_of, report=report)
    report.cancelled += cancel_left_planned(database, entity=entity, as_of=as_of)
    return report
