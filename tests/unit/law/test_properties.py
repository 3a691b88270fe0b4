"""What holds for every claim, whatever the country."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance import law
from relance.money import Money

FLOATING_SIMPLE = ["FR", "DE", "ES", "IT", "BE", "PT", "PL", "SE", "DK", "AT", "LU", "CH"]
ALL = [*FLOATING_SIMPLE, "GB", "IE", "NL"]
FIRST, LAST = date(2019, 1, 1), date(2026, 6, 30)

pytestmark = pytest.mark.filterwarnings("error")
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

days = st.dates(FIRST, LAST)
amounts = st.integers(1, 10**10)
payment_lists = st.lists(st.tuples(days, st.integers(0, 10**9)), max_size=5)


def _late(
    book: law.LawBook, country: str, amount: int, due: date, until: date, payments: list[tuple[date, int]]
) -> law.Interest:
    return law.late_interest(
        book, country=country, amount=Money("EUR", amount), due=due, until=until, payments=payments
    )


@quick
@given(country=st.sampled_from(ALL), amount=amounts, due=days, until=days, payments=payment_lists)
def test_periods_add_up_to_the_total(
    book: law.LawBook, country: str, amount: int, due: date, until: date, payments: list[tuple[date, int]]
) -> None:
    result = _late(book, country, amount, due, until, payments)
    assert sum(period.interest for period in result.rate_periods) == result.interest
    assert abs(result.exact - result.interest) * 2 <= 1
    assert result.interest >= 0


@quick
@given(
    country=st.sampled_from([c for c in ALL if c != "IE"]),  # a later day may bring Ireland a lower rate
    amount=amounts,
    due=days,
    ends=st.tuples(days, days),
    payments=payment_lists,
)
def test_interest_never_falls_with_time(
    book: law.LawBook,
    country: str,
    amount: int,
    due: date,
    ends: tuple[date, date],
    payments: list[tuple[date, int]],
) -> None:
    early, late = sorted(ends)
    assert (
        _late(book, country, amount, due, early, payments).exact
        <= _late(book, country, amount, due, late, payments).exact
    )


@quick
@given(
    country=st.sampled_from(FLOATING_SIMPLE),
    amount=amounts,
    three=st.tuples(days, days, days),
    payments=payment_lists,
)
def test_splitting_at_a_day_adds_up_before_rounding(
    book: law.LawBook,
    country: str,
    amount: int,
    three: tuple[date, date, date],
    payments: list[tuple[date, int]],
) -> None:
    due, middle, until = sorted(three)
    whole = _late(book, country, amount, due, until, payments).exact
    first = _late(book, country, amount, due, middle, payments).exact
    second = _late(book, country, amount, middle, until, payments).exact
    assert first + second == whole


@quick
@given(country=st.sampled_from(ALL), amount=amounts, due=days, until=days, when=st.lists(days, max_size=3))
def test_payments_of_nothing_change_nothing(
    book: law.LawBook, country: str, amount: int, due: date, until: date, when: list[date]
) -> None:
    plain = _late(book, country, amount, due, until, [])
    assert _late(book, country, amount, due, until, [(day, 0) for day in when]) == plain
    if country != "NL":
        assert {period.base for period in plain.rate_periods} <= {amount}


@quick
@given(country=st.sampled_from(ALL), amount=amounts, due=days, until=days, early=st.integers(0, 400))
def test_everything_paid_by_the_due_date_gives_nothing(
    book: law.LawBook, country: str, amount: int, due: date, until: date, early: int
) -> None:
    result = _late(book, country, amount, due, until, [(due - timedelta(days=early), amount)])
    assert (result.interest, result.compensation, result.rate_periods) == (0, 0, ())


@quick
@given(
    data=st.data(), country=st.sampled_from(ALL), amount=amounts, due=days, until=days, payments=payment_lists
)
def test_order_of_payments_does_not_matter(
    book: law.LawBook,
    data: st.DataObject,
    country: str,
    amount: int,
    due: date,
    until: date,
    payments: list[tuple[date, int]],
) -> None:
    shuffled = data.draw(st.permutations(payments))
    assert _late(book, country, amount, due, until, payments) == _late(
        book, country, amount, due, until, shuffled
    )


@quick
@given(country=st.sampled_from(FLOATING_SIMPLE), amount=amounts, due=days, until=days, payments=payment_lists)
def test_day_by_day_sum_agrees(
    book: law.LawBook, country: str, amount: int, due: date, until: date, payments: list[tuple[date, int]]
) -> None:
    """The slow and obvious way: each day with its own base and rate (countries of 365 days)."""
    if country == "DK":
        return
    until = min(until, due + timedelta(days=400))
    total = Decimal(0)
    day = due + timedelta(days=1)
    while day <= until:
        base = max(0, amount - sum(paid for on, paid in payments if on < day))
        total += base * book.statutory(book.rule(country, day), day).percent
        day += timedelta(days=1)
    exact = _late(book, country, amount, due, until, payments).exact
    assert exact * 36_500 == total
