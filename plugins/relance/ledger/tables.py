"""The five tables of a ledger: their columns, what each must hold, and the types in which it is kept.

Source: `spec/ledger.md`. Everything that reads, checks, stores or compares rows takes its columns from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal[
    "text", "date", "bool", "amount", "books_amount", "whole", "choice", "email", "country", "language",
    "currency", "timezone", "phone", "channels", "iban",
]  # fmt: skip
"""What a cell holds; `amount` is in the row's currency, `books_amount` in that of the entity's books."""

CHANNELS = ("email", "sms", "whatsapp", "voice", "letter", "registered", "call")

_TYPES: dict[Kind, pl.DataType] = {
    "date": pl.Date(),
    "bool": pl.Boolean(),
    "amount": pl.Int64(),
    "books_amount": pl.Int64(),
    "whole": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds, whether a row must have it, its name in an extract if that differs."""

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    source_name: str | None = None
    stored: bool = True

    @property
    def header(self) -> str:
        """The column's name in an extract."""
        return self.source_name or self.name

    @property
    def dtype(self) -> pl.DataType:
        """The type in which the house keeps it; money and whole numbers are Int64."""
        return _TYPES.get(self.kind, pl.String())


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the name of its file, the columns a file may have, and its keys.

    `key` tells the rows of versions apart; `identity` are the file's columns that make it; `derived` are
    columns that no file has.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    derived: tuple[tuple[str, pl.DataType], ...] = ()
    identity: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Columns and types of a version's content: derived ones first, then those of the file."""
        return {
            **dict(self.derived),
            **{column.name: column.dtype for column in self.columns if column.stored},
        }

    @property
    def version_schema(self) -> dict[str, pl.DataType]:
        """Columns and types of a stored version, without the entity."""
        return {"extract_date": pl.Date(), "import_id": pl.Int64(), **self.schema}

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        return next(column for column in self.columns if column.name == name)


IBAN = Column("iban", "iban", stored=False)
"""Where an extract has one it is checked, as a sign of a row gone wrong; the ledger has no use for it."""


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


CUSTOMERS = Table(
    "customers",
    (
        Column("customer_id", required=True),
        Column("name", required=True),
        Column("country", "country", required=True),
        Column("language", "language"),
        Column("segment"),
        Column("vip", "bool"),
        *_text("payer_id", "group_id"),
        Column(
            "payment_method",
            "choice",
            choices=("transfer", "direct_debit", "bill_of_exchange", "card", "cheque"),
        ),
        Column("sales_owner", "email"),
        Column("collector", "email"),
        Column("status", "choice", choices=("active", "insolvency", "litigation", "closed")),
        *_text("registration_no", "vat_no"),
        Column("legal_form", "choice", choices=("company", "sole_trader", "public_body")),
        Column("governing_law", "country"),
        Column("credit_limit", "books_amount"),
        Column("timezone", "timezone"),
        Column("recurring_revenue", "whole"),
        IBAN,
    ),
    key=("customer_id",),
    identity=("customer_id",),
)
CONTACTS = Table(
    "contacts",
    (
        Column("contact_id", required=True),
        Column("customer_id", required=True),
        Column("name"),
        Column("role", "choice", choices=("accounts_payable", "finance_lead", "executive", "buyer", "legal")),
        Column("email", "email"),
        Column("phone", "phone"),
        Column("whatsapp", "phone"),
        Column("address"),
        Column("language", "language"),
        Column("preferred_channel", "choice", choices=CHANNELS),
        Column("opt_out", "channels", choices=CHANNELS),
        Column("active", "bool", default="true"),
        IBAN,
    ),
    key=("contact_id",),
    identity=("contact_id",),
)
INVOICES = Table(
    "invoices",
    (
        Column("invoice_id", required=True),
        Column("term", "whole"),
        Column("kind", "choice", choices=("invoice", "credit_note"), default="invoice"),
        Column("customer_id", required=True),
        *_text("payer_id", "ship_to_id"),
        Column("issue_date", "date", required=True),
        Column("due_date", "date", required=True),
        Column("amount", "amount", required=True),
        Column("currency", "currency", required=True),
        Column("status", "choice", choices=("open", "cancelled", "written_off", "assigned"), default="open"),
        *_text("po_number", "description", "document"),
        Column(
            "delivery_status",
            "choice",
            choices=("draft", "sent", "delivered", "rejected", "refused", "disputed", "approved"),
            default="delivered",
        ),
        Column("credits_invoice_id"),
    ),
    key=("item_id",),
    identity=("invoice_id", "term"),
    derived=(("item_id", pl.String()), ("closed", pl.Boolean())),
)
PAYMENTS = Table(
    "payments",
    (
        Column("payment_id", required=True),
        Column("customer_id", required=True),
        Column("date", "date", required=True),
        Column("amount", "amount", required=True),
        Column("currency", "currency", required=True),
        *_text("invoice_id", "method"),
        IBAN,
    ),
    key=("payment_id",),
    identity=("payment_id",),
)
SIGNALS = Table(
    "signals",
    (
        Column("customer_id", required=True),
        Column(
            "kind",
            "choice",
            required=True,
            choices=("support_ticket", "negotiation", "commercial_hold", "churn_risk", "insolvency_notice"),
        ),
        Column("from_date", "date", required=True, source_name="from"),
        Column("until", "date"),
        Column("owner", "email"),
        Column("note"),
    ),
    key=("customer_id", "kind", "from_date", "ordinal"),
    identity=("customer_id", "kind", "from_date"),
    derived=(("ordinal", pl.Int64()),),
)

TABLES: dict[str, Table] = {table.name: table for table in (CUSTOMERS, CONTACTS, INVOICES, PAYMENTS, SIGNALS)}
"""The five tables in the order in which an import takes them: a row's parties come before it."""
