"""Business days: single ones, both sides, and tables of many."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.calendars import EPOCH, Calendar, ShiftTable, add_business_days, day_number

FRANCE = Calendar.of_country("FR")
BAVARIA = Calendar.of_region(("mon", "tue", "wed", "thu", "fri"), "DE", "BY", [date(2026, 12, 24)])
TABLE = ShiftTable([(FRANCE,), (FRANCE, BAVARIA)], date(2025, 1, 1), date(2027, 12, 31))
ROW = {"alone": np.array([0]), "both": np.array([1])}


def _date(days: np.ndarray) -> date:
    return EPOCH + timedelta(days=int(days[0]))


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2026, 5, 1), True),  # Labour Day
        (date(2026, 7, 14), True),  # national holiday
        (date(2026, 11, 21), True),  # a Saturday
        (date(2024, 2, 29), False),  # a leap day, Thursday
        (date(2026, 12, 31), False),
    ],
)
def test_a_payers_days_are_its_countrys(day: date, closed: bool) -> None:
    assert FRANCE.is_closed(day) is closed


def test_a_region_has_its_subdivisions_holidays_and_its_extra_days() -> None:
    assert BAVARIA.is_closed(date(2026, 1, 6))  # Epiphany is kept in Bavaria
    assert BAVARIA.is_closed(date(2026, 12, 24))
    assert not Calendar.of_region(("mon", "tue", "wed", "thu", "fri"), "DE", None, []).is_closed(
        date(2026, 1, 6)
    )


def test_weekends_are_the_countrys_own_and_saturday_and_sunday_where_unknown() -> None:
    assert Calendar.of_country("SA").is_closed(date(2026, 3, 6))  # a Friday
    assert not Calendar.of_country("SA").is_closed(date(2026, 3, 8))  # a Sunday
    assert Calendar.of_country("ZZ").is_closed(date(2026, 3, 8))
    assert Calendar.of_country(None).is_closed(date(2026, 3, 7))


def test_closed_for_either_side_is_closed() -> None:
    epiphany = day_number(date(2026, 1, 6))
    assert _date(TABLE.next_open(ROW["alone"], epiphany)) == date(2026, 1, 6)
    assert _date(TABLE.next_open(ROW["both"], epiphany)) == date(2026, 1, 7)
    assert _date(TABLE.previous_open(ROW["both"], epiphany)) == date(2026, 1, 5)


def test_the_year_ends_and_goes_on() -> None:
    assert _date(TABLE.next_open(ROW["both"], day_number(date(2025, 12, 25)))) == date(2025, 12, 29)
    assert _date(TABLE.previous_open(ROW["alone"], day_number(date(2026, 1, 1)))) == date(2025, 12, 31)


@given(st.dates(date(2025, 1, 10), date(2027, 12, 20)))
def test_tables_agree_with_looking_at_each_day(day: date) -> None:
    number = day_number(day)
    following, before = day, day
    while FRANCE.is_closed(following) or BAVARIA.is_closed(following):
        following += timedelta(days=1)
    while FRANCE.is_closed(before) or BAVARIA.is_closed(before):
        before -= timedelta(days=1)
    assert _date(TABLE.next_open(ROW["both"], number)) == following
    assert _date(TABLE.previous_open(ROW["both"], number)) == before
    assert bool(TABLE.is_closed(ROW["both"], number)[0]) == (following != day)


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(1900, 1, 1)])
def test_days_that_no_calendar_knows_are_taken_as_they_are(day: date) -> None:
    assert _date(TABLE.next_open(ROW["both"], day_number(day))) == day
    assert _date(TABLE.previous_open(ROW["both"], day_number(day))) == day


def test_business_days_are_counted_from_the_next_one() -> None:
    assert add_business_days(FRANCE, date(2026, 4, 30), 1) == date(2026, 5, 4)
    assert add_business_days(FRANCE, date(2026, 3, 10), 3) == date(2026, 3, 13)
