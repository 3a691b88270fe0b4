"""Money counted towards all that one payer promised, promises and instalment plans together: pure, no store, no clock.

A part of an instalment plan is counted as a promise is (`measure`): money from the day of the agreement to the end
of the part's grace. Promises and parts draw on one pool in the order of their dates, so that a payment counts once,
whatever was agreed about it. A plan that has ended keeps what it had counted and takes no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from relance.cases.measure import KEPT_PERCENT, Payment, Pledge, judge, paid_towards
from relance.cases.reading import Instalment, InstalmentPlan, Promise


@dataclass(frozen=True, slots=True)
class Counted:
    """Minor units by promise, and by plan and number of the part; what counts for nothing is not there."""

    promises: Mapping[int, int]
    parts: Mapping[tuple[int, int], int]

    def of(self, plan: InstalmentPlan, part: Instalment) -> int:
        """Minor units towards a part."""
        return self.parts.get((plan.instalment_plan_id, part.number), 0)


def count(
    promises: Iterable[Promise],
    plans: Iterable[InstalmentPlan],
    payments: Sequence[Payment],
    *,
    on: date,
    late: bool = False,
) -> Counted:
    """What came by a day for all that the payer promised and what was not replaced.

    `late` counts also what came after the grace, and for a broken plan that nothing has dealt with all that has
    fallen due meanwhile.
    """
    made = [one.pledge for one in promises if one.state != "replaced"]
    numbers: dict[int, tuple[int, int]] = {}
    for plan in sorted(plans, key=lambda one: one.instalment_plan_id):
        for part in _counting(plan, on=on, late=late):
            key = -len(numbers) - 1  # promises have the numbers above 0
            numbers[key] = (plan.instalment_plan_id, part.number)
            made.append(replace(_pledge(plan, part), promise_id=key))
    paid = paid_towards(made, payments, until=on, late=late)
    return Counted(
        promises={key: amount for key, amount in paid.items() if key not in numbers},
        parts={numbers[key]: amount for key, amount in paid.items() if key in numbers},
    )


def judged(plan: InstalmentPlan, counted: Counted, *, nothing_left: bool, on: date) -> InstalmentPlan:
    """An open plan as it is on a day: its parts with what was paid, and open, kept or broken.

    A part is paid by the rule of a promise: whole before its date, 95 % from its date on. A reversal within the
    grace makes it unpaid again; a later one is missing from the parts to come. `nothing_left` of what the plan is
    about keeps it, unless a part was missed before.
    """
    parts = tuple(_brought_to(plan, part, counted.of(plan, part), on=on) for part in plan.parts)
    now = replace(plan, parts=parts)
    awaited = now.awaited
    if awaited is None or (nothing_left and on <= awaited.grace_until):
        return replace(now, state="kept", concluded_on=on)
    if on > awaited.grace_until:
        return replace(now, state="broken", concluded_on=on)
    return now


def made_good(plan: InstalmentPlan, late: Counted, *, on: date) -> bool:
    """Whether all that has fallen due of a broken plan has come, however late."""
    due = [part for part in plan.parts if part.due_on <= on]
    return all(late.of(plan, part) * 100 >= part.amount * KEPT_PERCENT for part in due)


def nothing_left(one: Promise | InstalmentPlan, items: pl.DataFrame) -> bool:
    """Whether nothing is open any more of what was promised (paid, credited, cancelled …); `items`: the payer's."""
    if one.invoices is None:
        return items.filter(pl.col("currency") == one.currency).is_empty()
    return items.filter(pl.col("invoice_id").is_in(list(one.invoices))).is_empty()


def _counting(plan: InstalmentPlan, *, on: date, late: bool) -> list[Instalment]:
    """The parts that draw on the pool, the end of their time cut to the end of the plan's."""
    if plan.state == "replaced" or (late and plan.dealt_on is not None):
        return []
    if plan.concluded_on is None:
        return list(plan.parts)
    if plan.state == "kept":
        return [_cut(part, plan.concluded_on) for part in plan.parts]
    last = on if late else plan.concluded_on
    return [_cut(part, plan.concluded_on) for part in plan.parts if part.due_on <= last]


def _cut(part: Instalment, last: date) -> Instalment:
    return replace(part, grace_until=min(part.grace_until, last))


def _pledge(plan: InstalmentPlan, part: Instalment) -> Pledge:
    names = None if plan.invoices is None else frozenset(plan.invoices)
    return Pledge(part.number, part.amount, plan.currency, plan.made_on, part.due_on, part.grace_until, names)


def _brought_to(plan: InstalmentPlan, part: Instalment, paid: int, *, on: date) -> Instalment:
    whole = judge(_pledge(plan, part), paid=paid, nothing_left=False, as_of=on) == "kept"
    return replace(part, paid=paid, paid_on=(part.paid_on or on) if whole else None)
