"""What is open on a day, and whose credit the rest is: each rule of the specification."""

from __future__ import annotations

import polars as pl
import pytest

from relance.ledger import take_snapshot
from relance.ledger.snapshot import ITEM_COLUMNS
from tests.unit.ledger.build import credit, customer, d, invoice, note, opens, payment, snapshot, versions

EUR = ("C1", "EUR")


def test_open_is_amount_less_payments_and_credit_notes_until_the_day() -> None:
    tables = {
        "invoices": [invoice(), note(credits_invoice_id="I1", issue_date=d("01-20"))],
        "payments": [payment("P1", 200, invoice_id="I1")],
    }
    assert opens(snapshot("01-09", **tables)) == {"I1": 1000}
    assert opens(snapshot("01-10", **tables)) == {"I1": 800}
    assert opens(snapshot("01-20", **tables)) == {"I1": 500}


def test_an_invoice_issued_later_is_unknown() -> None:
    shot = snapshot("01-31", invoices=[invoice(issue_date=d("02-01"))])
    assert opens(shot) == {}
    assert shot.currencies == ()


def test_a_payment_dated_later_does_not_exist() -> None:
    assert opens(
        snapshot("01-09", invoices=[invoice()], payments=[payment("P1", 1000, invoice_id="I1")])
    ) == {"I1": 1000}


def test_money_beyond_the_amount_is_credit_of_the_invoices_payer() -> None:
    shot = snapshot(
        customers=[customer(), customer("C2")],
        invoices=[invoice(payer_id="C2")],
        payments=[payment("P1", 1200, invoice_id="I1")],
    )
    assert opens(shot) == {}
    assert credit(shot) == {("C2", "EUR"): 200}


def test_a_reversal_beyond_what_was_paid_is_reported_and_never_demanded() -> None:
    shot = snapshot(invoices=[invoice()], payments=[payment("P1", -200, invoice_id="I1")])
    assert opens(shot) == {"I1": 1000}
    assert credit(shot) == {}
    assert [(one.kind, one.subject) for one in shot.warnings] == [("reversal_beyond_paid", "I1")]


def test_unallocated_payments_are_credit_of_the_customers_payer() -> None:
    shot = snapshot(customers=[customer(payer_id="C2"), customer("C2")], payments=[payment("P1", 70)])
    assert credit(shot) == {("C2", "EUR"): 70}


def test_a_payment_naming_an_unknown_invoice_or_another_currency_is_unallocated() -> None:
    payments = [payment("P1", 50, invoice_id="nobody"), payment("P2", 60, invoice_id="I1", currency="USD")]
    shot = snapshot(invoices=[invoice()], payments=payments)
    assert opens(shot) == {"I1": 1000}
    assert credit(shot) == {EUR: 50, ("C1", "USD"): 60}


def test_a_payment_naming_an_invoice_issued_later_is_unallocated_until_then() -> None:
    tables = {"invoices": [invoice(issue_date=d("02-01"))], "payments": [payment("P1", 400, invoice_id="I1")]}
    assert credit(snapshot("01-31", **tables)) == {EUR: 400}
    after = snapshot("02-01", **tables)
    assert (opens(after), credit(after)) == ({"I1": 600}, {})


@pytest.mark.parametrize("target", [None, "nobody", "I2", "N2"])
def test_a_note_that_credits_nothing_known_in_its_currency_is_credit(target: str | None) -> None:
    rows = [invoice(), invoice("I2", currency="USD"), note(credits_invoice_id=target), note("N2", amount=0)]
    shot = snapshot(invoices=rows)
    assert credit(shot) == {EUR: 300}
    assert opens(shot)["I1"] == 1000


def test_a_note_is_credit_of_its_own_payer() -> None:
    shot = snapshot(customers=[customer(), customer("C2")], invoices=[note(payer_id="C2")])
    assert credit(shot) == {("C2", "EUR"): 300}


def test_a_refund_on_a_credit_note_uses_it_up() -> None:
    assert credit(snapshot(invoices=[note()], payments=[payment("P1", -200, invoice_id="N1")])) == {EUR: 100}
    assert credit(snapshot(invoices=[note()], payments=[payment("P1", -500, invoice_id="N1")])) == {}
    linked = [invoice(), note(credits_invoice_id="I1")]
    assert opens(snapshot(invoices=linked, payments=[payment("P1", -300, invoice_id="N1")])) == {"I1": 1000}


@pytest.mark.parametrize(
    "void", [{"delivery_status": one} for one in ("draft", "rejected", "refused")] + [{"status": "cancelled"}]
)
def test_drafts_and_cancelled_rejected_or_refused_notes_do_not_count(void: dict[str, str]) -> None:
    assert credit(snapshot(invoices=[note(**void)])) == {}
    assert opens(snapshot(invoices=[invoice(), note(credits_invoice_id="I1", **void)])) == {"I1": 1000}


def test_payments_on_a_cancelled_invoice_are_credit_and_notes_that_credit_it_are_not() -> None:
    rows = [invoice(status="cancelled"), note(credits_invoice_id="I1")]
    paid = [payment("P1", 250, invoice_id="I1"), payment("P2", -50, invoice_id="I1")]
    shot = snapshot(invoices=rows, payments=paid)
    assert (opens(shot), credit(shot)) == ({}, {EUR: 200})
    assert credit(snapshot(invoices=rows, payments=[payment("P1", -50, invoice_id="I1")])) == {}


def test_credit_is_never_below_zero_and_refunds_net_against_unallocated_money() -> None:
    assert credit(snapshot(payments=[payment("P1", 100), payment("P2", -40)])) == {EUR: 60}
    assert credit(snapshot(payments=[payment("P1", 100), payment("P2", -140)])) == {}


@pytest.mark.parametrize(
    "gone", [{"status": one} for one in ("cancelled", "written_off", "assigned")] + [{"closed": True}]
)
def test_cancelled_written_off_assigned_and_closed_invoices_are_not_open(gone: dict[str, object]) -> None:
    shot = snapshot(invoices=[invoice(**gone)])
    assert opens(shot) == {}
    assert shot.currencies == ("EUR",)


def test_an_over_payment_of_a_closed_invoice_is_still_credit() -> None:
    shot = snapshot(invoices=[invoice(closed=True)], payments=[payment("P1", 1100, invoice_id="I1")])
    assert credit(shot) == {EUR: 100}


def test_an_invoice_of_zero_is_never_open() -> None:
    assert opens(snapshot(invoices=[invoice(amount=0)])) == {}


def test_a_closed_customer_still_owes() -> None:
    assert opens(snapshot(customers=[customer(status="closed")], invoices=[invoice()])) == {"I1": 1000}


def test_blank_delivery_status_means_delivered() -> None:
    assert snapshot(invoices=[invoice()]).items["delivery_status"].to_list() == ["delivered"]


# ---------------------------------------------------------------- payers


def test_the_payer_is_the_invoices_else_the_customers_else_the_customer() -> None:
    parties = [customer(payer_id="C2"), customer("C2"), customer("C3")]
    rows = [invoice(), invoice("I2", payer_id="C3"), invoice("I3", customer_id="C3")]
    shot = snapshot(customers=parties, invoices=rows)
    assert shot.items["payer_id"].to_list() == ["C2", "C3", "C3"]


def test_one_hop_is_followed_and_a_chain_or_cycle_is_a_warning() -> None:
    parties = [customer(payer_id="C2"), customer("C2", payer_id="C3"), customer("C3", payer_id="C2")]
    shot = snapshot(customers=parties, invoices=[invoice()])
    assert shot.items["payer_id"].to_list() == ["C2"]
    assert [(one.kind, one.subject) for one in shot.warnings] == [
        ("payer_chain", "C1"),
        ("payer_cycle", "C2"),
        ("payer_cycle", "C3"),
    ]


def test_a_customer_who_names_itself_as_payer_is_no_cycle() -> None:
    assert snapshot(customers=[customer(payer_id="C1")]).warnings == ()


# ---------------------------------------------------------------- terms

TERMS = [
    invoice(term=2, due_date=d("02-01"), amount=400),
    invoice(term=1, due_date=d("03-01"), amount=600),
]


def test_a_term_is_an_item_of_its_own_id() -> None:
    shot = snapshot(invoices=TERMS)
    assert shot.items.select("invoice_id", "base_id", "term").rows() == [("I1/1", "I1", 1), ("I1/2", "I1", 2)]


def test_a_payment_naming_the_invoice_settles_its_terms_in_order_of_due_date() -> None:
    assert opens(snapshot(invoices=TERMS, payments=[payment("P1", 500, invoice_id="I1")])) == {"I1/1": 500}


def test_terms_of_one_due_date_are_settled_in_order_of_term() -> None:
    rows = [invoice(term=10, amount=400), invoice(term=9, amount=600)]
    assert opens(snapshot(invoices=rows, payments=[payment("P1", 600, invoice_id="I1")])) == {"I1/10": 400}


def test_money_beyond_all_terms_is_credit() -> None:
    shot = snapshot(invoices=TERMS, payments=[payment("P1", 1100, invoice_id="I1")])
    assert (opens(shot), credit(shot)) == ({}, {EUR: 100})


def test_a_payment_naming_a_term_comes_before_one_naming_the_invoice() -> None:
    paid = [payment("P1", 500, invoice_id="I1"), payment("P2", 400, invoice_id="I1/2")]
    assert opens(snapshot(invoices=TERMS, payments=paid)) == {"I1/1": 100}


def test_a_note_crediting_the_invoice_settles_its_terms_in_the_same_order() -> None:
    assert opens(snapshot(invoices=[*TERMS, note(credits_invoice_id="I1", amount=500)])) == {"I1/1": 500}


def test_a_reversal_naming_a_term_opens_that_term_though_the_invoice_was_paid_as_a_whole() -> None:
    paid = [payment("P1", 1000, invoice_id="I1"), payment("P2", -300, invoice_id="I1/1", date=d("01-15"))]
    shot = snapshot(invoices=TERMS, payments=paid)
    assert opens(shot) == {"I1/1": 300}
    assert shot.items["reopened_on"].to_list() == [d("01-15")]
    assert shot.warnings == ()


def test_a_reversal_naming_the_invoice_takes_back_what_its_terms_were_paid() -> None:
    paid = [payment("P1", 400, invoice_id="I1/2"), payment("P2", -300, invoice_id="I1", date=d("01-15"))]
    assert opens(snapshot(invoices=TERMS, payments=paid)) == {"I1/2": 300, "I1/1": 600}


def test_a_cancelled_term_takes_nothing_of_what_names_the_invoice() -> None:
    rows = [TERMS[0] | {"status": "cancelled"}, TERMS[1]]
    assert opens(snapshot(invoices=rows, payments=[payment("P1", 500, invoice_id="I1")])) == {"I1/1": 100}


def test_what_names_an_invoice_whose_terms_are_all_cancelled_is_credit_if_it_is_a_payment() -> None:
    rows = [row | {"status": "cancelled"} for row in TERMS]
    shot = snapshot(
        invoices=[*rows, note(credits_invoice_id="I1")], payments=[payment("P1", 500, invoice_id="I1")]
    )
    assert credit(shot) == {EUR: 500}


# ---------------------------------------------------------------- reversals


def test_refused_on_is_the_last_negative_payment_and_reopened_on_the_last_that_opened_it_again() -> None:
    paid = [
        payment("P1", 1000, invoice_id="I1"),
        payment("P2", -1000, invoice_id="I1", date=d("01-20")),
        payment("P3", 100, invoice_id="I1", date=d("01-25")),
        payment("P4", -50, invoice_id="I1", date=d("01-30")),
    ]
    tables = {"invoices": [invoice()], "payments": paid}
    row = snapshot("02-01", **tables).items.row(0, named=True)
    assert (row["open"], row["refused_on"], row["reopened_on"]) == (950, d("01-30"), d("01-20"))
    row = snapshot("01-29", **tables).items.row(0, named=True)
    assert (row["refused_on"], row["reopened_on"]) == (d("01-20"), d("01-20"))


def test_a_reversal_met_by_a_payment_of_the_same_day_opens_nothing() -> None:
    paid = [
        payment("P1", 1000, invoice_id="I1"),
        payment("P2", -1000, invoice_id="I1", date=d("01-20")),
        payment("P3", 1000, invoice_id="I1", date=d("01-20")),
        payment("P4", -1, invoice_id="I1", date=d("01-21")),
    ]
    row = snapshot(invoices=[invoice()], payments=paid).items.row(0, named=True)
    assert (row["open"], row["reopened_on"]) == (1, d("01-21"))


def test_a_refund_of_the_note_that_settled_an_invoice_is_no_reversal_of_the_invoice() -> None:
    rows = [invoice(amount=300), note(credits_invoice_id="I1")]
    row = snapshot(invoices=rows, payments=[payment("P1", -300, invoice_id="N1")]).items.row(0, named=True)
    assert (row["open"], row["refused_on"], row["reopened_on"]) == (300, None, None)


# ---------------------------------------------------------------- versions


def test_on_a_day_counts_the_newest_version_brought_by_then_else_the_oldest() -> None:
    rows = [
        invoice(amount=amount, extract_date=d(on))
        for amount, on in ((100, "02-01"), (200, "03-01"), (300, "04-01"))
    ]
    shots = {on: snapshot(on, invoices=rows) for on in ("01-15", "02-28", "03-01", "03-31", "12-01")}
    assert {on: opens(shot)["I1"] for on, shot in shots.items()} == {
        "01-15": 100,
        "02-28": 100,
        "03-01": 200,
        "03-31": 200,
        "12-01": 300,
    }
    assert shots["02-28"].extract_date == d("02-01")
    assert snapshot("01-15", customers=[customer(extract_date=d("02-01"))], invoices=rows).extract_date == d(
        "02-01"
    )


def test_of_two_imports_of_one_extract_date_the_later_counts() -> None:
    rows = [invoice(amount=100, import_id=1), invoice(amount=200, import_id=2)]
    assert opens(snapshot("03-01", invoices=rows)) == {"I1": 200}
    assert opens(snapshot("07-01", invoices=rows)) == {"I1": 200}


def test_an_invoice_closed_by_the_source_was_open_before_that_extract() -> None:
    rows = [invoice(extract_date=d("02-01")), invoice(extract_date=d("03-01"), import_id=2, closed=True)]
    assert opens(snapshot("02-28", invoices=rows)) == {"I1": 1000}
    assert opens(snapshot("03-01", invoices=rows)) == {}
    corrected = [invoice(), invoice(import_id=2, closed=True)]
    assert opens(snapshot("03-01", invoices=corrected)) == {"I1": 1000}
    assert opens(snapshot("06-01", invoices=corrected)) == {}


# ---------------------------------------------------------------- the snapshot itself


def test_items_have_the_promised_columns_even_when_there_are_none() -> None:
    empty = snapshot()
    full = snapshot(invoices=[invoice()])
    assert tuple(empty.items.columns) == ITEM_COLUMNS
    assert empty.items.schema == full.items.schema
    assert full.items.schema["open"] == pl.Int64
    assert full.items.schema["term"] == pl.Int32


def test_the_digest_is_that_of_the_content_whatever_the_order_of_rows() -> None:
    rows = [invoice(), invoice("I2"), note()]
    paid = [payment("P1", 10, invoice_id="I1"), payment("P2", 20)]
    one = snapshot(invoices=rows, payments=paid)
    other = snapshot(invoices=rows[::-1], payments=paid[::-1])
    assert one.digest == other.digest
    assert one.digest != snapshot(invoices=rows, payments=paid[:1]).digest
    assert one.digest != snapshot("03-02", invoices=rows, payments=paid).digest


def test_nothing_known_and_blank_text_have_different_digests() -> None:
    assert (
        snapshot(customers=[customer(segment=None)]).digest
        != snapshot(customers=[customer(segment="")]).digest
    )


def test_days_within_one_extract_share_their_rows() -> None:
    ledger = versions(invoices=[invoice()])
    assert take_snapshot(ledger, d("03-01")).customers is take_snapshot(ledger, d("03-02")).customers
