"""The fast snapshot against a slow, obvious recomputation, on ledgers that nobody would keep."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relance.ledger import balance, take_snapshot
from tests.unit.ledger import oracle
from tests.unit.ledger.build import Row, credit, customer, d, invoice, note, opens, payment, versions

START = d("01-01")
DAYS = st.integers(0, 8).map(lambda days: START + timedelta(days=days))
CUSTOMERS = st.sampled_from(["C1", "C2", "C3"])
CURRENCIES = st.sampled_from(["EUR", "EUR", "EUR", "USD"])
AMOUNTS = st.sampled_from([0, 1, 50, 100, 150])
NAMES = ["I1", "I2", "T1", "T1/1", "T1/2", "T1/3", "N1", "N2", "nobody", None]


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Row], list[Row], list[Row]]:
    """(customers, invoices, payments)."""

    def document() -> dict[str, Any]:
        return {
            "customer_id": draw(CUSTOMERS),
            "payer_id": draw(maybe(CUSTOMERS)),
            "issue_date": draw(DAYS),
            "due_date": draw(DAYS),
            "amount": draw(AMOUNTS),
            "currency": draw(CURRENCIES),
            "status": draw(st.sampled_from(["open", "open", "open", "cancelled", "written_off"])),
            "delivery_status": draw(maybe(st.sampled_from(["draft", "refused", "sent"]))),
        }

    shared = document()
    invoices = [invoice(name, **document()) for name in ("I1", "I2")]
    invoices += [
        invoice(
            "T1", term=term, **(shared | {key: document()[key] for key in ("due_date", "amount", "status")})
        )
        for term in range(1, draw(st.integers(1, 4)))
    ]
    invoices += [
        note(name, **document(), credits_invoice_id=draw(st.sampled_from(NAMES))) for name in ("N1", "N2")
    ]
    payments = [
        payment(
            f"P{number}",
            draw(st.sampled_from([-150, -100, -50, -1, 1, 50, 100, 150, 300])),
            customer_id=draw(CUSTOMERS),
            date=draw(DAYS),
            currency=draw(CURRENCIES),
            invoice_id=draw(st.sampled_from(NAMES)),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    return [customer(payer_id="C2"), customer("C2"), customer("C3", payer_id="C3")], invoices, payments


@settings(max_examples=150, deadline=None)
@given(ledgers(), DAYS)
def test_the_snapshot_is_what_a_slow_recomputation_gives(
    ledger: tuple[list[Row], list[Row], list[Row]], on: date
) -> None:
    customers, invoices, payments = ledger
    payer_of = {"C1": "C2", "C2": "C2", "C3": "C3"}
    shot = take_snapshot(versions(customers=customers, invoices=invoices, payments=payments), on)
    expected, expected_credit = oracle.state(invoices, payments, payer_of, on)
    living = {row["item_id"]: row for row in invoices if row["kind"] == "invoice" and row["status"] == "open"}
    assert opens(shot) == {key: amount for key, amount in expected.items() if amount and key in living}
    assert credit(shot) == {key: amount for key, amount in expected_credit.items() if amount > 0}
    for row in shot.items.iter_rows(named=True):
        given = living[row["invoice_id"]]
        assert (row["refused_on"], row["reopened_on"]) == oracle.reversals(
            given, invoices, payments, payer_of, on
        )


@settings(max_examples=40, deadline=None)
@given(ledgers(), DAYS, st.randoms(use_true_random=False))
def test_neither_order_of_rows_nor_later_facts_change_a_day(
    ledger: tuple[list[Row], list[Row], list[Row]], on: date, random: Any
) -> None:
    customers, invoices, payments = ledger
    shot = take_snapshot(versions(customers=customers, invoices=invoices, payments=payments), on)
    known = [row for row in payments if row["date"] <= on]
    shuffled = [random.sample(rows, len(rows)) for rows in (customers, invoices, known)]
    again = take_snapshot(versions(customers=shuffled[0], invoices=shuffled[1], payments=shuffled[2]), on)
    assert shot.digest == again.digest


@settings(max_examples=40, deadline=None)
@given(ledgers(), DAYS)
def test_the_ageing_buckets_add_up_to_what_is_open(
    ledger: tuple[list[Row], list[Row], list[Row]], on: date
) -> None:
    customers, invoices, payments = ledger
    shot = take_snapshot(versions(customers=customers, invoices=invoices, payments=payments), on)
    figures = balance(shot)["currencies"]
    assert sum(one["open"] for one in figures) == shot.items["open"].sum()
    assert sum(one["invoices"] for one in figures) == shot.items.height
    for one in figures:
        assert sum(one["ageing"].values()) == one["open"]
        assert one["open"] - one["ageing"]["not_due"] == one["overdue"]
