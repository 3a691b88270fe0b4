"""Extracts as files, and their import into a test's own database."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relance.config.models import Entity
from relance.ledger import ImportReport, Mapping, import_ledger
from relance.ledger.mapping import PLAIN
from relance.store.database import Database
from relance.store.uow import UnitOfWork

Row = dict[str, Any]
Take = Callable[..., ImportReport]


def entity(**given: Any) -> Entity:
    """FR01, with books in EUR."""
    known = {
        "entity": "FR01",
        "name": "Lumen SAS",
        "region": "fr",
        "currency": "EUR",
        "timezone": "Europe/Paris",
    }
    return Entity.model_validate({**known, "default_scenario": "standard", **given})


def write_csv(folder: Path, tables: dict[str, list[Row]]) -> Path:
    """A folder with a CSV file a table; a table without rows has a header all the same."""
    heads = {
        "customers": ["customer_id", "name", "country"],
        "contacts": ["contact_id", "customer_id"],
        "invoices": ["invoice_id", "customer_id", "issue_date", "due_date", "amount", "currency"],
        "payments": ["payment_id", "customer_id", "date", "amount", "currency"],
        "signals": ["customer_id", "kind", "from"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys([*heads[name], *(column for row in rows for column in row)]))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture
def take(database: Database, tmp_path: Path) -> Take:
    """Import tables (lists of rows) or a `source`, on an extract date."""
    count = iter(range(1000))

    def import_tables(
        on: str = "2026-03-01",
        *,
        source: Any = None,
        mapping: Mapping = PLAIN,
        given: Row | None = None,
        **tables: list[Row],
    ) -> ImportReport:
        given = {"max_bad_rows": 1.0} | (given or {})
        folder = source if source is not None else write_csv(tmp_path / f"extract{next(count)}", tables)
        with UnitOfWork(database) as uow:
            report = import_ledger(
                uow,
                entity=entity(**given),
                source=folder,
                mapping=mapping,
                extract_date=date.fromisoformat(on),
            )
            uow.commit()
        return report

    return import_tables


def customer(customer_id: str = "C1", **given: Any) -> Row:
    return {"customer_id": customer_id, "name": "Client", "country": "FR"} | given


def contact(contact_id: str = "K1", **given: Any) -> Row:
    return {"contact_id": contact_id, "customer_id": "C1", "email": "ap@payer.example"} | given


def invoice(invoice_id: str = "I1", **given: Any) -> Row:
    row = {
        "invoice_id": invoice_id,
        "customer_id": "C1",
        "issue_date": "2026-01-01",
        "due_date": "2026-02-01",
    }
    return row | {"amount": "100.00", "currency": "EUR"} | given


def payment(payment_id: str = "P1", **given: Any) -> Row:
    row = {
        "payment_id": payment_id,
        "customer_id": "C1",
        "date": "2026-02-10",
        "amount": "10.00",
        "currency": "EUR",
    }
    return row | {"invoice_id": "I1"} | given


def signal(**given: Any) -> Row:
    return {"customer_id": "C1", "kind": "negotiation", "from": "2026-02-01"} | given
