"""What became of a row of the outbox, noted in the database; and which message a card is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from relance.slack.claiming import LEASE, Claim, Nothing, claim, unfinished
from relance.store.database import Database
from relance.store.schema import slack_card, slack_outbox
from relance.store.uow import UnitOfWork

__all__ = [
    "LEASE",
    "Claim",
    "Nothing",
    "adopt",
    "again",
    "bind",
    "claim",
    "dead",
    "elsewhere",
    "known_channel_id",
    "known_place",
    "payload_of",
    "sent",
    "skipped",
    "unfinished",
]


def adopt(uow: UnitOfWork, *, case_id: int, channel_id: str, ts: str) -> bool:
    """Bind a case to a message of ours that somebody pressed, where its own was not noted; gives whether it was. Doesn't commit.

    A sender that was killed between a post and its note leaves such a message, as does a post whose answer was lost where
    history can't be read. A case that is bound to a message already stays with it.
    """
    card = slack_card.c
    row = (
        uow.execute(sa.select(slack_card).where(card.case_id == case_id).with_for_update()).mappings().first()
    )
    if row is not None and row["ts"] is not None:
        return False
    bound = {"channel_id": channel_id, "ts": ts, "render_digest": None, "posting_since": None, "gone": None}
    if row is None:
        uow.execute(sa.insert(slack_card).values(case_id=case_id, channel=channel_id, **bound))
    else:
        uow.execute(sa.update(slack_card).where(card.case_id == case_id).values(**bound))
    return True


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
        place = {} if ts is None else {"sent_channel_id": channel_id, "sent_ts": ts}
        _finish(uow, one, state="sent", now=now, error=None, **place)
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
    """Move a message to another channel, as a new one there."""
    with UnitOfWork(database) as uow:
        if one.verb == "card":
            _card(uow, one, channel=channel, channel_id=None, ts=None, render_digest=None, posting_since=None)
        moved = {
            "channel": channel,
            "state": "pending",
            "error": reason,
            "under": None,
            "begun_at": None,
            "lease_owner": None,
            "lease_until": None,
        }
        uow.execute(_mine(one).values(moved))
        uow.commit()


def payload_of(database: Database, row_id: int | None) -> dict[str, Any]:
    """What a row says; nothing of no row."""
    query = sa.select(slack_outbox.c.payload).where(slack_outbox.c.row_id == row_id)
    with UnitOfWork(database) as uow:
        return dict(uow.execute(query).scalar() or {})


def known_channel_id(database: Database, channel: str) -> str | None:
    """The id that Slack gave for a configured channel or a person on an earlier message, or None."""
    card, table = slack_card.c, slack_outbox.c
    of_card = sa.select(card.channel_id).where(card.channel == channel, card.channel_id.is_not(None))
    of_row = sa.select(table.sent_channel_id).where(
        table.channel == channel, table.sent_channel_id.is_not(None)
    )
    with UnitOfWork(database) as uow:
        found: str | None = uow.execute(of_card.limit(1)).scalar() or uow.execute(of_row.limit(1)).scalar()
        return found


def known_place(database: Database, case_id: int) -> tuple[str, str] | None:
    """Channel id and ts of a case's card, or None while it is not in Slack."""
    card = slack_card.c
    query = sa.select(card.channel_id, card.ts).where(
        card.case_id == case_id, card.ts.is_not(None), card.gone.is_(None)
    )
    with UnitOfWork(database) as uow:
        found = uow.execute(query).first()
        return (found[0], found[1]) if found else None


def _card(uow: UnitOfWork, one: Claim, **values: object) -> None:
    uow.execute(sa.update(slack_card).where(slack_card.c.case_id == one.case_id).values(**values))


def _mine(one: Claim) -> sa.Update:
    table = slack_outbox
    return sa.update(table).where(table.c.row_id == one.row_id, table.c.lease_owner == one.owner)


def _finish(
    uow: UnitOfWork, one: Claim, *, state: str, now: datetime, error: str | None, **place: str | None
) -> None:
    uow.execute(
        _mine(one).values(
            state=state,
            done_at=now,
            error=error,
            lease_owner=None,
            lease_until=None,
            not_before=None,
            file=None,  # it is in Slack, or never will be: names of payers are not kept in a second place
            **place,
        )
    )
