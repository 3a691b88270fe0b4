"""Which row of the outbox is sent next, and by whom.

The head of a channel is leased to one sender at a time, under a lock of the channel, so that a channel keeps its
order and no row is worked twice. A lease that ran out (its sender was killed) is given again. Cards are locked before
rows, everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from relance.cases.among import among
from relance.slack.pace import POST, UPDATE, Gate
from relance.store.database import Database
from relance.store.schema import slack_card, slack_outbox
from relance.store.uow import UnitOfWork

LEASE = timedelta(minutes=5)
"""Longer than any call may take."""
CARD_PATIENCE = timedelta(minutes=10)
"""How long a direct message waits for the card that it links to."""
_FILE = "files.getUploadURLExternal"
_UNFINISHED = ("pending", "sending")


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this sender works on, with its card, or the row that it belongs to (`under`), as it was."""

    row_id: int
    case_id: int | None
    entity: str
    channel: str
    verb: str
    payload: Mapping[str, Any]
    digest: str
    attempts: int
    created_at: datetime
    channel_id: str | None
    ts: str | None
    shown: str | None
    in_doubt_since: datetime | None
    owner: str
    file: bytes | None = None
    file_name: str | None = None
    under: int | None = None

    @property
    def marker(self) -> dict[str, Any]:
        """What a post carries in its metadata, to be known again."""
        if self.verb == "card":
            return {"entity": self.entity, "case_id": self.case_id}
        return {"entity": self.entity, self.verb: f"{self.row_id}-{self.digest[:16]}"}

    @property
    def posts(self) -> bool:
        """Whether it makes a new message (and doesn't change one)."""
        return self.verb not in {"card", "list"} or self.ts is None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No row can be sent now; the next one can at `at`, where that is known."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class _Head:
    """The oldest unfinished row of a channel, and from when on it can be sent."""

    row_id: int
    case_id: int | None
    channel: str
    ready: datetime


def claim(database: Database, *, owner: str, now: datetime, gate: Gate | None = None) -> Claim | Nothing:
    """Lease the oldest row of a channel that nobody works on and whose method may be called. A begun post is noted first."""
    soonest: datetime | None = None
    with UnitOfWork(database) as uow:
        for head in _heads(uow, gate or Gate(), now):
            if head.ready > now:
                soonest = head.ready if soonest is None else min(soonest, head.ready)
                continue
            leased = _take(uow, head, owner=owner, now=now)
            if leased is not None:
                uow.commit()
                return leased
    return Nothing(soonest)


def _heads(uow: UnitOfWork, gate: Gate, now: datetime) -> list[_Head]:
    """The channels' heads, the oldest first; without their contents, which may be large."""
    table, above = slack_outbox, slack_outbox.alias("above")
    oldest = (
        sa.select(sa.func.min(table.c.row_id)).where(table.c.state.in_(_UNFINISHED)).group_by(table.c.channel)
    )
    card = slack_outbox.alias("card")
    waits = sa.exists().where(
        slack_card.c.ts.is_(None),
        card.c.case_id == table.c.case_id, card.c.verb == "card", card.c.state.in_(_UNFINISHED),
    )  # fmt: skip
    query = (
        sa.select(
            table.c.row_id, table.c.case_id, table.c.channel, table.c.verb, table.c.state, table.c.not_before,
            table.c.lease_until, table.c.created_at, table.c.file_name, slack_card.c.ts, waits.label("card_waits"),
            above.c.state.label("above"), above.c.sent_ts,
        )
        .outerjoin(slack_card, slack_card.c.case_id == table.c.case_id)
        .outerjoin(above, above.c.row_id == table.c.under)
        .where(among(table.c.row_id, uow.execute(oldest).scalars()))
        .order_by(table.c.row_id)
    )  # fmt: skip
    rows = uow.execute(query).mappings().all()
    return [_Head(row["row_id"], row["case_id"], row["channel"], _ready(row, gate, now)) for row in rows]


def _ready(row: Mapping[Any, Any], gate: Gate, now: datetime) -> datetime:
    marked: datetime | None = row["lease_until"] if row["state"] == "sending" else row["not_before"]
    created: datetime = row["created_at"]
    if row["above"] in _UNFINISHED:
        return (
            now + CARD_PATIENCE
        )  # moved to another channel, and not sent there yet; looked at again after each row
    if row["verb"] == "direct" and row["card_waits"] and created + CARD_PATIENCE > now:
        return max(created + CARD_PATIENCE, marked or now)
    opens = gate.opens(_method(row), row["channel"])
    return max(opens, marked) if marked is not None else opens


def _method(row: Mapping[Any, Any]) -> str:
    """What the row's first call is, as a rule."""
    if row["file_name"]:
        return _FILE
    changed = row["ts"] if row["verb"] == "card" else row["sent_ts"] if row["verb"] == "list" else None
    return UPDATE if changed else POST


def _take(uow: UnitOfWork, head: _Head, *, owner: str, now: datetime) -> Claim | None:
    """Lease a channel's head, unless somebody else does, or it is no longer the head."""
    table = slack_outbox
    if not uow.execute(_try_lock(head.channel)).scalar():
        return None
    card = uow.execute(
        sa.select(slack_card).where(slack_card.c.case_id == head.case_id).with_for_update()
    ).mappings().first()  # fmt: skip
    query = (
        sa.select(table)
        .where(table.c.channel == head.channel, table.c.state.in_(_UNFINISHED))
        .order_by(table.c.row_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = uow.execute(query).mappings().first()
    if row is None or row["row_id"] != head.row_id:
        return None
    marked = row["lease_until"] if row["state"] == "sending" else row["not_before"]
    if marked is not None and marked > now:
        return None
    return _lease(uow, row, card or _NO_CARD, owner=owner, now=now)


def _try_lock(channel: str) -> sa.Select[tuple[bool]]:
    return sa.select(
        sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(f"relance slack {channel}", 0))
    )


_NO_CARD: Mapping[str, Any] = {
    "channel_id": None, "ts": None, "render_digest": None, "posting_since": None,
}  # fmt: skip
"""Around what belongs to no case."""


def _lease(
    uow: UnitOfWork, row: Mapping[Any, Any], card: Mapping[Any, Any], *, owner: str, now: datetime
) -> Claim:
    table, is_card = slack_outbox, row["verb"] == "card"
    doubt = (card["posting_since"] if card["ts"] is None else None) if is_card else row["begun_at"]
    begun = {} if is_card else {"begun_at": row["begun_at"] or now}
    uow.execute(
        sa.update(table)
        .where(table.c.row_id == row["row_id"])
        .values(
            state="sending",
            attempts=table.c.attempts + 1,
            lease_owner=owner,
            lease_until=now + LEASE,
            **begun,
        )
    )
    if is_card and card["ts"] is None and doubt is None:
        uow.execute(
            sa.update(slack_card).where(slack_card.c.case_id == row["case_id"]).values(posting_since=now)
        )
    place = _place(uow, row, card)
    return Claim(
        row_id=row["row_id"], case_id=row["case_id"], entity=row["entity"], channel=row["channel"], verb=row["verb"],
        payload=row["payload"], digest=row["digest"], attempts=row["attempts"] + 1, created_at=row["created_at"],
        channel_id=place[0], ts=place[1], shown=card["render_digest"], in_doubt_since=doubt, owner=owner,
        file=row["file"], file_name=row["file_name"], under=row["under"],
    )  # fmt: skip


def _place(uow: UnitOfWork, row: Mapping[Any, Any], card: Mapping[Any, Any]) -> tuple[str | None, str | None]:
    """Where the message is that the row changes or answers: its card, or the row that it is under."""
    if row["under"] is None:
        return card["channel_id"], card["ts"]
    table = slack_outbox
    query = sa.select(table.c.sent_channel_id, table.c.sent_ts).where(table.c.row_id == row["under"])
    found = uow.execute(query).first()
    return (found[0], found[1]) if found else (None, None)


def unfinished(database: Database, *, entity: str | None = None) -> int:
    """How many rows still wait."""
    table = slack_outbox
    query = sa.select(sa.func.count()).select_from(table).where(table.c.state.in_(_UNFINISHED))
    with UnitOfWork(database) as uow:
        return int(
            uow.execute(query if entity is None else query.where(table.c.entity == entity)).scalar_one()
        )
