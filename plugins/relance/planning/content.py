"""What a stored contact or task carries, so that it can be worded, sent and proved without looking anywhere else. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from relance.config.models import Step
from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.planning.model import Plan

_ITEM_COLUMNS = (
    "invoice_id", "level", "demand", "issue_date", "due_date", "days_late", "amount", "open", "currency", "po_number",
    "description", "document", "state", "in_dispute",
)  # fmt: skip
"""Facts of an item in a content, in the order in which its row gives them.

`level`: that of the step that acts for it, null for an item that is only mentioned; `demand`: what is asked for it in minor
units, null for what is not yet due or only mentioned; `in_dispute`: the part of it that is contested, null where none or all is.
"""


def items_of(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a stored content, by invoice id; they are kept as rows, which take a third of the room of objects."""
    columns, rows = content["items"]["columns"], content["items"]["rows"]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def contents(plan: Plan, snapshot: Snapshot, policy: Policy) -> pl.DataFrame:
    """`key`, `content` (JSON text) for each contact and task of the plan."""
    facts = _facts(plan, snapshot)
    nothing = pl.DataFrame(schema={"key": pl.String, "content": pl.String})
    frames = [
        _content(group, facts, snapshot, policy)
        for group in (plan.contacts, plan.tasks)
        if not group.is_empty()
    ]
    return pl.concat([nothing, *frames])


def _facts(plan: Plan, snapshot: Snapshot) -> pl.DataFrame:
    """`invoice_id` and, for every outcome, its row as JSON but for level and demand: `head` before them, `tail` after."""
    state = (
        pl.when(pl.col("holds").list.len() > 0)
        .then(pl.col("holds").list.first().struct.field("reason"))
        .when(pl.col("days_late") >= 0)
        .then(pl.lit("due"))
        .otherwise(pl.lit("not_due"))
    )
    rows = plan.outcomes.select("invoice_id", "days_late", state=state).join(
        snapshot.items, on="invoice_id", how="left", maintain_order="left"
    )
    rows = rows.join(plan.in_dispute, on="invoice_id", how="left", maintain_order="left")
    tail = [_json(rows[name]) for name in _ITEM_COLUMNS[3:]]
    return rows.select(
        "invoice_id",
        head=pl.concat_str(pl.lit("["), _json(rows["invoice_id"]), pl.lit(",")),
        tail=pl.concat_str(pl.lit(","), pl.concat_str(*tail, separator=","), pl.lit("]")),
    )


def _json(values: pl.Series) -> pl.Series:
    """Each value as JSON text."""
    if values.null_count() == len(values):
        return pl.Series(["null"]).new_from_index(0, len(values))
    if values.dtype == pl.String:
        # an object of one member, without its `{"k":` and `}`
        return values.alias("k").to_frame().to_struct().struct.json_encode().str.slice(5).str.head(-1)
    if values.dtype == pl.Date:
        values = values.dt.to_string('"%Y-%m-%d"')
    return values.cast(pl.String).fill_null("null")


def _content(group: pl.DataFrame, facts: pl.DataFrame, snapshot: Snapshot, policy: Policy) -> pl.DataFrame:
    """The decided lists, the step's wording, the payer and the person, and the facts of all items named."""
    wide = _with_lists(group).join(_payers(snapshot), on="payer_id", how="left", maintain_order="left")
    wide = wide.join(_persons(snapshot), on="contact_id", how="left", maintain_order="left")
    wide = wide.join(_credit(snapshot), on="payer_id", how="left", maintain_order="left")
    wide = wide.join(_wording(policy), on=["scenario", "step"], how="left", maintain_order="left").join(
        _rows(wide, facts), on="key", how="left", maintain_order="left"
    )
    wide = wide.join(_copies(wide, snapshot, policy), on="key", how="left", maintain_order="left")
    decided = pl.struct(
        "totals", "score", "payer", "person", pl.col("credit", "cc").fill_null([])
    ).struct.json_encode()
    return wide.select(
        "key",
        content=pl.concat_str(
            decided.str.head(-1),
            pl.lit(","),
            pl.col("wording"),
            pl.lit(f',"items":{{"columns":{json.dumps(_ITEM_COLUMNS, separators=(",", ":"))},"rows":['),
            pl.col("rows").fill_null(""),
            pl.lit("]}}"),
        ),
    )


def _with_lists(group: pl.DataFrame) -> pl.DataFrame:
    """A task lacks what only a contact has; give it nothing there."""
    lacking = {
        "mentions": pl.lit([], dtype=pl.List(pl.String)),
        "score": pl.lit(None, pl.Float64),
        "contact_id": pl.lit(None, pl.String),
    }
    return group.with_columns(**{name: value for name, value in lacking.items() if name not in group.columns})


def _payers(snapshot: Snapshot) -> pl.DataFrame:
    columns = ("customer_id", "name", "country", "language", "vat_no", "legal_form", "timezone")
    return snapshot.customers.select(pl.col("customer_id").alias("payer_id"), payer=pl.struct(*columns))


def _persons(snapshot: Snapshot) -> pl.DataFrame:
    return snapshot.contacts.select("contact_id", person=pl.struct("contact_id", "name", "role"))


def _credit(snapshot: Snapshot) -> pl.DataFrame:
    return (
        snapshot.credits.sort("payer_id", "currency")
        .group_by("payer_id", maintain_order=True)
        .agg(credit=pl.struct("currency", amount="credit"))
    )


def _rows(wide: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """`key` and the rows of all items that it acts for or mentions, by invoice id."""
    demanded = wide.select("demands").explode("demands").unnest("demands").select("invoice_id", "amount")
    acted = wide.select("key", "acts").explode("acts").unnest("acts").join(
        demanded, on="invoice_id", how="left", maintain_order="left"
    )  # fmt: skip
    asked = pl.col("amount").cast(pl.String).fill_null("null")
    mentioned = wide.select("key", invoice_id="mentions").explode("invoice_id").drop_nulls()
    rows = [
        acted.select("key", "invoice_id", middle=pl.concat_str(pl.lit('"'), "level", pl.lit('",'), asked)),
        mentioned.select("key", "invoice_id", middle=pl.lit("null,null")),
    ]
    return (
        pl.concat(rows)
        .join(facts, on="invoice_id")
        .sort("key", "invoice_id")
        .group_by("key", maintain_order=True)
        .agg(rows=pl.concat_str("head", "middle", "tail").str.join(","))
    )


def _copies(wide: pl.DataFrame, snapshot: Snapshot, policy: Policy) -> pl.DataFrame:
    """`key`, `cc`: addresses that the step's `cc` means for this payer, in its order, each once."""
    tokens = [
        (name, step.id, place, token)
        for name, scenario in sorted(policy.scenarios.items())
        for step in scenario.steps
        for place, token in enumerate(step.cc)
    ]
    schema = {"scenario": pl.String, "step": pl.String, "place": pl.Int32, "token": pl.String}
    wanted = wide.select("key", "payer_id", "scenario", "step").join(
        pl.DataFrame(tokens, schema=schema, orient="row"), on=["scenario", "step"]
    )
    literal = pl.when(pl.col("token").str.contains("@", literal=True)).then("token")
    people = _colleagues(snapshot).join(wanted, on=["payer_id", "token"])
    named = wanted.select("key", "place", address=literal).filter(pl.col("address").is_not_null())
    return (
        pl.concat([named, people.select("key", "place", "address")])
        .sort("key", "place", "address")
        .group_by("key", maintain_order=True)
        .agg(cc=pl.col("address").unique(maintain_order=True))
    )


def _colleagues(snapshot: Snapshot) -> pl.DataFrame:
    """`payer_id`, `token`, `address`: a payer's sales owner and collector, and its active persons by role."""
    owners = (
        snapshot.customers.select("customer_id", "sales_owner", "collector")
        .unpivot(index="customer_id", variable_name="token", value_name="address")
        .rename({"customer_id": "payer_id"})
    )
    active = pl.col("active").fill_null(value=True) & ~pl.col("opt_out").fill_null("").str.contains(
        r"\bemail\b"
    )
    persons = snapshot.contacts.filter(active).select(
        pl.col("customer_id").alias("payer_id"),
        pl.col("role").alias("token"),
        pl.col("email").alias("address"),
    )
    return pl.concat([owners, persons]).filter(pl.col("address").str.strip_chars() != "")


def _wording(policy: Policy) -> pl.DataFrame:
    """`scenario`, `step` and the step's part of the content, as JSON members without braces."""
    rows = [
        (name, step.id, _wording_of(step))
        for name, scenario in sorted(policy.scenarios.items())
        for step in scenario.steps
    ]
    schema = {"scenario": pl.String, "step": pl.String, "wording": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _wording_of(step: Step) -> str:
    keys = ("template", "tone", "attach", "charges")
    return json.dumps({key: getattr(step, key) for key in keys}, ensure_ascii=False)[1:-1]
