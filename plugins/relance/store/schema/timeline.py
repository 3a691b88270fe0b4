"""One append-only history per payer, each entry chained to the one before by hash; bodies alone may be erased."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB

from relance.store.schema.base import metadata

timeline = sa.Table(
    "timeline",
    metadata,
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("on_date", Date, nullable=False, comment="the business day it belongs to"),
    Column("kind", Text, nullable=False, comment="contact.sent, case.opened, promise.made …"),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="the contact's key or the case's id"),
    Column("body", JSONB, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column(
        "hash",
        LargeBinary,
        nullable=False,
        comment="SHA-256 over previous and the canonical entry, by format",
    ),
    Column(
        "format",
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="1: hash covers body itself; 2: hash covers body_hash, so that body can be erased",
    ),
    Column("digest", Text, comment="SHA-256 of the message it tells of; outlives body"),
    Column("salt", LargeBinary, comment="keeps body from being guessed by its hash"),
    Column("body_hash", LargeBinary, comment="SHA-256 over salt and canonical body"),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.PrimaryKeyConstraint("entity", "payer_id", "seq"),
)

timeline_head = sa.Table(
    "timeline_head",
    metadata,
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("entity", "payer_id"),
    comment="the end of each chain, locked while an entry is added",
)
