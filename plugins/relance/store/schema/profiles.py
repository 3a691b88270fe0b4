"""What each week's look at the payers showed, and the profile in force from then on."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Date, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from relance.store.schema.base import metadata, now

profile_week = sa.Table(
    "profile_week",
    metadata,
    Column("entity", Text, nullable=False),
    Column("week", Date, nullable=False, comment="its Monday"),
    Column(
        "as_of", Date, nullable=False, comment="the day on which was looked; it counts from the next day on"
    ),
    Column("policy_version", Text, nullable=False, comment="whose thresholds"),
    Column("counts", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.PrimaryKeyConstraint("entity", "week"),
)

payer_profile = sa.Table(
    "payer_profile",
    metadata,
    Column("entity", Text, nullable=False),
    Column("week", Date, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("candidate", Text, comment="what this week shows; null: unknown"),
    Column("weeks", Integer, nullable=False, comment="for how many weeks in a row"),
    Column("profile", Text, comment="in force from the next day on; null: unknown"),
    Column("figures", JSONB, nullable=False, comment="what it was found from"),
    sa.PrimaryKeyConstraint("entity", "week", "payer_id"),
    comment="payers unknown in both ways have no row",
)
