"""Payer profiles: each week's look at the payers, and the profile in force from then on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payer_profile",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=True, comment="what this week shows; null: unknown"),
        sa.Column("weeks", sa.Integer(), nullable=False, comment="for how many weeks in a row"),
        sa.Column(
            "profile", sa.Text(), nullable=True, comment="in force from the next day on; null: unknown"
        ),
        sa.Column(
            "figures",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what it was found from",
        ),
        sa.PrimaryKeyConstraint("entity", "week", "payer_id", name=op.f("payer_profile_pk")),
        comment="payers unknown in both ways have no row",
    )
    op.create_table(
        "profile_week",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False, comment="its Monday"),
        sa.Column(
            "as_of",
            sa.Date(),
            nullable=False,
            comment="the day on which was looked; it counts from the next day on",
        ),
        sa.Column("policy_version", sa.Text(), nullable=False, comment="whose thresholds"),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("entity", "week", name=op.f("profile_week_pk")),
    )
    for table in ("profile_week", "payer_profile"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
        )
