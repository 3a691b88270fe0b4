"""What planning decided, and what became of each contact and task."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

from relance.store.schema.base import metadata, now

policy_version = sa.Table(
    "policy_version",
    metadata,
    Column("version", Text, primary_key=True, comment="hash of the policy's content"),
    Column(
        "content", JSONB, nullable=False, comment="the policy itself, so that a past day can be planned again"
    ),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
)

plan = sa.Table(
    "plan",
    metadata,
    Column("plan_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("policy_version", Text, sa.ForeignKey("policy_version.version"), nullable=False),
    Column("snapshot_digest", Text, nullable=False),
    Column(
        "digest", Text, nullable=False, comment="hash of everything decided: the same plan is stored once"
    ),
    Column(
        "live", sa.Boolean, nullable=False, comment="its contacts may be sent: not a replay or a backfill"
    ),
    Column("reason", Text, comment="why a past day was forced"),
    Column("counts", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.UniqueConstraint("entity", "as_of", "digest", "live"),
)

outcome = sa.Table(
    "outcome",
    metadata,
    Column("plan_id", BigInteger, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("holds", JSON, nullable=False),
    Column("scenario", Text, nullable=False),
    Column("step", Text),
    Column("level", Text),
    Column("step_date", Date),
    Column("next_step", Text),
    Column("next_on", Date),
    Column("level_reached", Text),
    Column("passed_over", ARRAY(Text), nullable=False),
    Column("open", BigInteger, nullable=False),
    Column("to_demand", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("days_late", Integer, nullable=False),
    Column("contact_key", Text),
    # A plan's rows lie together: a block range index finds them and costs a million-row plan nothing.
    sa.Index("outcome_plan_id_ix", "plan_id", postgresql_using="brin"),
)

plan_contact = sa.Table(
    "plan_contact",
    metadata,
    Column("plan_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("task", sa.Boolean, nullable=False),
    Column(
        "body", Text, nullable=False, comment="the contact or task as the plan's JSON has it, to the byte"
    ),
    sa.Index("plan_contact_plan_id_ix", "plan_id", postgresql_using="brin"),
)

contact = sa.Table(
    "contact",
    metadata,
    Column("key", Text, primary_key=True, comment="hash of entity, payer and day (a task: and step)"),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("as_of", Date, nullable=False, comment="the day of the plan that made it"),
    Column("plan_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="message | call | internal | handoff | notice"),
    Column("channel", Text),
    Column("contact_id", Text),
    Column("recipient", Text, comment="the address, number or postal address it goes to"),
    Column("language", Text),
    Column("scenario", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("approval", Text, comment="the role that must say yes"),
    Column("invoices", ARRAY(Text), nullable=False, server_default="{}", comment="that it acts for, by id"),
    Column("steps", ARRAY(Text), nullable=False, server_default="{}", comment="the step of each of them"),
    Column("levels", ARRAY(Text), nullable=False, server_default="{}", comment="the level of each of them"),
    Column("content", JSON, nullable=False, comment="all that its words need: items, totals, payer, person"),
    Column(
        "state",
        Text,
        nullable=False,
        comment="planned | awaiting_approval | approved | sending | sent | confirmed | bounced | failed | in_doubt | cancelled | "
        "rejected | open | completed | not_made",
    ),
    Column("acted_on", Date, comment="the day it was sent, completed, or became not made"),
    sa.Index("contact_entity_as_of_state_ix", "entity", "as_of", "state"),
    sa.Index(
        "contact_one_a_payer_a_day_uq",
        "entity",
        "payer_id",
        "as_of",
        unique=True,
        postgresql_where=sa.text("kind IN ('message', 'call')"),
    ),
)

contact_event = sa.Table(
    "contact_event",
    metadata,
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.Index("contact_event_key_ix", "key"),
)
