"""Made ledgers of any size, the same for the same seed: files as an ERP exports them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

FIRST_DAY = date(2025, 1, 1)
DAYS = 365
CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "USD", "GBP")


def write_ledger(folder: Path, *, invoices: int, seed: int = 7) -> int:
    """Write customers, contacts, invoices and payments as CSV; gives the number of rows.

    A customer and a contact for twenty invoices, a payment for two; amounts from 1.00 to 10,000.00.
    """
    random = np.random.default_rng(seed)
    customers = max(invoices // 20, 1)
    tables = {"customers": _customers(customers, random), "contacts": _contacts(customers)}
    tables["invoices"] = _invoices(invoices, customers, random)
    tables["payments"] = _payments(tables["invoices"], random)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.write_csv(folder / f"{name}.csv")
    return sum(frame.height for frame in tables.values())


def _ids(prefix: str, numbers: np.ndarray | range, width: int = 8) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(width).str.replace("^", prefix).alias(prefix)


def _customers(count: int, random: np.random.Generator) -> pl.DataFrame:
    ids = _ids("C", range(count))
    return pl.DataFrame({"customer_id": ids}).with_columns(
        name=pl.lit("Client ") + pl.col("customer_id"),
        country=pl.Series(random.choice(["FR", "DE", "GB", "BE", "ES"], count)),
        language=pl.lit("fr"),
        segment=pl.Series(random.choice(["small", "large"], count)),
        payment_method=pl.lit("transfer"),
        status=pl.lit("active"),
    )


def _contacts(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"contact_id": _ids("K", range(count)), "customer_id": _ids("C", range(count))}
    ).with_columns(
        name=pl.lit("Accounts payable"),
        role=pl.lit("accounts_payable"),
        email=pl.col("customer_id").str.to_lowercase() + pl.lit("@payer.example"),
        phone=pl.lit("+33100000000"),
    )


def _invoices(count: int, customers: int, random: np.random.Generator) -> pl.DataFrame:
    issued = pl.Series(np.datetime64(FIRST_DAY) + random.integers(0, DAYS, count)).cast(pl.Date)
    terms = pl.Series(random.choice([14, 30, 45, 60], count))
    return pl.DataFrame(
        {"invoice_id": _ids("INV", range(count)), "issue_date": issued, "terms": terms}
    ).select(
        "invoice_id",
        customer_id=_ids("C", random.integers(0, customers, count)),
        issue_date="issue_date",
        due_date=pl.col("issue_date") + pl.duration(days="terms"),
        amount=_amounts(random.integers(100, 1_000_000, count)),
        currency=pl.Series(random.choice(CURRENCIES, count)),
        status=pl.lit("open"),
        po_number=_ids("PO-", random.integers(0, 10**6, count), 7),
        description=pl.lit("Services rendered"),
        delivery_status=pl.lit("delivered"),
    )


def _payments(invoices: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    paid = invoices.sample(fraction=0.5, seed=int(random.integers(2**31)))
    after = pl.Series(random.integers(5, 90, paid.height))
    return paid.select(
        payment_id=_ids("P", range(paid.height)),
        customer_id="customer_id",
        date=pl.col("issue_date") + pl.duration(days=pl.lit(after)),
        amount="amount",
        currency="currency",
        invoice_id="invoice_id",
        method=pl.lit("transfer"),
    )


def _amounts(minor: np.ndarray) -> pl.Series:
    cents = pl.Series(minor)
    return (cents // 100).cast(pl.String) + "." + (cents % 100).cast(pl.String).str.zfill(2)
