"""The worked example of the domain reference, 1.6: 10,000 due 1 December 2024, paid 28 February 2025."""

from __future__ import annotations

from datetime import date

import pytest

from relance import law
from relance.money import Money

GOLDEN = [
    ("FR", "private", "329.68 EUR"),
    ("FR", "public", "298.70 EUR"),
    ("DE", "private", "283.84 EUR"),
    ("BE", "private", "288.63 EUR"),
    ("ES", "private", "280.92 EUR"),
    ("IT", "private", "280.92 EUR"),
    ("LU", "private", "280.92 EUR"),
    ("PT", "private", "280.92 EUR"),
    ("IE", "private", "271.88 EUR"),
    ("GB", "private", "323.08 GBP"),
    ("UK", "private", "323.08 GBP"),
    ("SE", "private", "276.44 SEK"),
    ("PL", "private", "384.04 PLN"),
    ("CH", "private", "121.92 CHF"),
]


@pytest.mark.parametrize(("country", "debtor", "expected"), GOLDEN)
def test_golden_values_of_the_reference(book: law.LawBook, country: str, debtor: str, expected: str) -> None:
    money = Money.parse(expected)
    result = law.late_interest(
        book,
        country=country,
        debtor=debtor,
        amount=Money(money.currency, 1_000_000),
        due=date(2024, 12, 1),
        until=date(2025, 2, 28),
    )
    assert result.interest == money.minor
    assert sum(period.days for period in result.rate_periods) == 89


def test_golden_days_split_into_30_and_59(book: law.LawBook) -> None:
    result = law.late_interest(
        book,
        country="FR",
        amount=Money.parse("10000.00 EUR"),
        due=date(2024, 12, 1),
        until=date(2025, 2, 28),
    )
    assert [(p.start, p.end, p.days) for p in result.rate_periods] == [
        (date(2024, 12, 2), date(2024, 12, 31), 30),
        (date(2025, 1, 1), date(2025, 2, 28), 59),
    ]
