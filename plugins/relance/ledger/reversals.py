"""When money went back: each reversal of an item, and whether it opened the item again."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from relance.ledger.settle import settle

_SCHEMA = {"item": pl.UInt32(), "date": pl.Date(), "reopened": pl.Boolean()}


@dataclass(frozen=True, slots=True)
class Money:
    """What reached the families concerned, with `home`: the family of what a payment or note names."""

    terms: pl.DataFrame
    payments: pl.DataFrame
    notes: pl.DataFrame
    refunds: pl.DataFrame
    days: pl.DataFrame


def reversal_days(*, items: pl.DataFrame, notes: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Every day on which a negative payment reached an item: `item`, `date`, `reopened`.

    `reopened`: the day began with nothing open and ended with something open. What a day looked like
    depends on nothing later, so that one history serves every day. Frames are those of
    `relance.ledger.versions.Epoch`.
    """
    back = payments.filter(pl.col("amount") < 0, pl.col("since").is_not_null(), pl.col("note").is_null())
    if not back.height:
        return pl.DataFrame(schema=_SCHEMA)
    back = back.select("item", "family", date=pl.max_horizontal("date", "since"), on="date")
    named = pl.concat(
        [
            back.filter(pl.col("item").is_not_null()).select("item", "date", "on"),
            back.drop("item").join(items.select("item", "family"), on="family").select("item", "date", "on"),
        ]
    )
    history = _history(_money(named, items=items, notes=notes, payments=payments))
    turned = history.filter(pl.col("before") == 0, pl.col("open") > 0, pl.col("issue_date") < pl.col("date"))
    turned = turned.select("item", on="date", reopened=pl.lit(True))
    return (
        named.unique()
        .join(turned, on=["item", "on"], how="left")
        .select("item", date="on", reopened=pl.col("reopened").fill_null(False))
    )


def open_after_each_change(
    named: pl.DataFrame, *, items: pl.DataFrame, notes: pl.DataFrame, payments: pl.DataFrame
) -> pl.DataFrame:
    """What was open at the end of each day on which money moved: `item`, `date`, `open`, `before` (null at first).

    For all items of the families of those in `named` (`item`); the other frames are those of an `Epoch`.
    """
    return _history(_money(named, items=items, notes=notes, payments=payments))


def _money(named: pl.DataFrame, *, items: pl.DataFrame, notes: pl.DataFrame, payments: pl.DataFrame) -> Money:
    """All that touched the families of the items named."""
    families = items.join(named.select("item"), on="item", how="semi").select("family").unique()
    terms = items.join(families, on="family", how="semi")
    own_payments, own_notes = _placed(payments, terms, families), _placed(notes, terms, families)
    refunds = payments.drop("item", "family").join(own_notes.select("note", "home"), on="note")
    days = [
        own_payments.select("home", "date"),
        own_payments.select("home", date="since"),
        own_notes.select("home", date="issue_date"),
        own_notes.select("home", date="since"),
        refunds.select("home", "date"),
        terms.select(home="family", date="issue_date"),
    ]
    numbered = pl.concat(days).unique().sort("home", "date").with_row_index("slot")
    return Money(terms=terms, payments=own_payments, notes=own_notes, refunds=refunds, days=numbered)


def _placed(rows: pl.DataFrame, terms: pl.DataFrame, families: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.join(terms.select("item", item_family="family"), on="item", how="left")
        .with_columns(home=pl.coalesce("item_family", "family"))
        .join(families.select(home="family"), on="home", how="semi")
        .drop("item_family")
    )


def _values(money: Money) -> pl.DataFrame:
    """What each note was worth at the end of each day: `slot`, `item` or `family`, `value`."""
    grid = money.days.join(money.notes, on="home").filter(
        pl.col("issue_date") <= pl.col("date"), pl.col("since") <= pl.col("date")
    )
    refunded = (
        grid.select("slot", "note", "date")
        .join(money.refunds.select("note", refund="amount", on="date"), on="note")
        .filter(pl.col("on") <= pl.col("date"))
        .group_by("slot", "note")
        .agg(pl.col("refund").sum())
    )
    left = pl.col("amount") + pl.col("refund").fill_null(0)
    return grid.join(refunded, on=["slot", "note"], how="left").select(
        "slot", "item", "family", value=pl.min_horizontal(pl.max_horizontal(left, 0), "amount")
    )


def _history(money: Money) -> pl.DataFrame:
    """What was open after each change: `item`, `date`, `open`, and `before`, what the change before had left.

    Each day of a family is settled as if it were a family of its own: `slot` stands for it.
    """
    grid = (
        money.days.join(money.terms.rename({"family": "home", "item": "real"}), on="home")
        .filter(pl.col("issue_date") <= pl.col("date"))
        .with_columns(family="slot")
        .with_row_index("item")
    )
    places = grid.select("slot", "item", real="real")
    laid = money.days.join(money.payments.rename({"date": "on"}), on="home").filter(
        pl.col("on") <= pl.col("date"), pl.col("since") <= pl.col("date")
    )
    values = _values(money)
    settled = settle(
        items=grid,
        paid=_at(places, laid.select("slot", "item", paid="amount")),
        noted=_at(places, values.select("slot", "item", noted="value")),
        pools=_slot_pools(laid, values),
    )
    return (
        settled.items.sort("real", "date")
        .with_columns(before=pl.col("open").shift(1).over("real"))
        .select("date", "open", "before", "issue_date", item="real")
    )


def _at(places: pl.DataFrame, sums: pl.DataFrame) -> pl.DataFrame:
    """Amounts by slot and real item, summed by the item that stands for the two."""
    column = sums.columns[-1]
    return (
        sums.rename({"item": "real"})
        .join(places, on=["slot", "real"])
        .group_by("item")
        .agg(pl.col(column).sum())
    )


def _slot_pools(laid: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    whole = pl.col("family").is_not_null()
    paid = laid.filter(whole).group_by("slot").agg(paid=pl.col("amount").sum())
    noted = values.filter(whole).group_by("slot").agg(noted=pl.col("value").sum())
    both = paid.join(noted, on="slot", how="full", coalesce=True)
    return both.select(pl.col("slot").alias("family"), pl.col("paid", "noted").fill_null(0))
