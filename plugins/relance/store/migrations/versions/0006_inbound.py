"""Receipts, replies, marks on addresses, revoked links; what a message claims, and its erasure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _receipts()
    _replies()
    _marks()
    _links()
    _outbox()
    for table in ("receipt", "reply", "link_revocation"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
        )


def _at() -> sa.Column[object]:
    return sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _receipts() -> None:
    op.create_table(
        "receipt",
        sa.Column("receipt_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False, comment="tells one event from its repetition"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="accepted | delivered | read | answered | deferred | bounced | failed",
        ),
        sa.Column("on_date", sa.Date(), nullable=False, comment="the entity's business day it came on"),
        sa.Column(
            "detail",
            postgresql.JSONB(),
            nullable=False,
            comment="what the provider said, as far as it is kept",
        ),
        _at(),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("receipt_pk")),
        sa.ForeignKeyConstraint(["key"], ["contact.key"], name=op.f("receipt_key_fk")),
        sa.UniqueConstraint("provider", "event", name=op.f("receipt_provider_event_uq")),
    )
    op.create_index("receipt_key_ix", "receipt", ["key"])


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("reply_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=True, comment="null: nobody we know by this address"),
        sa.Column("key", sa.Text(), nullable=True, comment="the contact it answers, where that is known"),
        sa.Column("channel", sa.Text(), nullable=False, comment="email | sms | whatsapp | voice"),
        sa.Column("address", sa.Text(), nullable=False, comment="whom it came from"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="stop | start | promise | contest | call_back | text | absence",
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False, comment="tells one reply from its repetition"),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False, comment="text, keys pressed, date promised"),
        _at(),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("reply_pk")),
        sa.UniqueConstraint("provider", "event", name=op.f("reply_provider_event_uq")),
    )
    op.create_index("reply_entity_payer_id_ix", "reply", ["entity", "payer_id"])
    op.create_index("reply_channel_address_at_ix", "reply", ["channel", "address", "at"])


def _marks() -> None:
    op.create_table(
        "reach_mark",
        sa.Column("mark_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="as in outbox.recipient, e-mail in lower case"
        ),
        sa.Column("mark", sa.Text(), nullable=False, comment="bounced | refused | opted_out"),
        sa.Column("on_date", sa.Date(), nullable=False, comment="from this day on nothing is planned for it"),
        sa.Column("source", sa.Text(), nullable=False, comment="shown to people: who or what put it"),
        sa.Column("key", sa.Text(), nullable=True, comment="the contact that it came of"),
        _at(),
        sa.Column("lifted_on", sa.Date(), nullable=True, comment="from this day on it no longer counts"),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("mark_id", name=op.f("reach_mark_pk")),
    )
    op.create_index(
        "reach_mark_one_standing_uq",
        "reach_mark",
        ["entity", "channel", "address", "mark"],
        unique=True,
        postgresql_where=sa.text("lifted_on IS NULL"),
    )


def _links() -> None:
    op.create_table(
        "link_revocation",
        sa.Column("revocation_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="only the link of this contact; null: all of the payer's until now",
        ),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _at(),
        sa.PrimaryKeyConstraint("revocation_id", name=op.f("link_revocation_pk")),
    )
    op.create_index("link_revocation_entity_payer_id_ix", "link_revocation", ["entity", "payer_id"])


def _outbox() -> None:
    op.alter_column(
        "outbox",
        "media",
        comment="what body is: eml | txt | json | pdf",
        existing_comment="what body is: eml | txt",
        existing_type=sa.Text(),
        existing_nullable=False,
    )
    op.add_column(
        "outbox",
        sa.Column(
            "claims",
            postgresql.JSONB(),
            nullable=True,
            comment="interest and compensation it asks for, by invoice; null: none",
        ),
    )
    op.add_column(
        "outbox",
        sa.Column("erased_on", sa.Date(), nullable=True, comment="the day body was erased; digest stays"),
    )
    op.create_index("outbox_provider_receipt_ix", "outbox", ["provider", "receipt"])
    op.create_index("outbox_provider_sent_at_ix", "outbox", ["provider", "sent_at"])
    op.create_table(
        "pace",
        sa.Column("name", sa.Text(), nullable=False, comment="a channel of an entity, or a provider"),
        sa.Column(
            "next_at", sa.DateTime(timezone=True), nullable=False, comment="when the next message may go"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pace_pk")),
    )
    op.create_table(
        "day_facts",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="what the day's live plan rested on, in short"),
        sa.PrimaryKeyConstraint("entity", "as_of", name=op.f("day_facts_pk")),
    )
