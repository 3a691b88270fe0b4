"""The ledger: every version of every row with the import that brought it, and what was turned away."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from relance.store.schema.base import metadata, now

import_run = sa.Table(
    "import_run",
    metadata,
    Column("import_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("extract_date", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="hash of the source's bytes and the mapping"),
    Column("status", Text, nullable=False, comment="done | refused"),
    Column("message", Text),
    Column("counts", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=now()),
    sa.Index("import_run_entity_extract_date_ix", "entity", "extract_date"),
)


def _versions(name: str, key: tuple[str, ...], *columns: Column[object]) -> sa.Table:
    """A versioned ledger table; the newest version of a key by (extract_date, import_id) counts."""
    return sa.Table(
        name,
        metadata,
        Column("entity", Text, nullable=False),
        Column("extract_date", Date, nullable=False),
        Column("import_id", BigInteger, sa.ForeignKey("import_run.import_id"), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("entity", *key, "extract_date", "import_id"),
    )


def _text(*names: str, required: tuple[str, ...] = ()) -> list[Column[object]]:
    return [Column(name, Text, nullable=name not in required) for name in names]


customer_version = _versions(
    "customer_version",
    ("customer_id",),
    *_text("customer_id", "name", "country", required=("customer_id", "name", "country")),
    *_text("language", "segment"),
    Column("vip", Boolean),
    *_text(
        "payer_id",
        "group_id",
        "payment_method",
        "sales_owner",
        "collector",
        "status",
        "registration_no",
        "vat_no",
    ),
    *_text("legal_form", "governing_law"),
    Column("credit_limit", BigInteger, comment="minor units of the currency of the entity's books"),
    *_text("timezone"),
    Column("recurring_revenue", BigInteger, comment="minor units a month"),
)
contact_version = _versions(
    "contact_version",
    ("contact_id",),
    *_text("contact_id", "customer_id", required=("contact_id", "customer_id")),
    *_text(
        "name", "role", "email", "phone", "whatsapp", "address", "language", "preferred_channel", "opt_out"
    ),
    Column("active", Boolean),
)
invoice_version = _versions(
    "invoice_version",
    ("item_id",),
    Column("item_id", Text, nullable=False, comment="invoice_id, or invoice_id/term"),
    Column("invoice_id", Text, nullable=False),
    Column("term", Integer),
    Column("kind", Text, nullable=False, comment="invoice | credit_note"),
    *_text("customer_id", required=("customer_id",)),
    *_text("payer_id", "ship_to_id"),
    Column("issue_date", Date, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="minor units of currency, gross"),
    Column("currency", Text, nullable=False),
    *_text("status", "po_number", "description", "document", "delivery_status", "credits_invoice_id"),
    Column("closed", Boolean, nullable=False, comment="closed by the source: gone from a full extract"),
)
payment_version = _versions(
    "payment_version",
    ("payment_id",),
    *_text("payment_id", "customer_id", required=("payment_id", "customer_id")),
    Column("date", Date, nullable=False),
    Column(
        "amount", BigInteger, nullable=False, comment="minor units; negative: reversal, refund or chargeback"
    ),
    Column("currency", Text, nullable=False),
    *_text("invoice_id", "method"),
)
signal_version = _versions(
    "signal_version",
    ("customer_id", "kind", "from_date", "ordinal"),
    *_text("customer_id", "kind", required=("customer_id", "kind")),
    Column("from_date", Date, nullable=False),
    Column("ordinal", Integer, nullable=False, comment="tells signals of one kind and day apart"),
    Column("until", Date),
    *_text("owner", "note"),
)

LEDGER_TABLES = {
    "customers": customer_version,
    "contacts": contact_version,
    "invoices": invoice_version,
    "payments": payment_version,
    "signals": signal_version,
}
"""The five tables of an extract, by the name of their file."""

quarantine = sa.Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("import_id", BigInteger, sa.ForeignKey("import_run.import_id"), nullable=False),
    Column("table_name", Text, nullable=False),
    Column(
        "row_key",
        Text,
        comment="the row's id where it has one: a later import that brings it right clears it",
    ),
    Column("file", Text, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("column_name", Text, nullable=False),
    Column("value", Text),
    Column("reason", Text, nullable=False),
    Column("cleared_by", BigInteger, comment="the import that brought the row right"),
    Column(
        "replaced_by", BigInteger, comment="the import that brought it again, bad in another way or place"
    ),
    sa.Index(
        "quarantine_entity_ix",
        "entity",
        postgresql_where=sa.text("cleared_by IS NULL AND replaced_by IS NULL"),
    ),
)
