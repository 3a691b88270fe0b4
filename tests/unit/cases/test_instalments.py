"""Money counted towards promises and instalment plans of one payer, and what becomes of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.cases.counting import count, judged, made_good, nothing_left
from relance.cases.measure import Payment
from relance.cases.reading import Instalment, InstalmentPlan, Promise

MADE = date(2026, 3, 2)
GRACE = 2


def day(number: int) -> date:
    return MADE + timedelta(days=number)


def plan(*parts: tuple[int, int], number: int = 1, invoices: tuple[str, ...] | None = None) -> InstalmentPlan:
    """A plan of parts given as (amount, days after it was made)."""
    made = tuple(
        Instalment(place, amount, day(due), day(due + GRACE), paid=0, paid_on=None)
        for place, (amount, due) in enumerate(parts, start=1)
    )
    return InstalmentPlan(
        instalment_plan_id=number, case_id=1, entity="FR01", payer_id="C1", invoices=invoices, currency="EUR",
        made_on=MADE, state="open", by="lead@lumen.example", concluded_on=None, dealt_on=None, parts=made,
    )  # fmt: skip


def promise(amount: int, due: int, *, state: str = "open") -> Promise:
    return Promise(
        promise_id=1, case_id=1, entity="FR01", payer_id="C1", invoices=None, amount=amount, currency="EUR",
        made_on=MADE, due_on=day(due), grace_until=day(due + GRACE), state=state, by="lead@lumen.example", paid=0,
        concluded_on=None, dealt_on=None,
    )  # fmt: skip


def money(*rows: tuple[int, int]) -> list[Payment]:
    """Payments given as (days after the plan was made, amount)."""
    return [Payment(f"B{n:03}", day(at), amount, "EUR", None) for n, (at, amount) in enumerate(rows)]


def on(
    one: InstalmentPlan, payments: Sequence[Payment], at: int, *, gone: bool = False, late: bool = False
) -> InstalmentPlan:
    counted = count([], [one], payments, on=day(at), late=late)
    return judged(one, counted, nothing_left=gone, on=day(at))


def day_by_day(one: InstalmentPlan, payments: Sequence[Payment]) -> InstalmentPlan:
    """The plan judged on every day until it ends, each day with the money known by then."""
    at = 0
    while one.state == "open":
        known = [payment for payment in payments if payment.date <= day(at)]
        one = on(one, known, at)
        at += 1
    return one


def test_money_fills_the_parts_in_the_order_of_their_dates():
    one = on(plan((100, 0), (100, 30), (100, 60)), money((0, 150)), 1)
    assert [part.paid for part in one.parts] == [100, 50, 0]
    assert [part.paid_on for part in one.parts] == [day(1), None, None]
    assert (one.state, one.awaited.number) == ("open", 2)


@pytest.mark.parametrize(("paid", "state"), [(95, "open"), (94, "broken")])
def test_95_percent_of_a_part_by_the_end_of_its_grace_is_paid(paid, state):
    assert on(plan((100, 0), (100, 30)), money((GRACE, paid)), GRACE + 1).state == state


def test_a_part_nearly_paid_before_its_date_still_has_its_time():
    one = plan((100, 3), (100, 30))
    assert on(one, money((0, 95)), 2).awaited.number == 1
    assert on(one, money((0, 95)), 3).awaited.number == 2


def test_what_was_missing_of_a_paid_part_is_not_asked_of_the_next():
    one = plan((100, 0), (100, 30))
    assert day_by_day(one, money((0, 95), (30, 95))).state == "kept"


def test_a_plan_is_open_through_the_grace_and_broken_on_the_day_after():
    one = plan((100, 0), (100, 30))
    assert [on(one, [], at).state for at in (0, GRACE, GRACE + 1)] == ["open", "open", "broken"]
    assert on(one, [], GRACE + 1).concluded_on == day(GRACE + 1)


def test_a_plan_paid_ahead_is_kept_at_once():
    assert on(plan((100, 0), (100, 30)), money((1, 200)), 1).state == "kept"


def test_money_after_the_grace_does_not_mend_a_part_that_is_measured_late():
    assert on(plan((100, 0), (100, 30)), money((GRACE + 1, 200)), 20).state == "broken"


def test_money_sent_back_within_the_grace_makes_a_part_unpaid_again():
    one = plan((100, 0), (100, 30))
    paid = on(one, money((0, 100)), 0)
    returned = on(paid, money((0, 100), (1, -100)), 1)
    assert (paid.awaited.number, returned.awaited.number, returned.state) == (2, 1, "open")
    assert on(returned, money((0, 100), (1, -100)), GRACE + 1).state == "broken"


def test_money_sent_back_later_is_missing_from_the_next_part():
    rows = [(0, 100), (9, -100), (30, 100)]
    assert day_by_day(plan((100, 0), (100, 30)), money(*rows)).state == "broken"
    assert day_by_day(plan((100, 0), (100, 30)), money(*rows, (31, 100))).state == "kept"


def test_nothing_left_keeps_a_plan_in_time_and_not_after_a_missed_part():
    one = plan((100, 0), (100, 30))
    assert on(one, money((0, 100)), 10, gone=True).state == "kept"
    assert on(one, [], GRACE + 1, gone=True).state == "broken"


def test_nothing_is_left_when_none_of_its_invoices_is_open():
    items = pl.DataFrame({"invoice_id": ["F2"], "currency": ["EUR"]})
    assert nothing_left(plan((1, 0), (1, 1), invoices=("F1",)), items)
    assert not nothing_left(plan((1, 0), (1, 1), invoices=("F1", "F2")), items)
    assert not nothing_left(plan((1, 0), (1, 1)), items)


def test_a_payment_counts_once_for_a_promise_and_a_plan_in_the_order_of_their_dates():
    one = plan((100, 0), (100, 30))
    counted = count([promise(80, 10)], [one], money((0, 250)), on=day(0))
    assert counted.promises == {1: 80}
    assert [counted.of(one, part) for part in one.parts] == [100, 70]


def test_a_replaced_promise_or_plan_counts_nothing():
    one = replace(plan((100, 0), (100, 30)), state="replaced", concluded_on=day(1))
    counted = count([promise(80, 10, state="replaced")], [one], money((0, 250)), on=day(1))
    assert (counted.promises, counted.parts) == ({}, {})


def test_a_broken_plan_leaves_later_money_to_what_is_agreed_after_it():
    broken = on(plan((100, 0), (100, 30)), [], GRACE + 1)
    after = replace(plan((100, 10), (100, 40), number=2), made_on=day(5))
    counted = count([], [broken, after], money((10, 100), (30, 100)), on=day(30))
    assert counted.parts == {(1, 1): 0, (2, 1): 100, (2, 2): 100}


def test_a_broken_plan_is_made_good_when_all_that_fell_due_came_late():
    broken = on(plan((100, 0), (100, 30)), [], GRACE + 1)
    rows = money((10, 100))
    assert made_good(broken, count([], [broken], rows, on=day(29), late=True), on=day(29))
    assert not made_good(broken, count([], [broken], rows, on=day(30), late=True), on=day(30))


def test_late_money_makes_good_the_newer_plan_when_the_older_one_is_dealt_with():
    older = replace(on(plan((100, 0), (100, 30)), [], GRACE + 1), dealt_on=day(5))
    newer = replace(plan((100, 5), (100, 40), number=2), made_on=day(5))
    newer = replace(newer, state="broken", concluded_on=day(8))
    late = count([], [older, newer], money((9, 100)), on=day(9), late=True)
    assert made_good(newer, late, on=day(9))


GAPS = st.integers(1, 12)
PARTS = st.lists(st.tuples(st.integers(1, 300), GAPS), min_size=2, max_size=5)


@given(PARTS, st.lists(st.tuples(st.integers(0, 75), st.integers(1, 400)), max_size=12))
def test_a_plan_ends_kept_exactly_when_each_part_was_covered_within_its_grace(parts, paid):
    dues = [sum(gap for _, gap in parts[: place + 1]) for place in range(len(parts))]
    one = plan(*((amount, due) for (amount, _), due in zip(parts, dues, strict=True)))
    used, covered = 0, True
    for part in one.parts:
        came = sum(amount for at, amount in paid if day(at) <= part.grace_until)
        share = min(part.amount, came - used)
        used += share
        covered = covered and share * 100 >= part.amount * 95
    assert day_by_day(one, money(*paid)).state == ("kept" if covered else "broken")


@given(
    PARTS, st.lists(st.tuples(st.integers(0, 40), st.integers(-300, 400)), max_size=10), st.integers(0, 60)
)
def test_judging_a_plan_again_on_a_day_changes_nothing(parts, paid, at):
    dues = [sum(gap for _, gap in parts[: place + 1]) for place in range(len(parts))]
    one = on(plan(*((amount, due) for (amount, _), due in zip(parts, dues, strict=True))), money(*paid), at)
    if one.state == "open":
        assert on(one, money(*paid), at) == one
