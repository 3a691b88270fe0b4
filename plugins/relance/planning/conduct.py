"""What was done to payers, and what they did beside paying, as frames that behaviour is read from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from relance.config.policy import Policy
from relance.ledger.tables import TABLES
from relance.ledger.versions import LedgerVersions
from relance.planning.model import LEVEL_RANK, SENT, History

TOUCHES = pl.Schema({"invoice_id": pl.String, "on": pl.Date, "rank": pl.Int32, "firm": pl.Boolean})
"""Contacts that reached a payer about an invoice. `rank` of its level; `firm`: level 3 and beyond, or with charges."""

DISPUTES = pl.Schema({"payer_id": pl.String, "invoice_id": pl.String, "on": pl.Date})
"""Disputes by the day on which they were raised; `invoice_id` null: of all that the payer owes."""

PROMISES = pl.Schema({"payer_id": pl.String, "state": pl.String, "on": pl.Date})
"""Promises that came to an end: kept | partly_kept | broken, and the day."""

PLANS = pl.Schema({"payer_id": pl.String, "on": pl.Date})
"""Instalment plans asked for, and the day."""

_REFUSED = ("refused", "disputed")


@dataclass(frozen=True)
class Conduct:
    """Rows of any days; whoever reads them leaves out those of later days."""

    touches: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TOUCHES))
    disputes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DISPUTES))
    promises: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PROMISES))
    plans: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PLANS))


def touches_of(history: History, policy: Policy) -> pl.DataFrame:
    """`TOUCHES`: messages sent and calls made. A bounced message and a call not made touched nobody."""
    reached = (pl.col("kind") == "message") & pl.col("state").is_in(list(SENT))
    reached |= (pl.col("kind") == "call") & (pl.col("state") == "completed")
    contacts = history.contacts.filter(reached).select("key", "scenario", on="acted_on")
    acts = history.acts.join(contacts, on="key")
    charging = [
        (name, step.id)
        for name, scenario in policy.scenarios.items()
        for step in scenario.steps
        if step.charges
    ]
    charges = pl.DataFrame(
        charging, schema={"scenario": pl.String, "step": pl.String}, orient="row"
    ).with_columns(charging=pl.lit(value=True))
    rank = pl.col("level").replace_strict(LEVEL_RANK, default=None, return_dtype=pl.Int32)
    return (
        acts.join(charges, on=["scenario", "step"], how="left")
        .with_columns(rank=rank)
        .select(
            "invoice_id",
            "on",
            "rank",
            firm=(pl.col("rank") >= LEVEL_RANK["level_3"]) | pl.col("charging").fill_null(value=False),
        )
        .filter(pl.col("rank").is_not_null(), pl.col("on").is_not_null())
    )


def first_disputes(versions: LedgerVersions, disputes: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """`payer_id` (null: the invoice's), `invoice_id`, `on`: the first dispute of each invoice known on the day.

    To those of people come those of the e-invoicing platform, raised when an extract first said so.
    """
    platform = (
        _told(versions, as_of)
        .filter(pl.col("delivery_status").is_in(_REFUSED))
        .select(payer_id=pl.lit(None, pl.String), invoice_id="item_id", on="extract_date")
    )
    known = pl.concat([disputes.filter(pl.col("on") <= as_of), platform])
    named = known.filter(pl.col("invoice_id").is_not_null())
    first = named.group_by("invoice_id").agg(pl.col("payer_id").drop_nulls().min(), pl.col("on").min())
    whole = known.filter(pl.col("invoice_id").is_null()).unique()
    return pl.concat([first.select(list(DISPUTES)), whole.select(list(DISPUTES))])


def held_up(versions: LedgerVersions, as_of: date) -> pl.DataFrame:
    """`invoice_id`: invoices whose lateness their delivery explains, as extracts until the day told it.

    Rejected at some time, still in draft on the due date, or given their PO number after a first version without one.
    """
    told = _told(versions, as_of)
    drafts = told.filter(pl.col("delivery_status") == "draft").select("item_id").unique()
    drafted = (
        told.join(drafts, on="item_id", how="semi")
        .sort("item_id", "extract_date", "import_id")
        .with_columns(
            until=pl.col("extract_date").shift(-1).over("item_id").fill_null(as_of),
            due=pl.col("due_date").last().over("item_id"),
        )
        .filter((pl.col("delivery_status") == "draft") & (pl.col("until") > pl.col("due")))
    )
    late_po = (
        told.filter(pl.col("item_id").is_duplicated())
        .sort("item_id", "extract_date", "import_id")
        .group_by("item_id")
        .agg(first=pl.col("po_number").first(), last=pl.col("po_number").last())
        .filter(pl.col("first").is_null(), pl.col("last").is_not_null())
    )
    rejected = told.filter(pl.col("delivery_status") == "rejected")
    found = [frame.select(invoice_id="item_id") for frame in (rejected, drafted, late_po)]
    return pl.concat(found).unique()


def gone_on(versions: LedgerVersions, as_of: date) -> pl.DataFrame:
    """`invoice_id`, `gone_on`: invoices that the newest extract until the day didn't have, and the first without them."""
    told = _told(versions, as_of)
    gone = told.filter("closed").select("item_id").unique()
    last_open = pl.col("number").filter(~pl.col("closed")).max().fill_null(-1)
    return (
        told.join(gone, on="item_id", how="semi")
        .sort("item_id", "extract_date", "import_id")
        .with_columns(number=pl.int_range(pl.len()))
        .group_by("item_id")
        .agg(gone_on=pl.col("extract_date").filter(pl.col("number") > last_open).min())
        .filter(pl.col("gone_on").is_not_null())
        .select("gone_on", invoice_id="item_id")
    )


def _told(versions: LedgerVersions, as_of: date) -> pl.DataFrame:
    """Versions of invoices that extracts of the day or before brought; a snapshot falls back to later ones, this doesn't."""
    table = versions.tables.get("invoices")
    known = pl.DataFrame(schema=TABLES["invoices"].version_schema) if table is None else table
    return known.filter(pl.col("extract_date") <= as_of, pl.col("kind") == "invoice").select(
        "item_id", "extract_date", "import_id", "due_date", "delivery_status", "po_number", "closed"
    )
