"""What was asked for beside a debt, interest and compensation, and what of it was given up."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Text

from relance.store.schema.base import metadata, now

claim_entry = sa.Table(
    "claim_entry",
    metadata,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="interest | compensation"),
    Column("act", Text, nullable=False, comment="claimed | waived"),
    Column(
        "amount",
        BigInteger,
        nullable=False,
        comment="claimed: the running total asked for; waived: what was given up by this act",
    ),
    Column("currency", Text, nullable=False),
    Column("on_date", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, comment="why it was waived"),
    Column("contact_key", Text, comment="the contact that claimed it"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.Index("claim_entry_entity_invoice_id_ix", "entity", "invoice_id"),
)
