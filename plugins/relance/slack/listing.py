"""New cards beyond a channel's daily limit: named in one list of the channel and the day, changed in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from relance.config.policy import Policy
from relance.slack.cards import Scene
from relance.slack.cards.listed import listed
from relance.slack.routing import locale_for
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import slack_outbox
from relance.store.uow import UnitOfWork

VERB = "list"
"""The outbox verb of a list: the first row of a day posts it; later ones, `under` the first, change it."""


def room(uow: UnitOfWork, policy: Policy, entity: str, channel: str) -> int:
    """How many new cards the channel still takes today; below 0 when the limit was lowered since."""
    table, earlier = slack_outbox, slack_outbox.alias()
    again = sa.exists().where(
        earlier.c.case_id == table.c.case_id, earlier.c.verb == "card", earlier.c.row_id < table.c.row_id
    )
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .where(table.c.channel == channel, table.c.verb == "card", _today(policy, entity), ~again)
    )
    return policy.slack.noise.cards_per_channel_per_day - int(uow.execute(query).scalar_one())


def is_there(uow: UnitOfWork, policy: Policy, entity: str) -> bool:
    """Whether a channel of the entity has a list today."""
    return bool(_lists(uow, policy, entity))


def write(uow: UnitOfWork, *, policy: Policy, entity: str, left: Mapping[str, Sequence[Scene]]) -> int:
    """Bring each channel's list of today to what has no card of its own; gives how many rows have to be sent."""
    one = policy.entity(entity)
    voice = Voice(locale_of(locale_for(policy, entity)))
    limit = policy.slack.noise.cards_per_channel_per_day
    uow.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"relance list {entity}", 0)))
    )
    known = _lists(uow, policy, entity)
    written = 0
    for channel in sorted({*known, *(name for name, scenes in left.items() if scenes)}):
        drawn = listed(left.get(channel, ()), company=one.name, voice=voice, limit=limit)
        rows = known.get(channel, [])
        if not rows or rows[-1]["digest"] != drawn.digest:
            look = {"payload": drawn.payload(), "digest": drawn.digest}
            _put(uow, look, rows, entity=entity, channel=channel)
            written += 1
    return written


def _put(
    uow: UnitOfWork, look: dict[str, Any], rows: Sequence[Mapping[Any, Any]], *, entity: str, channel: str
) -> None:
    table = slack_outbox
    if rows and rows[-1]["state"] == "pending":
        uow.execute(sa.update(table).where(table.c.row_id == rows[-1]["row_id"]).values(**look))
        return
    first = rows[0]["row_id"] if rows else None
    marks = {"entity": entity, "channel": channel, "verb": VERB, "state": "pending", "under": first}
    uow.execute(sa.insert(table).values(**marks, **look))


def _lists(uow: UnitOfWork, policy: Policy, entity: str) -> dict[str, list[Mapping[Any, Any]]]:
    """Today's list rows by channel, oldest first; not those that could not be sent."""
    table = slack_outbox
    query = (
        sa.select(table.c.row_id, table.c.channel, table.c.state, table.c.digest)
        .where(
            table.c.entity == entity, table.c.verb == VERB, table.c.state != "dead", _today(policy, entity)
        )
        .order_by(table.c.row_id)
        .with_for_update()
    )
    found: dict[str, list[Mapping[Any, Any]]] = {}
    for row in uow.execute(query).mappings():
        found.setdefault(row["channel"], []).append(row)
    return found


def _today(policy: Policy, entity: str) -> sa.ColumnElement[bool]:
    """Rows made since midnight where the entity is."""
    return slack_outbox.c.created_at >= sa.func.date_trunc(
        "day", sa.func.now(), policy.entity(entity).timezone
    )
