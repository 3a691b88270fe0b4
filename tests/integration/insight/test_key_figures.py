"""Key figures, what is to come in, and statements, from a ledger in the store."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from relance.config.models import Targets
from relance.delivery.templates import Templates
from relance.errors import UsageError
from relance.insight.figures import figures
from relance.insight.kpis import Kpis, kpis
from relance.insight.outlook import Expected, expected
from relance.insight.statements import statement
from relance.settings import REPOSITORY
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice, policy

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 31)


@pytest.fixture
def world(database: Database) -> World:
    """A history of half a year, of which one invoice is unpaid."""
    base = policy()
    entity = base.entity(ENTITY).model_copy(update={"targets": Targets(dso=45, overdue_30=0.1)})
    one = World(database, base.model_copy(update={"entities": {ENTITY: entity}}), extract=DAY)
    months = [date(2025, 10 + n, 1) for n in range(3)] + [date(2026, n, 1) for n in (1, 2, 3)]
    one.ledger(
        customers=[{"customer_id": "C1"}],
        invoices=[
            invoice(f"F{n}", month + timedelta(days=30), 100_000, issue_date=month) for n, month in enumerate(months)
        ],
        payments=[
            {"payment_id": f"P{n}", "customer_id": "C1", "date": month + timedelta(days=30), "amount": 100_000,
             "invoice_id": f"F{n}"}
            for n, month in enumerate(months[:4])
        ],
    )  # fmt: skip
    return one


def of(world: World, day: date = DAY) -> Kpis:
    with UnitOfWork(world.database) as uow:
        return kpis(uow, world.policy, ENTITY, world.snapshot(day))


def coming(world: World, day: date = DAY) -> Expected:
    with UnitOfWork(world.database) as uow:
        return expected(uow, world.snapshot(day))


def test_dso_cei_and_overdue_against_targets(world: World) -> None:
    found = of(world)
    # F4 (February, due 3 March) and F5 (March, due 31 March: not overdue yet) are open; 90 days have three invoices
    assert (found.receivables, found.overdue, found.sales) == (200_000, 100_000, 300_000)
    assert (found.dso, found.best_dso) == (60.0, 30.0)
    assert (found.dso_count_back, found.at_least) == (59.0, False)
    assert found.overdue_30 == 0.0
    assert found.cei == 50.0  # opening 0 + 300,000 − 200,000, of what was due of it: 0 + 300,000 − 100,000
    assert found.targets == {"dso": 45, "overdue_30": 0.1}


def test_credit_that_is_not_applied_lowers_receivables(world: World) -> None:
    world.pay("P9", DAY - timedelta(days=1), 30_000)
    found = of(world)
    assert (found.receivables, found.overdue) == (170_000, 70_000)


def test_figures_stay_empty_where_history_does_not_reach(database: Database) -> None:
    one = World(database, policy(), extract=DAY)
    one.ledger(customers=[{"customer_id": "C1"}], invoices=[invoice("F1", DAY - timedelta(days=40), 100_000)])
    found = of(one)
    assert found.history_since == DAY
    assert (found.sales, found.dso, found.cei) == (None, None, None)
    assert found.overdue_30 == 1.0


def test_promises_kept_count_by_number_and_amount(world: World) -> None:
    world.promise("1000.00 EUR", date(2026, 3, 10), date(2026, 3, 5), invoices=["F4"])
    world.pay("P4", date(2026, 3, 9), 100_000, "F4")
    world.work(date(2026, 3, 12))
    world.promise("500.00 EUR", date(2026, 3, 20), date(2026, 3, 15), invoices=["F5"])
    world.work(date(2026, 3, 28))
    kept = of(world).promises
    assert (kept.due, kept.kept, kept.amount_due, kept.amount_kept, kept.rate) == (
        2,
        1,
        150_000,
        100_000,
        0.5,
    )


def test_a_days_figures_are_those_of_the_ledger_and_of_the_cases(world: World) -> None:
    with UnitOfWork(world.database) as uow:
        found = figures(
            uow, policy=world.policy, entity=ENTITY, snapshot=world.snapshot(DAY), since=date(2026, 1, 1)
        )
    (row,) = found.currencies
    assert (row["open"], row["overdue"], row["ageing"]["1-30"], row["long_overdue"]) == (
        200_000,
        100_000,
        100_000,
        0,
    )
    assert found.cash_in == {"EUR": 100_000}
    assert (found.payers, found.invoices, found.long_overdue_payers) == (1, 2, 0)


def test_what_is_to_come_in_counts_nothing_twice(world: World) -> None:
    def sums(found: Expected) -> dict[str, tuple[int, int, int]]:
        return {
            week.week: (week.promised, week.instalments, week.due)
            for week in found.weeks
            if week.promised or week.instalments or week.due
        }

    assert sums(coming(world)) == {"2026-W14": (0, 0, 100_000)}
    assert coming(world).overdue == (("EUR", 100_000),)
    world.promise("1000.00 EUR", date(2026, 4, 8), DAY, invoices=["F4"])
    assert sums(coming(world)) == {"2026-W14": (0, 0, 100_000), "2026-W15": (100_000, 0, 0)}
    assert coming(world).overdue == ()
    assert len(coming(world).weeks) == 8


def test_a_promise_whose_day_has_passed_counts_in_the_running_week(world: World) -> None:
    world.promise("1000.00 EUR", date(2026, 3, 20), date(2026, 3, 15), invoices=["F4"])
    (week,) = [week for week in coming(world).weeks if week.promised]
    assert (week.week, week.promised) == ("2026-W14", 100_000)


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_a_payers_statement(world: World, form: Any) -> None:
    with UnitOfWork(world.database) as uow:
        made = statement(
            uow, policy=world.policy, entity=ENTITY, payer_id="C1", snapshot=world.snapshot(DAY),
            templates=Templates(REPOSITORY / "include" / "templates"), form=form,
        )  # fmt: skip
    assert made.name.endswith(f"_C1_2026-03-31.{form}")
    if form == "pdf":
        assert made.content.startswith(b"%PDF")
        return
    cells = [cell.value for row in openpyxl.load_workbook(io.BytesIO(made.content)).active for cell in row]
    assert {"F4", "F5", 1000} <= set(cells)
    assert "F3" not in cells


def test_a_statement_of_nobody_says_who_may_be_meant(world: World) -> None:
    with UnitOfWork(world.database) as uow, pytest.raises(UsageError, match="Did you mean C1"):
        statement(
            uow, policy=world.policy, entity=ENTITY, payer_id="C11", snapshot=world.snapshot(DAY),
            templates=Templates(REPOSITORY / "include" / "templates"),
        )  # fmt: skip
