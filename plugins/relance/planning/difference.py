"""What another policy would do on the same day: two plans of one entity compared. Pure.

Contacts are matched by payer (there is one a day), tasks by payer and step, outcomes by invoice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from relance.money import to_decimal
from relance.planning.model import Plan
from relance.planning.present import as_json

Row = dict[str, Any]
Totals = tuple[Mapping[str, Any], ...]
"""`{"currency", "amount"}` in minor units, by currency."""

CONTACT_FIELDS = (
    "kind", "channel", "contact_id", "to", "language", "scenario", "step", "level", "acts", "announces", "mentions",
    "totals", "approval",
)  # fmt: skip
TASK_FIELDS = ("kind", "scenario", "level", "acts", "totals", "approval")
"""What makes two contacts (tasks) different; their demands show in the totals."""

_KINDS = ("act", "hold", "wait", "exhausted")


@dataclass(frozen=True)
class Changed:
    """A contact or task of both plans: its rows, and the names of the fields that differ."""

    before: Row
    after: Row
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """Rows as in the plan's JSON, the largest demands first."""

    added: tuple[Row, ...]
    dropped: tuple[Row, ...]
    changed: tuple[Changed, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.dropped or self.changed)


@dataclass(frozen=True)
class Transition:
    """Invoices whose outcome or reason becomes another: how many, and what is open of them."""

    from_outcome: str
    from_reason: str | None
    to_outcome: str
    to_reason: str | None
    invoices: int
    open: Totals
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """Invoices and payers that come under another scenario."""

    from_scenario: str
    to_scenario: str
    invoices: int
    payers: int


@dataclass(frozen=True)
class Side:
    """The figures of one plan."""

    policy_version: str
    outcomes: Mapping[str, int]
    contacts_by_level: Mapping[str, int]
    contacts_by_channel: Mapping[str, int]
    tasks_by_kind: Mapping[str, int]
    demanded: Totals


@dataclass(frozen=True)
class Difference:
    """All that another policy would do differently for one entity on one day."""

    entity: str
    as_of: str
    before: Side
    after: Side
    contacts: Changes
    tasks: Changes
    outcomes: tuple[Transition, ...]
    scenarios: tuple[Move, ...]
    other_steps: int
    """Invoices with the same outcome and reason, but another step, or another date for it."""

    @property
    def empty(self) -> bool:
        """Whether both plans do the same, whatever the policies are called."""
        invoices = self.outcomes or self.scenarios or self.other_steps
        return self.contacts.empty and self.tasks.empty and not invoices


def difference(before: Plan, after: Plan) -> Difference:
    """Compare two plans of the same entity and day, made on the same ledger, history and holds."""
    assert (before.entity, before.as_of) == (after.entity, after.as_of)
    old, new = _lists(before), _lists(after)
    return Difference(
        entity=before.entity,
        as_of=before.as_of.isoformat(),
        before=_side(before, old),
        after=_side(after, new),
        contacts=_changes(old["contacts"], new["contacts"], ("payer_id",), CONTACT_FIELDS),
        tasks=_changes(old["tasks"], new["tasks"], ("payer_id", "step"), TASK_FIELDS),
        outcomes=_transitions(before, after),
        scenarios=_moves(before, after),
        other_steps=_other_steps(before, after),
    )


def _lists(plan: Plan) -> dict[str, list[Row]]:
    """Contacts and tasks as the JSON has them; outcomes stay frames, since there are many."""
    small = Plan(plan.entity, plan.as_of, plan.policy_version, pl.DataFrame(), plan.contacts, plan.tasks)
    return as_json(small)


def _side(plan: Plan, lists: Mapping[str, list[Row]]) -> Side:
    counted = dict(plan.outcomes["outcome"].value_counts().iter_rows()) if plan.outcomes.width else {}
    contacts = lists["contacts"]
    return Side(
        policy_version=plan.policy_version,
        outcomes={kind: int(counted.get(kind, 0)) for kind in _KINDS},
        contacts_by_level=_counted(row["level"] for row in contacts),
        contacts_by_channel=_counted(row["channel"] for row in contacts),
        tasks_by_kind=_counted(row["kind"] for row in lists["tasks"]),
        demanded=summed(contacts),
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def summed(rows: Iterable[Row]) -> Totals:
    """What rows demand together, by currency."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update({one["currency"]: one["amount"] for one in row["totals"]})
    return tuple({"currency": currency, "amount": total[currency]} for currency in sorted(total))


def _changes(
    before: list[Row], after: list[Row], identity: tuple[str, ...], fields: tuple[str, ...]
) -> Changes:
    old = {tuple(row[name] for name in identity): row for row in before}
    new = {tuple(row[name] for name in identity): row for row in after}
    both = (
        (old[key], new[key], tuple(name for name in fields if old[key][name] != new[key][name]))
        for key in old
        if key in new
    )
    changed = [Changed(was, becomes, differing) for was, becomes, differing in both if differing]
    return Changes(
        added=tuple(sorted((new[key] for key in new if key not in old), key=_largest)),
        dropped=tuple(sorted((old[key] for key in old if key not in new), key=_largest)),
        changed=tuple(sorted(changed, key=lambda one: _largest(one.after))),
    )


def _largest(row: Row) -> tuple[Decimal, str, str]:
    """Sort key: the largest demand first. Currencies count at their face: it is an order for reading, no sum."""
    face = sum((to_decimal(one["amount"], one["currency"]) for one in row["totals"]), Decimal(0))
    return -face, row["payer_id"], row["step"]


def _paired(before: Plan, after: Plan) -> pl.DataFrame:
    columns = ("invoice_id", "payer_id", "outcome", "reason", "scenario", "open", "currency")
    return before.outcomes.select(columns).join(
        after.outcomes.select("invoice_id", "outcome", "reason", "scenario"), on="invoice_id", suffix="_after"
    )


def _transitions(before: Plan, after: Plan, *, examples: int = 5) -> tuple[Transition, ...]:
    if not before.outcomes.width:
        return ()
    by = ["outcome", "reason", "outcome_after", "reason_after"]
    other = pl.any_horizontal(
        pl.col("outcome") != pl.col("outcome_after"), pl.col("reason").ne_missing(pl.col("reason_after"))
    )
    groups = (
        _paired(before, after)
        .filter(other)
        .group_by(*by, "currency")
        .agg(
            pl.len().alias("invoices"),
            pl.col("open").sum(),
            pl.col("invoice_id").sort_by("open", "invoice_id", descending=[True, False]).head(examples),
        )
        .sort(*by, "currency", nulls_last=True)
        .group_by(by, maintain_order=True)
        .agg(
            pl.col("invoices").sum(),
            pl.struct("currency", amount="open").alias("open"),
            pl.col("invoice_id").explode().head(examples),
        )
    )
    found = [
        Transition(was, why, becomes, reason, number, tuple(amounts), tuple(ids))
        for was, why, becomes, reason, number, amounts, ids in groups.iter_rows()
    ]
    return tuple(sorted(found, key=lambda one: -one.invoices))


def _moves(before: Plan, after: Plan) -> tuple[Move, ...]:
    if not before.outcomes.width:
        return ()
    groups = (
        _paired(before, after)
        .filter(pl.col("scenario") != pl.col("scenario_after"))
        .group_by("scenario", "scenario_after")
        .agg(pl.len().alias("invoices"), pl.col("payer_id").n_unique().alias("payers"))
        .sort("scenario", "scenario_after")
    )
    return tuple(Move(*row) for row in groups.iter_rows())


def _other_steps(before: Plan, after: Plan) -> int:
    if not before.outcomes.width:
        return 0
    compared = ("step", "level", "step_date", "next_step", "next_on", "passed_over")
    columns = ("invoice_id", "outcome", "reason", *compared)
    pairs = before.outcomes.select(columns).join(
        after.outcomes.select(columns), on="invoice_id", suffix="_after"
    )
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_after")) for name in ("outcome", "reason")
    )
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in compared)
    return pairs.filter(same & other).height


def difference_json(found: Difference) -> dict[str, Any]:
    """The difference as plain JSON data: `relance diff --json` without the names of the two directories."""

    def changes(part: Changes) -> dict[str, Any]:
        changed = [
            {
                "payer_id": one.after["payer_id"],
                "key": one.after["key"],
                "fields": {name: {"from": one.before[name], "to": one.after[name]} for name in one.fields},
            }
            for one in part.changed
        ]
        return {"added": list(part.added), "dropped": list(part.dropped), "changed": changed}

    def side(one: Side) -> dict[str, Any]:
        return {
            "outcomes": dict(one.outcomes),
            "contacts": {"level": dict(one.contacts_by_level), "channel": dict(one.contacts_by_channel)},
            "tasks": dict(one.tasks_by_kind),
            "demanded": list(one.demanded),
        }

    return {
        "entity": found.entity,
        "as_of": found.as_of,
        "contacts": changes(found.contacts),
        "tasks": changes(found.tasks),
        "outcomes": [
            {
                "from": {"outcome": one.from_outcome, "reason": one.from_reason},
                "to": {"outcome": one.to_outcome, "reason": one.to_reason},
                "invoices": one.invoices,
                "open": list(one.open),
                "examples": list(one.examples),
            }
            for one in found.outcomes
        ],
        "scenarios": [
            {"from": one.from_scenario, "to": one.to_scenario, "invoices": one.invoices, "payers": one.payers}
            for one in found.scenarios
        ],
        "other_steps": found.other_steps,
        "before": side(found.before),
        "after": side(found.after),
    }
