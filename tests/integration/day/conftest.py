"""A small company with a policy and a ledger of its own, on a real database."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from relance.services import Services
from relance.settings import Settings
from relance.store.database import Database

TODAY = date(2026, 3, 10)  # a Tuesday
COLUMNS = {
    "customers": "customer_id name country language payment_method status sales_owner collector vip segment",
    "contacts": "contact_id customer_id name role email phone address opt_out active",
    "invoices": "invoice_id customer_id issue_date due_date amount currency status delivery_status po_number document",
    "payments": "payment_id customer_id date amount currency invoice_id",
    "signals": "customer_id kind from until owner note",
}
STEPS = [
    {"id": "before", "level": "preventive", "day": -5, "template": "preventive"},
    {"id": "first", "level": "level_1", "day": 7, "template": "first"},
    {"id": "second", "level": "level_2", "day": 21, "template": "second"},
    {"id": "formal", "level": "level_3", "day": 35, "template": "formal_notice"},
]


@dataclass
class Company:
    """The files of one entity, written anew before each import."""

    folder: Path
    database: Database
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    moment: datetime = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
    extra: dict[str, str] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """One row more in a table of the extract."""
        self.tables[table].append(row)

    def payer(self, customer_id: str, *invoices: tuple[str, date, str], **changes: Any) -> None:
        """A French payer with one person and open invoices (id, due date, amount), issued 30 days before."""
        self.add("customers", customer_id=customer_id, name=f"Client {customer_id}", country="FR", **changes)
        mail = f"compta@{customer_id.lower()}.example"
        self.add(
            "contacts",
            contact_id=f"K-{customer_id}",
            customer_id=customer_id,
            role="accounts_payable",
            email=mail,
        )
        for invoice_id, due, amount in invoices:
            issued = date.fromordinal(due.toordinal() - 30)
            self.add(
                "invoices", invoice_id=invoice_id, customer_id=customer_id, issue_date=issued, due_date=due,
                amount=amount, currency="EUR",
            )  # fmt: skip

    def write(self) -> Path:
        """Put the extract down as CSV files, dated by the company's own day."""
        target = self.folder / "ledger"
        target.mkdir(exist_ok=True)
        for table, columns in COLUMNS.items():
            path = target / f"{table}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns.split(), restval="")
                writer.writeheader()
                writer.writerows(self.tables[table])
            os.utime(path, (self.moment.timestamp(), self.moment.timestamp()))
        return target

    def policy(self, *, entity: dict[str, Any] | None = None, **scenario: Any) -> None:
        """One French entity, region and scenario, with changes."""
        seller = {
            "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard", "ledger": {"source": "files", "path": str(self.folder / "ledger")},
            "sender": {"email": "compta@lumen.example"}, "slack": {"channel": "#recouvrement"},
        }  # fmt: skip
        steps = scenario.pop("steps", STEPS)
        plain = {
            "scenario": "standard",
            "steps": [{"kind": "message", "channels": ["email"], **one} for one in steps],
        }
        objects = {
            "entities/FR01.yaml": {**seller, **(entity or {})},
            "regions/fr.yaml": {"region": "fr", "country": "FR", "languages": ["fr", "en"]},
            "scenarios/standard.yaml": {**plain, **scenario},
            "segments.yaml": {"rules": []},
        }
        for name, value in objects.items():
            path = self.folder / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")

    @property
    def services(self) -> Services:
        """Services with the company's policy, database and clock."""
        environ = {
            "RELANCE_HOME": str(self.folder / "home"),
            "RELANCE_CONFIG": str(self.folder / "config"),
            "RELANCE_DATABASE_URL": self.database.url,
            **self.extra,
        }
        return Services(settings=Settings.from_environment(environ), clock=lambda: self.moment)

    def letters(self) -> list[Path]:
        """Everything that left, as files."""
        return sorted((self.folder / "home" / "outbox").rglob("*.eml"))


@pytest.fixture
def company(tmp_path: Path, database: Database) -> Company:
    """A company without payers, under the plain policy."""
    made = Company(tmp_path, database)
    made.policy()
    return made
