"""What came back: receipts of providers, payers' replies, addresses that can't be used, links that no longer open."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB

from relance.store.schema.base import metadata, now

receipt = sa.Table(
    "receipt",
    metadata,
    Column("receipt_id", BigInteger, Identity(), primary_key=True),
    Column("key", Text, sa.ForeignKey("contact.key"), nullable=False),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("event", Text, nullable=False, comment="tells one event from its repetition"),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="accepted | delivered | read | answered | deferred | bounced | failed",
    ),
    Column("on_date", Date, nullable=False, comment="the entity's business day it came on"),
    Column("detail", JSONB, nullable=False, comment="what the provider said, as far as it is kept"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.UniqueConstraint("provider", "event"),
    sa.Index("receipt_key_ix", "key"),
)

reply = sa.Table(
    "reply",
    metadata,
    Column("reply_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, comment="null: nobody we know by this address"),
    Column("key", Text, comment="the contact it answers, where that is known"),
    Column("channel", Text, nullable=False, comment="email | sms | whatsapp | voice"),
    Column("address", Text, nullable=False, comment="whom it came from"),
    Column(
        "kind", Text, nullable=False, comment="stop | start | promise | contest | call_back | text | absence"
    ),
    Column("provider", Text, nullable=False),
    Column("event", Text, nullable=False, comment="tells one reply from its repetition"),
    Column("on_date", Date, nullable=False),
    Column("body", JSONB, nullable=False, comment="text, keys pressed, date promised"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.UniqueConstraint("provider", "event"),
    sa.Index("reply_entity_payer_id_ix", "entity", "payer_id"),
    sa.Index("reply_channel_address_at_ix", "channel", "address", "at"),
)

reach_mark = sa.Table(
    "reach_mark",
    metadata,
    Column("mark_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False, comment="as in outbox.recipient, e-mail in lower case"),
    Column("mark", Text, nullable=False, comment="bounced | refused | opted_out | wrong"),
    Column("on_date", Date, nullable=False, comment="from this day on nothing is planned for it"),
    Column("source", Text, nullable=False, comment="shown to people: who or what put it"),
    Column("key", Text, comment="the contact that it came of"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("lifted_on", Date, comment="from this day on it no longer counts"),
    Column("lifted_at", DateTime(timezone=True)),
    Column("lifted_by", Text),
    sa.Index(
        "reach_mark_one_standing_uq",
        "entity",
        "channel",
        "address",
        "mark",
        unique=True,
        postgresql_where=sa.text("lifted_on IS NULL"),
    ),
)

link_revocation = sa.Table(
    "link_revocation",
    metadata,
    Column("revocation_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("key", Text, comment="only the link of this contact; null: all of the payer's until now"),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.Index("link_revocation_entity_payer_id_ix", "entity", "payer_id"),
)
