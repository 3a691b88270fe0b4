"""The fixed sum for recovery costs, by country and size of the claim."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from relance import law
from relance.money import Money

DUE, UNTIL = date(2024, 6, 20), date(2024, 7, 10)


def _late(book: law.LawBook, country: str, claim: str, **more: Any) -> law.Interest:
    return law.late_interest(book, country=country, amount=Money.parse(claim), due=DUE, until=UNTIL, **more)


@pytest.mark.parametrize(
    ("country", "claim", "expected"),
    [
        *[(country, "0.01 EUR", "40.00 EUR") for country in ("FR", "DE", "ES", "IT", "BE", "PT", "AT", "LU")],
        ("SE", "100.00 SEK", "450.00 SEK"),
        ("DK", "100.00 DKK", "310.00 DKK"),
        # United Kingdom: under 1,000, under 10,000, from 10,000
        ("GB", "999.99 GBP", "40.00 GBP"),
        ("GB", "1000.00 GBP", "70.00 GBP"),
        ("GB", "9999.99 GBP", "70.00 GBP"),
        ("GB", "10000.00 GBP", "100.00 GBP"),
        # Ireland: up to 1,000, up to 10,000, above
        ("IE", "1000.00 EUR", "40.00 EUR"),
        ("IE", "1000.01 EUR", "70.00 EUR"),
        ("IE", "10000.00 EUR", "70.00 EUR"),
        ("IE", "10000.01 EUR", "100.00 EUR"),
        # Netherlands: 15 % of 2,500, 10 % of the next 2,500, 5 % of 5,000, 1 % of 190,000, 0.5 % above
        ("NL", "100.00 EUR", "40.00 EUR"),  # 15.00, raised to the minimum
        ("NL", "2500.00 EUR", "375.00 EUR"),
        ("NL", "10000.00 EUR", "875.00 EUR"),  # 375 + 250 + 250
        ("NL", "200000.00 EUR", "2775.00 EUR"),  # 875 + 1,900
        ("NL", "1000000.00 EUR", "6775.00 EUR"),  # 2,775 + 4,000
        ("NL", "5000000.00 EUR", "6775.00 EUR"),  # the maximum
    ],
)
def test_fixed_sum_by_size_of_the_claim(book: law.LawBook, country: str, claim: str, expected: str) -> None:
    result = _late(book, country, claim)
    assert result.compensation is not None
    assert result.compensation_currency is not None
    assert Money(result.compensation_currency, result.compensation) == Money.parse(expected)
    assert result.compensation_missing is None


def test_switzerland_gives_none(book: law.LawBook) -> None:
    result = _late(book, "CH", "10000.00 CHF")
    assert (result.compensation, result.compensation_missing) == (0, None)


def test_public_buyers_in_france_owe_the_forty_euro_too(book: law.LawBook) -> None:
    assert _late(book, "FR", "10000.00 EUR", debtor="public").compensation == 4_000


def test_fixed_sum_keeps_its_own_currency(book: law.LawBook) -> None:
    result = _late(book, "FR", "10000.00 USD")
    assert (result.currency, result.compensation, result.compensation_currency) == ("USD", 4_000, "EUR")


def test_tiers_of_another_currency_are_not_guessed(book: law.LawBook) -> None:
    result = _late(book, "GB", "10000.00 EUR")
    assert (result.compensation, result.compensation_currency) == (None, None)
    assert "GBP" in (result.compensation_missing or "")
    assert result.interest > 0


def test_size_is_what_was_unpaid_when_it_became_late(book: law.LawBook) -> None:
    assert _late(book, "GB", "1500.00 GBP", payments=[(DUE, 60_000)]).compensation == 4_000
    assert _late(book, "GB", "1500.00 GBP", payments=[(UNTIL, 60_000)]).compensation == 7_000


def test_polish_sum_is_refused_without_the_rate_of_the_national_bank(book: law.LawBook) -> None:
    result = _late(book, "PL", "10000.00 PLN")
    assert result.compensation is None
    assert "nbp_eur_pln" in (result.compensation_missing or "")
    assert "2024-06" in (result.compensation_missing or "")
    assert result.interest == 8_630  # 10,000 × 15.75 % × 20 / 365 = 86.3013…


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("5000.00 PLN", 17_120),  # 40 × 4.28
        ("5000.01 PLN", 29_960),  # 70 × 4.28
        ("49999.99 PLN", 29_960),
        ("50000.00 PLN", 42_800),  # 100 × 4.28
    ],
)
def test_polish_sum_is_exchanged_at_the_rate_of_the_month_before_the_due_month(
    folder: Any, claim: str, expected: int
) -> None:
    _poland(folder, "2024-06,2024-05-31,4.2800,confirmed,made for this test")
    result = _late(folder.load(), "XX", claim)
    assert (result.compensation, result.compensation_currency) == (expected, "PLN")


def test_unverified_exchange_rate_is_reported(folder: Any) -> None:
    _poland(folder, "2024-06,2024-05-31,4.2800,unverified,made for this test")
    assert "nbp 2024-06" in _late(folder.load(), "XX", "5000.00 PLN").unverified


def _poland(folder: Any, row: str) -> None:
    folder.write("exchange/nbp.csv", f"due_month,published,rate,status,source\n{row}\n")
    folder.replace(
        "XX.yaml",
        "compensation: {tiers: [{amount: 40.00 EUR}]}",
        "compensation: {tiers: [{up_to: 5000.00 PLN, amount: 40.00 EUR},"
        " {below: 50000.00 PLN, amount: 70.00 EUR}, {amount: 100.00 EUR}],"
        " paid_in: {currency: PLN, exchange: nbp}}",
    )
