"""Promises against money: kept, partly kept, broken, and when a card speaks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.calendars import Calendar
from relance.cases.measure import Payment, Pledge, judge, paid_towards, speaks

MADE, DUE = date(2026, 3, 2), date(2026, 3, 12)  # a Monday, a Thursday
GRACE = DUE + timedelta(days=2)
WEEK = Calendar(frozenset(range(5)))


def pledge(
    number: int = 1, *, amount: int = 100_000, due: date = DUE, invoices: frozenset[str] | None = None
) -> Pledge:
    return Pledge(number, amount, "EUR", MADE, due, due + timedelta(days=2), invoices)


def money(number: int, day: date, amount: int, invoice: str | None = None, currency: str = "EUR") -> Payment:
    return Payment(f"B{number}", day, amount, currency, invoice)


def state(paid: int, as_of: date, *, nothing_left: bool = False) -> str:
    return judge(pledge(), paid=paid, nothing_left=nothing_left, as_of=as_of)


@pytest.mark.parametrize(
    ("paid", "as_of", "expected"),
    [
        (0, DUE, "open"),
        (0, GRACE, "open"),
        (0, GRACE + timedelta(days=1), "broken"),
        (1, GRACE + timedelta(days=1), "partly_kept"),
        (94_999, GRACE + timedelta(days=1), "partly_kept"),
        (95_000, GRACE + timedelta(days=1), "kept"),
        (95_000, GRACE, "kept"),
        (95_000, DUE, "kept"),
        (100_000, MADE, "kept"),
    ],
)
def test_95_percent_by_date_and_grace_is_kept_less_is_partly_kept_nothing_is_broken(
    paid: int, as_of: date, expected: str
) -> None:
    assert state(paid, as_of) == expected


def test_the_rest_of_a_nearly_paid_promise_still_has_its_time() -> None:
    assert state(95_000, DUE - timedelta(days=1)) == "open"


def test_nothing_left_to_pay_is_kept_in_time_and_not_after() -> None:
    assert state(0, GRACE, nothing_left=True) == "kept"
    assert state(0, GRACE + timedelta(days=1), nothing_left=True) == "broken"


def test_money_counts_from_the_day_it_was_promised_to_the_end_of_grace() -> None:
    payments = [
        money(1, MADE - timedelta(days=1), 1),
        money(2, MADE, 10),
        money(3, GRACE, 100),
        money(4, GRACE + timedelta(days=1), 1000),
    ]
    until = GRACE + timedelta(days=9)
    assert paid_towards([pledge()], payments, until=until) == {1: 110}
    assert paid_towards([pledge()], payments, until=until, late=True) == {1: 1110}
    assert paid_towards([pledge()], payments, until=DUE) == {1: 10}


def test_money_on_the_named_invoices_comes_before_unallocated_money_and_no_other_counts() -> None:
    named = pledge(amount=300, invoices=frozenset({"A", "C/2"}))
    payments = [
        money(1, DUE, 100, "A"), money(2, DUE, 50, "B"), money(3, DUE, 30, "C"), money(4, DUE, 7, "C/2"),
        money(5, DUE, 1000), money(6, DUE, 5, "A", "USD"),
    ]  # fmt: skip
    assert paid_towards([named], payments, until=GRACE) == {1: 300}
    assert paid_towards([named], payments[:4], until=GRACE) == {1: 137}


def test_a_payment_counts_once_for_the_earliest_promise() -> None:
    first, second = pledge(1, amount=80), pledge(2, amount=80, due=DUE + timedelta(days=7))
    assert paid_towards([second, first], [money(1, DUE, 100)], until=GRACE) == {1: 80, 2: 20}


def test_a_reversal_takes_the_money_back() -> None:
    payments = [money(1, DUE, 100, "A"), money(2, GRACE, -100, "A")]
    named = pledge(invoices=frozenset({"A"}))
    assert paid_towards([named], payments, until=DUE) == {1: 100}
    assert paid_towards([named], payments, until=GRACE) == {1: 0}


@given(
    st.lists(st.tuples(st.integers(0, 14), st.integers(-500, 500), st.sampled_from(["A", "B", None])), max_size=12),
    st.lists(st.tuples(st.integers(1, 400), st.sampled_from([None, frozenset({"A"}), frozenset({"A", "B"})])), max_size=4),
)  # fmt: skip
def test_no_more_is_counted_than_was_promised_or_came(
    rows: list[tuple[int, int, str | None]], promised: list[tuple[int, frozenset[str] | None]]
) -> None:
    payments = [
        money(n, MADE + timedelta(days=day), amount, name) for n, (day, amount, name) in enumerate(rows)
    ]
    pledges = [pledge(n, amount=amount, invoices=names) for n, (amount, names) in enumerate(promised)]
    paid = paid_towards(pledges, payments, until=GRACE, late=True)
    assert all(0 <= paid[one.promise_id] <= one.amount for one in pledges)
    assert sum(paid.values()) <= sum(max(0, payment.amount) for payment in payments)


def spoken(due: date, as_of: date) -> str | None:
    return speaks(due_on=due, grace_until=due + timedelta(days=2), as_of=as_of, calendar=WEEK)


def test_the_card_speaks_on_the_eve_and_on_the_day() -> None:
    days = [DUE + timedelta(days=n) for n in (-2, -1, 0, 1, 2, 3)]
    assert [spoken(DUE, day) for day in days] == [None, "eve", "today", None, None, None]


def test_a_weekend_deadline_is_spoken_of_on_friday_and_on_monday() -> None:
    sunday = date(2026, 3, 15)
    week = [sunday + timedelta(days=n) for n in (-3, -2, -1, 0, 1, 2)]
    assert [spoken(sunday, day) for day in week] == [None, "eve", "eve", "today", "today", None]


def test_a_monday_deadline_has_its_eve_on_friday() -> None:
    monday = date(2026, 3, 16)
    assert [spoken(monday, monday - timedelta(days=n)) for n in (4, 3, 0)] == [None, "eve", "today"]
