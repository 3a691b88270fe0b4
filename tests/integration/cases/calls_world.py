"""A payer with three invoices, three persons, and calls and tasks that wait for people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from relance.config.models import Entity, Region, Scenario
from relance.config.policy import Policy
from relance.config.roles import Permission, Role, Roles
from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.snapshot import Snapshot
from relance.store.database import Database
from relance.store.schema import contact
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import BY, ENTITY, STEP, World, invoice
from tests.integration.delivery.conftest import add_contacts, key_of, make_content

DAY = date(2026, 3, 2)  # a Monday
NEXT = DAY + timedelta(days=1)
LEAD = "lead@lumen.example"
OTHER = "other@lumen.example"
CALL = {"id": "call", "level": "level_2", "day": 14, "kind": "call", "channels": ["call"], "template": "call"}
MAY = ("see", "comment", "call", "contact", "complete", "promise", "dispute", "resolve", "reopen", "announce")


def people_policy(**scenario: Any) -> Policy:
    entity = {
        "entity": ENTITY, "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
        "default_scenario": "standard", "slack": {"channel": "#collections", "locale": "en"},
    }  # fmt: skip
    roles = Roles(
        roles={"finance_lead": Role(people=(LEAD, OTHER))},
        permissions=(
            Permission(role="everybody", may=MAY),
            Permission(role="finance_lead", may=("write_off", "approve", "reject")),
        ),
    )
    steps = {"scenario": "standard", "steps": [STEP, CALL], **scenario}
    return Policy(
        entities={ENTITY: Entity.model_validate(entity)},
        regions={"fr": Region.model_validate({"region": "fr", "country": "FR", "languages": ["fr", "en"]})},
        scenarios={"standard": Scenario.model_validate(steps)},
        roles=roles,
    )


class PeopleWorld(World):
    """A world whose snapshots know marks and given persons, as a day's do."""

    def snapshot(self, day: date) -> Snapshot:
        return snapshot_on(self.database, load_versions(self.database, ENTITY), day)


def people_world(database: Database) -> World:
    world = PeopleWorld(database, policy=people_policy())
    world.ledger(
        customers=[{"customer_id": "C1", "collector": BY, "sales_owner": "sales@lumen.example"}],
        contacts=[
            person("P1", "Ada", "accounts_payable", "+33 1 00 00 00 01", email="ada@client.example"),
            person("P2", "Ben", "finance_lead", "+33100000002"),
            person("P3", "Cy", "finance_lead", "+33100000003", active=False),
        ],
        invoices=[invoice(f"F{n}", DAY - timedelta(days=20 + n), 10_000 * n) for n in (1, 2, 3)],
    )  # fmt: skip
    return world


def person(name: str, called: str, role: str, phone: str, **other: Any) -> dict[str, Any]:
    row = {
        "contact_id": name,
        "customer_id": "C1",
        "name": called,
        "role": role,
        "phone": phone,
        "active": True,
    }
    return row | other


def add_call(world: World, invoices: list[str] | None = None, *, day: date = DAY, **changes: Any) -> str:
    """A call that waits, as delivery leaves it."""
    about = invoices or ["F1", "F2"]
    content = make_content("C1", totals=[{"currency": "EUR", "amount": 30_000}], template="call")
    content["person"] = {"contact_id": "P1", "name": "Ada", "role": "accounts_payable"}
    values = {
        "kind": "call", "channel": "call", "contact_id": "P1", "recipient": "+33 1 00 00 00 01", "step": "call",
        "level": "level_2", "state": "open", "invoices": about, "steps": ["call"] * len(about),
        "levels": ["level_2"] * len(about), "content": content, "key": key_of("C1", day),
    }  # fmt: skip
    (key,) = add_contacts(world.database, ["C1"], day=day, **(values | changes))
    return key


def state_of(world: World, key: str) -> tuple[str, date | None]:
    with UnitOfWork(world.database) as uow:
        row = uow.execute(sa.select(contact.c.state, contact.c.acted_on).where(contact.c.key == key)).one()
    return row.state, row.acted_on


def case_of(world: World, kind: str, subject: str | None = None) -> Any:
    (one,) = [case for case in world.cases(kind) if subject is None or case.subject == subject]
    return one


def do(world: World, verb: Any, **given: Any) -> Any:
    """A verb in a transaction of its own."""
    with UnitOfWork(world.database) as uow:
        found = verb(uow, policy=world.policy, **{"by": BY, "on_date": DAY, **given})
        uow.commit()
    return found
