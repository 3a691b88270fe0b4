"""Half-years, anniversaries and the fraction of a year between two days.

Every span is (after, until]: the first day doesn't count, the last does, so spans that meet add up exactly.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple

DayCount = Literal["actual/365", "actual/actual", "actual/360", "30E/360"]

ONE_DAY = timedelta(days=1)


class Half(NamedTuple):
    """A half-year: (2024, 2) is July to December 2024."""

    year: int
    half: int

    @classmethod
    def of(cls, day: date) -> Half:
        """The half-year in which `day` falls."""
        return cls(day.year, 1 if day.month <= 6 else 2)

    @classmethod
    def parse(cls, text: str) -> Half:
        """Read "2024-H2".

        Raises:
            ValueError: for anything else.
        """
        year, separator, half = text.partition("-H")
        if not (separator and len(year) == 4 and year.isdecimal() and half in {"1", "2"}):
            raise ValueError(f'{text!r} is not a half-year; write it as "2024-H2"')
        return cls(int(year), int(half))

    @property
    def last(self) -> date:
        """The last day: 30 June or 31 December."""
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    def next(self) -> Half:
        """The half-year after this one."""
        return Half(self.year, 2) if self.half == 1 else Half(self.year + 1, 1)

    def __str__(self) -> str:
        return f"{self.year}-H{self.half}"


def half_year_ends(after: date, until: date) -> Iterator[date]:
    """The last days of half-years d with after ≤ d < until: where a floating rate may change."""
    half = Half.of(after)
    while half.last < until:
        yield half.last
        half = half.next()


def anniversaries(day: date, until: date) -> Iterator[date]:
    """The anniversaries of `day` up to `until`; 29 February has its own on the 28th in common years."""
    for year in range(day.year + 1, until.year + 1):
        leap_day = (day.month, day.day) == (2, 29)
        anniversary = date(year, 2, 29 if isleap(year) else 28) if leap_day else day.replace(year=year)
        if anniversary <= until:
            yield anniversary


def days_between(after: date, until: date, convention: DayCount) -> int:
    """Days of (after, until] as the convention counts them."""
    if convention == "30E/360":
        return _thirty_360(until) - _thirty_360(after)
    return (until - after).days


def year_fraction(after: date, until: date, convention: DayCount) -> Fraction:
    """The years in (after, until], exact."""
    if convention == "actual/actual":
        return sum(
            (Fraction(days, 366 if leap else 365) for days, leap in _days_by_year(after, until)), Fraction(0)
        )
    return Fraction(days_between(after, until, convention), 365 if convention == "actual/365" else 360)


def _thirty_360(day: date) -> int:
    return day.year * 360 + (day.month - 1) * 30 + min(day.day, 30)


def _days_by_year(after: date, until: date) -> Iterator[tuple[int, bool]]:
    start = after
    while start < until:
        first = start + ONE_DAY
        end = min(date(first.year, 12, 31), until)
        yield (end - start).days, isleap(first.year)
        start = end
