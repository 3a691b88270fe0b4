"""What the card of a promise case shows: what was promised or agreed in parts, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from relance.calendars import Calendar
from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.measure import speaks
from relance.cases.reading import Case, Instalment, InstalmentPlan, Promise
from relance.cases.record import Journal
from relance.ledger.snapshot import Snapshot

SHOWN = 8
"""Promises of one case, and parts of one plan, that its card names; the others are counted."""
_URGENCY = ("broken", "today", "eve")
_CALM = {"open": 3, "replaced": 5}


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that was promised and agreed in parts on one case."""

    promises: tuple[Promise, ...] = ()
    plans: tuple[InstalmentPlan, ...] = ()

    @property
    def everything(self) -> list[Promise | InstalmentPlan]:
        """Promises, then plans."""
        return [*self.promises, *self.plans]


def promise_facts(
    journal: Journal,
    *,
    snapshot: Snapshot,
    calendar: Calendar,
    agreed: Mapping[int, Agreed],
    cases: Iterable[Case],
) -> dict[int, dict[str, Any]]:
    """The facts of promise cases by case number: the payer's, and what was promised and how it stands.

    `promises` has a line for each promise, and one for each instalment plan: its awaited part. `instalments`, where
    there are any, tells of the plans whole.
    """
    chosen = list(cases)
    payers = {case.payer_id for case in chosen}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(items["invoice_id"]))
    about = pl.concat([_about(items, case, agreed[case.case_id]) for case in chosen]) if chosen else items
    base = payer_facts(snapshot, payers, history, items=about)
    result = {}
    for case in chosen:
        shown, speak = _standing(agreed[case.case_id], on=journal.on, calendar=calendar)
        result[case.case_id] = {
            **base[case.payer_id],
            "promises": shown[:SHOWN],
            "more_promises": max(0, len(shown) - SHOWN),
            "speak": speak,
        }
        if plans := [_whole(one) for one in agreed[case.case_id].plans if one.state != "replaced"]:
            result[case.case_id]["instalments"] = plans
    return result


def _about(items: pl.DataFrame, case: Case, agreed: Agreed) -> pl.DataFrame:
    own = items.filter(pl.col("payer_id") == case.payer_id)
    live = [one for one in agreed.everything if one.state != "replaced"]
    if any(one.invoices is None for one in live):
        return own
    return own.filter(
        pl.col("invoice_id").is_in(sorted({item for one in live for item in one.invoices or ()}))
    )


def _standing(agreed: Agreed, *, on: date, calendar: Calendar) -> tuple[list[dict[str, Any]], str | None]:
    """What was promised as facts, the most urgent first, and what the card says most loudly."""
    lines = [_promise_line(one, on=on, calendar=calendar) for one in agreed.promises]
    lines += [_plan_line(one, on=on, calendar=calendar) for one in agreed.plans]
    ordered = sorted(enumerate(lines), key=lambda row: (_rank(row[1]), row[1]["due_on"], row[0]))
    facts = [line for _, line in ordered]
    return facts, facts[0]["speak"] if facts else None


def _rank(line: Mapping[str, Any]) -> int:
    return _URGENCY.index(line["speak"]) if line["speak"] else _CALM.get(line["state"], 4)


def _promise_line(one: Promise, *, on: date, calendar: Calendar) -> dict[str, Any]:
    speak = _speaks(one, one, on=on, calendar=calendar)
    return {"promise_id": one.promise_id, **_line(one, one, made_on=one.made_on, by=one.by), "speak": speak}


def _plan_line(one: InstalmentPlan, *, on: date, calendar: Calendar) -> dict[str, Any]:
    """The part of a plan that counts now: the first that is not paid, of a paid plan the last."""
    part = one.awaited or one.parts[-1]
    return {
        "promise_id": f"instalment {one.instalment_plan_id}/{part.number}",
        **_line(one, part, made_on=one.made_on, by=one.by),
        "speak": _speaks(one, part, on=on, calendar=calendar),
        "instalment": part.number,
        "instalments": len(one.parts),
    }


def _line(
    one: Promise | InstalmentPlan, owed: Promise | Instalment, *, made_on: date, by: str
) -> dict[str, Any]:
    return {
        "amount": owed.amount, "currency": one.currency, "paid": owed.paid,
        "made_on": made_on.isoformat(), "due_on": owed.due_on.isoformat(),
        "grace_until": owed.grace_until.isoformat(), "state": one.state, "by": by,
        "invoices": None if one.invoices is None else len(one.invoices),
    }  # fmt: skip


def _speaks(
    one: Promise | InstalmentPlan, owed: Promise | Instalment, *, on: date, calendar: Calendar
) -> str | None:
    if one.state == "open":
        return speaks(due_on=owed.due_on, grace_until=owed.grace_until, as_of=on, calendar=calendar)
    return "broken" if one.state == "broken" and one.dealt_on is None else None


def _whole(plan: InstalmentPlan) -> dict[str, Any]:
    """A plan with its parts, from the awaited one on where they are many."""
    first = plan.awaited.number if plan.awaited else len(plan.parts)
    start = max(0, min(first - 1, len(plan.parts) - SHOWN))
    return {
        "instalment_plan_id": plan.instalment_plan_id, "state": plan.state, "currency": plan.currency,
        "amount": sum(part.amount for part in plan.parts), "paid": sum(part.paid for part in plan.parts),
        "made_on": plan.made_on.isoformat(), "by": plan.by, "parts": _parts(plan.parts[start : start + SHOWN]),
        "more_parts": max(0, len(plan.parts) - SHOWN),
    }  # fmt: skip


def _parts(parts: Sequence[Instalment]) -> list[dict[str, Any]]:
    return [
        {
            "number": part.number, "amount": part.amount, "paid": part.paid, "due_on": part.due_on.isoformat(),
            "grace_until": part.grace_until.isoformat(),
            "paid_on": part.paid_on.isoformat() if part.paid_on else None,
        }
        for part in parts
    ]  # fmt: skip
