"""One contact a payer a day: the invoices whose step may act are joined, given to a person, and held to the caps."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import polars as pl

from relance.config.models import Entity, Region, Step
from relance.config.policy import Policy
from relance.planning.model import LEVEL_RANK, History
from relance.planning.people import PERSON, Directory, language_for

_ACTS = pl.List(pl.Struct({"invoice_id": pl.String, "step": pl.String, "level": pl.String}))
_DEMANDS = pl.List(pl.Struct({"invoice_id": pl.String, "amount": pl.Int64, "currency": pl.String}))
_TOTALS = pl.List(pl.Struct({"currency": pl.String, "amount": pl.Int64}))
_GROUP: dict[str, pl.DataType | type[pl.DataType]] = {
    "key": pl.String, "payer_id": pl.String, "scenario": pl.String, "lead_step": pl.String, "level": pl.String,
    "kind": pl.String, "rank": pl.Int32, "acts": _ACTS, "demands": _DEMANDS, "announces": pl.List(pl.String),
    "max_late": pl.Int32, "rows": pl.List(pl.UInt32), "totals": _TOTALS, "approval": pl.String,
}  # fmt: skip
NO_TASKS = pl.DataFrame(schema=_GROUP)
"""What a day without a task has: the columns of one with some."""
NO_CONTACTS = pl.DataFrame(
    schema=_GROUP | {
        "collector": pl.String, "payer_language": pl.String, "contact_id": pl.String, "to": pl.String,
        "channel": pl.String, "person_language": pl.String, "language": pl.String, "mentions": pl.List(pl.String),
        "score": pl.Float64,
    }
)  # fmt: skip
"""What a day without a contact has."""


def leads(acting: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Groups of acting items under their lead: the highest level, then the latest step in order, then the lowest id.

    `acting`, in order of invoice_id: row, payer_id, invoice_id, scenario, lead_step, step, level, kind, place, rank,
    to_demand, currency, days_late. Gives one row a group, in order of `by`: the lead's scenario, step, level, kind, rank;
    acts, demands, announces, totals, max_late, rows.
    """
    due = pl.col("days_late") >= 0
    # one number that orders candidates for the lead; rows rise with invoice_id, so no two are alike
    weight = (pl.col("rank").cast(pl.Int64) * 1000 + pl.col("place")) * 2**32 - pl.col("row")
    lead = pl.col("weight").arg_max()
    grouped = (
        acting.with_columns(weight=weight)
        .group_by(by, maintain_order=True)
        .agg(
            *(
                pl.col(name).get(lead)
                for name in ("scenario", "lead_step", "level", "kind", "rank")
                if name not in by
            ),
            acts=pl.struct("invoice_id", "step", "level"),
            demands=pl.struct("invoice_id", amount="to_demand", currency="currency").filter(due),
            announces=pl.col("invoice_id").filter(~due),
            max_late=pl.col("days_late").max(),
            rows=pl.col("row"),
        )
        .sort(by)
    )
    return grouped.join(
        _totals(acting.filter(due), by), on=by, how="left", maintain_order="left"
    ).with_columns(pl.col("totals").fill_null([]))


def _totals(due: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return (
        due.group_by(*by, "currency")
        .agg(amount=pl.col("to_demand").sum())
        .sort(*by, "currency")
        .group_by(by, maintain_order=True)
        .agg(totals=pl.struct("currency", "amount"))
    )


def addressed(contacts: pl.DataFrame, directory: Directory, region: Region) -> pl.DataFrame:
    """Contacts with the person, address, channel and language that the lead's step gives them."""
    steps = directory.steps.rename({"step": "lead_step"})
    wanted = contacts.join(steps, on=["scenario", "lead_step"], how="left", maintain_order="left")
    found = pl.concat(
        [
            pl.DataFrame(schema={**wanted.schema, **PERSON}),
            *(
                rows.join(directory.persons[reach], on="payer_id", how="left", maintain_order="left")
                for (reach,), rows in wanted.group_by("reach", maintain_order=True)
            ),
        ]
    ).sort("payer_id")
    pairs = found.select("person_language", "payer_language").unique()
    languages = [language_for(tags, region.languages) for tags in pairs.iter_rows()]
    return found.join(
        pairs.with_columns(pl.Series("language", languages, dtype=pl.String)),
        on=["person_language", "payer_language"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )


def cut_by_caps(contacts: pl.DataFrame, entity: Entity) -> dict[str, pl.DataFrame]:
    """Contacts beyond a cap, by the cap's name; each cap works on what the one before left.

    In order of level (highest first), greatest lateness, payer. Calls a collector, e-mails an address, contacts in all.
    """
    cut: dict[str, pl.DataFrame] = {}
    if contacts.is_empty():
        return cut
    left = contacts.sort("rank", "max_late", "payer_id", descending=[True, True, False])
    nth = pl.int_range(pl.len())
    calls = left.with_columns(nth=nth.over("kind", "collector"))
    beyond = (pl.col("kind") == "call") & (pl.col("nth") >= entity.call_capacity)
    cut["capacity"], left = calls.filter(beyond), calls.filter(~beyond)
    mails = left.with_columns(
        nth=nth.over(pl.col("channel"), pl.col("to").str.strip_chars().str.to_lowercase())
    )
    beyond = (pl.col("channel") == "email") & (pl.col("nth") >= entity.max_messages_per_address_per_day)
    cut["address_cap"], left = mails.filter(beyond), mails.filter(~beyond)
    if entity.max_contacts_per_day is not None:
        cut["daily_cap"] = left.slice(entity.max_contacts_per_day)
    return cut


def contact_key(entity: str, payer_id: str, as_of: date, step: str | None = None) -> str:
    """A contact's identity: a hash of entity, payer and day; a task's, of the step too."""
    parts = [entity, payer_id, as_of.isoformat(), *([step] if step is not None else [])]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def approval_for(
    step: Step, totals: list[dict[str, Any]], acts: list[dict[str, Any]], given: list[dict[str, Any]]
) -> str | None:
    """The role that must say yes to a contact or task of `step` with these totals, or None.

    Always without amounts; with amounts, when a total is over its currency's or in a currency not listed. A yes given
    before for one of the invoices (`given`: invoices, level, totals) counts unless level or total grew.
    """
    if step.approval is None:
        return None
    over = {limit.currency: limit.minor for limit in step.approval.over}
    sums = {total["currency"]: total["amount"] for total in totals}
    if over and all(currency in over and amount <= over[currency] for currency, amount in sums.items()):
        return None
    invoices = {act["invoice_id"] for act in acts}
    if any(_covers(yes, step, sums, invoices) for yes in given):
        return None
    return step.approval.role


def _covers(yes: dict[str, Any], step: Step, sums: dict[str, int], invoices: set[str]) -> bool:
    approved = {total["currency"]: total["amount"] for total in yes["totals"]}
    return (
        not invoices.isdisjoint(yes["invoices"])
        and LEVEL_RANK[yes["level"]] >= LEVEL_RANK[step.level]
        and all(amount <= approved.get(currency, 0) for currency, amount in sums.items())
    )


def approvals(groups: pl.DataFrame, policy: Policy, history: History) -> pl.Series:
    """`approval` for each group, in order."""
    given: dict[str, list[dict[str, Any]]] = {}
    for row in history.approvals.iter_rows(named=True):
        given.setdefault(row["payer_id"], []).append(row)
    asking = {
        (name, step.id): step
        for name, scenario in policy.scenarios.items()
        for step in scenario.steps
        if step.approval is not None
    }
    roles: list[str | None] = [None] * groups.height
    if asking:
        pairs = pl.DataFrame(
            list(asking), schema={"scenario": pl.String, "lead_step": pl.String}, orient="row"
        )
        those = groups.with_row_index("number").join(pairs, on=["scenario", "lead_step"], how="semi")
        columns = those.select("number", "scenario", "lead_step", "payer_id", "totals", "acts")
        for number, scenario, step_id, payer, totals, acts in columns.iter_rows():
            roles[number] = approval_for(asking[scenario, step_id], totals, acts, given.get(payer, []))
    return pl.Series("approval", roles, dtype=pl.String)
