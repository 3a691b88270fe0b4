"""What the stored plans of a day said of invoices, for the cases that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa

from relance.store.schema import outcome, plan
from relance.store.uow import UnitOfWork

NEAR = 7
"""Days before the day asked for in which an older plan still speaks for it: weekends, a DAG that was paused."""

_ENDLESS = sa.text(
    """
    SELECT DISTINCT o.invoice_id, h->>'reason' AS reason, o.scenario
    FROM outcome o, json_array_elements(o.holds) h
    WHERE o.plan_id = :plan_id AND o.holds::text <> '[]' AND h->>'until' IS NULL
    """
)


def exhausted_items(uow: UnitOfWork, entity: str, on: date) -> list[str] | None:
    """Invoices that the day's live plan found exhausted, by id; None where there is no such plan."""
    plan_id = live_plan(uow, entity, on)
    if plan_id is None:
        return None
    table = outcome.c
    query = sa.select(table.invoice_id).where(table.plan_id == plan_id, table.outcome == "exhausted")
    return sorted(uow.execute(query).scalars())


Held = set[tuple[str, str]]
"""Invoices with the reason of a hold."""


def held_without_end(
    uow: UnitOfWork, entity: str, on: date, days_of: Mapping[str, int]
) -> tuple[Held, Held] | None:
    """Holds without an end: those that stand today, and of these the ones that stood `days_of[scenario]` days ago too.

    None where the day has no live plan. Both days are looked at, not those between.
    """
    today = live_plan(uow, entity, on)
    if today is None:
        return None
    standing = list(uow.execute(_ENDLESS, {"plan_id": today}))
    found: Held = set()
    for days in sorted({days_of[row.scenario] for row in standing if row.scenario in days_of}):
        then = live_plan(uow, entity, on - timedelta(days=days), near=NEAR)
        if then is not None:
            before = {(row.invoice_id, row.reason) for row in uow.execute(_ENDLESS, {"plan_id": then})}
            now = {(row.invoice_id, row.reason) for row in standing if days_of.get(row.scenario) == days}
            found |= now & before
    return {(row.invoice_id, row.reason) for row in standing}, found


def live_plan(uow: UnitOfWork, entity: str, on: date, *, near: int = 0) -> int | None:
    """The newest live plan of a day, else of the nearest day before it, `near` days back at most."""
    table = plan.c
    query = (
        sa.select(table.plan_id)
        .where(
            table.entity == entity, table.live, table.as_of <= on, table.as_of >= on - timedelta(days=near)
        )
        .order_by(table.as_of.desc(), table.plan_id.desc())
    )
    plan_id: int | None = uow.execute(query.limit(1)).scalar()
    return plan_id
