"""Messages: intended under their contact's key before anything leaves, then sent, confirmed, failed or in doubt."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, Text

from relance.store.schema.base import metadata, now

outbox = sa.Table(
    "outbox",
    metadata,
    Column("key", Text, sa.ForeignKey("contact.key"), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("on_date", Date, nullable=False, comment="the day the message is dated"),
    Column("recipient", Text, nullable=False),
    Column("message_id", Text, nullable=False, comment="derived from the key; the provider can be asked for it"),
    Column("body", LargeBinary, nullable=False, comment="the bytes as they leave"),
    Column("digest", Text, nullable=False, comment="SHA-256 of body"),
    Column("state", Text, nullable=False, comment="intended | sending | sent | confirmed | failed | in_doubt"),
    Column("provider", Text, comment="which adapter took it"),
    Column("receipt", Text, comment="what the provider answered"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("not_before", DateTime(timezone=True)),
    Column("error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("sent_at", DateTime(timezone=True)),
    sa.Index("outbox_entity_state_ix", "entity", "state"),
)
