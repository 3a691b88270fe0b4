"""Cases, promises, and the holds that people and promises put on dunning."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from relance.store.schema.base import metadata, now

dunning_case = sa.Table(
    "dunning_case",
    metadata,
    Column("case_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default="", comment="tells disputes of one payer apart"),
    Column("state", Text, nullable=False, comment="open | closed"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("owner", Text),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("closed_reason", Text, comment="paid, kept, partly_kept, written_off …; null while open"),
    Column("facts", JSONB, nullable=False, comment="what the card shows, as of facts_on"),
    Column("facts_on", Date, nullable=False),
    Column(
        "watchers",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="e-mails of who is told of changes",
    ),
    Column(
        "details",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="what people said: reason codes, parts in dispute, calls made; kept when facts are brought to a day",
    ),
    Column("due_on", Date, comment="the day by which somebody must have acted"),
    Column("snoozed_until", Date, comment="the last day on which the case and its dunning rest"),
    Column("requested_by", Text, comment="an approval that a person asked for: who, and so may not answer"),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.Index(
        "dunning_case_one_open_uq",
        "entity",
        "payer_id",
        "kind",
        "subject",
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    ),
    sa.Index("dunning_case_entity_payer_id_kind_ix", "entity", "payer_id", "kind"),
)

case_event = sa.Table(
    "case_event",
    metadata,
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id"), nullable=False),
    Column("verb", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("on_date", Date, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.Index("case_event_case_id_ix", "case_id"),
)

case_comment = sa.Table(
    "case_comment",
    metadata,
    Column("comment_id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id"), nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False, comment="as it reads now; empty once deleted"),
    Column("on_date", Date, nullable=False),
    Column("source", Text, unique=True, comment="the message it is, as channel:ts; null: written elsewhere"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("edited_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    Column("erased_on", Date, comment="the day its content was erased"),
    sa.Index("case_comment_case_id_ix", "case_id", "comment_id"),
    comment="comments as they read now; each change of them is an event",
)

promise = sa.Table(
    "promise",
    metadata,
    Column("promise_id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id"), nullable=False),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("invoices", ARRAY(Text), comment="null: all of the payer's"),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("grace_until", Date, nullable=False, comment="due_on plus the scenario's promise_grace_days"),
    Column("state", Text, nullable=False, comment="open | kept | partly_kept | broken | replaced"),
    Column("by", Text, nullable=False),
    Column("paid", BigInteger, nullable=False, server_default="0", comment="counted towards it so far"),
    Column("concluded_on", Date, comment="the day it left the state open"),
    Column("dealt_on", Date, comment="a broken one: the day a new promise, money or a person dealt with it"),
    sa.Index("promise_entity_state_ix", "entity", "state"),
    sa.Index("promise_case_id_ix", "case_id"),
)

hold = sa.Table(
    "hold",
    metadata,
    Column("hold_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("invoice_id", Text, comment="null: all of the payer's"),
    Column("reason", Text, nullable=False, comment="a hold of planning.md that people or promises give"),
    Column("from_date", Date, nullable=False),
    Column("until", Date, comment="the last day it stands; null: open end"),
    Column("ended_on", Date, comment="lifted: it no longer stands from this day on"),
    Column("source", Text, nullable=False, comment="who or what put it, shown in explanations"),
    Column(
        "amount",
        BigInteger,
        comment="a disputed part of the invoice, minor units of its currency; null: all of it",
    ),
    Column(
        "at", DateTime(timezone=True), nullable=False, server_default=now(), comment="when we learnt of it"
    ),
    Column("ended_at", DateTime(timezone=True), comment="when ended_on was set"),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id")),
    Column("promise_id", BigInteger, sa.ForeignKey("promise.promise_id"), comment="the promise that put it"),
    Column(
        "instalment_plan_id",
        BigInteger,
        sa.ForeignKey("instalment_plan.instalment_plan_id"),
        comment="the instalment plan that put it",
    ),
    sa.Index("hold_entity_ix", "entity"),
    sa.Index("hold_promise_id_ix", "promise_id"),
    sa.Index("hold_instalment_plan_id_ix", "instalment_plan_id"),
)

instalment_plan = sa.Table(
    "instalment_plan",
    metadata,
    Column("instalment_plan_id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id"), nullable=False),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("invoices", ARRAY(Text), comment="null: all of the payer's"),
    Column("currency", Text, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("state", Text, nullable=False, comment="open | kept | broken | replaced"),
    Column("by", Text, nullable=False),
    Column("concluded_on", Date, comment="the day it left the state open"),
    sa.Index("instalment_plan_entity_state_ix", "entity", "state"),
)

instalment = sa.Table(
    "instalment",
    metadata,
    Column(
        "instalment_plan_id",
        BigInteger,
        sa.ForeignKey("instalment_plan.instalment_plan_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "number",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="from 1, in the order of due dates",
    ),
    Column("amount", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("grace_until", Date, nullable=False, comment="due_on plus the scenario's promise_grace_days"),
    Column("paid", BigInteger, nullable=False, server_default="0", comment="counted towards it so far"),
    Column("paid_on", Date, comment="the day it was paid whole"),
)
