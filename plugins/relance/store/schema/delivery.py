"""Messages: intended under their contact's key before anything leaves, then sent, confirmed, failed or in doubt."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from relance.store.schema.base import metadata, now

outbox = sa.Table(
    "outbox",
    metadata,
    Column("key", Text, sa.ForeignKey("contact.key"), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("on_date", Date, nullable=False, comment="the day the message is dated"),
    Column("sender", Text, comment="the envelope's sender: an address or a number"),
    Column("recipient", Text, nullable=False),
    Column("copies", ARRAY(Text), nullable=False, server_default="{}", comment="others who get it too"),
    Column(
        "message_id", Text, nullable=False, comment="derived from the key; the provider can be asked for it"
    ),
    Column("media", Text, nullable=False, comment="what body is: eml | txt | json | pdf"),
    Column("body", LargeBinary, nullable=False, comment="the bytes as they leave"),
    Column("digest", Text, nullable=False, comment="SHA-256 of body"),
    Column(
        "state",
        Text,
        nullable=False,
        comment="intended | sending | sent | confirmed | failed | in_doubt | cancelled",
    ),
    Column("provider", Text, comment="which adapter took it, or was trying to"),
    Column("receipt", Text, comment="what the provider answered"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text, comment="the sender that works on it"),
    Column("lease_until", DateTime(timezone=True), comment="when another may look after it"),
    Column("not_before", DateTime(timezone=True), comment="when to try again"),
    Column("error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("sent_at", DateTime(timezone=True)),
    Column(
        "claims",
        JSONB(none_as_null=True),
        comment="interest and compensation it asks for, by invoice; null: none",
    ),
    Column("erased_on", Date, comment="the day body was erased; digest stays"),
    sa.Index(
        "outbox_waiting_ix",
        "entity",
        "on_date",
        "key",
        postgresql_where=sa.text("state IN ('intended', 'sending', 'in_doubt')"),
    ),
    sa.Index("outbox_provider_receipt_ix", "provider", "receipt"),
    sa.Index("outbox_provider_sent_at_ix", "provider", "sent_at"),
    sa.Index("outbox_entity_payer_id_on_date_ix", "entity", "payer_id", "on_date"),
)

pace = sa.Table(
    "pace",
    metadata,
    Column("name", Text, primary_key=True, comment="a channel of an entity, or a provider"),
    Column("next_at", DateTime(timezone=True), nullable=False, comment="when the next message may go"),
)

day_facts = sa.Table(
    "day_facts",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("facts", Text, nullable=False, comment="what the day's live plan rested on, in short"),
)
