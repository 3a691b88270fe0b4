"""What rows say of one another: ids that stand twice, customers and payers that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from relance.ledger.formats import ROW
from relance.ledger.parse import BadRow, row_key
from relance.ledger.tables import Table

REFERENCES = {
    "customers": ("payer_id",),
    "contacts": ("customer_id",),
    "invoices": ("customer_id", "payer_id"),
    "payments": ("customer_id",),
    "signals": ("customer_id",),
}
"""Columns that name a customer; `ship_to_id` may be a place that is none."""


def without_strangers(
    table: Table, good: pl.DataFrame, known: pl.DataFrame
) -> tuple[pl.DataFrame, list[BadRow]]:
    """Rows whose customer and payer are known, and the others as bad ones.

    Args:
        table: which one.
        good: its readable rows.
        known: `customer_id` of the good customers of this extract and of all earlier ones.
    """
    bad: list[BadRow] = []
    for column in REFERENCES[table.name]:
        strangers = good.filter(pl.col(column).is_not_null()).join(
            known.select(pl.col("customer_id").alias(column)), on=column, how="anti"
        )
        if strangers.height:
            what = "payer" if column == "payer_id" else "customer"
            bad += _bad(
                table, strangers, column, f"is no known {what}; customers must have a good row with this id"
            )
            good = good.join(strangers.select(ROW), on=ROW, how="anti", maintain_order="left")
    return good, bad


def without_stranger_payers(
    table: Table, good: pl.DataFrame, earlier: pl.DataFrame
) -> tuple[pl.DataFrame, list[BadRow]]:
    """Customers whose payer is known, and the others.

    A payer that is itself turned away takes its customers along, unless it is known from an earlier import.
    """
    bad: list[BadRow] = []
    while True:
        known = pl.concat([good.select("customer_id"), earlier])
        good, strangers = without_strangers(table, good, known)
        if not strangers:
            return good, bad
        bad += strangers


def without_repeats(table: Table, good: pl.DataFrame) -> tuple[pl.DataFrame, list[BadRow], int]:
    """Rows without repeats of an id: the first stays.

    Gives them, the later ones of other content as bad rows, and how many said exactly the same again.
    """
    content = [name for name in table.schema if name != "ordinal"]
    keys = content if table.name == "signals" else list(table.key)
    key = pl.struct(keys) if len(keys) > 1 else pl.col(keys[0])
    repeated = good.filter(key.is_duplicated())
    if not repeated.height:
        return good, [], 0
    later = (
        repeated.sort(ROW)
        .with_columns(
            first=pl.col(ROW).first().over(keys),
            same=pl.struct(content).eq_missing(pl.struct(content).first().over(keys)),
        )
        .filter(pl.col(ROW) != pl.col("first"))
    )
    other = later.filter(~pl.col("same"))
    column = table.column(table.identity[0]).header
    bad = _bad(table, other, column, "stands twice with other content; give each row an id of its own")
    return (
        good.join(later.select(ROW), on=ROW, how="anti", maintain_order="left"),
        bad,
        later.height - other.height,
    )


def _bad(table: Table, rows: pl.DataFrame, column: str, reason: str) -> list[BadRow]:
    name = next((one.name for one in table.columns if one.header == column), column)
    return [
        BadRow(
            table.name,
            row[ROW],
            row_key(table, row),
            column,
            None if row[name] is None else str(row[name]),
            reason,
        )
        for row in rows.iter_rows(named=True)
    ]


def payment_warnings(payments: pl.DataFrame, invoices: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Payments that name an invoice unknown, or known in another currency only.

    Gives `ROW`, `payment_id`, `invoice_id`, `currency`, `elsewhere` (Boolean: known in another currency).
    """
    ids = pl.concat(
        [
            frame.select(invoice_id=pl.col(column), currency="currency")
            for frame in invoices
            for column in ("item_id", "invoice_id")
        ]
    ).unique()
    lost = payments.filter(pl.col("invoice_id").is_not_null()).join(
        ids, on=["invoice_id", "currency"], how="anti"
    )
    elsewhere = ids.select("invoice_id").unique().with_columns(elsewhere=pl.lit(value=True))
    return (
        lost.select(ROW, "payment_id", "invoice_id", "currency")
        .join(elsewhere, on="invoice_id", how="left")
        .with_columns(pl.col("elsewhere").fill_null(value=False))
        .sort(ROW)
    )
