"""What was unpaid when: the day of a payment still bears interest on what it pays, the next day doesn't.

So 10,000 due on 1 December and paid on 28 February bears interest for 2 December … 28 February, both counted:
89 days. A payment on or before the due date lowers the base from the start. Negative payments take earlier
ones back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from relance.errors import UsageError


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days (after, until] with one `principal` unpaid, in minor units."""

    after: date
    until: date
    principal: int


def net_payments(payments: Iterable[tuple[date, int]], *, until: date) -> list[tuple[date, int]]:
    """Payments dated on or before `until`, one sum a day, by day: their order in the input doesn't matter.

    Raises:
        UsageError: when more is taken back than was paid.
    """
    by_day: dict[date, int] = {}
    for day, amount in payments:
        if day <= until:
            by_day[day] = by_day.get(day, 0) + amount
    paid = 0
    for day in sorted(by_day):
        paid += by_day[day]
        if paid < 0:
            raise UsageError(f"by {day} more is taken back than was paid.", hint="Check the payments.")
    return [(day, by_day[day]) for day in sorted(by_day) if by_day[day]]


def stretches(
    amount: int, *, due: date, until: date, payments: Sequence[tuple[date, int]], cuts: Iterable[date]
) -> list[Stretch]:
    """(due, until] cut after each payment and each of `cuts`; a principal is never below zero."""
    inner = {day for day in (*cuts, *(day for day, _ in payments)) if due < day < until}
    edges = [due, *sorted(inner), until]
    pieces = []
    for after, end in pairwise(edges):
        paid = sum(sum_paid for day, sum_paid in payments if day <= after)
        pieces.append(Stretch(after, end, max(0, amount - paid)))
    return pieces


def parts_by_payment(
    amount: int, *, due: date, until: date, payments: Sequence[tuple[date, int]]
) -> list[Stretch]:
    """Each part of the claim with the days it stayed unpaid: a payment ends its part, `until` ends the rest.

    A payment taken back reopens the parts paid last.
    """
    paid: list[tuple[date, int]] = []
    for day, value in payments:
        if value > 0:
            paid.append((day, value))
            continue
        back = -value
        while back:
            last_day, last = paid.pop()
            taken = min(last, back)
            back -= taken
            if last > taken:
                paid.append((last_day, last - taken))
    parts, rest = [], amount
    for day, value in paid:
        part = min(rest, value)
        rest -= part
        if part and day > due:
            parts.append(Stretch(due, day, part))
    if rest:
        parts.append(Stretch(due, until, rest))
    return parts
