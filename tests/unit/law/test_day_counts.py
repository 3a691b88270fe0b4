"""Day counts, half-years and anniversaries."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.law.daycount import Half, anniversaries, days_between, half_year_ends, year_fraction


@pytest.mark.parametrize(
    ("after", "until", "days"),
    [
        (date(2024, 12, 1), date(2025, 2, 28), 87),
        (date(2024, 12, 31), date(2025, 1, 31), 30),
        (date(2025, 1, 30), date(2025, 1, 31), 0),
        (date(2025, 2, 28), date(2025, 3, 1), 3),
        (date(2024, 1, 15), date(2025, 1, 15), 360),
    ],
)
def test_30e_360(after: date, until: date, days: int) -> None:
    assert days_between(after, until, "30E/360") == days


def test_actual_actual_divides_leap_days_by_366() -> None:
    fraction = year_fraction(date(2023, 12, 21), date(2024, 1, 10), "actual/actual")
    assert fraction == Fraction(10, 365) + Fraction(10, 366)


def test_actual_365_keeps_365_in_leap_years() -> None:
    assert year_fraction(date(2023, 12, 31), date(2024, 12, 31), "actual/365") == Fraction(366, 365)


@given(three=st.tuples(*[st.dates(date(2000, 1, 1), date(2040, 1, 1))] * 3))
@pytest.mark.parametrize("convention", ["actual/365", "actual/actual", "actual/360", "30E/360"])
def test_spans_that_meet_add_up(three: tuple[date, date, date], convention: str) -> None:
    a, b, c = sorted(three)
    assert year_fraction(a, b, convention) + year_fraction(b, c, convention) == year_fraction(
        a, c, convention
    )


def test_half_years_end_in_june_and_december() -> None:
    ends = list(half_year_ends(date(2024, 6, 30), date(2025, 7, 1)))
    assert ends == [date(2024, 6, 30), date(2024, 12, 31), date(2025, 6, 30)]


@pytest.mark.parametrize("text", ["2024", "2024-H3", "24-H1", "2024-h1", ""])
def test_half_year_is_written_one_way(text: str) -> None:
    with pytest.raises(ValueError, match="is not a half-year"):
        Half.parse(text)


def test_anniversary_of_a_leap_day() -> None:
    assert list(anniversaries(date(2020, 2, 29), date(2024, 2, 29))) == [
        date(2021, 2, 28),
        date(2022, 2, 28),
        date(2023, 2, 28),
        date(2024, 2, 29),
    ]
