"""Values out of cells, exactly; and words for what can't be read."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.ledger.cells import CellError, Formats, read_amount, read_column, read_date, reader
from relance.ledger.tables import CONTACTS, CUSTOMERS, INVOICES, Column
from relance.money import digits, to_decimal

PLAIN = Formats()
GERMAN = Formats(decimal=",", thousands=".", date_formats=("%d.%m.%Y",))


def column(
    column: Column, texts: list[str | None], currencies: list[str] | None = None, formats: Formats = PLAIN
) -> list:
    money = pl.Series(currencies or ["EUR"] * len(texts))
    return read_column(pl.Series("x", texts, pl.String), column, formats=formats, currencies=money).to_list()


AMOUNT = INVOICES.column("amount")


def test_money_is_kept_in_minor_units_of_its_currency() -> None:
    assert column(
        AMOUNT, ["12.50", "12.5", "12", "1000", "1.234", "-3.10"], ["EUR", "EUR", "EUR", "JPY", "TND", "EUR"]
    ) == [
        1250,
        1250,
        1200,
        1000,
        1234,
        -310,
    ]


def test_zeros_after_the_last_decimal_are_no_decimals() -> None:
    assert column(AMOUNT, ["10.500", "7.0"], ["EUR", "JPY"]) == [1050, 7]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12,50",
        "1 000",
        "abc",
        "1e3",
        "12.345",
        "--1",
        "1.2.3",
        "٣",
        "NaN",
        "inf",
        "$5",
        "9" * 16,
        "0x10",
        ".",
    ],
)
def test_what_is_no_amount_is_not_read(text: str) -> None:
    assert column(AMOUNT, [text, "1.00"]) == [None, 100]
    with pytest.raises(CellError):
        read_amount(text, "EUR", PLAIN)


def test_decimal_comma_and_thousands_are_read_as_the_mapping_says() -> None:
    assert column(AMOUNT, ["1.234,56", "1234,5", "12", "1.234.567,00"], formats=GERMAN) == [
        123456,
        123450,
        1200,
        123456700,
    ]
    assert column(AMOUNT, ["1.23", "1234.56", "12.3456,00"], formats=GERMAN) == [None, None, None]


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "TND", "CLF", "USD"]))
def test_every_amount_comes_back_exactly(minor: int, currency: str) -> None:
    text = f"{to_decimal(minor, currency):f}"
    assert column(AMOUNT, [text], [currency]) == [minor] == [read_amount(text, currency, PLAIN)]


@given(
    st.text("0123456789.,-+ e", max_size=12),
    st.sampled_from(["EUR", "JPY"]),
    st.sampled_from([PLAIN, GERMAN]),
)
def test_a_column_of_amounts_is_read_as_each_alone(text: str, currency: str, formats: Formats) -> None:
    try:
        alone: int | None = read_amount(text, currency, formats)
    except CellError:
        alone = None
    assert column(AMOUNT, [text], [currency], formats) == [alone]


def test_an_amount_without_a_good_currency_is_not_judged() -> None:
    assert read_column(
        pl.Series(["12.345", "x"]), AMOUNT, formats=PLAIN, currencies=pl.Series([None, None], dtype=pl.String)
    ).to_list() == [0, None]


@pytest.mark.parametrize("text", ["true", "TRUE", "Yes", "y", "1"])
def test_booleans_true(text: str) -> None:
    assert column(CUSTOMERS.column("vip"), [text]) == [True]


@pytest.mark.parametrize("text", ["false", "No", "N", "0"])
def test_booleans_false(text: str) -> None:
    assert column(CUSTOMERS.column("vip"), [text]) == [False]


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (CUSTOMERS.column("vip"), "maybe"),
        (CUSTOMERS.column("country"), "France"),
        (CUSTOMERS.column("country"), "UK"),
        (CUSTOMERS.column("language"), "franglais"),
        (CUSTOMERS.column("language"), "xq"),
        (CUSTOMERS.column("timezone"), "Paris"),
        (CUSTOMERS.column("timezone"), "../etc/passwd"),
        (CUSTOMERS.column("payment_method"), "barter"),
        (CUSTOMERS.column("status"), "gone"),
        (CUSTOMERS.column("legal_form"), "club"),
        (CUSTOMERS.column("recurring_revenue"), "12.5"),
        (CUSTOMERS.column("sales_owner"), "nobody at home"),
        (CUSTOMERS.column("iban"), "FR7630006000011234567890188"),
        (CONTACTS.column("email"), "a@b"),
        (CONTACTS.column("email"), "a..b@c.example"),
        (CONTACTS.column("email"), "a b@c.example"),
        (CONTACTS.column("role"), "boss"),
        (CONTACTS.column("opt_out"), "email|pigeon"),
        (INVOICES.column("currency"), "EURO"),
        (INVOICES.column("currency"), "ZZZ"),
        (INVOICES.column("kind"), "receipt"),
        (INVOICES.column("status"), "lost"),
        (INVOICES.column("delivery_status"), "flying"),
        (INVOICES.column("term"), "one"),
        (INVOICES.column("issue_date"), "2026-02-30"),
        (INVOICES.column("issue_date"), "31/12/2026"),
        (INVOICES.column("issue_date"), "1026-01-01"),
    ],
)
def test_what_a_column_cannot_hold_is_not_read_and_the_reason_says_what_is_expected(
    where: Column, text: str
) -> None:
    assert column(where, [text, None]) == [None, None]
    with pytest.raises(CellError, match=r"; write "):
        reader(where, formats=PLAIN, currency="EUR")(text)


@pytest.mark.parametrize(
    ("where", "text", "value"),
    [
        (CUSTOMERS.column("country"), "fr", "FR"),
        (CUSTOMERS.column("language"), "de-at", "de-AT"),
        (CUSTOMERS.column("language"), "zh_hant_TW", "zh-Hant-TW"),
        (CUSTOMERS.column("timezone"), "Europe/Paris", "Europe/Paris"),
        (CUSTOMERS.column("status"), "Insolvency", "insolvency"),
        (CUSTOMERS.column("credit_limit"), "1000.50", 100050),
        (CUSTOMERS.column("iban"), "FR76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189"),
        (CONTACTS.column("email"), "a.b+c@d-e.example", "a.b+c@d-e.example"),
        (CONTACTS.column("opt_out"), "email| SMS |email", "email|sms"),
        (INVOICES.column("currency"), "eur", "EUR"),
        (INVOICES.column("term"), "02", 2),
        (INVOICES.column("issue_date"), "2024-02-29", date(2024, 2, 29)),
    ],
)
def test_what_a_column_can_hold_is_put_into_one_form(where: Column, text: str, value: object) -> None:
    assert column(where, [text]) == [value]


def test_dates_are_tried_in_the_formats_of_the_mapping() -> None:
    assert read_date("24.12.2026", GERMAN) == date(2026, 12, 24)
    with pytest.raises(CellError, match=r"write it as 24\.12\.2026"):
        read_date("2026-12-24", GERMAN)


@given(st.text(max_size=20))
def test_an_email_column_is_read_as_each_address_alone(text: str) -> None:
    where = CONTACTS.column("email")
    try:
        reader(where, formats=PLAIN, currency=None)(text)
        alone = [text]
    except CellError:
        alone = [None]
    assert column(where, [text]) == alone


def test_minor_units_are_those_of_iso_4217() -> None:
    assert [digits(code) for code in ("JPY", "EUR", "TND")] == [0, 2, 3]
