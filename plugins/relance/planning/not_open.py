"""Why an invoice is not open on a day: paid, ended, gone, not yet known. Asked of the ledger alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

import polars as pl

from relance.ledger.snapshot import take_snapshot
from relance.ledger.tables import TABLES
from relance.ledger.versions import LedgerVersions, windows
from relance.money import Money
from relance.planning.explanation import NotOpen, Settlement

_SHOWN = 5


def why_not_open(versions: LedgerVersions, item_id: str, as_of: date) -> NotOpen:
    """Why planning says nothing of `item_id` on the day; of an open item it must not be asked."""
    invoices = versions.tables["invoices"]
    own = invoices.filter(pl.col("item_id") == item_id)
    if own.is_empty():
        return NotOpen("unknown", similar=similar_items(versions, item_id))
    counted = _during(own, "invoices", as_of)
    row = (own.sort("extract_date", "import_id") if counted.is_empty() else counted).row(0, named=True)
    known: dict[str, Any] = {
        "amount": Money(row["currency"], row["amount"]),
        "payer_id": row["payer_id"] or row["customer_id"],
        "issue_date": row["issue_date"],
    }
    plain = _by_itself(own, row, known, as_of)
    return plain or _by_money(versions, own, row, known, as_of)


def _by_itself(own: pl.DataFrame, row: dict[str, Any], known: dict[str, Any], as_of: date) -> NotOpen | None:
    """What the document says of itself."""
    if row["kind"] == "credit_note":
        return NotOpen("credit_note", credits=row["credits_invoice_id"], **known)
    if row["issue_date"] > as_of:
        return NotOpen("issued_later", since=row["issue_date"], **known)
    if not row["amount"]:
        return NotOpen("zero", **known)
    if row["status"] not in (None, "open"):
        since = _status_since(own, pl.col("status") == row["status"], as_of)
        return NotOpen(row["status"], since=since, **known)
    return None


def _by_money(
    versions: LedgerVersions, own: pl.DataFrame, row: dict[str, Any], known: dict[str, Any], as_of: date
) -> NotOpen:
    """Paid; or with money open, gone from the extract."""
    family = _family(versions, row, as_of)
    settled_by = _settlements(family, row, as_of)
    paid = _paid_on(family, row, as_of)
    if paid is not None:
        return NotOpen("paid", since=paid, settled_by=settled_by, **known)
    since = _status_since(own, pl.col("closed"), as_of)
    return NotOpen("closed_by_source", since=since, settled_by=settled_by, **known)


def similar_items(versions: LedgerVersions, item_id: str) -> tuple[str, ...]:
    """Known ids that may have been meant: the terms of an invoice, or the nearest ones."""
    ids = versions.tables["invoices"].select("item_id", "invoice_id").unique().sort("item_id")
    terms = ids.filter(pl.col("invoice_id") == item_id)["item_id"].to_list()
    if terms:
        return tuple(terms)
    known = ids["item_id"].to_list()
    if len(known) > 20_000:  # looking closely at each takes too long: those that begin alike
        head = item_id[: max(len(item_id) - 2, 1)].casefold()
        known = [one for one in known if one.casefold().startswith(head)][:20_000]
    by_fold = {one.casefold(): one for one in reversed(known)}
    near = get_close_matches(item_id.casefold(), list(by_fold), n=_SHOWN, cutoff=0.6)
    return tuple(by_fold[one] for one in near)


def _during(frame: pl.DataFrame, table: str, as_of: date) -> pl.DataFrame:
    """The versions that count on the day."""
    counted = windows(frame, TABLES[table])
    return counted.filter(pl.col("counts_from") <= as_of, pl.col("counts_until") > as_of)


def _status_since(own: pl.DataFrame, is_so: pl.Expr, as_of: date) -> date | None:
    """The extract that brought the present status; None when the first one known had it."""
    rows = own.filter(pl.col("extract_date") <= as_of).sort("extract_date", "import_id")
    marks = rows.select("extract_date", so=is_so.fill_null(value=False)).rows()
    since: date | None = None
    for position in range(len(marks) - 1, -1, -1):
        if not marks[position][1]:
            return since
        since = marks[position][0]
    return None


def _family(versions: LedgerVersions, row: dict[str, Any], as_of: date) -> LedgerVersions:
    """The invoice with its terms and all that was laid onto it, as rows that count on the day and have no status."""
    tables = versions.tables
    names = [row["item_id"], row["invoice_id"]]
    invoices = tables["invoices"]
    terms = invoices.filter(pl.col("invoice_id") == row["invoice_id"])
    notes = invoices.filter(pl.col("credits_invoice_id").is_in([*names, *terms["item_id"].unique()]))
    documents = pl.concat([terms, notes]).unique(maintain_order=True)
    targets = [*names, *documents["item_id"].unique()]
    payments = tables["payments"].filter(pl.col("invoice_id").is_in(targets))
    parties = pl.concat(
        [documents["customer_id"], documents["payer_id"].drop_nulls(), payments["customer_id"]]
    )
    customers = tables["customers"].filter(pl.col("customer_id").is_in(parties.unique().to_list()))
    kept = {"invoices": documents, "payments": payments, "customers": customers}
    first = pl.lit(date.min, pl.Date)
    frames = {
        name: _during(frame, name, as_of).drop("counts_from", "counts_until").with_columns(extract_date=first)
        for name, frame in kept.items()
    }
    is_open = pl.when(pl.col("item_id") == row["item_id"])
    frames["invoices"] = frames["invoices"].with_columns(
        status=is_open.then(pl.lit("open")).otherwise("status"),
        closed=is_open.then(pl.lit(value=False)).otherwise("closed"),
    )
    return LedgerVersions(versions.entity, frames, (date.min,))


def _paid_on(family: LedgerVersions, row: dict[str, Any], as_of: date) -> date | None:
    """The day from which nothing was open any more, or None when something still is."""
    payments, documents = family.tables["payments"], family.tables["invoices"]
    days = pl.concat([payments["date"], documents["issue_date"]]).unique().sort(descending=True)
    since: date | None = None
    for day in days.filter(days.is_between(row["issue_date"], as_of)):
        items = take_snapshot(family, day).items
        if row["item_id"] in items["invoice_id"]:
            return since
        since = day
    return since


def _settlements(family: LedgerVersions, row: dict[str, Any], as_of: date) -> tuple[Settlement, ...]:
    """Payments and notes on the invoice, in order of their day."""
    names = [row["item_id"], row["invoice_id"]]
    currency = row["currency"]
    payments = family.tables["payments"].filter(
        pl.col("invoice_id").is_in(names) & (pl.col("currency") == currency) & (pl.col("date") <= as_of)
    )
    notes = family.tables["invoices"].filter(
        pl.col("credits_invoice_id").is_in(names)
        & (pl.col("currency") == currency)
        & (pl.col("issue_date") <= as_of)
        & (pl.col("kind") == "credit_note")
        & (pl.col("status").fill_null("open") != "cancelled")
        & ~pl.col("delivery_status").fill_null("delivered").is_in(["draft", "rejected", "refused"])
    )
    found: Sequence[Settlement] = [
        *(
            Settlement(one["date"], Money(currency, one["amount"]), one["payment_id"], "payment")
            for one in payments.iter_rows(named=True)
        ),
        *(
            Settlement(one["issue_date"], Money(currency, one["amount"]), one["item_id"], "credit_note")
            for one in notes.iter_rows(named=True)
        ),
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.kind, one.by)))
