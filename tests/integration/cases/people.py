"""People of the small seller, with what each may do, and verbs as they do them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
import yaml

from relance import cases
from relance.config.roles import Roles
from relance.store.database import Database
from relance.store.schema import hold
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import World, invoice, policy

DUE = date(2025, 12, 1)
DAY = DUE + timedelta(days=91)
LEAD, LEAD_2, BOSS = "lead@lumen.example", "lead.two@lumen.example", "boss@lumen.example"
SALES, COLLECTOR = "sales@lumen.example", "collector@lumen.example"
ROLES = """
roles:
  finance_lead: {people: [lead@lumen.example, lead.two@lumen.example], next: management}
  management: {people: [boss@lumen.example]}
  collector: {people: [collector@lumen.example]}
  sales: {people: [sales@lumen.example]}
permissions:
  - {role: everybody, may: [see, comment, assign, resolve, reopen, promise, dispute]}
  - {role: sales, may: [snooze], days: 14}
  - {role: collector, may: [snooze], days: 30}
  - {role: finance_lead, may: [snooze], days: 60}
  - {role: finance_lead, may: [approve, reject, write_off], up_to: ["5000.00 EUR"]}
  - {role: finance_lead, may: [approve], people: 2}
  - {role: management, may: [snooze, approve, reject, write_off]}
approvals:
  snooze: finance_lead
  write_off: [{role: finance_lead}, {role: management, over: ["20000.00 EUR"]}]
  days: 5
"""


def late_payer(database: Database, amount: int = 100_000, **slack: Any) -> World:
    """C1 has F1 more than 90 days late and F2 late; its case is number 1, worked on DAY."""
    table = Roles.model_validate(yaml.safe_load(ROLES))
    world = World(database, policy(**slack).model_copy(update={"roles": table}))
    world.ledger(
        customers=[
            {"customer_id": "C1", "collector": COLLECTOR, "sales_owner": SALES},
            {"customer_id": "C2"},
        ],
        invoices=[
            invoice("F1", DUE, amount),
            invoice("F2", DUE + timedelta(days=20), 7_000),
            invoice("G1", DAY - timedelta(days=2), 900, customer_id="C2"),
        ],
    )
    world.work(DAY)
    return world


def act(
    world: World, verb: Callable[..., Any], by: str, on: date = DAY, *, case_id: int = 1, **what: Any
) -> cases.Case:
    """Do a verb in a unit of work of its own."""
    with UnitOfWork(world.database) as uow:
        done: cases.Case = verb(uow, policy=world.policy, case_id=case_id, by=by, on_date=on, **what)
        uow.commit()
    return done


def case_of(world: World, number: int = 1) -> cases.Case:
    with UnitOfWork(world.database) as uow:
        return cases.read_case(uow, number)


def verbs_of(world: World, number: int = 1) -> list[str]:
    with UnitOfWork(world.database) as uow:
        return [event.verb for event in cases.read_events(uow, number)]


def last_of(world: World, number: int = 1) -> tuple[str, str, dict[str, Any]]:
    with UnitOfWork(world.database) as uow:
        event = cases.read_events(uow, number)[-1]
    return event.verb, event.actor, dict(event.body)


def holds_on(world: World, on: date) -> list[tuple[str | None, str, date | None]]:
    """Item, reason and end of what rests on a day."""
    stands = sa.and_(
        hold.c.from_date <= on, sa.or_(hold.c.until.is_(None), hold.c.until >= on),
        sa.or_(hold.c.ended_on.is_(None), hold.c.ended_on > on),
    )  # fmt: skip
    with UnitOfWork(world.database) as uow:
        query = (
            sa.select(hold.c.invoice_id, hold.c.reason, hold.c.until).where(stands).order_by(hold.c.hold_id)
        )
        return [(row[0], row[1], row[2]) for row in uow.execute(query)]
