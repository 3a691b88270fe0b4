"""Ledgers in memory, in few words: rows as dicts, one extract unless a row says otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from relance.ledger import LedgerVersions, Snapshot, take_snapshot
from relance.ledger.tables import TABLES

EXTRACT = date(2026, 6, 1)
Row = dict[str, Any]


def d(text: str) -> date:
    """A day of 2026 as "03-15", or any as "2025-03-15"."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def invoice(invoice_id: str = "I1", **given: Any) -> Row:
    term = given.get("term")
    row = {
        "invoice_id": invoice_id,
        "item_id": invoice_id if term is None else f"{invoice_id}/{term}",
        "kind": "invoice",
        "customer_id": "C1",
        "issue_date": d("01-01"),
        "due_date": d("02-01"),
        "amount": 1000,
        "currency": "EUR",
        "status": "open",
        "closed": False,
    }
    return row | given


def note(note_id: str = "N1", **given: Any) -> Row:
    return invoice(note_id, **({"kind": "credit_note", "amount": 300} | given))


def payment(payment_id: str, amount: int, **given: Any) -> Row:
    row = {
        "payment_id": payment_id,
        "customer_id": "C1",
        "date": d("01-10"),
        "amount": amount,
        "currency": "EUR",
    }
    return row | given


def customer(customer_id: str = "C1", **given: Any) -> Row:
    return {"customer_id": customer_id, "name": f"Client {customer_id}", "country": "FR"} | given


def frame(table: str, rows: list[Row]) -> pl.DataFrame:
    stamped = [{"extract_date": EXTRACT, "import_id": 1} | row for row in rows]
    return pl.DataFrame(stamped, schema=TABLES[table].version_schema)


def versions(**tables: list[Row]) -> LedgerVersions:
    tables = {"customers": [customer()]} | tables
    extracts = {row.get("extract_date", EXTRACT) for rows in tables.values() for row in rows}
    frames = {name: frame(name, rows) for name, rows in tables.items()}
    return LedgerVersions("FR01", frames, tuple(sorted(extracts)))


def snapshot(as_of: str = "03-01", **tables: list[Row]) -> Snapshot:
    return take_snapshot(versions(**tables), d(as_of))


def opens(shot: Snapshot) -> dict[str, int]:
    return dict(shot.items.select("invoice_id", "open").iter_rows())


def credit(shot: Snapshot) -> dict[tuple[str, str], int]:
    return {(payer, currency): amount for payer, currency, amount in shot.credits.iter_rows()}
