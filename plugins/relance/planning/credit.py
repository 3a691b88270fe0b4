"""How a payer's credit is laid over its open invoices, and the totals that remain to demand."""

from __future__ import annotations

import polars as pl


def to_demand(items: pl.DataFrame, credit: pl.DataFrame) -> pl.Series:
    """Per item, in the items' order: what is asked for of it (`owed`) less what the payer's credit covers of that.

    Credit covers, per currency, the items that nothing else of the invoice stops (`coverable`), in the order due_date,
    issue_date, invoice_id.

    Args:
        items: row, payer_id, currency, due_date, issue_date, invoice_id, owed (open less the part in dispute), coverable.
        credit: payer_id, currency, credit (minor units, > 0).
    """
    if credit.is_empty():
        return items["owed"].alias("to_demand")
    covered = (
        items.filter("coverable")
        .join(credit, on=["payer_id", "currency"], how="inner")
        .sort("payer_id", "currency", "due_date", "issue_date", "invoice_id")
        .with_columns(before=pl.col("owed").cum_sum().over("payer_id", "currency") - pl.col("owed"))
        .select("row", covered=(pl.col("credit") - pl.col("before")).clip(0).clip(upper_bound=pl.col("owed")))
    )
    joined = items.select("row", "owed").join(covered, on="row", how="left", maintain_order="left")
    return joined.select(to_demand=pl.col("owed") - pl.col("covered").fill_null(0))["to_demand"]


NO_TOTALS = pl.DataFrame(
    schema={"payer_id": pl.String, "currency": pl.String, "outstanding": pl.Int64, "overdue": pl.Int64}
)


def segment_totals(items: pl.DataFrame, credit: pl.DataFrame) -> pl.DataFrame:
    """`payer_id`, `currency`, `outstanding`, `overdue` as the segment table takes them: owed less all credit, at least 0.

    Args:
        items: payer_id, currency, owed, days_late, claimable.
        credit: payer_id, currency, credit.
    """
    return (
        items.filter("claimable")
        .group_by("payer_id", "currency")
        .agg(outstanding=pl.col("owed").sum(), overdue=pl.col("owed").filter(pl.col("days_late") > 0).sum())
        .join(credit, on=["payer_id", "currency"], how="left")
        .with_columns(
            (pl.col("outstanding") - pl.col("credit").fill_null(0)).clip(0),
            (pl.col("overdue") - pl.col("credit").fill_null(0)).clip(0),
        )
        .drop("credit")
    )
