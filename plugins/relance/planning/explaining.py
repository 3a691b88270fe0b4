"""Explains one invoice of a day from the very stages that decided it. Pure: no words, no clock, no store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from relance.ledger.versions import LedgerVersions
from relance.money import Money
from relance.planning.explanation import (
    Act,
    Covered,
    CreditUse,
    Decision,
    Demand,
    Explanation,
    Hold,
    InvoiceFacts,
    Joined,
    Next,
    Person,
    Segment,
)
from relance.planning.ladder import Ladder
from relance.planning.model import LEVEL_RANK
from relance.planning.not_open import why_not_open
from relance.planning.plan import Day
from relance.planning.reasons import holds_of


def explanation_of(day: Day, invoice_id: str, *, versions: LedgerVersions) -> Explanation:
    """Why the invoice was chased that day, or why not.

    Args:
        day: the stages of the day's plan (`plan.day_of`).
        invoice_id: the open item's id (`invoice_id`, or `invoice_id/term`).
        versions: the ledger that the day's snapshot was taken of; asked when the invoice isn't open.
    """
    found = day.snapshot.items.filter(pl.col("invoice_id") == invoice_id)
    entity, version = day.snapshot.entity, day.policy.version
    if found.is_empty():
        reason = why_not_open(versions, invoice_id, day.as_of)
        return Explanation(entity, day.as_of, invoice_id, version, not_open=reason)
    row = int(day.items.filter(pl.col("invoice_id") == invoice_id)["row"][0])
    ladder = Ladder.of(day, row, day.outcomes.row(row, named=True))
    return Explanation(
        entity, day.as_of, invoice_id, version, invoice=_facts(ladder), decision=_decision(ladder)
    )


def _decision(ladder: Ladder) -> Decision:
    out = ladder.outcome
    holds = holds_of(ladder)
    return Decision(
        outcome=out["outcome"],
        reason=out["reason"],
        step=out["step"],
        level=out["level"],
        step_date=out["step_date"],
        next_step=out["next_step"],
        next_on=out["next_on"],
        level_reached=out["level_reached"],
        segment=_segment(ladder),
        credit=_credit(ladder),
        steps=ladder.lines(),
        earlier=ladder.earlier(),
        waits=ladder.waits(),
        holds=holds,
        contact=_joined(ladder),
        next=_next(ladder, holds),
    )


def _facts(ladder: Ladder) -> InvoiceFacts:
    item, out = ladder.item, ladder.outcome
    customers = ladder.day.snapshot.customers
    names = dict(
        customers.filter(pl.col("customer_id").is_in([item["customer_id"], item["payer_id"]]))
        .select("customer_id", "name")
        .iter_rows()
    )
    currency = item["currency"]
    return InvoiceFacts(
        customer_id=item["customer_id"],
        customer=names.get(item["customer_id"]),
        payer_id=item["payer_id"],
        payer=names.get(item["payer_id"]),
        issue_date=item["issue_date"],
        due_date=item["due_date"],
        amount=Money(currency, item["amount"]),
        open=Money(currency, item["open"]),
        to_demand=Money(currency, out["to_demand"]),
        days_late=out["days_late"],
        reopened_on=item["reopened_on"],
        in_dispute=_in_dispute(ladder),
        disputed_by=_disputed_by(ladder),
    )


def _in_dispute(ladder: Ladder) -> Money | None:
    """The part of the invoice that is in dispute; None where none or all of it is."""
    part = ladder.item["open"] - int(ladder.day.owed[ladder.row])
    return Money(ladder.item["currency"], part) if part else None


def _disputed_by(ladder: Ladder) -> tuple[str, ...]:
    """Who put a part of it in dispute, and when, as the sources of holds say."""
    if _in_dispute(ladder) is None:
        return ()
    standing = pl.col("until").is_null() | (pl.col("until") >= ladder.day.as_of)
    mine = ladder.day.people.filter(
        standing,
        pl.col("reason") == "disputed",
        pl.col("invoice_id") == ladder.item["invoice_id"],
        pl.col("amount").is_not_null(),
    )
    return tuple(mine["source"].unique().sort())


def _segment(ladder: Ladder) -> Segment:
    day = ladder.day
    payer = day.payers.row(by_predicate=pl.col("payer_id") == ladder.item["payer_id"], named=True)
    names = [rule.name for rule in day.policy.segments]
    number = names.index(payer["rule"]) + 1 if payer["rule"] in names else None
    return Segment(payer["scenario"], payer["rule"], number, len(names), payer["profile"])


def _credit(ladder: Ladder) -> CreditUse | None:
    """How the payer's credit in the invoice's currency is laid out; None when it has none."""
    day, item = ladder.day, ladder.item
    currency, payer = item["currency"], item["payer_id"]
    mine = (pl.col("payer_id") == payer) & (pl.col("currency") == currency)
    given = day.snapshot.credits.filter(mine)
    if given.is_empty():
        return None
    laid = (
        day.items.with_columns(day.demand.alias("to_demand"), day.owed)
        .filter(mine & (pl.col("to_demand") < pl.col("owed")))
        .sort("due_date", "issue_date", "invoice_id")
    )
    stopped = any(ladder.row in frame["row"] for frame in day.invoice_holds)
    covers = tuple(
        Covered(
            one["invoice_id"],
            one["due_date"],
            Money(currency, one["open"]),
            Money(currency, one["owed"] - one["to_demand"]),
        )
        for one in laid.iter_rows(named=True)
    )
    return CreditUse(Money(currency, int(given["credit"][0])), covers, coverable=not stopped)


def _joined(ladder: Ladder) -> Joined | None:
    key = ladder.outcome["contact_key"]
    if key is None:
        return None
    for frame in (ladder.day.contacts, ladder.day.tasks):
        found = frame.filter(pl.col("key") == key)
        if found.height:
            return _contact(ladder, found.row(0, named=True))
    raise AssertionError(f"the contact {key} of {ladder.item['invoice_id']} is not in the plan")


def _contact(ladder: Ladder, row: dict[str, Any]) -> Joined:
    places = {step.id: place for place, step in enumerate(ladder.scenario.steps)}
    acts = tuple(Act(**act) for act in row["acts"])
    lead = min(acts, key=lambda act: (-LEVEL_RANK[act.level], -places[act.step], act.invoice_id))
    return Joined(
        key=row["key"],
        kind=row["kind"],
        lead=lead.invoice_id,
        step=row["lead_step"],
        level=row["level"],
        acts=acts,
        demands=tuple(
            Demand(one["invoice_id"], Money(one["currency"], one["amount"])) for one in row["demands"]
        ),
        announces=tuple(row["announces"]),
        mentions=tuple(row.get("mentions") or ()),
        totals=tuple(Money(one["currency"], one["amount"]) for one in row["totals"]),
        approval=row["approval"],
        channel=row.get("channel"),
        language=row.get("language"),
        person=_person(ladder, row),
    )


def _person(ladder: Ladder, row: dict[str, Any]) -> Person | None:
    if row.get("contact_id") is None:
        return None
    found = ladder.day.snapshot.contacts.filter(
        (pl.col("contact_id") == row["contact_id"]) & (pl.col("customer_id") == row["payer_id"])
    )
    known = found.row(0, named=True) if found.height else {}
    return Person(row["contact_id"], known.get("name"), known.get("role"), row["to"])


def _next(ladder: Ladder, holds: tuple[Hold, ...]) -> Next:
    out = ladder.outcome
    if out["outcome"] == "act":
        following = ladder.after_today()
        if following is None:
            return Next("nothing")
        return Next("after_act", following[0], _level(ladder, following[0]), following[1])
    if out["outcome"] == "hold":
        endless = tuple(dict.fromkeys(hold.reason for hold in holds if hold.until is None))
        if endless:
            return Next("open_hold", out["step"], out["level"], reasons=endless)
        last = max(hold.until for hold in holds if hold.until is not None)
        on = ladder.next_open(last + timedelta(days=1))
        return Next("after_hold", out["step"], out["level"], on)
    if out["outcome"] == "wait":
        return Next("wait", out["next_step"], _level(ladder, out["next_step"]), out["next_on"])
    return Next("decision")


def _level(ladder: Ladder, step: str) -> str:
    return ladder.scenario.steps[ladder.place(step)].level
