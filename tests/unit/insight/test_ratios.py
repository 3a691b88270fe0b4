"""The measures, against worked examples and their own rules."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.insight import ratios

LONG_AGO = date(2000, 1, 1)


def test_count_back_gives_divaltos_worked_example() -> None:
    """AR 2,500; November 1,200, October 800, September 700: 30 + 31 + 500/700 × 30 = 82.4 days."""
    months = {date(2026, 11, 1): 1200, date(2026, 10, 1): 800, date(2026, 9, 1): 700}
    found = ratios.count_back(2500, months, date(2026, 11, 30), since=LONG_AGO)
    assert found is not None
    assert (round(found.days, 1), found.at_least) == (82.4, False)


def test_count_back_takes_a_running_month_with_the_days_that_have_passed() -> None:
    months = {date(2026, 3, 1): 500, date(2026, 2, 1): 1000}
    assert ratios.count_back(500, months, date(2026, 3, 10), since=LONG_AGO) == ratios.CountBack(10.0)
    assert ratios.count_back(1000, months, date(2026, 3, 10), since=LONG_AGO) == ratios.CountBack(24.0)


def test_count_back_skips_a_months_amount_but_not_its_days_where_nothing_was_sold() -> None:
    months = {date(2026, 3, 1): 100, date(2026, 2, 1): -50, date(2026, 1, 1): 100}
    assert ratios.count_back(200, months, date(2026, 3, 31), since=LONG_AGO) == ratios.CountBack(90.0)


def test_count_back_says_at_least_where_history_ends_before_the_receivables() -> None:
    months = {date(2026, 3, 1): 100}
    found = ratios.count_back(500, months, date(2026, 3, 31), since=date(2026, 2, 10))
    assert found == ratios.CountBack(31.0 + 19.0, at_least=True)


def test_count_back_of_nothing_owed_is_no_day_and_of_no_sales_unknown() -> None:
    assert ratios.count_back(0, {}, date(2026, 3, 31), since=LONG_AGO) == ratios.CountBack(0.0)
    assert ratios.count_back(-5, {}, date(2026, 3, 31), since=LONG_AGO) == ratios.CountBack(0.0)
    assert ratios.count_back(5, {date(2026, 3, 1): 0}, date(2026, 3, 31), since=LONG_AGO) is None


@given(
    st.integers(1, 10**12),
    st.dictionaries(
        st.dates(date(2020, 1, 1), date(2026, 3, 1)).map(lambda d: d.replace(day=1)), st.integers(1, 10**9)
    ),
)
def test_count_back_never_falls_when_more_is_owed(owed: int, months: dict[date, int]) -> None:
    day = date(2026, 3, 31)
    less = ratios.count_back(owed, months, day, since=date(2020, 1, 1))
    more = ratios.count_back(owed + 1, months, day, since=date(2020, 1, 1))
    if less is not None and more is not None:
        assert more.days >= less.days


def test_simple_dso_is_receivables_over_sales_times_days() -> None:
    assert ratios.dso(500, 1000, 90) == 45.0
    assert ratios.dso(-5, 1000, 90) == 0.0
    assert ratios.dso(500, 0, 90) is None


def test_effectiveness_is_100_when_all_that_was_due_was_collected() -> None:
    assert ratios.effectiveness(opening=100, sales=300, closing=80, closing_current=80) == 100.0
    half = ratios.effectiveness(opening=100, sales=100, closing=150, closing_current=100)
    assert half == pytest.approx(50.0)
    assert ratios.effectiveness(opening=0, sales=100, closing=100, closing_current=100) is None
