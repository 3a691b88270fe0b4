"""Each kind of bad row is turned away with file, line, column, value and reason; the good rows go on."""

from __future__ import annotations

from typing import Any

import pytest

from relance.ledger import list_quarantine
from relance.store.database import Database
from tests.integration.ledger.conftest import Take, contact, customer, invoice, payment, signal

pytestmark = pytest.mark.integration

GOOD: dict[str, list[dict[str, Any]]] = {
    "customers": [customer(), customer("C2")],
    "contacts": [contact()],
    "invoices": [invoice()],
    "payments": [payment()],
    "signals": [signal()],
}

KINDS = [
    # (table, the bad row, column, value, words of the reason)
    ("invoices", invoice(""), "invoice_id", None, "is missing"),
    ("invoices", invoice("B", customer_id=" "), "customer_id", None, "is missing"),
    ("invoices", invoice("B", due_date=""), "due_date", None, "is missing"),
    ("customers", customer("B", name=""), "name", None, "is missing"),
    ("customers", customer("B", country=""), "country", None, "is missing"),
    ("payments", payment("B", amount=""), "amount", None, "is missing"),
    (
        "invoices",
        invoice("B", issue_date="2026-02-30"),
        "issue_date",
        "2026-02-30",
        "is not a date; write it as 2026-12-24",
    ),
    ("payments", payment("B", date="yesterday"), "date", "yesterday", "is not a date"),
    ("signals", signal(until="31/12/2026"), "until", "31/12/2026", "is not a date"),
    ("signals", signal(**{"from": "soon"}), "from", "soon", "is not a date"),
    ("invoices", invoice("B", amount="12,50"), "amount", "12,50", "is not an amount; write it as 1234.56"),
    ("invoices", invoice("B", amount="1.234"), "amount", "1.234", "has more decimals than EUR has (2)"),
    (
        "invoices",
        invoice("B", amount="100.5", currency="JPY"),
        "amount",
        "100.5",
        "has more decimals than JPY has (0)",
    ),
    (
        "payments",
        payment("B", amount="1.2345", currency="TND"),
        "amount",
        "1.2345",
        "has more decimals than TND has (3)",
    ),
    ("invoices", invoice("B", currency="EURO"), "currency", "EURO", "is not a currency"),
    ("payments", payment("B", currency="XXX"), "currency", "XXX", "is not a currency"),
    ("invoices", invoice("B", amount="-1.00"), "amount", "-1.00", "is negative"),
    ("invoices", invoice("I1", amount="99.00"), "invoice_id", "I1", "stands twice with other content"),
    ("customers", customer(name="Other"), "customer_id", "C1", "stands twice with other content"),
    ("contacts", contact(name="Other"), "contact_id", "K1", "stands twice with other content"),
    ("payments", payment(amount="1.00"), "payment_id", "P1", "stands twice with other content"),
    ("invoices", invoice("B", customer_id="nobody"), "customer_id", "nobody", "is no known customer"),
    ("invoices", invoice("B", payer_id="nobody"), "payer_id", "nobody", "is no known payer"),
    ("customers", customer("B", payer_id="nobody"), "payer_id", "nobody", "is no known payer"),
    ("contacts", contact("B", customer_id="nobody"), "customer_id", "nobody", "is no known customer"),
    ("payments", payment("B", customer_id="nobody"), "customer_id", "nobody", "is no known customer"),
    ("signals", signal(customer_id="nobody"), "customer_id", "nobody", "is no known customer"),
    (
        "invoices",
        invoice("B", due_date="2024-12-31"),
        "due_date",
        "2024-12-31",
        "more than a year before the issue date",
    ),
    (
        "contacts",
        contact("B", email="not an address"),
        "email",
        "not an address",
        "can't be an e-mail address",
    ),
    ("customers", customer("B", collector="@lumen"), "collector", "@lumen", "can't be an e-mail address"),
    ("customers", customer("B", sales_owner="a@b"), "sales_owner", "a@b", "can't be an e-mail address"),
    ("signals", signal(owner="me"), "owner", "me", "can't be an e-mail address"),
    (
        "customers",
        customer("B", iban="FR7630006000011234567890188"),
        "iban",
        "FR7630006000011234567890188",
        "can't be an IBAN",
    ),
    ("invoices", invoice("B", status="lost"), "status", "lost", "write one of open, cancelled"),
    ("invoices", invoice("B", kind="receipt"), "kind", "receipt", "write one of invoice, credit_note"),
    ("invoices", invoice("B", delivery_status="flying"), "delivery_status", "flying", "write one of draft"),
    ("invoices", invoice("B", term="first"), "term", "first", "is not a whole number"),
    ("invoices", invoice("B", term="0"), "term", "0", "terms are numbered 1, 2, 3"),
    ("customers", customer("B", status="gone"), "status", "gone", "write one of active"),
    ("customers", customer("B", legal_form="club"), "legal_form", "club", "write one of company"),
    (
        "customers",
        customer("B", payment_method="barter"),
        "payment_method",
        "barter",
        "write one of transfer",
    ),
    ("contacts", contact("B", role="boss"), "role", "boss", "write one of accounts_payable"),
    (
        "contacts",
        contact("B", preferred_channel="pigeon"),
        "preferred_channel",
        "pigeon",
        "write one of email",
    ),
    ("contacts", contact("B", opt_out="email|pigeon"), "opt_out", "email|pigeon", "write one of email"),
    ("signals", signal(kind="gossip"), "kind", "gossip", "write one of support_ticket"),
    ("customers", customer("B", country="France"), "country", "France", "is not a country"),
    ("customers", customer("B", vip="maybe"), "vip", "maybe", "is neither yes nor no"),
    ("contacts", contact("B", active="perhaps"), "active", "perhaps", "is neither yes nor no"),
    ("customers", customer("B", language="franglais"), "language", "franglais", "is not a language"),
    ("customers", customer("B", timezone="Mars/Base"), "timezone", "Mars/Base", "is not a time zone"),
]


@pytest.mark.parametrize(("table", "bad", "column", "value", "words"), KINDS)
def test_a_bad_row_is_turned_away_with_its_place_and_the_good_rows_go_on(
    take: Take,
    database: Database,
    table: str,
    bad: dict[str, Any],
    column: str,
    value: str | None,
    words: str,
) -> None:
    report = take(**{**GOOD, table: [*GOOD[table], bad]})
    (row,) = list_quarantine(database, "FR01")
    assert (row.table, row.file, row.line, row.column, row.value) == (
        table,
        f"{table}.csv",
        len(GOOD[table]) + 2,
        column,
        value,
    )
    assert words in row.reason
    assert (report.read, report.inserted, report.quarantined) == (7, 6, 1)


def test_due_just_a_year_before_issue_is_no_bad_row(take: Take) -> None:
    rows = [invoice("A", due_date="2025-01-01"), invoice("B", due_date="2025-12-31")]
    assert take(customers=[customer()], invoices=rows).quarantined == 0


def test_exact_repeats_count_as_unchanged(take: Take, database: Database) -> None:
    rows = {name: [*rows, rows[0]] for name, rows in GOOD.items()}
    report = take(**rows)
    assert (report.read, report.inserted, report.unchanged, report.quarantined) == (11, 6, 5, 0)
    assert take(**rows).unchanged == 11


def test_of_two_rows_of_one_id_the_first_stays(take: Take, database: Database) -> None:
    take(
        customers=[customer()],
        invoices=[invoice(amount="1.00"), invoice(amount="2.00"), invoice(amount="1.00")],
    )
    assert [row.line for row in list_quarantine(database, "FR01")] == [3]
    assert database.read("SELECT amount FROM invoice_version")["amount"].to_list() == [100]


def test_terms_of_one_invoice_have_ids_of_their_own(take: Take, database: Database) -> None:
    rows = [invoice(term="1"), invoice(term="2"), invoice(term="2", amount="1.00")]
    take(customers=[customer()], invoices=rows)
    assert [(row.key, row.line) for row in list_quarantine(database, "FR01")] == [("I1/2", 4)]


def test_what_belongs_to_a_bad_customer_is_bad_too(take: Take, database: Database) -> None:
    parties = [
        customer(),
        customer("B", country="?"),
        customer("C3", payer_id="B"),
        customer("C4", payer_id="C3"),
    ]
    report = take(
        customers=parties,
        contacts=[contact(customer_id="B")],
        invoices=[invoice(), invoice("I2", customer_id="B"), invoice("I3", payer_id="C4")],
        payments=[payment(customer_id="C3")],
        signals=[],
    )
    places = [(row.table, row.line, row.column) for row in list_quarantine(database, "FR01")]
    assert places == [
        ("customers", 3, "country"),
        ("customers", 4, "payer_id"),
        ("customers", 5, "payer_id"),
        ("contacts", 2, "customer_id"),
        ("invoices", 3, "customer_id"),
        ("invoices", 4, "payer_id"),
        ("payments", 2, "customer_id"),
    ]
    assert report.inserted == 2


def test_a_customer_known_from_an_earlier_import_is_known(take: Take) -> None:
    take(customers=[customer(), customer("C2")], invoices=[invoice()])
    later = take(
        "2026-03-02",
        customers=[customer("C2", country="?"), customer(payer_id="C2")],
        invoices=[invoice(customer_id="C2")],
    )
    assert (later.quarantined, later.updated) == (1, 2)


def test_several_bad_cells_are_one_bad_row_that_names_them_all(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice("B", amount="x", currency="?", due_date="never")])
    (row,) = list_quarantine(database, "FR01")
    assert row.column == "due_date"
    assert "; amount is not an amount" in row.reason
    assert "; currency is not a currency" in row.reason


def test_a_row_with_more_cells_than_the_header_is_bad(take: Take, database: Database, tmp_path: Any) -> None:
    (tmp_path / "customers.csv").write_text("customer_id,name,country\nC1,Lumen, SAS,FR\nC2,x,FR\n")
    (tmp_path / "invoices.csv").write_text("invoice_id,customer_id,issue_date,due_date,amount,currency\n")
    take(source=tmp_path)
    (row,) = list_quarantine(database, "FR01")
    assert (row.line, row.column, row.value) == (2, "*", "FR")


def test_lines_count_line_breaks_inside_quotes(take: Take, database: Database) -> None:
    rows = [invoice(description="one\ntwo\nthree"), invoice("B", amount="x")]
    take(customers=[customer()], invoices=rows)
    assert [row.line for row in list_quarantine(database, "FR01")] == [5]
