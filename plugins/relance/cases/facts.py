"""What a card shows about a payer, as JSON: built from the ledger's day and from history; pure.

Lateness is kept as the oldest due date, so that facts change only when something happened.
Amounts are minor units; dates ISO.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from relance.ledger.snapshot import Snapshot

TOP_ITEMS = 5
"""Open items that a card names; the others are counted."""


@dataclass(frozen=True, slots=True)
class History:
    """What was done and what comes next, by payer, in the form that facts keep."""

    level_reached: Mapping[str, str] = field(default_factory=dict)
    last_contact: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    next: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def payer_facts(
    snapshot: Snapshot, payers: Iterable[str], history: History, *, items: pl.DataFrame | None = None
) -> dict[str, dict[str, Any]]:
    """Facts by payer_id. `items`: what the card is about (default: all open ones)."""
    wanted = sorted(set(payers))
    if not wanted:
        return {}
    opened = snapshot.items.filter(pl.col("payer_id").is_in(wanted))
    people = _people(snapshot, wanted)
    totals = _totals(snapshot, opened, wanted)
    spans = {row["payer_id"]: row for row in _spans(opened, snapshot.as_of).iter_rows(named=True)}
    shown = _top(opened if items is None else items.filter(pl.col("payer_id").is_in(wanted)))
    result = {}
    for payer in wanted:
        span = spans.get(payer, {"oldest_due": None, "invoices": 0, "late": 0})
        count, top = shown.get(payer, (0, []))
        result[payer] = {
            "payer": people[payer],
            "totals": totals.get(payer, []),
            "oldest_due": span["oldest_due"].isoformat() if span["oldest_due"] else None,
            "invoices": span["invoices"],
            "late_invoices": span["late"],
            "about": count,
            "items": top,
            "level_reached": history.level_reached.get(payer),
            "last_contact": history.last_contact.get(payer),
            "next": history.next.get(payer),
        }
    return result


def alerting(snapshot: Snapshot, *, days: int) -> pl.DataFrame:
    """Open items more than `days` days late."""
    return snapshot.items.filter((pl.lit(snapshot.as_of) - pl.col("due_date")).dt.total_days() > days)


def customers_of(snapshot: Snapshot, payers: Iterable[str]) -> dict[str, list[str]]:
    """The customers that each payer pays for, itself included (one hop)."""
    own = pl.coalesce("payer_id", "customer_id").alias("payer")
    frame = snapshot.customers.select("customer_id", own).filter(pl.col("payer").is_in(sorted(set(payers))))
    found: dict[str, list[str]] = {payer: [payer] for payer in payers}
    for customer, payer in frame.sort("customer_id").iter_rows():
        if customer != payer:
            found[payer].append(customer)
    return found


def owner_of(facts: Mapping[str, Any]) -> str | None:
    """Who has the case until somebody takes it: the payer's collector, else the sales owner."""
    person = facts["payer"]
    owner = person.get("collector") or person.get("sales_owner")
    return str(owner) if owner else None


def _people(snapshot: Snapshot, wanted: list[str]) -> dict[str, dict[str, Any]]:
    columns = ["customer_id", "name", "country", "collector", "sales_owner"]
    found = snapshot.customers.filter(pl.col("customer_id").is_in(wanted)).select(columns)
    known = {row["customer_id"]: row for row in found.iter_rows(named=True)}
    empty = dict.fromkeys(columns)
    return {payer: known.get(payer, {**empty, "customer_id": payer, "name": payer}) for payer in wanted}


def _totals(snapshot: Snapshot, opened: pl.DataFrame, wanted: list[str]) -> dict[str, list[dict[str, Any]]]:
    keys = ["payer_id", "currency"]
    overdue = pl.col("open").filter(pl.col("due_date") < snapshot.as_of).sum().alias("overdue")
    owed = opened.group_by(keys).agg(pl.col("open").sum(), overdue)
    credit = snapshot.credits.filter(pl.col("payer_id").is_in(wanted)).select(*keys, "credit")
    joined = owed.join(credit, on=keys, how="full", coalesce=True).fill_null(0).sort(keys)
    result: dict[str, list[dict[str, Any]]] = {}
    for row in joined.iter_rows(named=True):
        result.setdefault(row.pop("payer_id"), []).append(row)
    return result


def _spans(opened: pl.DataFrame, as_of: date) -> pl.DataFrame:
    return opened.group_by("payer_id").agg(
        pl.col("due_date").min().alias("oldest_due"),
        pl.len().alias("invoices"),
        (pl.col("due_date") < as_of).sum().alias("late"),
    )


def _top(items: pl.DataFrame) -> dict[str, tuple[int, list[dict[str, Any]]]]:
    """For each payer the number of items, and the oldest few."""
    ordered = items.sort("due_date", "invoice_id")
    counts = dict(ordered.group_by("payer_id").len().iter_rows())
    top: dict[str, tuple[int, list[dict[str, Any]]]] = {payer: (count, []) for payer, count in counts.items()}
    columns = ["payer_id", "invoice_id", "due_date", "open", "currency", "delivery_status"]
    few = ordered.select(columns).group_by("payer_id", maintain_order=True).head(TOP_ITEMS)
    for row in few.iter_rows(named=True):
        payer = row.pop("payer_id")
        top[payer][1].append({**row, "due_date": row["due_date"].isoformat()})
    return top
