"""Whom people told us to write to or call, where the ledger names nobody."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Text

from relance.store.schema.base import metadata, now

contact_correction = sa.Table(
    "contact_correction",
    metadata,
    Column("correction_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("case_id", BigInteger, sa.ForeignKey("dunning_case.case_id"), comment="where it was told"),
    Column("name", Text),
    Column("role", Text),
    Column("email", Text),
    Column("phone", Text),
    Column("whatsapp", Text),
    Column("language", Text),
    Column("by", Text, nullable=False),
    Column("on_date", Date, nullable=False, comment="from this day on planning may use it"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    Column("withdrawn_on", Date, comment="from this day on it no longer counts"),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("withdrawn_by", Text),
    Column("erased_on", Date, comment="the day name and addresses were erased"),
    sa.Index("contact_correction_entity_customer_id_ix", "entity", "customer_id"),
    comment="persons whom people gave a payer; a row's words are never changed, it is withdrawn and another written",
)
