"""A small seller and its ledger, written straight into the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance import cases
from relance.config.models import Entity, Region, Scenario
from relance.config.policy import Policy
from relance.ledger.loading import load_versions
from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.money import Money
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork

ENTITY = "FR01"
BY = "collector@lumen.example"
STEP = {
    "id": "first",
    "level": "level_1",
    "day": 7,
    "kind": "message",
    "channels": ["email"],
    "template": "first",
}


def policy(**slack: Any) -> Policy:
    entity = {
        "entity": ENTITY, "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
        "default_scenario": "standard", "slack": {"channel": "#collections", "locale": "en", **slack},
    }  # fmt: skip
    return Policy(
        entities={ENTITY: Entity.model_validate(entity)},
        regions={"fr": Region.model_validate({"region": "fr", "country": "FR", "languages": ["fr", "en"]})},
        scenarios={"standard": Scenario.model_validate({"scenario": "standard", "steps": [STEP]})},
    )


@dataclass
class World:
    """Writes ledger rows and works days."""

    database: Database
    policy: Policy = field(default_factory=policy)
    extract: date = date(2026, 1, 1)
    imports: int = 0

    def ledger(self, extract: date | None = None, **tables: list[dict[str, Any]]) -> None:
        """Bring rows of the five tables as one extract."""
        self.extract = extract or self.extract
        with UnitOfWork(self.database) as uow:
            run = {
                "entity": ENTITY,
                "extract_date": self.extract,
                "source": "test",
                "digest": "",
                "status": "done",
                "counts": {},
            }
            number = uow.execute(
                sa.insert(schema.import_run).values(run).returning(schema.import_run.c.import_id)
            ).scalar_one()
            for name, rows in tables.items():
                marks = {"entity": ENTITY, "extract_date": self.extract, "import_id": number}
                for row in rows:
                    values = {**marks, **_DEFAULTS.get(name, {}), **row}
                    uow.execute(sa.insert(schema.LEDGER_TABLES[name]).values(values))
            uow.commit()

    def pay(
        self, payment_id: str, day: date, amount: int, invoice: str | None = None, customer: str = "C1"
    ) -> None:
        row = {
            "payment_id": payment_id,
            "customer_id": customer,
            "date": day,
            "amount": amount,
            "invoice_id": invoice,
        }
        self.ledger(payments=[row])

    def snapshot(self, day: date) -> Snapshot:
        return take_snapshot(load_versions(self.database, ENTITY), day)

    def work(self, day: date) -> cases.CasesReport:
        with UnitOfWork(self.database) as uow:
            report = cases.work(
                uow, policy=self.policy, entity=ENTITY, snapshot=self.snapshot(day), as_of=day
            )
            uow.commit()
        return report

    def promise(self, amount: str, due: date, on: date, **other: Any) -> int:
        with UnitOfWork(self.database) as uow:
            number = cases.promise(
                uow, policy=self.policy, entity=ENTITY, payer_id=other.pop("payer_id", "C1"), amount=Money.parse(amount),
                due_on=due, on_date=on, by=other.pop("by", BY), **other,
            )  # fmt: skip
            uow.commit()
        return number

    def cases(self, kind: str | None = None, state: str | None = None) -> list[cases.Case]:
        with UnitOfWork(self.database) as uow:
            return cases.list_cases(uow, entity=ENTITY, kind=kind, state=state)

    def promises(self, payer: str = "C1") -> list[cases.Promise]:
        with UnitOfWork(self.database) as uow:
            return cases.read_promises(uow, entity=ENTITY, payers=[payer])

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with UnitOfWork(self.database) as uow:
            return [
                dict(row)
                for row in uow.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
            ]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """What the cases room has written, all of it."""
        tables = (schema.dunning_case, schema.case_event, schema.promise, schema.hold, schema.timeline)
        return {table.name: self.rows(table) for table in tables}


_DEFAULTS: dict[str, dict[str, Any]] = {
    "customers": {"country": "FR", "name": "Brasserie du Port SARL"},
    "invoices": {"kind": "invoice", "currency": "EUR", "closed": False, "term": None, "status": None, "payer_id": None,
                 "issue_date": date(2025, 1, 1), "customer_id": "C1"},
    "payments": {"currency": "EUR"},
}  # fmt: skip


def invoice(name: str, due: date, amount: int, **other: Any) -> dict[str, Any]:
    return {
        "item_id": name,
        "invoice_id": name.split("/", maxsplit=1)[0],
        "due_date": due,
        "amount": amount,
        **other,
    }
