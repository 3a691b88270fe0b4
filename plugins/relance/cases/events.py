"""What happened to cases, and what was said on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from relance.cases.among import among
from relance.store.schema import case_comment, case_event
from relance.store.uow import UnitOfWork

_RECENT = 100_000
"""Among so many newest events a transaction finds its own."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a case."""

    event_id: int
    case_id: int
    verb: str
    actor: str
    on_date: date
    body: Mapping[str, Any]
    at: datetime
    erased_on: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it reads now; a deleted or erased one has no text. `source` is the message it is, as channel:ts."""

    comment_id: int
    case_id: int
    author: str
    text: str
    on_date: date
    source: str | None
    at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    erased_on: date | None = None

    @property
    def edited(self) -> bool:
        """Whether it once read otherwise."""
        return self.edited_at is not None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        return plain(asdict(self))


def read_events(uow: UnitOfWork, case_id: int) -> list[Event]:
    """What happened to a case, oldest first."""
    query = sa.select(case_event).where(case_event.c.case_id == case_id).order_by(case_event.c.event_id)
    return [Event(**row) for row in uow.execute(query).mappings()]


def told_now(uow: UnitOfWork) -> list[int]:
    """Numbers of the cases to which something was done in this transaction, so far; their events bear its moment."""
    newest = sa.select(sa.func.max(case_event.c.event_id) - _RECENT).scalar_subquery()
    recent = case_event.c.event_id > newest  # by the key: events are many, and their moment has no index
    query = sa.select(case_event.c.case_id).where(recent, case_event.c.at == sa.func.now()).distinct()
    return sorted(uow.execute(query).scalars())


def read_timeline(uow: UnitOfWork, case_id: int) -> list[Event]:
    """What happened to a case, oldest first, with its comments as they read now: of a deleted one only that it was there."""
    now = {one.comment_id: one for one in read_comments(uow, case_id, deleted=True)}
    return [_reading_now(event, now) for event in read_events(uow, case_id)]


def _reading_now(event: Event, now: Mapping[int, Comment]) -> Event:
    comment = now.get(event.body.get("comment", 0))
    if comment is None or "text" not in event.body:
        return event
    text = comment.text if event.verb == "comment" else ""  # an edit's words are the comment's
    return replace(event, body={**event.body, "text": text})


def read_comments(uow: UnitOfWork, case_id: int, *, deleted: bool = False) -> list[Comment]:
    """The comments of a case as they read now, oldest first; with `deleted`, those too that were taken back."""
    table = case_comment
    query = sa.select(table).where(table.c.case_id == case_id)
    if not deleted:
        query = query.where(table.c.deleted_at.is_(None))
    return [Comment(**row) for row in uow.execute(query.order_by(table.c.comment_id)).mappings()]


def last_comments(uow: UnitOfWork, case_ids: Iterable[int]) -> dict[int, Comment]:
    """The newest comment of each case that has one."""
    table = case_comment
    query = (
        sa.select(table)
        .where(among(table.c.case_id, case_ids), table.c.deleted_at.is_(None))
        .ext(distinct_on(table.c.case_id))
        .order_by(table.c.case_id, table.c.comment_id.desc())
    )
    return {row["case_id"]: Comment(**row) for row in uow.execute(query).mappings()}


def last_event(uow: UnitOfWork, case_id: int, verbs: Iterable[str]) -> Event | None:
    """The newest event of a case that is one of these verbs, or None: who did it, and when."""
    query = sa.select(case_event).where(case_event.c.case_id == case_id, among(case_event.c.verb, verbs))
    row = uow.execute(query.order_by(case_event.c.event_id.desc()).limit(1)).mappings().first()
    return Event(**row) if row else None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values, dates as ISO text."""
    return {
        name: value.isoformat()
        if isinstance(value, date)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in values.items()
    }
