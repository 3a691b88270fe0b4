"""Business days, for one date and for a million at once.

A calendar is a weekly rhythm and its exceptions. A region's comes from the policy (business days, the holidays of its
country and subdivision, extra days); a payer's from its country as the `holidays` package gives it. Where two sides
meet, a day closed for either is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
import numpy as np
import numpy.typing as npt

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON_YEAR = 2200
"""No public holiday is looked up later than this; a due date beyond it is a typing error."""

Days = npt.NDArray[np.int32]
"""Dates as days since 1970-01-01."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where somebody rests: weekdays that are business days (0 = Monday), a country's holidays, and extra days."""

    business_days: frozenset[int]
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: frozenset[date] = frozenset()
    weekend_of_country: bool = False

    @classmethod
    def of_region(
        cls,
        business_days: Iterable[str],
        country: str | None,
        subdivision: str | None,
        extra_holidays: Iterable[date],
    ) -> Calendar:
        """The selling side's calendar, as the region's policy file says."""
        days = frozenset(WEEKDAYS.index(day) for day in business_days)
        return cls(days, country, subdivision, frozenset(extra_holidays))

    @classmethod
    def of_country(cls, country: str | None) -> Calendar:
        """A payer's calendar: its country's weekend and national holidays; Saturday and Sunday where unknown."""
        if country is None or not _known(country):
            return cls(frozenset(range(5)))
        return cls(frozenset(range(7)), country, weekend_of_country=True)

    def is_closed(self, day: date) -> bool:
        """Whether `day` is not a business day."""
        if day.weekday() not in self.business_days or day in self.extra_holidays:
            return True
        return day in _rest(self.country, self.subdivision, day.year, self.weekend_of_country)

    def closed(self, first: date, last: date) -> npt.NDArray[np.bool_]:
        """`is_closed` for each day from `first` to `last`, both included."""
        ordinals = np.arange((last - first).days + 1)
        open_weekday = np.isin((ordinals + first.weekday()) % 7, list(self.business_days))
        resting = ~open_weekday
        for year in range(first.year, min(last.year, HORIZON_YEAR) + 1):
            exceptions = _rest(self.country, self.subdivision, year, self.weekend_of_country) | {
                day for day in self.extra_holidays if day.year == year
            }
            for day in exceptions:
                if first <= day <= last:
                    resting[(day - first).days] = True
        return resting


@lru_cache(maxsize=4096)
def _rest(country: str | None, subdivision: str | None, year: int, weekend: bool) -> frozenset[date]:
    """The country's holidays of a year and, if asked, its weekends."""
    if country is None or year > HORIZON_YEAR:
        return frozenset()
    found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    days = set(found)
    if weekend:
        first = date(year, 1, 1)
        year_days = (first + timedelta(days=n) for n in range(366))
        days |= {day for day in year_days if day.year == year and found.is_weekend(day)}
    return frozenset(day for day in days if day.year == year)


@lru_cache(maxsize=512)
def _known(country: str) -> bool:
    return country in holidays.list_supported_countries(include_aliases=False)


class ShiftTable:
    """For several calendars over one span of days: the next and the previous open day, by table look-up.

    `calendars` is one tuple per row; a day closed in any calendar of the tuple is closed.
    """

    def __init__(self, calendars: Sequence[tuple[Calendar, ...]], first: date, last: date) -> None:
        margin = 60  # no run of closed days is that long
        self.start = (first - EPOCH).days - margin
        self.size = (last - first).days + 1 + 2 * margin
        begin = EPOCH + timedelta(days=self.start)
        end = begin + timedelta(days=self.size - 1)
        single = {calendar: calendar.closed(begin, end) for row in calendars for calendar in row}
        self._closed = np.zeros((max(len(calendars), 1), self.size), dtype=np.bool_)
        for number, row in enumerate(calendars):
            for calendar in row:
                self._closed[number] |= single[calendar]
        index = np.arange(self.size, dtype=np.int32)
        following = np.where(self._closed, self.size - 1, index)
        self._next = np.minimum.accumulate(following[:, ::-1], axis=1)[:, ::-1].astype(np.int32)
        self._previous = np.maximum.accumulate(np.where(self._closed, 0, index), axis=1).astype(np.int32)

    def is_closed(self, calendar: npt.NDArray[np.intp], days: Days | int) -> npt.NDArray[np.bool_]:
        """Whether the days are closed in the calendars of the given row numbers."""
        closed: npt.NDArray[np.bool_] = self._closed[calendar, self._position(days)]
        return closed

    def next_open(self, calendar: npt.NDArray[np.intp], days: Days | int) -> Days:
        """The day itself if open, else the next open one."""
        return self._shift(self._next, calendar, days)

    def previous_open(self, calendar: npt.NDArray[np.intp], days: Days | int) -> Days:
        """The day itself if open, else the one before."""
        return self._shift(self._previous, calendar, days)

    def _shift(self, table: npt.NDArray[np.int32], calendar: npt.NDArray[np.intp], days: Days | int) -> Days:
        asked = np.asarray(days, dtype=np.int32)
        moved = table[calendar, self._position(asked)] + np.int32(self.start)
        # Days beyond the table (an ERP's "never", 9999-12-31) are taken as they are: no calendar knows them.
        inside = (asked >= self.start) & (asked < self.start + self.size)
        result: Days = np.where(inside, moved, asked).astype(np.int32)
        return result

    def _position(self, days: Days | int) -> npt.NDArray[np.int32]:
        inside: npt.NDArray[np.int32] = np.clip(
            np.asarray(days, dtype=np.int32) - np.int32(self.start), 0, self.size - 1
        )
        return inside


@lru_cache(maxsize=16)
def shift_table(calendars: tuple[tuple[Calendar, ...], ...], first_year: int, last_year: int) -> ShiftTable:
    """A table over whole years, kept: the days of a simulation share it."""
    return ShiftTable(calendars, date(first_year, 1, 1), date(last_year, 12, 31))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def add_business_days(calendar: Calendar, day: date, count: int) -> date:
    """The `count`-th business day after `day`."""
    while count > 0:
        day += timedelta(days=1)
        if not calendar.is_closed(day):
            count -= 1
    return day
