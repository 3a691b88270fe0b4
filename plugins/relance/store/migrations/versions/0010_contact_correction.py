"""Persons whom people gave a payer that the ledger lacks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_correction",
        sa.Column("correction_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), comment="where it was told"),
        *(sa.Column(name, sa.Text()) for name in ("name", "role", "email", "phone", "whatsapp", "language")),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False, comment="from this day on planning may use it"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), comment="from this day on it no longer counts"),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("erased_on", sa.Date(), comment="the day name and addresses were erased"),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name="contact_correction_case_id_fk"),
        sa.PrimaryKeyConstraint("correction_id", name="contact_correction_pk"),
        comment="persons whom people gave a payer; a row's words are never changed, it is withdrawn and another written",
    )
    op.create_index(
        "contact_correction_entity_customer_id_ix", "contact_correction", ["entity", "customer_id"]
    )
    op.alter_column(
        "contact", "kind", existing_type=sa.Text(), existing_nullable=False,
        comment="message | call | internal | handoff | notice", existing_comment="message | call | internal | handoff",
    )  # fmt: skip
    op.alter_column(
        "reach_mark", "mark", existing_type=sa.Text(), existing_nullable=False,
        comment="bounced | refused | opted_out | wrong", existing_comment="bounced | refused | opted_out",
    )  # fmt: skip
