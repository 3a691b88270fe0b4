"""Slack as a projection: which card shows which case, and what still has to be told."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
    sa.Index("slack_card_channel_id_ts_ix", "channel_id", "ts"),
)

slack_outbox = sa.Table(
    "slack_outbox",
    metadata,
    Column("row_id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id")),
    Column("entity", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("verb", Text, nullable=False, comment="card | reply | notice | direct | digest"),
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
    Column("person", Text, comment="a direct message: the e-mail of who gets it"),
    Column("file_name", Text, comment="of what goes with it, in its thread or as its picture"),
    Column("file", LargeBinary),
    Column("under", BigInteger, comment="the row in whose thread it is posted"),
    Column("sent_channel_id", Text, comment="where it stands in Slack, as Slack answered"),
    Column("sent_ts", Text),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.Index("slack_outbox_state_channel_row_id_ix", "state", "channel", "row_id"),
    sa.Index(
        "slack_outbox_sent_channel_id_sent_ts_ix",
        "sent_channel_id",
        "sent_ts",
        postgresql_where=sa.text("sent_ts IS NOT NULL"),
    ),
    sa.Index("slack_outbox_case_id_ix", "case_id", "row_id"),
)

slack_intent = sa.Table(
    "slack_intent",
    metadata,
    Column("intent_id", BigInteger, Identity(), primary_key=True),
    Column(
        "dedupe_key", Text, nullable=False, unique=True, comment="tells a click from Slack's repetition of it"
    ),
    Column("name", Text, nullable=False, comment="what is to be done, versioned: case.snooze.v1"),
    Column("user_id", Text, nullable=False, comment="who, by Slack's id"),
    Column(
        "payload", JSONB, nullable=False, comment="what its work needs; emptied some days after it is done"
    ),
    Column("state", Text, nullable=False, comment="received | done | refused | failed"),
    Column("answer", JSONB, comment="what the person was told"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", DateTime(timezone=True)),
    Column("lease_owner", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("error", Text),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("done_at", DateTime(timezone=True)),
    sa.Index("slack_intent_waiting_ix", "intent_id", postgresql_where=sa.text("state = 'received'")),
)

slack_user = sa.Table(
    "slack_user",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("team_id", Text),
    Column("email", Text),
    Column("name", Text),
    Column("locale", Text, comment="as Slack has it: fr-FR"),
    Column("kind", Text, nullable=False, comment="member | guest | outsider | bot | gone"),
    Column(
        "groups",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="ids and handles of the user's groups",
    ),
    Column("fetched_at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.Index("slack_user_email_ix", sa.text("lower(email)")),
)

slack_direct = sa.Table(
    "slack_direct",
    metadata,
    Column("person", Text, primary_key=True, comment="an e-mail, in small letters"),
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("on_date", Date, primary_key=True),
    comment="who was told of which case in a direct message: at most one a day",
)

digest = sa.Table(
    "digest",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="daily | weekly"),
    Column("channel", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("figures", JSONB, nullable=False, comment="what it told, so that the next can say what changed"),
    Column("told", sa.Boolean, nullable=False, comment="false: nothing was new, and nothing was said"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
)
