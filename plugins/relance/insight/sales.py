"""What was invoiced, and what receivables stood at, from a ledger's history. Pure; amounts in minor units of one currency.

Receivables are open items less the payers' credit (unapplied money and credit notes): sales are invoices less credit
notes, both with VAT, so that the two can be divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.ledger.versions import LedgerVersions


@dataclass(frozen=True, slots=True)
class Receivables:
    """A day's receivables: `total` net of credit, `overdue` as far as credit doesn't cover it."""

    total: int
    overdue: int

    @property
    def current(self) -> int:
        """What is not due yet."""
        return self.total - self.overdue


def receivables(snapshot: Snapshot, currency: str) -> Receivables:
    """What is owed on the snapshot's day, net of credit."""
    items = snapshot.items.filter(pl.col("currency") == currency)
    credit = int(snapshot.credits.filter(pl.col("currency") == currency)["credit"].sum())
    late = int(items.filter(pl.col("due_date") < snapshot.as_of)["open"].sum())
    return Receivables(int(items["open"].sum()) - credit, max(0, late - credit))


def sales(versions: LedgerVersions, as_of: date, currency: str, *, after: date) -> int:
    """Invoices less credit notes issued in `after` < day ≤ `as_of`."""
    issued = _issued(versions, as_of, currency).filter(pl.col("issue_date") > after)
    return int(issued["amount"].sum())


def sales_by_month(versions: LedgerVersions, as_of: date, currency: str) -> dict[date, int]:
    """Invoices less credit notes by month of issue (its first day), until `as_of`."""
    issued = _issued(versions, as_of, currency)
    months = issued.group_by(month=pl.col("issue_date").dt.month_start()).agg(pl.col("amount").sum())
    return {month: int(amount) for month, amount in months.iter_rows()}


def whole_since(versions: LedgerVersions) -> date | None:
    """The day from which the ledger tells everything: of what was issued before it, paid invoices may be missing.

    A first extract with settled invoices brought their history along; one with open ones alone did not, and history
    begins with it. None before any import.
    """
    if not versions.extracts:
        return None
    first = versions.extracts[0]
    known = versions.at(first).items.filter(pl.col("issue_date") <= first, ~pl.col("cancelled"))
    if known.height > take_snapshot(versions, first).items.height:
        earliest = known["issue_date"].min()
        return earliest if isinstance(earliest, date) else first
    return first


def _issued(versions: LedgerVersions, as_of: date, currency: str) -> pl.DataFrame:
    """`issue_date`, `amount` of every invoice, and of every credit note as less than nothing."""
    epoch = versions.at(as_of)
    counted = (pl.col("currency") == currency) & (pl.col("issue_date") <= as_of)
    invoices = epoch.items.filter(counted, ~pl.col("cancelled")).select("issue_date", "amount")
    notes = epoch.notes.filter(counted).select("issue_date", -pl.col("amount"))
    return pl.concat([invoices, notes])
