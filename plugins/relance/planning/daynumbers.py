"""Dates as day numbers, for arithmetic over arrays."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from relance.calendars import Days, day_number

NEVER = np.int32(2**30)
LONG_AGO = np.int32(-(2**30))
LAST_DAY = day_number(date.max)


def days(column: pl.Series) -> Days:
    """A date column as days since 1970 (no nulls)."""
    numbers: Days = column.cast(pl.Int32).to_numpy()
    return numbers


def as_dates(numbers: Days) -> pl.Series:
    """Day numbers as dates, NEVER as null; nothing is later than the last date that can be written."""
    known = pl.Series(np.minimum(numbers, LAST_DAY).astype(np.int32))
    return pl.select(pl.when(pl.Series(numbers != NEVER)).then(known).cast(pl.Date)).to_series()
