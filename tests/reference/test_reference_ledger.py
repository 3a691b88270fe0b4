"""The reference's ledger against values worked out by hand, one example a rule of `spec/ledger.md`."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.reference.build import brief, customer, d, invoice, ledger, note, outcome, payment, planned
from tests.reference.ledger import Ledger, open_ledger

DAY = d(3, 10)


def state(on: date = DAY, **tables: Any) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Open amounts and credits of a day, in minor units."""
    known = open_ledger(ledger(**tables), on)
    return {item.invoice_id: item.open for item in known.items}, known.credits


def item(on: date = DAY, **tables: Any) -> Any:
    (only,) = open_ledger(ledger(**tables), on).items
    return only


def test_money_is_in_minor_units_of_its_currency() -> None:
    invoices = [invoice("A", amount="12.5"), invoice("J", amount="12", currency="JPY")]
    invoices += [invoice("T", amount="12.345", currency="TND")]
    assert state(invoices=invoices)[0] == {"A": 1250, "J": 12, "T": 12345}


def test_as_of_uses_what_is_issued_and_paid_on_or_before_the_day() -> None:
    known = {"invoices": [invoice("A", issue_date=d(3, 5))], "payments": [payment("30.00", d(3, 7), "A")]}
    assert state(d(3, 4), **known) == ({}, {})
    assert state(d(3, 5), **known) == ({"A": 10000}, {})
    assert state(d(3, 7), **known) == ({"A": 7000}, {})


def test_open_is_amount_less_payments_and_notes() -> None:
    known = {"invoices": [invoice(), note("N", "20.00", "A")], "payments": [payment("30.00", d(3, 1), "A")]}
    assert state(**known) == ({"A": 5000}, {})


def test_money_beyond_the_amount_is_the_invoices_payers_credit() -> None:
    known = {
        "customers": [customer(payer_id="P2"), customer("P2")],
        "invoices": [invoice(), note("N", "20.00", "A")],
    }
    assert state(**known, payments=[payment("90.00", d(3, 1), "A")]) == ({}, {("P2", "EUR"): 1000})


def test_a_reversal_beyond_what_was_paid_is_never_demanded() -> None:
    assert state(payments=[payment("-30.00", d(3, 1), "A")]) == ({"A": 10000}, {})


def test_unallocated_money_is_credit_of_the_customers_payer_and_never_below_zero() -> None:
    parties = {"customers": [customer(payer_id="P2"), customer("P2", payer_id="P3"), customer("P3")]}
    paid = payment("30.00", d(3, 1))
    assert state(**parties, payments=[paid])[1] == {("P2", "EUR"): 3000}
    assert state(**parties, payments=[paid, payment("-10.00", d(3, 2))])[1] == {("P2", "EUR"): 2000}
    assert state(**parties, payments=[paid, payment("-40.00", d(3, 2))])[1] == {}


@pytest.mark.parametrize("target", ["UNKNOWN", "LATER", "USD"])
def test_a_payment_for_an_unknown_invoice_or_in_another_currency_is_unallocated(target: str) -> None:
    invoices = [invoice("LATER", issue_date=d(3, 11)), invoice("USD", currency="USD")]
    opens, credit = state(invoices=invoices, payments=[payment("30.00", d(3, 1), target)])
    assert (opens, credit) == ({"USD": 10000}, {("P1", "EUR"): 3000})


def test_notes_that_credit_no_invoice_an_unknown_one_or_one_in_another_currency_are_credit() -> None:
    usd = invoice("U", currency="USD")
    for target in ("", "UNKNOWN", "U"):
        assert state(invoices=[usd, note("N", "40.00", target)]) == ({"U": 10000}, {("P1", "EUR"): 4000})
    later = invoice("LATER", issue_date=d(3, 11))
    assert state(invoices=[later, note("N", "40.00", "LATER")]) == ({}, {("P1", "EUR"): 4000})
    assert state(d(3, 11), invoices=[later, note("N", "40.00", "LATER")]) == ({"LATER": 6000}, {})


def test_a_note_counts_from_its_day_for_its_own_payer() -> None:
    loose = note("N", "40.00", issue_date=d(3, 11), payer_id="P2")
    assert state(invoices=[invoice(), loose])[1] == {}
    assert state(d(3, 11), invoices=[invoice(), loose])[1] == {("P2", "EUR"): 4000}


def test_a_refund_on_a_note_uses_it_up() -> None:
    def refunded(back: str, target: str) -> Any:
        return state(invoices=[invoice(), note("N", "40.00", target)], payments=[payment(back, d(3, 1), "N")])

    assert refunded("-15.00", "") == ({"A": 10000}, {("P1", "EUR"): 2500})
    assert refunded("-50.00", "") == ({"A": 10000}, {})
    assert refunded("-15.00", "A") == ({"A": 7500}, {})
    assert refunded("-40.00", "A") == ({"A": 10000}, {})


@pytest.mark.parametrize(
    "words",
    [{"status": "cancelled"}, *[{"delivery_status": word} for word in ("draft", "rejected", "refused")]],
)
def test_drafts_and_cancelled_rejected_or_refused_notes_do_not_count(words: dict[str, str]) -> None:
    for target in ("", "A"):
        assert state(invoices=[invoice(), note("N", "40.00", target, **words)]) == ({"A": 10000}, {})


def test_payments_on_a_cancelled_invoice_are_credit_and_notes_for_it_are_not() -> None:
    gone = invoice(status="cancelled")
    paid = [payment("30.00", d(3, 1), "A")]
    assert state(invoices=[gone, note("N", "40.00", "A")], payments=paid) == ({}, {("P1", "EUR"): 3000})


@pytest.mark.parametrize("status", ["written_off", "assigned"])
def test_written_off_and_assigned_invoices_are_not_open(status: str) -> None:
    paid = [payment("130.00", d(3, 1), "A")]
    assert state(invoices=[invoice(status=status)], payments=paid) == ({}, {("P1", "EUR"): 3000})


def test_an_invoice_of_zero_is_never_open() -> None:
    assert state(invoices=[invoice(amount="0")]) == ({}, {})


# --- terms --------------------------------------------------------------------------------------------

TERMS = [invoice("M", term="1", due_date=d(5, 5)), invoice("M", term="2", due_date=d(4, 3))]


def test_terms_are_items_of_their_own() -> None:
    assert state(invoices=TERMS) == ({"M/1": 10000, "M/2": 10000}, {})
    paid = [payment("30.00", d(3, 1), "M/1")]
    assert state(invoices=TERMS, payments=paid) == ({"M/1": 7000, "M/2": 10000}, {})


def test_a_payment_without_the_term_settles_terms_in_order_of_due_date() -> None:
    def paid(*amounts: str) -> Any:
        return state(invoices=TERMS, payments=[payment(one, d(3, 1), "M") for one in amounts])

    assert paid("30.00") == ({"M/1": 10000, "M/2": 7000}, {})
    assert paid("130.00") == ({"M/1": 7000}, {})
    assert paid("230.00") == ({}, {("P1", "EUR"): 3000})
    assert paid("130.00", "-50.00") == ({"M/1": 10000, "M/2": 2000}, {})


def test_what_a_term_was_paid_by_itself_comes_first() -> None:
    paid = [payment("80.00", d(3, 2), "M/2"), payment("30.00", d(3, 1), "M")]
    assert state(invoices=TERMS, payments=paid) == ({"M/1": 9000}, {})


def test_a_note_for_the_invoice_credits_its_terms_in_the_same_order() -> None:
    assert state(invoices=[*TERMS, note("N", "120.00", "M")]) == ({"M/1": 8000}, {})
    assert state(invoices=[*TERMS, note("N", "120.00", "M/1")]) == ({"M/2": 10000}, {("P1", "EUR"): 2000})


# --- versions -----------------------------------------------------------------------------------------


def two_extracts(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """One of 1 March, one of 10 March."""
    extracts = [ledger(**first, extract_date=d(3, 1)), ledger(**second, extract_date=d(3, 10))]
    return {"entity": "FR01", "extracts": [one["extracts"][0] for one in extracts]}


def on(both: dict[str, Any], day: date) -> Ledger:
    return open_ledger(both, day)


def test_the_newest_version_of_the_day_counts_else_the_oldest() -> None:
    both = two_extracts({"invoices": [invoice(amount="100.00")]}, {"invoices": [invoice(amount="90.00")]})
    days = (d(2, 10), d(3, 1), d(3, 9), d(3, 10), d(4, 1))
    assert [on(both, day).items[0].open for day in days] == [10000, 10000, 10000, 9000, 9000]
    assert [on(both, day).extract_date for day in days[:4]] == [d(3, 1), d(3, 1), d(3, 1), d(3, 10)]


def test_a_row_first_brought_later_counts_before_that_too() -> None:
    both = two_extracts({"invoices": []}, {"invoices": [invoice()]})
    assert [row.invoice_id for row in on(both, d(3, 5)).items] == ["A"]


def test_an_invoice_that_disappears_is_closed_from_that_extracts_date() -> None:
    both = two_extracts({}, {"invoices": []})
    assert len(on(both, d(3, 9)).items) == 1
    assert on(both, d(3, 10)).items == []
    both["extracts"].append(ledger(extract_date=d(3, 20))["extracts"][0])
    assert len(on(both, d(3, 20)).items) == 1


# --- what planning asks of the ledger -----------------------------------------------------------------


def test_reopened_by_the_latest_reversal_that_took_it_from_zero() -> None:
    payments = [
        payment("100.00", d(2, 10), "A"),
        payment("-100.00", d(2, 12), "A"),
        payment("100.00", d(2, 20), "A"),
        payment("-40.00", d(2, 25), "A"),
        payment("-10.00", d(2, 27), "A"),
    ]
    assert (item(payments=payments).reopened_on, item(payments=payments).open) == (d(2, 25), 5000)
    assert item(payments=payments).refused_on == d(2, 27)
    assert item(d(2, 13), payments=payments).reopened_on == d(2, 12)
    assert item(payments=payments[3:]).reopened_on is None


def test_paid_and_reversed_on_one_day_was_never_at_zero() -> None:
    payments = [payment("100.00", d(2, 10), "A"), payment("-100.00", d(2, 10), "A")]
    assert item(payments=payments).reopened_on is None


def test_blank_delivery_status_means_delivered() -> None:
    assert item().delivery_status == "delivered"


def test_sums_of_outcomes_equal_the_ledgers_total() -> None:
    invoices = [
        invoice("A"),
        invoice("B", delivery_status="draft"),
        invoice("C", amount="7.00", due_date=d(9, 1)),
    ]
    rows = planned(DAY, invoices=invoices)["outcomes"]
    assert sum(row["open"] for row in rows) == 20700


def test_over_payment_of_one_covers_another() -> None:
    invoices = [invoice("A"), invoice("B", due_date=d(3, 4))]
    payments = [payment("150.00", d(3, 1), "B")]
    assert brief(outcome(DAY, invoices=invoices, payments=payments)) == ("act", "first")
    assert outcome(DAY, invoices=invoices, payments=payments)["to_demand"] == 5000
