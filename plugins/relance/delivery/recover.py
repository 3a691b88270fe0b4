"""What a sender that died, or a day that ended, left behind in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import sqlalchemy as sa

from relance.delivery import leases, records
from relance.delivery.port import Channel, ChannelRefusedError, Message
from relance.delivery.registry import Channels
from relance.errors import TransientError
from relance.store import contacts
from relance.store.database import Database
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork, among


class Figures(Protocol):
    """Where recovery counts what it did."""

    sent: int
    kept: int
    in_doubt: int
    cancelled: int


def recover(
    database: Database,
    *,
    channels: Channels,
    entity: str,
    as_of: date,
    report: Figures,
    keys: Sequence[str] | None = None,
) -> None:
    """Resolve messages that were being sent when their sender died; cancel those that wait from days before `as_of`.

    Messages in doubt are asked about each time, where their provider can be asked.
    """
    with UnitOfWork(database) as uow:
        leases.end_leases_of_the_dead(uow, entity=entity)
        uow.commit()
        while found := _next(uow, _abandoned(entity, as_of, keys)):
            message, provider = found
            if not _resolve(uow, message, channels.provider(provider, message), report):
                return  # the provider can't be asked now: the rest stays for the next run
            uow.commit()
        _ask_about_doubts(uow, channels, entity, as_of, report)
        while found := _next(uow, _stale(entity, as_of, keys)):
            reason = f"not sent on {found[0].on_date}, its day; planned anew on the facts of the next"
            report.cancelled += records.cancelled(uow, found[0], reason)
            uow.commit()


def cancel_left_planned(database: Database, *, entity: str, as_of: date) -> int:
    """Cancel what was planned on days before `as_of` and never begun (the run died first); gives how many.

    Left as it is, it would keep its payer, or its task's invoices, from every later plan.
    """
    query = sa.select(contact.c.key).where(
        contact.c.entity == entity,
        contact.c.as_of < as_of,
        contact.c.state == "planned",
        contact.c.kind != "notice",  # goes out on a later day
    )
    with UnitOfWork(database) as uow:
        keys = list(uow.execute(query).scalars())
        reason = "its day ended before it was begun; planned anew on the facts of the next"
        done = contacts.set_state(uow, keys, "cancelled", records.ACTOR, None, reason, only_from={"planned"})
        uow.commit()
    return len(done)


def _resolve(uow: UnitOfWork, message: Message, provider: Channel | None, report: Figures) -> bool:
    """Ask about one message whose sender died in the middle; False when the answer has to wait."""
    if provider is None or not (provider.limits.askable or provider.limits.confirms):
        reason = "the process ended between sending and recording, and the provider can't be asked"
        report.in_doubt += records.in_doubt(uow, message, reason)
        return True
    try:
        receipt = provider.lookup(message)
    except (TransientError, ChannelRefusedError):
        return False
    if receipt is None and not provider.limits.askable:
        reason = "the process ended between sending and recording, and the provider does not find the message"
        report.in_doubt += records.in_doubt(uow, message, reason)
    elif receipt is None or receipt.digest not in {None, message.digest}:
        records.postponed(uow, message, "the process ended before the message left", wait_s=None)
    elif records.sent(uow, message, receipt):
        report.sent += 1
        report.kept += receipt.kept
    return True


def _ask_about_doubts(uow: UnitOfWork, channels: Channels, entity: str, as_of: date, report: Figures) -> None:
    """Settle what was in doubt and its provider knows by now; what one that must know does not find a day later never left."""
    query = sa.select(outbox).where(outbox.c.entity == entity, outbox.c.state == "in_doubt")
    for row in uow.execute(query.order_by(outbox.c.key)).mappings().all():
        message = leases.message_of(row)
        provider = channels.provider(row["provider"], message)
        if provider is None or not (provider.limits.askable or provider.limits.confirms):
            continue
        try:
            receipt = provider.lookup(message)
        except (TransientError, ChannelRefusedError):
            continue
        if receipt is not None:
            report.sent += records.sent(uow, message, receipt)
        elif provider.limits.askable and message.on_date < as_of:
            records.failed(uow, message, "the provider does not have it: it never left")
        uow.commit()


def _abandoned(entity: str, as_of: date, keys: Sequence[str] | None) -> sa.ColumnElement[bool]:
    over = (outbox.c.state == "sending") & (outbox.c.lease_until <= sa.func.now())
    return _scope(entity, keys) & over & (outbox.c.on_date <= as_of)


def _stale(entity: str, as_of: date, keys: Sequence[str] | None) -> sa.ColumnElement[bool]:
    free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= sa.func.now())
    return _scope(entity, keys) & (outbox.c.state == "intended") & free & (outbox.c.on_date < as_of)


def _scope(entity: str, keys: Sequence[str] | None) -> sa.ColumnElement[bool]:
    scope = outbox.c.entity == entity
    return scope if keys is None else scope & among(outbox.c.key, keys)


def _next(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> tuple[Message, str | None] | None:
    """The first row that answers the condition and that no other process is looking at, locked."""
    query = sa.select(outbox).where(condition).order_by(outbox.c.key).limit(1)
    row = uow.execute(query.with_for_update(skip_locked=True)).mappings().first()
    return (leases.message_of(row), row["provider"]) if row else None
