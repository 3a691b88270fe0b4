"""The ledger as of a day, pure: `take_snapshot(versions, D)`. Money is Int64 minor units and a currency."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from relance.ledger.settle import Settled, settle
from relance.ledger.versions import Epoch, LedgerVersions, LedgerWarning

__all__ = ["LedgerVersions", "LedgerWarning", "Snapshot", "take_snapshot"]

ITEM_COLUMNS = (
    "invoice_id", "base_id", "term", "customer_id", "payer_id", "ship_to_id", "issue_date", "due_date",
    "amount", "open", "currency", "delivery_status", "po_number", "description", "document", "reopened_on",
    "refused_on",
)  # fmt: skip


_UNIQUE = {"items": ["invoice_id"], "customers": ["customer_id"]}
"""First columns that tell rows apart: ordering by them is ordering by all, in a tenth of the time."""


@dataclass(frozen=True)
class Snapshot:
    """What is owed to an entity on a day, and by whom.

    `items`: open items only, by invoice_id, with `ITEM_COLUMNS` (`amount`, `open` Int64 > 0; `term` Int32;
    `payer_id` resolved in one hop; `refused_on`: last negative payment naming it; `reopened_on`: last day
    on which negative payments took it from nothing open to something open). `credits`: `payer_id`,
    `currency`, `credit` Int64 > 0. `customers`, `contacts`, `signals`: the columns of
    `relance.ledger.tables`, as of the day (`credit_limit`, `recurring_revenue` Int64 minor units;
    `opt_out`: channels joined by `|`). `currencies`: those of all invoices known on the day.
    `extract_date`: the newest extract dated on the day or before, else the oldest.
    """

    entity: str
    as_of: date
    extract_date: date | None
    items: pl.DataFrame
    credits: pl.DataFrame
    customers: pl.DataFrame
    contacts: pl.DataFrame
    signals: pl.DataFrame
    currencies: tuple[str, ...] = ()
    warnings: tuple[LedgerWarning, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, whatever the order of rows; made when first asked."""
        total = hashlib.sha256(f"{self.entity}\n{self.as_of}\n{self.extract_date}\n".encode())
        for name in ("items", "credits", "customers", "contacts", "signals"):
            frame: pl.DataFrame = getattr(self, name)
            buffer = io.BytesIO()
            # Text is quoted and null is not, so that "" and "nothing known" differ.
            by = _UNIQUE.get(name, frame.columns)
            frame.sort(by, nulls_last=True).write_csv(buffer, quote_style="non_numeric")
            total.update(hashlib.sha256(buffer.getbuffer()).digest())
        return total.hexdigest()


def take_snapshot(versions: LedgerVersions, as_of: date) -> Snapshot:
    """The state on `as_of`: what is dated `as_of` or earlier, in the row versions that count then."""
    epoch = versions.at(as_of)
    known = epoch.items.filter(pl.col("issue_date") <= as_of)
    payments = epoch.payments.filter(pl.col("date") <= as_of)
    reached = pl.col("since") <= as_of
    allocated = payments.filter(reached)
    notes = _notes_on(epoch, allocated, as_of)
    crediting = notes.filter(reached)
    settled = settle(
        items=known,
        paid=_sums(allocated, "item", "amount", "paid"),
        noted=_sums(crediting, "item", "value", "noted"),
        pools=_pools(allocated, crediting),
    )
    items = settled.items.filter(pl.col("live"), pl.col("open") > 0)
    if epoch.reversals.height:
        items = items.join(_reversals(epoch, as_of), on="item", how="left", maintain_order="left")
    else:
        items = items.with_columns(refused_on=_NO_DATE, reopened_on=_NO_DATE)
    unallocated = payments.filter(~reached.fill_null(False)) if allocated.height < payments.height else None
    return Snapshot(
        entity=versions.entity,
        as_of=as_of,
        extract_date=versions.extract_of(as_of),
        items=items.select(ITEM_COLUMNS),
        credits=_credits(epoch, settled, unallocated, notes, reached.fill_null(False)),
        customers=epoch.customers,
        contacts=epoch.contacts,
        signals=epoch.signals,
        currencies=tuple(known["currency"].unique().sort()),
        warnings=epoch.warnings + _reversal_warnings(settled, epoch),
    )


_NO_DATE = pl.lit(None, pl.Date)
_NO_CREDIT = pl.DataFrame(schema={"payer_id": pl.String, "currency": pl.String, "credit": pl.Int64})


def _sums(rows: pl.DataFrame, key: str, column: str, name: str) -> pl.DataFrame:
    """`key`, `name`: sums of `column` over the rows that name something; keys are small numbers."""
    if rows[key].null_count() == rows.height:
        return pl.DataFrame(schema={key: rows.schema[key], name: pl.Int64})
    rows = rows.filter(pl.col(key).is_not_null())
    numbers = rows[key].to_numpy()
    sums = np.zeros(int(numbers.max()) + 1, dtype=np.int64)
    np.add.at(sums, numbers, rows[column].to_numpy())
    named = np.unique(numbers)
    return pl.DataFrame({key: named, name: sums[named]}, schema_overrides={key: rows.schema[key]})


def _pools(payments: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
    """Money that names invoices of several terms without a term: `family`, `paid`, `noted`."""
    paid = _sums(payments, "family", "amount", "paid")
    noted = _sums(notes, "family", "value", "noted")
    if paid.is_empty() and noted.is_empty():
        return paid.with_columns(noted=pl.lit(0, pl.Int64))
    return paid.join(noted, on="family", how="full", coalesce=True).with_columns(
        pl.col("paid", "noted").fill_null(0)
    )


def _notes_on(epoch: Epoch, payments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Notes issued by then: `value`, what refunds left; `surplus`, money paid onto them beyond it."""
    notes = epoch.notes.filter(pl.col("issue_date") <= as_of) if epoch.notes.height else epoch.notes
    refunds = _sums(payments, "note", "amount", "refunded")
    left = pl.col("amount") + pl.col("refunded").fill_null(0)
    return notes.join(refunds, on="note", how="left", maintain_order="left").with_columns(
        value=pl.min_horizontal(pl.max_horizontal(left, 0), "amount"),
        surplus=pl.max_horizontal(left - pl.col("amount"), 0),
    )


def _reversals(epoch: Epoch, as_of: date) -> pl.DataFrame:
    """`item`, `refused_on`, `reopened_on`: the last such days until then."""
    return (
        epoch.reversals.filter(pl.col("date") <= as_of)
        .group_by("item")
        .agg(refused_on=pl.col("date").max(), reopened_on=pl.col("date").filter("reopened").max())
    )


def _credits(
    epoch: Epoch, settled: Settled, unallocated: pl.DataFrame | None, notes: pl.DataFrame, reached: pl.Expr
) -> pl.DataFrame:
    """Each payer's credit: money on no invoice or beyond one, and notes that credit none; never below 0."""
    parts = []
    if unallocated is not None:
        parts.append(unallocated.select("payer_id", "currency", credit="amount"))
    if (settled.items["over"] > 0).any():
        over = settled.items.filter(pl.col("over") > 0)
        parts.append(over.select("payer_id", "currency", credit="over"))
    if settled.rest.height:
        rest = settled.rest.filter(pl.col("rest") > 0).join(epoch.families, on="family")
        parts.append(rest.select("payer_id", "currency", credit="rest"))
    if notes.height:
        unused = pl.col("surplus") + pl.when(reached).then(0).otherwise(pl.col("value"))
        parts.append(notes.select("payer_id", "currency", credit=unused))
    if not parts:
        return _NO_CREDIT
    return (
        pl.concat(parts)
        .group_by("payer_id", "currency")
        .agg(pl.col("credit").sum())
        .filter(pl.col("credit") > 0)
        .sort("payer_id", "currency")
    )


def _reversal_warnings(settled: Settled, epoch: Epoch) -> tuple[LedgerWarning, ...]:
    """Reversals beyond what was paid: never demanded, but said."""
    if not (settled.items["beyond"] > 0).any() and settled.rest.is_empty():
        return ()
    items = settled.items.filter(pl.col("beyond") > 0).select("invoice_id", "currency", "beyond")
    pools = settled.rest.filter(pl.col("rest") < 0).join(epoch.families, on="family")
    rows = [
        *items.iter_rows(),
        *pools.select("base_id", "currency", -pl.col("rest")).sort("base_id").iter_rows(),
    ]
    return tuple(
        LedgerWarning(
            "reversal_beyond_paid",
            invoice,
            f"reversals on {invoice} exceed what was paid by {beyond} minor units of {currency}",
        )
        for invoice, currency, beyond in rows
    )
