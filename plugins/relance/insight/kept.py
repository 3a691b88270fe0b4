"""Digests as they are kept: one a day for an entity, kind and channel, with its figures, and its rows for Slack's sender."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from relance.store.schema import case_event, slack_outbox
from relance.store.schema import digest as digest_table
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A digest of an earlier day, by its channel."""

    entity: str
    channel: str
    as_of: date
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a message; `title`: what is said beside it, of a picture its alternative text."""

    name: str
    content: bytes
    title: str


@dataclass(frozen=True, slots=True)
class Message:
    """A digest as it would be posted. `is_news` False: nothing would be said. `figures`: what the next one compares with."""

    entity: str
    kind: str
    channel: str
    as_of: date
    payload: Mapping[str, Any]
    is_news: bool
    figures: Mapping[str, Any]
    picture: File | None = None
    sheet: File | None = None

    @property
    def key(self) -> str:
        """What tells the digests of a channel apart: SHA-256 of entity, kind, channel and day."""
        name = f"digest:{self.entity}:{self.kind}:{self.channel}:{self.as_of.isoformat()}"
        return hashlib.sha256(name.encode()).hexdigest()


def newest_told(
    uow: UnitOfWork, *, kind: str, before: date, entity: str | None = None, channel: str | None = None
) -> dict[str, KeptDigest]:
    """The newest digest before a day that was told: of an entity by channel, or of a channel by entity."""
    table = digest_table.c
    by = table.channel if entity is not None else table.entity
    query = (
        sa.select(table.entity, table.channel, table.as_of, table.figures)
        .where(table.kind == kind, table.as_of < before, table.told)
        .ext(distinct_on(by))
        .order_by(by, table.as_of.desc())
    )
    for column, wanted in ((table.entity, entity), (table.channel, channel)):
        if wanted is not None:
            query = query.where(column == wanted)
    rows = [KeptDigest(**row) for row in uow.execute(query).mappings()]
    return {row.channel if entity is not None else row.entity: row for row in rows}


def newest_event(uow: UnitOfWork) -> int:
    """The number of the newest event of any case: what a digest has seen."""
    return int(uow.execute(sa.select(sa.func.max(case_event.c.event_id))).scalar() or 0)


def keep(uow: UnitOfWork, message: Message) -> bool:
    """Keep a digest, and queue it for Slack when it has news; False when its day has one already. Doesn't commit."""
    row = {
        "entity": message.entity, "kind": message.kind, "channel": message.channel, "as_of": message.as_of,
        "figures": dict(message.figures), "told": message.is_news,
    }  # fmt: skip
    made = insert(digest_table).values(row).on_conflict_do_nothing().returning(digest_table.c.as_of)
    if uow.execute(made).first() is None:
        return False
    if message.is_news:
        _queue(uow, message)
    return True


def _queue(uow: UnitOfWork, message: Message) -> None:
    """The message, and behind it a row for each file: the picture goes to its foot (`alt`), the list into its thread."""
    common = {
        "entity": message.entity, "channel": message.channel, "verb": "digest", "state": "pending",
    }  # fmt: skip
    first = {**common, "payload": dict(message.payload), "digest": message.key}
    number = uow.execute(sa.insert(slack_outbox).values(first).returning(slack_outbox.c.row_id)).scalar_one()
    for file, is_picture in ((message.picture, True), (message.sheet, False)):
        if file is not None:
            row = {
                **common, "payload": {"text": file.title, **({"alt": file.title} if is_picture else {})},
                "digest": hashlib.sha256(f"{message.key}:{file.name}".encode()).hexdigest(),
                "file": file.content, "file_name": file.name, "under": number,
            }  # fmt: skip
            uow.execute(sa.insert(slack_outbox).values(row))
