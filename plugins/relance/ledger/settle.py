"""What pays what: payments and credit notes laid onto items, as sums of integers over frames.

An *item* is an invoice, or one term of an invoice. Terms of one invoice in one currency are a *family*;
money that names the invoice without a term is the family's *pool*. Source: `spec/ledger.md`, "Rules".
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome, in Int64 minor units.

    `items`: the items with `open`, `over` (money beyond the amount) and `beyond` (reversals beyond what was
    paid), all ≥ 0. `rest`: what a family's pool held beyond its terms: `family`, `rest` (negative:
    reversals beyond what was paid).
    """

    items: pl.DataFrame
    rest: pl.DataFrame


def settle(*, items: pl.DataFrame, paid: pl.DataFrame, noted: pl.DataFrame, pools: pl.DataFrame) -> Settled:
    """Lay money onto items; pure, one pass, exact.

    Money that names an item goes to it; then a family's pool fills its terms in order of due date and term.
    A reversal that names a term takes back from that term whatever way it had been paid; one that names the
    whole invoice takes back in the order in which terms are filled. Cancelled items are never open:
    payments on them are credit, notes not.

    Args:
        items: `item` and `family` (UInt32), `amount` (Int64), `cancelled` (Boolean), `due_date`, `term`.
        paid: `item`, `paid` (Int64): sums of payments naming the item.
        noted: `item`, `noted` (Int64): sums of credit notes crediting the item.
        pools: `family`, `paid`, `noted` (Int64): the same sums for families.
    """
    money = items
    for sums, name in ((paid, "paid"), (noted, "noted")):
        if sums.is_empty():
            money = money.with_columns(pl.lit(0, pl.Int64).alias(name))
        else:
            money = money.join(sums, on="item", how="left", maintain_order="left").with_columns(
                pl.col(name).fill_null(0)
            )
    money = money.with_columns(
        direct=pl.when("cancelled")
        .then(pl.max_horizontal("paid", 0))
        .otherwise(pl.col("paid") + pl.col("noted")),
        share=pl.lit(0, pl.Int64),
    )
    rest = pl.DataFrame(schema={"family": pl.UInt32, "rest": pl.Int64})
    if pools.height:
        shares, rest = _pool_shares(money, pools)
        money = money.drop("share").join(shares, on="item", how="left", maintain_order="left")
        money = money.with_columns(pl.col("share").fill_null(0))
    target = pl.when("cancelled").then(0).otherwise("amount")
    settled = pl.col("direct") + pl.col("share")
    return Settled(
        items=money.with_columns(
            open=pl.min_horizontal(pl.max_horizontal(target - settled, 0), target),
            over=pl.max_horizontal(settled - target, 0),
            beyond=pl.when("cancelled")
            .then(pl.max_horizontal(-pl.col("paid"), 0))
            .otherwise(pl.max_horizontal(-settled, 0)),
        ).drop("direct", "share"),
        rest=rest,
    )


def _pool_shares(money: pl.DataFrame, pools: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each living term gets of its family's pool (`item`, `share`), and the rest (`family`, `rest`)."""
    terms = money.join(
        pools.select("family", pool=pl.col("paid") + pl.col("noted")), on="family", how="inner"
    )
    living = terms.filter(~pl.col("cancelled")).sort("family", "due_date", "term", "item", nulls_last=True)
    paid_before = pl.max_horizontal("direct", 0)
    room = (
        pl.when(pl.col("pool") > 0)
        .then(pl.max_horizontal(pl.col("amount") - paid_before, 0))
        .otherwise(paid_before)
    )
    living = living.with_columns(room=room).with_columns(
        before=pl.col("room").cum_sum().over("family") - pl.col("room"), sign=pl.col("pool").sign()
    )
    given = pl.min_horizontal(pl.max_horizontal(pl.col("pool").abs() - pl.col("before"), 0), "room")
    living = living.with_columns(share=given * pl.col("sign"))
    left = pools.join(living.group_by("family").agg(pl.col("share").sum()), on="family", how="left")
    # A family of cancelled terms only: payments are credit, notes are not.
    dead = pl.max_horizontal("paid", 0)
    rest = left.select(
        "family",
        rest=pl.when(pl.col("share").is_null())
        .then(dead)
        .otherwise(pl.col("paid") + pl.col("noted") - pl.col("share")),
    ).filter(pl.col("rest") != 0)
    return living.select("item", "share"), rest
