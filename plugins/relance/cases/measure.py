"""Promises measured against money: pure, no store, no clock.

A promise counts the payments dated from the day it was made to the end of its grace. One that names
invoices takes the money on them, then unallocated money; one for the whole payer takes any. A payment
counts once: promises take in the order of their dates. 95 % by the end of the grace is kept; less, but
something, partly kept; nothing, broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from relance.calendars import Calendar, add_business_days

KEPT_PERCENT = 95
"""Share of the amount from which a promise counts as kept (spec/cases.md)."""


@dataclass(frozen=True, slots=True)
class Pledge:
    """What was promised: minor units by a date; `invoices`: open item ids, None: all of the payer's."""

    promise_id: int
    amount: int
    currency: str
    made_on: date
    due_on: date
    grace_until: date
    invoices: frozenset[str] | None

    def names(self, invoice_id: str | None) -> bool:
        """Whether money on that invoice is meant by it; a payment may name the invoice without its term."""
        if self.invoices is None or invoice_id is None:
            return False
        return invoice_id in self.invoices or any(item.startswith(f"{invoice_id}/") for item in self.invoices)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came (or went back: negative), in minor units; `invoice_id` None is unallocated."""

    payment_id: str
    date: date
    amount: int
    currency: str
    invoice_id: str | None


def paid_towards(
    pledges: Sequence[Pledge], payments: Sequence[Payment], *, until: date, late: bool = False
) -> dict[int, int]:
    """Minor units paid towards each promise (by promise_id), at most its amount.

    `until` is the last day looked at; `late` counts also what came after the grace.
    """
    left = {payment.payment_id: payment.amount for payment in payments}
    ordered = sorted(payments, key=lambda one: (one.date, one.payment_id))
    paid: dict[int, int] = {}
    for pledge in sorted(pledges, key=lambda one: (one.due_on, one.promise_id)):
        last = until if late else min(until, pledge.grace_until)
        window = [
            one for one in ordered if one.currency == pledge.currency and pledge.made_on <= one.date <= last
        ]
        taken = 0
        for group in _in_turn(pledge, window):
            taken += _take(group, left, pledge.amount - taken)
        paid[pledge.promise_id] = taken
    return paid


def judge(pledge: Pledge, *, paid: int, nothing_left: bool, as_of: date) -> str:
    """The promise's state on a day: open | kept | partly_kept | broken.

    Before its date it is kept only when all of it came, or `nothing_left` is open of what it was about; so
    the rest of a nearly paid promise still has its time.
    """
    in_time = as_of <= pledge.grace_until
    if paid >= pledge.amount or (nothing_left and in_time):
        return "kept"
    if as_of >= pledge.due_on and paid * 100 >= pledge.amount * KEPT_PERCENT:
        return "kept"
    if in_time:
        return "open"
    return "partly_kept" if paid > 0 else "broken"


def speaks(*, due_on: date, grace_until: date, as_of: date, calendar: Calendar) -> str | None:
    """What an open promise's card says on a day: `eve`, `today`, or None.

    The eve is the last business day before the date, the day itself moves to the next business day: a
    promise for a Sunday is spoken of on Friday and on Monday, when somebody is there to read it.
    """
    if as_of < due_on:
        return "eve" if add_business_days(calendar, as_of, 1) >= due_on else None
    if as_of > grace_until:
        return None
    seen = as_of > due_on and (
        not calendar.is_closed(due_on) or add_business_days(calendar, due_on, 1) < as_of
    )
    return None if seen else "today"


def _in_turn(pledge: Pledge, window: list[Payment]) -> list[list[Payment]]:
    if pledge.invoices is None:
        return [window]
    return [
        [one for one in window if pledge.names(one.invoice_id)],
        [one for one in window if one.invoice_id is None],
    ]


def _take(group: list[Payment], left: dict[str, int], wanted: int) -> int:
    """Take up to `wanted` of what the group has left, reversals set off first; it counts for nobody else."""
    net = sum(left[one.payment_id] for one in group)
    taken = max(0, min(net, wanted))
    keep = max(0, net) - taken
    for one in reversed(group):
        kept = max(0, min(left[one.payment_id], keep))
        left[one.payment_id] = kept
        keep -= kept
    return taken
