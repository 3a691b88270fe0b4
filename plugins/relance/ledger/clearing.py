"""When each invoice was settled, as known on a day: the day from which nothing has been open, pure."""

from __future__ import annotations

from datetime import date

import polars as pl

from relance.ledger.reversals import open_after_each_change
from relance.ledger.versions import Epoch

CLEARING = pl.Schema({"item": pl.UInt32, "settled_on": pl.Date, "in_part": pl.Boolean})


def clearings(epoch: Epoch, items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """`item`, `settled_on`, `in_part` of the items on which money moved until `as_of`.

    `settled_on`: the first day of those, up to now, that ended with nothing open; null while something is. A payment
    that came back starts it anew. `in_part`: a payment left something open. Items of 0 are never open and have no row.

    Args:
        epoch: the rows that count on the day.
        items: those of its items that are asked for, none of them cancelled.
        as_of: the day; what is dated later is unknown.
    """
    payments = epoch.payments.filter(pl.col("date") <= as_of)
    notes = epoch.notes.filter(pl.col("issue_date") <= as_of)
    wanted = items.filter(pl.col("amount") > 0)
    woven = _woven(wanted, notes, payments)
    plain = wanted.join(woven, on="item", how="anti")
    parts = [_of_plain(plain, notes, payments, as_of)]
    if woven.height:
        known = epoch.items.filter(pl.col("issue_date") <= as_of)
        changes = open_after_each_change(woven, items=known, notes=notes, payments=payments)
        parts.append(_of_woven(changes.join(woven, on="item", how="semi"), wanted, as_of))
    return pl.concat(parts)


def _woven(items: pl.DataFrame, notes: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """`item`: those whose money can't just be added up: terms share a pool, and a refund uses up a note."""
    refunded = notes.join(payments.select("note"), on="note", how="semi").select("item").drop_nulls()
    terms = items.filter(pl.col("term").is_not_null()).select("item")
    return pl.concat([terms, items.select("item").join(refunded, on="item", how="semi")]).unique()


def _of_plain(items: pl.DataFrame, notes: pl.DataFrame, payments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    targets = items.select("item", target="amount")
    moves = [
        payments.filter(pl.col("since") <= as_of).select(
            "item",
            "amount",
            on=pl.max_horizontal("date", "since"),
            paid=pl.max_horizontal("amount", 0),
        ),
        notes.filter(pl.col("since") <= as_of).select(
            "item", "amount", on=pl.max_horizontal("issue_date", "since"), paid=pl.lit(0, pl.Int64)
        ),
    ]
    all_moves = pl.concat(moves).join(targets, on="item")
    # Most invoices are paid by one payment: nothing is to be added up for them.
    lone = pl.col("item").is_unique()
    days = (
        all_moves.filter(~lone)
        .group_by("item", "on")
        .agg(pl.col("amount", "paid").sum(), pl.col("target").first())
        .sort("item", "on")
        .with_columns(short=pl.col("amount").cum_sum().over("item") < pl.col("target"))
    )
    paid_once = all_moves.filter(lone).with_columns(short=pl.col("amount") < pl.col("target"))
    part = pl.col("short") & (pl.col("paid") > 0)
    once = paid_once.select("item", settled_on=pl.when(~pl.col("short")).then("on"), in_part=part)
    return pl.concat([once.cast(CLEARING), _settled(days.select("item", "on", "short", part=part))])


def _of_woven(changes: pl.DataFrame, items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    days = changes.filter(pl.col("date") <= as_of).join(items.select("item", target="amount"), on="item")
    short = pl.col("open") > 0
    lowered = pl.col("open") < pl.coalesce("before", "target")
    return _settled(days.select("item", on="date", short=short, part=short & lowered))


def _settled(days: pl.DataFrame) -> pl.DataFrame:
    """From the days of each item (`on`, `short`: something was open at its end, `part`) to `CLEARING`."""
    last_short = pl.col("on").filter("short").max()
    whole = days.group_by("item").agg(last_short.alias("last_short"), in_part=pl.col("part").any())
    after = pl.col("on") > pl.col("last_short")
    settled = (
        days.filter(~pl.col("short"))
        .join(whole, on="item")
        .filter(after | pl.col("last_short").is_null())
        .group_by("item")
        .agg(settled_on=pl.col("on").min())
    )
    return whole.join(settled, on="item", how="left").select(
        pl.col(name).cast(kind) for name, kind in CLEARING.items()
    )
