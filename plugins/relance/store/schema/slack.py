"""Slack as a projection: which card shows which case, and what still has to be told."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from relance.store.schema.base import metadata, now

slack_card = sa.Table(
    "slack_card",
    metadata,
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id"), primary_key=True),
    Column("channel", Text, nullable=False, comment="as configured: an id or #name"),
    Column("channel_id", Text, comment="as Slack answered"),
    Column("ts", Text, comment="the message's id in its channel; null until posted"),
    Column("render_digest", Text, comment="hash of what the card shows in Slack now"),
    Column("posting_since", DateTime(timezone=True), comment="a post was begun and its end is not known"),
    Column("revision", Integer, comment="the case's revision that was rendered last"),
    Column("gone", Text, comment="why the message can't be changed any more; it is not posted again"),
)

slack_outbox = sa.Table(
    "slack_outbox",
    metadata,
    Column("row_id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id")),
    Column("entity", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("verb", Text, nullable=False, comment="card | reply | notice"),
    Column("payload", JSONB, nullable=False, comment="text and blocks"),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False, comment="pending | sending | sent | skipped | dead"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", DateTime(timezone=True)),
    Column("lease_owner", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("begun_at", DateTime(timezone=True), comment="a reply was begun and its end is not known"),
    Column("done_at", DateTime(timezone=True)),
    sa.Index("slack_outbox_state_channel_row_id_ix", "state", "channel", "row_id"),
    sa.Index("slack_outbox_case_id_ix", "case_id", "row_id"),
)
