"""Who works on which messages: leases that end by time, or at once when their holder's process is gone.

A sender holds a PostgreSQL advisory lock on a number of its own for as long as it lives, and writes that number into the
rows it takes. The server frees the lock when the process dies, whatever killed it; so a restart need not wait for leases
to run out, and two living senders never take each other's rows.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.delivery.port import Message
from relance.store.database import Database
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork, among

_ALIVE = sa.text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
    "AND classid::bigint = :high AND objid::bigint = :low "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


@contextmanager
def owner(database: Database) -> Iterator[str]:
    """A sender's name, alive in the database's eyes while the block runs."""
    number = secrets.randbits(63)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:number)"), {"number": number})
        yield f"{number:016x} {socket.gethostname()} {os.getpid()}"


def end_leases_of_the_dead(uow: UnitOfWork, *, entity: str) -> None:
    """Let the leases end of senders that are gone."""
    held = outbox.c.lease_owner.is_not(None) & (outbox.c.lease_until > sa.func.now())
    waiting = (outbox.c.entity == entity) & outbox.c.state.in_(["intended", "sending", "in_doubt"])
    owners = uow.execute(sa.select(outbox.c.lease_owner).where(waiting, held).distinct()).scalars().all()
    dead = [name for name in owners if not _is_alive(uow, name)]
    if dead:
        over = sa.update(outbox).where(waiting, outbox.c.lease_owner.in_(dead))
        uow.execute(over.values(lease_until=sa.func.now()))


def _is_alive(uow: UnitOfWork, name: str) -> bool:
    number = int(name.split(" ", 1)[0], 16)
    return bool(uow.execute(_ALIVE, {"high": number >> 32, "low": number & 0xFFFFFFFF}).scalar())


def lease(
    uow: UnitOfWork,
    *,
    name: str,
    entity: str,
    as_of: date,
    channel: str,
    keys: Sequence[str] | None,
    size: int,
    seconds: float,
) -> list[Message]:
    """Take up to `size` messages of the day and channel that wait and that nobody works on, by key, for `seconds`.

    Their bodies are read when each is begun: a message may have megabytes.
    """
    free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= sa.func.now())
    query = (
        sa.select(outbox.c.key)
        .join(contact, contact.c.key == outbox.c.key)
        .where(_of(entity, as_of, keys), outbox.c.channel == channel, contact.c.state == "sending")
        .where(_waits(), free)
        .order_by(outbox.c.key)
        .limit(size)
        .with_for_update(of=outbox, skip_locked=True)
        .cte("free")
    )
    taken = (
        sa.update(outbox)
        .where(outbox.c.key.in_(sa.select(query.c.key)))
        .values(lease_owner=name, lease_until=until(seconds))
        .returning(*_MESSAGE)
    )
    rows = uow.execute(taken).mappings()
    return sorted((message_of(row, body=b"") for row in rows), key=lambda one: one.key)


def channels_waiting(uow: UnitOfWork, *, entity: str, as_of: date, keys: Sequence[str] | None) -> list[str]:
    """Channels of the day that have a message to take now."""
    free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= sa.func.now())
    query = sa.select(outbox.c.channel).where(_of(entity, as_of, keys), _waits(), free).distinct()
    return sorted(uow.execute(query).scalars())


def _waits() -> sa.ColumnElement[bool]:
    due = sa.or_(outbox.c.not_before.is_(None), outbox.c.not_before <= sa.func.now())
    return (outbox.c.state == "intended") & due


def release(uow: UnitOfWork, *, name: str) -> int:
    """Give back what was taken and not begun; gives how many."""
    begun = sa.update(outbox).where(outbox.c.lease_owner == name, outbox.c.state == "intended")
    return uow.execute(begun.values(lease_owner=None, lease_until=None)).rowcount


def until(seconds: float) -> sa.ColumnElement[Any]:
    """A moment from now, by the database's clock, which all senders share."""
    return sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def waiting_later(uow: UnitOfWork, *, entity: str, as_of: date, keys: Sequence[str] | None) -> dict[str, int]:
    """By channel, how many messages of the day still wait: for their next try, or under another sender's lease."""
    waiting = _of(entity, as_of, keys) & outbox.c.state.in_(["intended", "sending"])
    query = sa.select(outbox.c.channel, sa.func.count()).where(waiting).group_by(outbox.c.channel)
    return {channel: int(number) for channel, number in uow.execute(query)}


def _of(entity: str, as_of: date, keys: Sequence[str] | None) -> sa.ColumnElement[bool]:
    scope = (outbox.c.entity == entity) & (outbox.c.on_date == as_of)
    return scope if keys is None else scope & among(outbox.c.key, keys)


_MESSAGE = [
    outbox.c[name]
    for name in (
        "key", "entity", "channel", "on_date", "sender", "recipient", "copies", "message_id", "media", "digest"
    )
]  # fmt: skip


def message_of(row: sa.RowMapping, *, body: bytes | None = None) -> Message:
    """A row of the outbox as the port's message; `body` stands for one that was not read."""
    return Message(
        key=row["key"], entity=row["entity"], channel=row["channel"], on_date=row["on_date"], sender=row["sender"],
        recipient=row["recipient"], copies=tuple(row["copies"]), message_id=row["message_id"], media=row["media"],
        body=bytes(row["body"]) if body is None else body, digest=row["digest"],
    )  # fmt: skip
