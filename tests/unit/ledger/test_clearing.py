"""When invoices were settled, by hand and against the slow recomputation day by day."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings

from relance.ledger.clearing import clearings
from tests.unit.ledger import oracle
from tests.unit.ledger.build import Row, d, invoice, note, payment, versions
from tests.unit.ledger.test_snapshot_property import DAYS, START, ledgers

PAYER_OF = {"C1": "C2", "C2": "C2", "C3": "C3"}


def cleared(on: str, *payments: Row, invoices: list[Row]) -> dict[str, tuple[date | None, bool]]:
    epoch = versions(invoices=invoices, payments=list(payments)).at(d(on))
    found = clearings(epoch, epoch.items, d(on)).join(epoch.items.select("item", "invoice_id"), on="item")
    rows = found.select("invoice_id", "settled_on", "in_part").iter_rows()
    return {name: (settled, in_part) for name, settled, in_part in rows}


def pay(number: int, amount: int, on: str, invoice_id: str = "I1") -> Row:
    return payment(f"P{number}", amount, date=d(on), invoice_id=invoice_id)


def test_settled_on_the_day_of_the_payment_that_left_nothing_open():
    found = cleared("03-01", pay(1, 400, "02-03"), pay(2, 600, "02-10"), invoices=[invoice()])
    assert found == {"I1": (d("02-10"), True)}


def test_two_payments_of_one_day_are_no_part_payment():
    found = cleared("03-01", pay(1, 400, "02-03"), pay(2, 600, "02-03"), invoices=[invoice()])
    assert found == {"I1": (d("02-03"), False)}


def test_a_payment_that_came_back_starts_it_anew():
    back = [pay(1, 1000, "02-03"), pay(2, -1000, "02-06")]
    assert cleared("02-05", *back, invoices=[invoice()]) == {"I1": (d("02-03"), False)}
    assert cleared("02-06", *back, invoices=[invoice()]) == {"I1": (None, False)}
    again = [*back, pay(3, 1000, "02-20")]
    assert cleared("03-01", *again, invoices=[invoice()]) == {"I1": (d("02-20"), False)}


def test_what_is_dated_later_is_unknown():
    assert cleared("02-02", pay(1, 1000, "02-03"), invoices=[invoice()]) == {}


def test_money_paid_before_the_invoice_settles_it_on_its_issue_date():
    found = cleared("03-01", pay(1, 1000, "01-05"), invoices=[invoice(issue_date=d("01-20"))])
    assert found == {"I1": (d("01-20"), False)}


def test_a_credit_note_settles_what_a_payment_left():
    notes = note("N1", credits_invoice_id="I1", issue_date=d("02-12"))
    assert cleared("03-01", pay(1, 700, "02-03"), invoices=[invoice(), notes]) == {"I1": (d("02-12"), True)}


def test_terms_fill_in_the_order_of_their_due_dates():
    terms = [invoice("T", term=1, due_date=d("03-01")), invoice("T", term=2, due_date=d("02-01"))]
    found = cleared("04-01", pay(1, 1000, "02-05", "T"), pay(2, 1000, "03-05", "T"), invoices=terms)
    assert found == {"T/1": (d("03-05"), False), "T/2": (d("02-05"), False)}


@settings(max_examples=120, deadline=None)
@given(ledgers(), DAYS)
def test_clearing_is_what_days_one_by_one_give(ledger: tuple[list[Row], list[Row], list[Row]], on: date):
    customers, invoices, payments = ledger
    epoch = versions(customers=customers, invoices=invoices, payments=payments).at(on)
    asked = epoch.items.filter(~pl.col("cancelled"), pl.col("amount") > 0, pl.col("issue_date") <= on)
    found = dict(
        clearings(epoch, asked, on)
        .join(asked.select("item", "invoice_id"), on="item")
        .select("invoice_id", "settled_on")
        .iter_rows()
    )
    days = [START + timedelta(days=number) for number in range((on - START).days + 1)]
    states = {day: oracle.state(invoices, payments, PAYER_OF, day)[0] for day in days}
    for name, issued in asked.select("invoice_id", "issue_date").iter_rows():
        known = [day for day in days if day >= issued]
        short = [day for day in known if states[day].get(name, 0) > 0]
        expected = None
        if not short:
            expected = issued
        elif short[-1] < on:
            expected = short[-1] + timedelta(days=1)
        assert found.get(name) == expected, name
