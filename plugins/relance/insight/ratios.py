"""The measures of a receivables team, as formulas: pure, of numbers in minor units of one currency.

Sources: AFDCC, "Le DSO, un indicateur aux multiples facettes" (count-back as the professional norm); Divalto's worked
example (82.4 days); CRF, "Collection Effectiveness Index"; Oracle and creditmanagementsource.com on CEI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CountBack:
    """Days of sales outstanding by count-back; `at_least`: history ended before the receivables did."""

    days: float
    at_least: bool = False


def dso(receivables: int, sales: int, days: int) -> float | None:
    """Days sales outstanding, simple: receivables / sales × days of the period. None without sales.

    It moves with the season: a month of few sales raises it though nobody pays later. Count-back does not.
    """
    if sales <= 0:
        return None
    return max(0, receivables) / sales * days


def count_back(
    receivables: int, by_month: Mapping[date, int], as_of: date, *, since: date
) -> CountBack | None:
    """Days sales outstanding by count-back (exhaustion): take each month's sales off the receivables, newest first.

    Whole months add their days (the running one those that have passed), the last adds the share of it that is left. A
    month without sales, or with more credit notes than invoices, adds its days and takes nothing off.

    Args:
        receivables: what is owed, net of credit; 0 or less gives 0 days.
        by_month: sales by the month's first day.
        as_of: the day.
        since: the first day whose sales are known; where they don't suffice, days are "at least" so many.

    Returns:
        Days, or None when no sales are known at all.
    """
    if receivables <= 0:
        return CountBack(0.0)
    if not any(amount > 0 for amount in by_month.values()):
        return None
    left, days, last = receivables, 0.0, as_of
    while last >= since:
        first = last.replace(day=1)
        sold = by_month.get(first, 0)
        length = (last - max(first, since)).days + 1
        if 0 < left <= sold:
            # A share of the month, by its own length: a running month has had fewer days.
            return CountBack(days + left / sold * length)
        days += length
        left -= max(0, sold)
        last = first - _ONE_DAY
    return CountBack(days, at_least=True)


def effectiveness(*, opening: int, sales: int, closing: int, closing_current: int) -> float | None:
    """Collection effectiveness index in per cent: 100 means that everything that could be collected was.

    (opening + sales − closing) / (opening + sales − closing that is not due) × 100, over one period; what could be
    collected stands below the line. None when there was nothing to collect.
    """
    collectable = opening + sales - closing_current
    if collectable <= 0:
        return None
    return (opening + sales - closing) / collectable * 100


def share(part: int, whole: int) -> float | None:
    """What `part` is of `whole`; None of nothing."""
    return part / whole if whole > 0 else None
