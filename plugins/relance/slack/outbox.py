"""The outbox in the database: who sends which row, and what became of it.

The head of a channel is leased to one sender at a time, under a lock of the channel, so that a channel keeps its
order and no row is worked twice. A lease that ran out (its sender was killed) is given again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from relance.store.database import Database
from relance.store.schema import slack_card, slack_outbox
from relance.store.uow import UnitOfWork

LEASE = timedelta(minutes=5)
"""Longer than any call may take."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this sender works on, with its card as it was."""

    row_id: int
    case_id: int | None
    entity: str
    channel: str
    verb: str
    payload: Mapping[str, Any]
    digest: str
    attempts: int
    channel_id: str | None
    ts: str | None
    shown: str | None
    in_doubt_since: datetime | None
    owner: str

    @property
    def marker(self) -> dict[str, Any]:
        """What a post carries in its metadata, to be known again."""
        if self.verb == "card":
            return {"entity": self.entity, "case_id": self.case_id}
        return {"entity": self.entity, self.verb: f"{self.row_id}-{self.digest[:16]}"}

    @property
    def posts(self) -> bool:
        """Whether it makes a new message (and doesn't change one)."""
        return self.verb != "card" or self.ts is None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No row can be sent now; the next one can at `at`, where that is known."""

    at: datetime | None


def claim(database: Database, *, owner: str, now: datetime) -> Claim | Nothing:
    """Lease the oldest row of a channel that nobody works on. A post is noted as begun before it is made."""
    table = slack_outbox
    unfinished = table.c.state.in_(("pending", "sending"))
    soonest: datetime | None = None
    with UnitOfWork(database) as uow:
        heads = uow.execute(
            sa.select(table.c.channel, sa.func.min(table.c.row_id))
            .where(unfinished)
            .group_by(table.c.channel)
            .order_by(sa.func.min(table.c.row_id))
        ).all()
        for channel, _ in heads:
            if not uow.execute(_try_lock(channel)).scalar():
                continue
            query = (
                sa.select(table)
                .where(table.c.channel == channel, unfinished)
                .order_by(table.c.row_id)
                .limit(1)
            )
            row = uow.execute(query.with_for_update(skip_locked=True)).mappings().first()
            if row is None:
                continue
            ready = row["lease_until"] if row["state"] == "sending" else row["not_before"]
            if ready is not None and ready > now:
                soonest = ready if soonest is None else min(soonest, ready)
                continue
            leased = _lease(uow, row, owner=owner, now=now)
            uow.commit()
            return leased
    return Nothing(soonest)


def _try_lock(channel: str) -> sa.Select[tuple[bool]]:
    return sa.select(
        sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(f"relance slack {channel}", 0))
    )


_NO_CARD = {"channel_id": None, "ts": None, "render_digest": None, "posting_since": None}
"""Around a notice, which belongs to no case."""


def _lease(uow: UnitOfWork, row: Mapping[Any, Any], *, owner: str, now: datetime) -> Claim:
    table = slack_outbox
    query = sa.select(slack_card).where(slack_card.c.case_id == row["case_id"]).with_for_update()
    card: Mapping[Any, Any] = uow.execute(query).mappings().first() or _NO_CARD
    is_card = row["verb"] == "card"
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
    return Claim(
        row_id=row["row_id"], case_id=row["case_id"], entity=row["entity"], channel=row["channel"], verb=row["verb"],
        payload=row["payload"], digest=row["digest"], attempts=row["attempts"] + 1, channel_id=card["channel_id"],
        ts=card["ts"], shown=card["render_digest"], in_doubt_since=doubt, owner=owner,
    )  # fmt: skip


def bind(database: Database, one: Claim, *, channel_id: str, ts: str) -> None:
    """Note which message a card is, before it is brought to its newest look."""
    with UnitOfWork(database) as uow:
        _card(uow, one, channel_id=channel_id, ts=ts, posting_since=None)
        uow.commit()


def sent(
    database: Database, one: Claim, *, now: datetime, channel_id: str | None = None, ts: str | None = None
) -> None:
    """The message is in Slack as the row says."""
    with UnitOfWork(database) as uow:
        if one.verb == "card":
            where = {} if ts is None else {"channel_id": channel_id, "ts": ts}
            _card(uow, one, render_digest=one.digest, posting_since=None, **where)
        _finish(uow, one, state="sent", now=now, error=None)
        uow.commit()


def skipped(database: Database, one: Claim, *, now: datetime) -> None:
    """Slack shows this look already."""
    with UnitOfWork(database) as uow:
        _finish(uow, one, state="skipped", now=now, error=None)
        uow.commit()


def dead(
    database: Database, one: Claim, *, now: datetime, reason: str, gone: bool = False, sure: bool = True
) -> None:
    """The row will never be sent; `gone`: nor any other of this card; not `sure`: it may be in Slack all the same."""
    with UnitOfWork(database) as uow:
        if one.verb == "card" and gone:
            _card(uow, one, gone=reason)
        if one.verb == "card" and sure and one.ts is None:
            _card(uow, one, posting_since=None)
        _finish(uow, one, state="dead", now=now, error=reason)
        uow.commit()


def again(database: Database, one: Claim, *, at: datetime, reason: str, sure: bool) -> None:
    """Try the row again later; `sure`: this attempt had no effect, so that no look-up is needed then."""
    with UnitOfWork(database) as uow:
        values: dict[str, Any] = {
            "state": "pending",
            "not_before": at,
            "error": reason,
            "lease_owner": None,
            "lease_until": None,
        }
        if sure and one.in_doubt_since is None:
            if one.verb != "card":
                values["begun_at"] = None
            elif one.ts is None:
                _card(uow, one, posting_since=None)
        uow.execute(_mine(one).values(values))
        uow.commit()


def elsewhere(database: Database, one: Claim, *, channel: str, reason: str) -> None:
    """Move a card to another channel, as a new message there."""
    with UnitOfWork(database) as uow:
        _card(uow, one, channel=channel, channel_id=None, ts=None, render_digest=None, posting_since=None)
        moved = {
            "channel": channel,
            "state": "pending",
            "error": reason,
            "lease_owner": None,
            "lease_until": None,
        }
        uow.execute(_mine(one).values(moved))
        uow.commit()


def unfinished(database: Database, *, entity: str | None = None) -> int:
    """How many rows still wait."""
    table = slack_outbox
    query = sa.select(sa.func.count()).select_from(table).where(table.c.state.in_(("pending", "sending")))
    with UnitOfWork(database) as uow:
        return int(
            uow.execute(query if entity is None else query.where(table.c.entity == entity)).scalar_one()
        )


def known_channel_id(database: Database, channel: str) -> str | None:
    """The id that Slack gave for a configured channel on an earlier card, or None."""
    query = sa.select(slack_card.c.channel_id).where(
        slack_card.c.channel == channel, slack_card.c.channel_id.is_not(None)
    )
    with UnitOfWork(database) as uow:
        return uow.execute(query.limit(1)).scalar()


def _card(uow: UnitOfWork, one: Claim, **values: object) -> None:
    uow.execute(sa.update(slack_card).where(slack_card.c.case_id == one.case_id).values(**values))


def _mine(one: Claim) -> sa.Update:
    table = slack_outbox
    return sa.update(table).where(table.c.row_id == one.row_id, table.c.lease_owner == one.owner)


def _finish(uow: UnitOfWork, one: Claim, *, state: str, now: datetime, error: str | None) -> None:
    uow.execute(
        _mine(one).values(
            state=state, done_at=now, error=error, lease_owner=None, lease_until=None, not_before=None
        )
    )
