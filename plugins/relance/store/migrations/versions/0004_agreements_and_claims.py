"""Instalment plans and their parts; what was claimed and waived beside the debt itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _instalments()
    _claims()


def _instalments() -> None:
    op.create_table(
        "instalment_plan",
        sa.Column("instalment_plan_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("invoices", postgresql.ARRAY(sa.Text()), nullable=True, comment="null: all of the payer's"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open | kept | broken | replaced"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=True, comment="the day it left the state open"),
        sa.PrimaryKeyConstraint("instalment_plan_id", name=op.f("instalment_plan_pk")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["dunning_case.case_id"], name=op.f("instalment_plan_case_id_fk")
        ),
    )
    op.create_index("instalment_plan_entity_state_ix", "instalment_plan", ["entity", "state"])
    op.create_table(
        "instalment",
        sa.Column("instalment_plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, in the order of due dates"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "grace_until", sa.Date(), nullable=False, comment="due_on plus the scenario's promise_grace_days"
        ),
        sa.Column(
            "paid", sa.BigInteger(), server_default="0", nullable=False, comment="counted towards it so far"
        ),
        sa.Column("paid_on", sa.Date(), nullable=True, comment="the day it was paid whole"),
        sa.PrimaryKeyConstraint("instalment_plan_id", "number", name=op.f("instalment_pk")),
        sa.ForeignKeyConstraint(
            ["instalment_plan_id"],
            ["instalment_plan.instalment_plan_id"],
            name=op.f("instalment_instalment_plan_id_fk"),
        ),
    )
    op.add_column(
        "hold",
        sa.Column(
            "instalment_plan_id", sa.BigInteger(), nullable=True, comment="the instalment plan that put it"
        ),
    )
    op.create_foreign_key(
        op.f("hold_instalment_plan_id_fk"),
        "hold",
        "instalment_plan",
        ["instalment_plan_id"],
        ["instalment_plan_id"],
    )


def _claims() -> None:
    op.create_table(
        "claim_entry",
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="interest | compensation"),
        sa.Column("act", sa.Text(), nullable=False, comment="claimed | waived"),
        sa.Column(
            "amount",
            sa.BigInteger(),
            nullable=False,
            comment="claimed: the running total asked for; waived: what was given up by this act",
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was waived"),
        sa.Column("contact_key", sa.Text(), nullable=True, comment="the contact that claimed it"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("claim_entry_pk")),
    )
    op.create_index("claim_entry_entity_invoice_id_ix", "claim_entry", ["entity", "invoice_id"])
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON claim_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
    )
