"""Each country by hand.

The principal is 36,500.00, so that over 365 days one per cent for one day is 1.00: the interest is the sum of
rate × days. Due 20 June 2024, until 10 July 2024: ten days in each half-year.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from relance import law
from relance.money import Money

DUE, UNTIL = date(2024, 6, 20), date(2024, 7, 10)

BY_HAND = [
    # country, debtor, claim, interest, by hand
    ("FR", "private", "36500.00 EUR", "287.50"),  # 10 × (4.50 + 10) + 10 × (4.25 + 10) = 145.00 + 142.50
    ("FR", "public", "36500.00 EUR", "250.00"),  # 20 × (4.50 + 8), frozen at 21 June
    ("DE", "private", "36500.00 EUR", "249.90"),  # 10 × (3.62 + 9) + 10 × (3.37 + 9) = 126.20 + 123.70
    ("GB", "private", "36500.00 GBP", "265.00"),  # 20 × (5.25 + 8), frozen at 21 June
    ("ES", "private", "36500.00 EUR", "247.50"),  # 10 × (4.50 + 8) + 10 × (4.25 + 8) = 125.00 + 122.50
    ("IT", "private", "36500.00 EUR", "247.50"),  # as Spain
    ("PT", "private", "36500.00 EUR", "247.50"),  # as Spain
    ("LU", "private", "36500.00 EUR", "247.50"),  # as Spain
    ("NL", "private", "36500.00 EUR", "247.50"),  # as Spain: under a year nothing is capitalised
    ("BE", "private", "36500.00 EUR", "250.00"),  # 10 × 12.50 + 10 × (12.25 → 12.50)
    ("PL", "private", "36500.00 PLN", "315.00"),  # 20 × (5.75 + 10)
    ("PL", "public_health", "36500.00 PLN", "275.00"),  # 20 × (5.75 + 8)
    ("SE", "private", "36500.00 SEK", "240.00"),  # 20 × (4.00 + 8)
    (
        "DK",
        "private",
        "36000.00 DKK",
        "232.50",
    ),  # 30E/360: 10 × (3.75 + 8) + 10 × (3.50 + 8) = 117.50 + 115.00
    ("IE", "private", "36500.00 EUR", "245.00"),  # 20 × (4.25 + 8): the rate of 10 July
    ("AT", "private", "36500.00 EUR", "261.60"),  # 20 × (3.88 + 9.2)
    ("AT", "not_at_fault", "36500.00 EUR", "80.00"),  # 20 × 4
    ("CH", "private", "36500.00 CHF", "100.00"),  # 20 × 5
]


@pytest.mark.parametrize(("country", "debtor", "claim", "expected"), BY_HAND)
def test_interest_by_hand(book: law.LawBook, country: str, debtor: str, claim: str, expected: str) -> None:
    amount = Money.parse(claim)
    result = law.late_interest(book, country=country, debtor=debtor, amount=amount, due=DUE, until=UNTIL)
    assert Money(result.currency, result.interest) == Money.parse(f"{expected} {amount.currency}")


def _interest(book: law.LawBook, country: str, due: str, until: str, **more: object) -> law.Interest:
    values: dict[str, object] = {"amount": Money.parse("10000.00 EUR"), **more}
    return law.late_interest(
        book, country=country, due=date.fromisoformat(due), until=date.fromisoformat(until), **values
    )


def test_netherlands_capitalises_each_year(book: law.LawBook) -> None:
    # 2021 and 2022 at 0.00 + 8: 10,000 × 8 % = 800; 10,800 × 8 % = 864; together 1,664.
    result = _interest(book, "NL", "2020-12-31", "2022-12-31")
    assert result.interest == 166_400
    assert {p.base for p in result.rate_periods if p.start.year == 2021} == {1_000_000}
    assert {p.base for p in result.rate_periods if p.start.year == 2022} == {1_080_000}


def test_netherlands_third_year_stands_on_both_years_before(book: law.LawBook) -> None:
    # H1 2023 at 2.50 + 8: 11,664 × 10.5 % × 181 / 365 = 607.3269…; 1,664 + 607.33 = 2,271.33
    assert _interest(book, "NL", "2020-12-31", "2023-06-30").interest == 227_133


def test_netherlands_years_run_from_the_due_date_not_the_calendar(book: law.LawBook) -> None:
    # Due 15 March 2021: the first 800.00 (365 days at 8 %) joins the base on 15 March 2022.
    result = _interest(book, "NL", "2021-03-15", "2022-03-25")
    # 800 + 10,800 × 8 % × 10 / 365 = 800 + 23.6712…
    assert result.interest == 82_367
    assert result.rate_periods[-1].start == date(2022, 3, 16)
    assert result.rate_periods[-1].base == 1_080_000


def test_netherlands_due_on_a_leap_day(book: law.LawBook) -> None:
    # Due 29 February 2020: the year ends on 28 February 2021, 365 days at 8 % = 800.
    result = _interest(book, "NL", "2020-02-29", "2021-03-01")
    assert result.rate_periods[-1].start == date(2021, 3, 1)
    assert result.rate_periods[-1].base == 1_080_000


def test_netherlands_payment_lowers_principal_and_keeps_capitalised_interest(book: law.LawBook) -> None:
    # 800 for 2021; then (10,000 − 4,000 + 800) × 8 % = 544 for 2022; together 1,344.
    paid = [(date(2021, 12, 31), 400_000)]
    assert _interest(book, "NL", "2020-12-31", "2022-12-31", payments=paid).interest == 134_400


def test_united_kingdom_keeps_the_rate_of_the_half_year_in_which_interest_began(book: law.LawBook) -> None:
    # Due 31 December 2024: interest starts on 1 January 2025, Bank Rate of 31 December 2024: 4.75 + 8.
    result = _interest(book, "GB", "2024-12-31", "2025-12-31", amount=Money.parse("10000.00 GBP"))
    assert [(p.rate, p.days) for p in result.rate_periods] == [(Decimal("12.75"), 365)]
    assert result.interest == 127_500


def test_ireland_gives_each_part_the_rate_of_its_own_payment_day(book: law.LawBook) -> None:
    # 4,000 paid 20 December 2024: 19 days at 4.25 + 8:  4,000 × 12.25 % × 19 / 365 = 25.5068…
    # 6,000 until 28 February 2025: 89 days at 3.15 + 8: 6,000 × 11.15 % × 89 / 365 = 163.1260…
    result = _interest(book, "IE", "2024-12-01", "2025-02-28", payments=[(date(2024, 12, 20), 400_000)])
    assert [(p.days, p.rate, p.base) for p in result.rate_periods] == [
        (19, Decimal("12.25"), 400_000),
        (89, Decimal("11.15"), 600_000),
    ]
    assert result.interest == 18_863


def test_denmark_counts_thirty_days_a_month(book: law.LawBook) -> None:
    # 1 December → 28 February is 87 days of 360: 29 at 11.50 and 58 at 10.75.
    # 10,000 × (11.50 × 29 + 10.75 × 58) / 36,000 = 265.8333…
    result = _interest(book, "DK", "2024-12-01", "2025-02-28", amount=Money.parse("10000.00 DKK"))
    assert [p.days for p in result.rate_periods] == [29, 58]
    assert result.interest == 26_583


def test_poland_margin_is_dated(book: law.LawBook) -> None:
    # NBP 1.50: with 8 points until 2019, with 10 from 1 January 2020.
    result = _interest(book, "PL", "2019-12-21", "2020-01-10", amount=Money.parse("36500.00 PLN"))
    assert [(p.days, p.rate) for p in result.rate_periods] == [(10, Decimal("9.50")), (10, Decimal("11.50"))]
    assert result.interest == 21_000


def test_sweden_reference_is_rounded_up_to_the_half_point(book: law.LawBook) -> None:
    rule = book.rule("SE", date(2023, 1, 1))
    assert rule.rounding is not None
    assert (rule.rounding.of, rule.rounding.up_to) == ("reference", Decimal("0.5"))
    assert book.statutory(rule, date(2023, 1, 1)).percent == Decimal("10.5")


def test_negative_reference_lowers_the_rate(book: law.LawBook) -> None:
    # Germany 2020: -0.88 + 9 = 8.12; 36,500 for 10 days = 81.20.
    result = _interest(book, "DE", "2020-03-01", "2020-03-11", amount=Money.parse("36500.00 EUR"))
    assert result.interest == 8_120


class TestPayments:
    """The day of payment still bears interest on the full base; the next day doesn't."""

    def test_day_of_payment_bears_interest_on_the_full_base(self, book: law.LawBook) -> None:
        # 36,500 until 30 June (10 days × 14.50), then 18,250 for 10 days × 14.25 / 2.
        paid = [(date(2024, 6, 30), 1_825_000)]
        result = law.late_interest(
            book, country="FR", amount=Money.parse("36500.00 EUR"), due=DUE, until=UNTIL, payments=paid
        )
        assert [(p.days, p.base, p.interest) for p in result.rate_periods] == [
            (10, 3_650_000, 14_500),
            (10, 1_825_000, 7_125),
        ]

    def test_paid_in_full_on_the_last_day_counts_that_day(self, book: law.LawBook) -> None:
        full = [(date(2025, 2, 28), 1_000_000)]
        until_payment = _interest(book, "FR", "2024-12-01", "2025-02-28", payments=full)
        long_after = _interest(book, "FR", "2024-12-01", "2025-06-30", payments=full)
        assert until_payment.interest == long_after.interest == 32_968

    @pytest.mark.parametrize("country", ["FR", "GB", "NL", "IE", "DK", "CH"])
    def test_everything_paid_on_the_due_date_gives_nothing(self, book: law.LawBook, country: str) -> None:
        result = _interest(
            book, country, "2024-12-01", "2025-02-28", payments=[(date(2024, 12, 1), 1_000_000)]
        )
        assert (result.interest, result.compensation, result.rate_periods) == (0, 0, ())

    def test_not_late_gives_nothing(self, book: law.LawBook) -> None:
        result = _interest(book, "FR", "2024-12-01", "2024-12-01")
        assert (result.interest, result.compensation, result.rate_periods) == (0, 0, ())

    def test_payment_after_until_has_not_happened(self, book: law.LawBook) -> None:
        later = [(date(2025, 3, 1), 1_000_000)]
        plain = _interest(book, "IE", "2024-12-01", "2025-02-28")
        assert _interest(book, "IE", "2024-12-01", "2025-02-28", payments=later) == plain

    def test_overpayment_bears_nothing(self, book: law.LawBook) -> None:
        over = [(date(2024, 12, 31), 1_500_000)]
        result = _interest(book, "FR", "2024-12-01", "2025-02-28", payments=over)
        assert [p.days for p in result.rate_periods] == [30]

    @pytest.mark.parametrize(("country", "expected"), [("FR", 21_375), ("IE", 24_500)])
    def test_payment_taken_back_restores_the_base(
        self, book: law.LawBook, country: str, expected: int
    ) -> None:
        # Due 1 July 2024, all paid on the 11th, taken back on the 16th, unpaid until the 21st.
        # France: 2–11 and 17–21 July, 15 × 14.25 = 213.75. Ireland: as if never paid, 20 × 12.25 = 245.00.
        result = law.late_interest(
            book,
            country=country,
            amount=Money.parse("36500.00 EUR"),
            due=date(2024, 7, 1),
            until=date(2024, 7, 21),
            payments=[(date(2024, 7, 11), 3_650_000), (date(2024, 7, 16), -3_650_000)],
        )
        assert result.interest == expected


class TestContractRates:
    def test_french_rate_is_raised_to_three_times_the_legal_rate(self, book: law.LawBook) -> None:
        # H1 2025: 3 × 3.71 = 11.13 > 10; H2 2025: 3 × 2.76 = 8.28 < 10. 10 × 11.13 + 10 × 10 = 211.30
        result = law.late_interest(
            book,
            country="FR",
            amount=Money.parse("36500.00 EUR"),
            due=date(2025, 6, 20),
            until=date(2025, 7, 10),
            contract_rate=Decimal(10),
        )
        assert [p.rate for p in result.rate_periods] == [Decimal("11.13"), Decimal(10)]
        assert result.interest == 21_130

    def test_french_floor_may_exceed_the_default_and_binds_contracts_only(self, book: law.LawBook) -> None:
        # H2 2024: the default is 4.25 + 10 = 14.25, the floor 3 × 4.92 = 14.76.
        agreed = _interest(book, "FR", "2024-07-01", "2024-07-11", contract_rate=Decimal("14.25"))
        default = _interest(book, "FR", "2024-07-01", "2024-07-11")
        assert [p.rate for p in agreed.rate_periods] == [Decimal("14.76")]
        assert [p.rate for p in default.rate_periods] == [Decimal("14.25")]

    @pytest.mark.parametrize("country", ["DE", "IE", "GB", "CH"])
    def test_without_a_floor_the_agreed_rate_runs_through(self, book: law.LawBook, country: str) -> None:
        result = _interest(
            book,
            country,
            "2024-06-20",
            "2024-07-10",
            amount=Money.parse("36500.00 EUR"),
            contract_rate=Decimal(12),
        )
        assert [(p.days, p.rate) for p in result.rate_periods] == [(20, Decimal(12))]
        assert result.interest == 24_000
