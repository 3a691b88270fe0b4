"""What came from Slack and is to be done: kept under a key before Slack is answered, worked once, and told.

A click, a submitted form or a message is stored as an *intent* in the transaction that makes it durable; only then is Slack
answered. Workers take intents in the order in which they came, one at a time of one person about one case, and do each in a
transaction that also says that it is done. A worker that is killed leaves the row as it was, and the next one takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.store.schema import slack_intent
from relance.store.uow import UnitOfWork

DOUBLE_CLICK_S = 2.0
"""Seconds within which a second press of the same button is the same wish."""
MOST_ATTEMPTS = 8
"""Then an intent is given up and the person told: some ten minutes, with the pauses between."""
BLOCKED_PAUSE = timedelta(seconds=15)
"""Before another look at a case that somebody else works on, such as the day's run, which may take long."""
MOST_BLOCKED = timedelta(hours=6)
LEASE = timedelta(seconds=5)
"""Between taking an intent and locking its row; a killed worker's is free again after it."""
KEPT = timedelta(days=7)
"""What an intent said is forgotten so long after it was done."""
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that came: `key` tells it from Slack's repetition of it; what has one `about` is worked in order.

    That is what one person wishes of one thing: what Slack or a fault keeps from being done for them holds up nobody else.

    `pressed_at`: for a click, its moment in seconds since 1970; a second one within `DOUBLE_CLICK_S` is the same.
    """

    key: str
    name: str
    user_id: str
    payload: Mapping[str, Any]
    about: str
    pressed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent that this worker has taken."""

    intent_id: int
    name: str
    user_id: str
    payload: Mapping[str, Any]
    attempts: int
    received_at: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing can be worked now; `at`: when the next one can, where that is known."""

    at: datetime | None


def receive(uow: UnitOfWork, one: Arrival, *, now: datetime) -> int | None:
    """Keep what came; None when it has come before. Doesn't commit."""
    keys = [one.key]
    if one.pressed_at is not None:
        # two windows are looked at, so that a double click on their border is one as well
        window = int(one.pressed_at // DOUBLE_CLICK_S)
        keys = [f"{one.key}|{window}", f"{one.key}|{window - 1}"]
        uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(one.key, 0))))
        if _pressed_shortly_before(uow, keys[1], one.pressed_at):
            return None
    row = {
        "dedupe_key": keys[0],
        "name": one.name,
        "user_id": one.user_id,
        "payload": {**one.payload, "about": one.about, "pressed_at": one.pressed_at},
        "state": "received",
        "received_at": now,
    }
    statement = insert(slack_intent).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"])
    number: int | None = uow.execute(statement.returning(slack_intent.c.intent_id)).scalar()
    return number


def _pressed_shortly_before(uow: UnitOfWork, key: str, at: float) -> bool:
    query = sa.select(slack_intent.c.payload["pressed_at"]).where(slack_intent.c.dedupe_key == key)
    before = uow.execute(query).scalar()
    return before is not None and at - float(before) < DOUBLE_CLICK_S


def take(uow: UnitOfWork, *, owner: str, now: datetime) -> Intent | Nothing:
    """Take the oldest intent that nobody works on, behind none about the same case; the caller commits."""
    table, earlier = slack_intent, slack_intent.alias()
    waiting = table.c.state == "received"
    ready = sa.and_(
        sa.func.coalesce(table.c.not_before, now) <= now, sa.func.coalesce(table.c.lease_until, now) <= now
    )
    about = sa.exists().where(
        earlier.c.state == "received",
        earlier.c.intent_id < table.c.intent_id,
        earlier.c.payload["about"].astext == table.c.payload["about"].astext,
    )
    query = sa.select(table).where(waiting, ready, ~about).order_by(table.c.intent_id).limit(1)
    row = uow.execute(query.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        soonest = sa.func.min(sa.func.greatest(table.c.not_before, table.c.lease_until))
        return Nothing(uow.execute(sa.select(soonest).where(waiting)).scalar())
    uow.execute(
        sa.update(table)
        .where(table.c.intent_id == row["intent_id"])
        .values(attempts=table.c.attempts + 1, lease_owner=owner, lease_until=now + LEASE)
    )
    return Intent(
        intent_id=row["intent_id"], name=row["name"], user_id=row["user_id"], payload=row["payload"],
        attempts=row["attempts"] + 1, received_at=row["received_at"], owner=owner,
    )  # fmt: skip


def hold(uow: UnitOfWork, one: Intent) -> bool:
    """Lock an intent for the transaction in which it is worked; False when it is another's by now, or done."""
    table = slack_intent
    query = sa.select(table.c.intent_id).where(
        table.c.intent_id == one.intent_id, table.c.state == "received", table.c.lease_owner == one.owner
    )
    return uow.execute(query.with_for_update(skip_locked=True)).scalar() is not None


def finish(
    uow: UnitOfWork, one: Intent, *, state: str, now: datetime, answer: Mapping[str, Any] | None = None
) -> None:
    """Note that it is done or refused, and what is to be said to the person; in the transaction of its effect."""
    _set(uow, one, state=state, answer=dict(answer) if answer else None, done_at=now, error=None)


def told(uow: UnitOfWork, one: Intent, answer: Mapping[str, Any]) -> None:
    """Note that the person was told."""
    table = slack_intent
    done = {**answer, "told": True}
    uow.execute(sa.update(table).where(table.c.intent_id == one.intent_id).values(answer=done))


def untold(uow: UnitOfWork, *, since: datetime) -> list[tuple[Intent, Mapping[str, Any]]]:
    """What was to be said since a while and was not, because its worker was killed."""
    table = slack_intent
    query = (
        sa.select(table)
        .where(
            table.c.done_at >= since, table.c.answer.is_not(None), table.c.answer["told"].astext == "false"
        )
        .order_by(table.c.intent_id)
    )
    return [
        (
            Intent(row["intent_id"], row["name"], row["user_id"], row["payload"], row["attempts"], row["received_at"], ""),
            row["answer"],
        )
        for row in uow.execute(query).mappings()
    ]  # fmt: skip


def blocked(uow: UnitOfWork, one: Intent, *, now: datetime, error: str) -> bool:
    """Somebody else works on its case: not an attempt, and tried again soon; False when that has lasted too long."""
    if now - one.received_at >= MOST_BLOCKED:
        _set(uow, one, state="failed", done_at=now, error=error)
        return False
    _set(uow, one, not_before=now + BLOCKED_PAUSE, attempts=one.attempts - 1, error=error)
    return True


def again(uow: UnitOfWork, one: Intent, *, now: datetime, error: str) -> bool:
    """Try again after a pause that doubles; False when it is given up. `error` holds no data of anybody."""
    if one.attempts >= MOST_ATTEMPTS:
        _set(uow, one, state="failed", done_at=now, error=error)
        return False
    pause = timedelta(seconds=min(_LONGEST_PAUSE, 2.0**one.attempts))
    _set(uow, one, not_before=now + pause, error=error)
    return True


def sweep(uow: UnitOfWork, *, now: datetime) -> int:
    """Forget what intents said that were done long ago; gives how many."""
    table = slack_intent
    statement = (
        sa.update(table)
        .where(table.c.state != "received", table.c.done_at < now - KEPT, table.c.payload != sa.text("'{}'::jsonb"))
        .values(payload={}, answer=None)
    )  # fmt: skip
    return uow.execute(statement).rowcount


def unfinished(uow: UnitOfWork) -> int:
    """How many wait to be worked."""
    query = sa.select(sa.func.count()).select_from(slack_intent).where(slack_intent.c.state == "received")
    return int(uow.execute(query).scalar_one())


def _set(uow: UnitOfWork, one: Intent, **values: object) -> None:
    uow.execute(
        sa.update(slack_intent)
        .where(slack_intent.c.intent_id == one.intent_id)
        .values(lease_owner=None, lease_until=None, **values)
    )
