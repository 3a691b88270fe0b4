"""What is to come in by week, as it has been promised, agreed or falls due: facts, no prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.ledger.snapshot import Snapshot
from relance.store.schema import instalment, instalment_plan, promise
from relance.store.uow import UnitOfWork

WEEKS = 8
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week in one currency; minor units.

    `promised`: what promises still lack that are due in it; `instalments`: unpaid parts of running plans; `due`: open
    items that fall due in it and are neither promised nor part of a plan.
    """

    week: str
    monday: date
    currency: str
    promised: int = 0
    instalments: int = 0
    due: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"monday": self.monday.isoformat()}


@dataclass(frozen=True, slots=True)
class Expected:
    """The weeks in order, by currency; `overdue`: what is late and neither promised nor agreed, by currency."""

    entity: str
    as_of: date
    weeks: tuple[Week, ...]
    overdue: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "entity": self.entity,
            "as_of": self.as_of.isoformat(),
            "weeks": [week.as_dict() for week in self.weeks],
            "overdue": [{"currency": currency, "amount": amount} for currency, amount in self.overdue],
        }


def expected(uow: UnitOfWork, snapshot: Snapshot, *, weeks: int = WEEKS) -> Expected:
    """What should come in from the snapshot's day on, by ISO week, the running one first.

    Promises count with what they lack, in the week of their date; where that has passed (within its grace), in the
    running week. Items that an open promise or a running plan is about are not counted again where they fall due, nor as
    overdue.
    """
    as_of, entity = snapshot.as_of, snapshot.entity
    promises = _promises(uow, entity)
    parts = _parts(uow, entity)
    free = snapshot.items.join(_spoken_for(uow, snapshot), on="invoice_id", how="anti")
    first = as_of - timedelta(days=as_of.weekday())
    late = free.filter(pl.col("due_date") < as_of)
    coming = free.filter(pl.col("due_date") >= as_of).select("due_date", "currency", amount="open")
    currencies = sorted({*free["currency"], *promises["currency"], *parts["currency"]})
    columns = {
        "promised": _by_week(promises, as_of),
        "instalments": _by_week(parts, as_of),
        "due": _by_week(coming, as_of),
    }
    mondays = [first + number * _WEEK for number in range(weeks)]
    rows = tuple(
        Week(
            _name(monday), monday, currency,
            **{name: amounts.get((monday, currency), 0) for name, amounts in columns.items()},
        )
        for monday in mondays
        for currency in currencies
    )  # fmt: skip
    overdue = late.group_by("currency").agg(pl.col("open").sum()).sort("currency")
    return Expected(entity, as_of, rows, tuple((name, int(amount)) for name, amount in overdue.iter_rows()))


def _by_week(rows: pl.DataFrame, as_of: date) -> dict[tuple[date, str], int]:
    """Sums by the week's Monday and currency; what lies before the day counts on it."""
    moments = rows.with_columns(due_date=pl.max_horizontal("due_date", pl.lit(as_of)))
    sums = moments.group_by(monday=pl.col("due_date").dt.truncate("1w"), currency="currency").agg(
        pl.col("amount").sum()
    )
    return {(monday, currency): int(amount) for monday, currency, amount in sums.iter_rows()}


_COMING = {"due_date": pl.Date, "currency": pl.String, "amount": pl.Int64}


def _promises(uow: UnitOfWork, entity: str) -> pl.DataFrame:
    table = promise.c
    query = sa.select(table.due_on, table.currency, table.amount - table.paid).where(
        table.entity == entity, table.state == "open", table.amount > table.paid
    )
    return pl.DataFrame([tuple(row) for row in uow.execute(query)], schema=_COMING, orient="row")


def _parts(uow: UnitOfWork, entity: str) -> pl.DataFrame:
    plans, part = instalment_plan.c, instalment.c
    query = (
        sa.select(part.due_on, plans.currency, part.amount - part.paid)
        .join(instalment_plan, plans.instalment_plan_id == part.instalment_plan_id)
        .where(plans.entity == entity, plans.state == "open", part.paid_on.is_(None), part.amount > part.paid)
    )
    return pl.DataFrame([tuple(row) for row in uow.execute(query)], schema=_COMING, orient="row")


def _spoken_for(uow: UnitOfWork, snapshot: Snapshot) -> pl.DataFrame:
    """`invoice_id` of the items that an open promise or a running plan is about."""
    found: list[pl.DataFrame] = []
    items = snapshot.items.select("invoice_id", "payer_id", "currency")
    for table in (promise, instalment_plan):
        query = sa.select(table.c.payer_id, table.c.currency, table.c.invoices).where(
            table.c.entity == snapshot.entity, table.c.state == "open"
        )
        rows = uow.execute(query).all()
        whole = pl.DataFrame(
            [(payer, currency) for payer, currency, invoices in rows if invoices is None],
            schema={"payer_id": pl.String, "currency": pl.String}, orient="row",
        )  # fmt: skip
        named = {one for _, _, invoices in rows for one in invoices or ()}
        found.append(items.join(whole, on=["payer_id", "currency"], how="semi").select("invoice_id"))
        found.append(items.filter(pl.col("invoice_id").is_in(sorted(named))).select("invoice_id"))
    return pl.concat(found).unique()


def _name(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"
