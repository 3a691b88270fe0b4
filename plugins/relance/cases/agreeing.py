"""An instalment plan, agreed: checked, put on the payer's promise case, and a hold until its first part's grace is over."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases import transitions
from relance.cases.confirming import confirm, with_confirmation
from relance.cases.instalments import conclude_plan, deal_with_plan, hold_for
from relance.cases.permissions import check_allowed, colleagues_of, sum_up
from relance.cases.promised import Agreed, promise_facts
from relance.cases.promising import (
    covers,
    days_of_grace,
    leave,
    ledger_on,
    make_way,
    open_items,
    promise_case,
)
from relance.cases.reading import Case, Instalment, InstalmentPlan, read_instalment_plans, read_promises
from relance.cases.record import Journal, update_case
from relance.cases.work import calendar_of
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.schema import instalment, instalment_plan
from relance.store.uow import UnitOfWork

FIRST_WITHIN_DAYS = 3
"""How many days after the agreement the first payment may be due: a plan needs a first payment at once (spec/cases.md)."""
LONGEST_MONTHS = 24
"""How far ahead the last part may lie."""

Parts = Sequence[tuple[Money, date]]


def agree(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    parts: Parts,
    by: str,
    on_date: date,
    invoices: Sequence[str] | None = None,
    snapshot: Snapshot | None = None,
) -> int:
    """Agree that the payer pays in `parts` (amount, date); gives the number of its promise case. Doesn't commit.

    `invoices` are invoices or open items (None: all of the payer's); `by` is who agreed (an e-mail). Each part has
    the days of grace of the payer's scenario. An earlier plan or open promise whose invoices are all in this one is
    replaced, a broken one is dealt with. `snapshot` is the ledger on `on_date`, read when not given. The same plan
    twice changes nothing.

    Raises:
        NotAllowedError: `by` may not agree to this total, with what is still to be paid of plans that go on beside it.
        CaseError: parts, amounts, dates, payer or invoices that can't be agreed on; says what would do.
        AlreadyDoneError: somebody else noted the same plan; says who and when.
        UsageError: an unknown entity.
    """
    policy.entity(entity)
    check_allowed(
        uow, policy, by=by, action="instalments", entity=entity, totals=sum_up(amount for amount, _ in parts),
        payer=colleagues_of(uow, entity, payer_id),
    )  # fmt: skip
    total = _check_amounts(parts)
    _check_dates(parts, on_date=on_date)
    ledger = snapshot or ledger_on(uow, entity, on_date)
    items = open_items(ledger, payer_id, total.currency, invoices)
    _check_open(ledger, payer_id, total, items)
    grace = timedelta(days=days_of_grace(uow, policy, entity, payer_id, on_date))

    journal = Journal(uow=uow, entity=entity, on=on_date, actor=by, policy=policy)
    case = promise_case(journal, ledger, payer_id)
    plans = read_instalment_plans(uow, entity=entity, payers=[payer_id], case_id=case.case_id)
    for one in plans:
        if _same(one, parts, items=items):
            return leave(journal, case, one)
    _check_overlap(plans, total.currency, items)
    if beside := _beside(plans, total.currency, items):  # two small plans are no way around the amount
        check_allowed(
            uow, policy, by=by, action="instalments", entity=entity, totals=sum_up([total, *beside]),
            payer=colleagues_of(uow, entity, payer_id),
        )  # fmt: skip
    promises = read_promises(uow, entity=entity, payers=[payer_id], case_id=case.case_id)
    kept = [make_way(journal, one, total.currency, items, how="instalments") for one in promises]
    earlier = [_make_way(journal, one, total.currency, items) for one in plans]
    made = _insert(journal, case, parts, items=items, grace=grace)
    hold_for(journal, made)
    facts = promise_facts(
        journal, snapshot=ledger, calendar=calendar_of(policy, entity),
        agreed={case.case_id: Agreed(tuple(kept), (*earlier, made))}, cases=[case],
    )[case.case_id]  # fmt: skip
    written = confirm(journal, policy=policy, agreed=made, ledger=ledger)
    body, details = with_confirmation(case, _told(made), written)
    update_case(journal, case, facts, verb="instalments", body=body, details=details)
    journal.write()
    return case.case_id


def _beside(plans: Sequence[InstalmentPlan], currency: str, items: tuple[str, ...] | None) -> list[Money]:
    """What is still to be paid of running plans that the new one does not replace."""
    return [
        Money(currency, part.amount - part.paid)
        for one in plans
        if one.state == "open" and one.currency == currency and not covers(one, currency, items)
        for part in one.parts
    ]


def _check_amounts(parts: Parts) -> Money:
    """The total of the parts."""
    if len(parts) < 2:
        raise CaseError(
            f"{len(parts) or 'No'} part is no instalment plan.",
            hint="Give two parts or more, or note a promise.",
        )
    low = [str(amount) for amount, _ in parts if amount.minor <= 0]
    if low:
        raise CaseError(f"A part of {low[0]} can't be agreed on.", hint="Give amounts above 0.")
    totals = sum_up(amount for amount, _ in parts)
    if len(totals) > 1:
        raise CaseError(
            f"The parts are in {' and '.join(one.currency for one in totals)}.",
            hint="Agree on a plan for each currency.",
        )
    return totals[0]


def _check_dates(parts: Parts, *, on_date: date) -> None:
    dates = [due for _, due in parts]
    for due, following in pairwise(dates):
        if following <= due:
            raise CaseError(
                f"{following} comes after {due}.", hint="Give the parts in the order of their dates."
            )
    first_by = on_date + timedelta(days=FIRST_WITHIN_DAYS)
    if not on_date <= dates[0] <= first_by:
        raise CaseError(
            f"The first part is due on {dates[0]}; an instalment plan needs a first payment at once.",
            hint=f"Give the first part a date from {on_date} to {first_by}.",
        )
    latest = months_after(on_date, LONGEST_MONTHS)
    if dates[-1] > latest:
        raise CaseError(
            f"{dates[-1]} is more than {LONGEST_MONTHS} months ahead.",
            hint=f"Give {latest} or an earlier date.",
        )


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _check_open(ledger: Snapshot, payer_id: str, total: Money, items: tuple[str, ...] | None) -> None:
    own = ledger.items.filter(pl.col("payer_id") == payer_id, pl.col("currency") == total.currency)
    meant = own if items is None else own.filter(pl.col("invoice_id").is_in(list(items)))
    opened = Money(total.currency, int(meant["open"].sum()))
    if total.minor > opened.minor:
        raise CaseError(
            f"The parts come to {total}, and only {opened} is open.", hint=f"Give parts of {opened} at most."
        )


def _check_overlap(plans: Sequence[InstalmentPlan], currency: str, items: tuple[str, ...] | None) -> None:
    """Refuse a second plan for a part of what a running one is about: each would count on the same debt."""
    for one in plans:
        if one.state != "open" or one.currency != currency or covers(one, currency, items):
            continue
        if one.invoices is None or set(one.invoices) & set(items or ()):
            what = "all that the payer owes" if one.invoices is None else ", ".join(one.invoices)
            raise CaseError(
                f"A plan of {one.made_on} for {what} is running.",
                hint="Agree on a plan for at least the same invoices: it replaces the running one.",
            )


def _same(one: InstalmentPlan, parts: Parts, *, items: tuple[str, ...] | None) -> bool:
    """Whether this is agreed already, whoever noted it."""
    return one.state == "open" and one.invoices == items and one.terms == tuple(parts)


def _make_way(
    journal: Journal, one: InstalmentPlan, currency: str, items: tuple[str, ...] | None
) -> InstalmentPlan:
    """An earlier plan as it is once the new one stands: replaced or dealt with when the new one covers it."""
    if covers(one, currency, items):
        if one.state == "open":
            return conclude_plan(journal, one, "replaced")
        if one.is_live:
            return deal_with_plan(journal, one, how="instalments")
    return one


def _insert(
    journal: Journal, case: Case, parts: Parts, *, items: tuple[str, ...] | None, grace: timedelta
) -> InstalmentPlan:
    state = transitions.move(transitions.INSTALMENT_PLAN, "make", "new")
    values: dict[str, Any] = {
        "case_id": case.case_id, "entity": case.entity, "payer_id": case.payer_id, "currency": parts[0][0].currency,
        "made_on": journal.on, "state": state, "by": journal.actor,
    }  # fmt: skip
    row = {**values, "invoices": None if items is None else list(items)}
    statement = sa.insert(instalment_plan).values(row).returning(instalment_plan.c.instalment_plan_id)
    number = journal.uow.execute(statement).scalar_one()
    made = tuple(
        Instalment(place, amount.minor, due, due + grace, paid=0, paid_on=None)
        for place, (amount, due) in enumerate(parts, start=1)
    )
    rows = [
        {
            "instalment_plan_id": number, "number": one.number, "amount": one.amount, "due_on": one.due_on,
            "grace_until": one.grace_until,
        }
        for one in made
    ]  # fmt: skip
    journal.uow.execute(sa.insert(instalment), rows)
    return InstalmentPlan(
        instalment_plan_id=number, invoices=items, concluded_on=None, dealt_on=None, parts=made, **values
    )


def _told(made: InstalmentPlan) -> dict[str, Any]:
    return {
        "instalment_plan": made.instalment_plan_id, "currency": made.currency,
        "amount": sum(part.amount for part in made.parts),
        "parts": [
            {"number": part.number, "amount": part.amount, "due_on": part.due_on.isoformat()} for part in made.parts
        ],
        "invoices": None if made.invoices is None else list(made.invoices),
    }  # fmt: skip
