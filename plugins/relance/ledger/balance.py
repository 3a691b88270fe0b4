"""What is owed on a day, per currency, by age."""

from __future__ import annotations

from typing import Any

import polars as pl

from relance.ledger.snapshot import Snapshot

BUCKETS = ("not_due", "1-30", "31-60", "61-90", "91-120", "over_120")
"""By days late: up to 0, then by thirties."""


def balance(snapshot: Snapshot) -> dict[str, Any]:
    """The figures of `relance ledger balance --json`; amounts in minor units.

    A currency is listed when an invoice of it is known on the day or there is credit in it.
    """
    late = (pl.lit(snapshot.as_of) - pl.col("due_date")).dt.total_days()
    items = snapshot.items.with_columns(late=late).with_columns(
        bucket=((pl.col("late") + 29) // 30).clip(0, len(BUCKETS) - 1)
    )
    totals = {
        row["currency"]: row
        for row in items.group_by("currency")
        .agg(
            open=pl.col("open").sum(),
            overdue=pl.col("open").filter(pl.col("late") > 0).sum(),
            invoices=pl.len(),
            payers=pl.col("payer_id").n_unique(),
        )
        .iter_rows(named=True)
    }
    ages = {
        (currency, number): amount
        for currency, number, amount in items.group_by("currency", "bucket")
        .agg(pl.col("open").sum())
        .iter_rows()
    }
    credit = dict(snapshot.credits.group_by("currency").agg(pl.col("credit").sum()).iter_rows())
    nothing = {"open": 0, "overdue": 0, "invoices": 0, "payers": 0}
    currencies = []
    for currency in sorted({*snapshot.currencies, *credit}):
        total = totals.get(currency, nothing)
        currencies.append(
            {
                "currency": currency,
                "open": total["open"],
                "overdue": total["overdue"],
                "credit": credit.get(currency, 0),
                "invoices": total["invoices"],
                "payers": total["payers"],
                "ageing": {bucket: ages.get((currency, number), 0) for number, bucket in enumerate(BUCKETS)},
            }
        )
    return {"entity": snapshot.entity, "as_of": snapshot.as_of.isoformat(), "currencies": currencies}
