"""How many messages may go, and how fast: caps a day and messages a second, the same for all senders together."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from relance.config.channels import Channels
from relance.store.schema import outbox
from relance.store.uow import UnitOfWork

_USED = ("sending", "sent", "confirmed", "in_doubt")
_TURN = sa.text(
    """
    INSERT INTO pace AS p (name, next_at) VALUES (:name, now() + make_interval(secs => :span))
    ON CONFLICT (name) DO UPDATE SET next_at = greatest(p.next_at, now()) + make_interval(secs => :span)
    RETURNING greatest(extract(epoch FROM next_at - now()) - :span, 0)::float8
    """
)


@dataclass(frozen=True, slots=True)
class Turns:
    """When the messages of a batch may go: the first after `wait_s` seconds, each further one `every_s` later."""

    wait_s: float = 0.0
    every_s: float = 0.0


def room(
    uow: UnitOfWork,
    rules: Channels,
    *,
    entity: str,
    as_of: date,
    channel: str,
    provider: str,
    carried: Collection[str],
) -> int | None:
    """How many more messages may go through a channel on the day; None for any number. `carried`: all that the provider has.

    Messages that another sender has taken count as gone. Where there is a cap, senders ask one after another: it holds to
    the message, whoever else is sending (until this transaction ends).
    """
    caps = [
        (f"{entity} {channel}", rules.of(channel).per_day, [outbox.c.entity == entity, outbox.c.channel == channel]),
        (provider, rules.of_provider(provider).per_day, [_goes_by(provider, carried)]),
    ]  # fmt: skip
    left: list[int] = []
    for name, cap, scope in caps:
        if cap is None:
            continue
        uow.execute(sa.select(sa.func.pg_advisory_xact_lock(_number(name))))
        taken = (outbox.c.state == "intended") & (outbox.c.lease_until > sa.func.now())
        query = sa.select(sa.func.count()).where(
            outbox.c.on_date == as_of, *scope, sa.or_(outbox.c.state.in_(_USED), taken)
        )
        left.append(max(cap - int(uow.execute(query).scalar_one()), 0))
    return min(left, default=None)


def turns(uow: UnitOfWork, rules: Channels, *, entity: str, channel: str, provider: str, count: int) -> Turns:
    """Reserve the next `count` turns of a channel and its provider, in this transaction."""
    wait, every = 0.0, 0.0
    rates = {
        f"{entity} {channel}": rules.of(channel).per_second,
        provider: rules.of_provider(provider).per_second,
    }
    for name, rate in rates.items():
        if rate is not None:
            span = {"name": name, "span": count / rate}
            wait = max(wait, float(uow.execute(_TURN, span).scalar_one()))
            every = max(every, 1.0 / rate)
    return Turns(wait, every)


def most_at_once(rules: Channels, *, channel: str, provider: str, batch: int) -> int:
    """How many messages to take at a time, so that a slow pace keeps none waiting under a lease for long."""
    rates = [one for one in (rules.of(channel).per_second, rules.of_provider(provider).per_second) if one]
    return max(1, min(batch, int(min(rates) * 10))) if rates else batch


def _goes_by(provider: str, carried: Collection[str]) -> sa.ColumnElement[bool]:
    """Messages that the provider has, or will have: those not begun have no provider yet."""
    unnamed = outbox.c.provider.is_(None) & outbox.c.channel.in_(sorted(carried))
    return sa.or_(outbox.c.provider == provider, unnamed)


def _number(name: str) -> int:
    digest = hashlib.sha256(f"relance pace {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
