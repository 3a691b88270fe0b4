"""All versions of an entity's rows in memory, and the set of them that counts between two extracts.

On D counts the newest version (extract date, then import) dated D or earlier; where there is none, the
oldest one. So the rows that count change only on the dates of extracts: `LedgerVersions.at(D)` gives an
`Epoch`, made once and kept, and a day within it costs only sums.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from relance.ledger.reversals import reversal_days
from relance.ledger.tables import TABLES, Table

_FIRST, _LAST = date.min, date.max
_KEPT_EPOCHS = 2


@dataclass(frozen=True, slots=True)
class LedgerWarning:
    """Something in the data that is reported and worked around; `kind` is stable, `subject` is an id."""

    kind: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Epoch:
    """The rows that count between two extracts, matched to one another as far as no day matters.

    `items` (invoices, by invoice_id): `item`, `family` UInt32, invoice_id (`id` or `id/term`), base_id,
    term, customer_id, payer_id (resolved) …, `cancelled`, `live` (may be open). `families`: the invoices of
    several terms. `notes`: `note` UInt32, amount (0 where it doesn't count), issue_date, payer_id,
    currency, and what it credits. `payments`: date, amount, currency, payer_id (its customer's), and what
    it names. What is named is an `item`, a `family` (the invoice of several terms) or a `note`, at most one
    of them set, and `since`: the day from which it is known (null: nothing is named). `reversals`: `item`,
    `date`, `reopened`.
    """

    customers: pl.DataFrame
    contacts: pl.DataFrame
    signals: pl.DataFrame
    items: pl.DataFrame
    families: pl.DataFrame
    notes: pl.DataFrame
    payments: pl.DataFrame
    reversals: pl.DataFrame
    warnings: tuple[LedgerWarning, ...]


@dataclass(frozen=True)
class LedgerVersions:
    """Every version of every row of an entity. Made by `load_versions`, or of frames in tests.

    `tables` holds frames with the columns of `Table.version_schema`, `extracts` the distinct dates of all
    extracts taken, in order.
    """

    entity: str
    tables: Mapping[str, pl.DataFrame]
    extracts: tuple[date, ...]
    _windows: dict[str, pl.DataFrame] = field(init=False, repr=False, compare=False, default_factory=dict)
    _epochs: dict[int, Epoch] = field(init=False, repr=False, compare=False, default_factory=dict)

    def at(self, as_of: date) -> Epoch:
        """The rows that count on `as_of`."""
        if not self._windows:
            for name, table in TABLES.items():
                frame = self.tables.get(name)
                self._windows[name] = windows(
                    pl.DataFrame(schema=table.version_schema) if frame is None else frame, table
                )
        number = bisect_right(self.extracts, as_of)
        if number not in self._epochs:
            while len(self._epochs) >= _KEPT_EPOCHS:
                del self._epochs[next(iter(self._epochs))]
            self._epochs[number] = _epoch(
                {name: _during(frame, as_of) for name, frame in self._windows.items()}
            )
        return self._epochs[number]

    def extract_of(self, as_of: date) -> date | None:
        """The newest extract dated `as_of` or earlier, else the oldest; None before any import."""
        if not self.extracts:
            return None
        return self.extracts[max(bisect_right(self.extracts, as_of) - 1, 0)]


def windows(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Versions with the days on which each counts, `since` ≤ D < `until`; the others are left out.

    Of several imports of one extract date the last counts: it corrected the others. An invoice that such a
    correction closed was not closed before that date.
    """
    key = list(table.key)
    frame = frame.sort(*key, "extract_date", "import_id")
    if not frame.height or not frame.select(pl.struct(key).is_duplicated().any()).item():
        return frame.with_columns(counts_from=pl.lit(_FIRST), counts_until=pl.lit(_LAST))
    oldest = pl.col("extract_date") == pl.col("extract_date").first().over(key)
    opening = oldest & ~pl.col("closed") if "closed" in frame.columns else oldest
    frame = frame.with_columns(
        number=pl.int_range(pl.len()).over(key),
        follower=pl.col("extract_date").shift(-1).over(key),
    ).with_columns(fallback=pl.col("number") == pl.col("number").filter(opening).max().over(key))
    return (
        frame.with_columns(
            counts_from=pl.when("fallback").then(pl.lit(_FIRST)).otherwise("extract_date"),
            counts_until=pl.col("follower").fill_null(_LAST),
        )
        .filter(pl.col("counts_from") < pl.col("counts_until"))
        .drop("number", "follower", "fallback")
    )


def _during(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    return frame.filter(pl.col("counts_from") <= as_of, pl.col("counts_until") > as_of).drop(
        "counts_from", "counts_until"
    )


def _epoch(rows: dict[str, pl.DataFrame]) -> Epoch:
    parties = {
        name: rows[name].drop("extract_date", "import_id").sort(TABLES[name].key)
        for name in ("customers", "contacts", "signals")
    }
    payer_of = parties["customers"].select("customer_id", customer_payer="payer_id")
    documents = _documents(rows["invoices"], payer_of)
    is_note = pl.col("kind") == "credit_note"
    items = _items(documents.filter(~is_note))
    families = _families(items)
    bare_notes = _notes(documents.filter(is_note))
    notes = _with_note_targets(bare_notes, items, families)
    payments = _with_payment_targets(_payments(rows["payments"], payer_of), items, families, bare_notes)
    return Epoch(
        customers=parties["customers"],
        contacts=parties["contacts"],
        signals=parties["signals"].drop("ordinal"),
        items=items,
        families=families,
        notes=notes,
        payments=payments,
        reversals=reversal_days(items=items, notes=notes, payments=payments),
        warnings=payer_warnings(parties["customers"]),
    )


def _documents(invoices: pl.DataFrame, payer_of: pl.DataFrame) -> pl.DataFrame:
    """Invoices and notes under the names of the house, with their payer."""
    return (
        invoices.rename({"invoice_id": "base_id", "item_id": "invoice_id"})
        .join(payer_of, on="customer_id", how="left", maintain_order="left")
        .with_columns(
            payer_id=pl.coalesce("payer_id", "customer_payer", "customer_id"),
            delivery_status=pl.col("delivery_status").fill_null("delivered"),
            status=pl.col("status").fill_null("open"),
            kind=pl.col("kind").fill_null("invoice"),
            term=pl.col("term").cast(pl.Int32),
        )
        .drop("customer_payer", "extract_date", "import_id")
    )


def _items(invoices: pl.DataFrame) -> pl.DataFrame:
    is_term = pl.col("term").is_not_null()
    family = pl.struct(is_term, pl.when(is_term).then("base_id").otherwise("invoice_id"), "currency")
    return (
        invoices.sort("invoice_id")
        .with_row_index("item")
        .with_columns(
            family=family.rank("dense").cast(pl.UInt32) if invoices["term"].count() else pl.col("item"),
            cancelled=pl.col("status") == "cancelled",
            live=(pl.col("status") == "open") & ~pl.col("closed"),
        )
        .drop("kind", "status", "closed", "credits_invoice_id")
    )


def _families(items: pl.DataFrame) -> pl.DataFrame:
    """Invoices of several terms: `family`, `base_id`, `currency`, the payer, `since` they are known."""
    return (
        items.filter(pl.col("term").is_not_null())
        .sort("family", "due_date", "term", "item")
        .group_by("family", maintain_order=True)
        .agg(pl.col("base_id", "currency", "payer_id").first(), since=pl.col("issue_date").min())
    )


def _notes(notes: pl.DataFrame) -> pl.DataFrame:
    void = (pl.col("status") == "cancelled") | pl.col("delivery_status").is_in(
        ["draft", "rejected", "refused"]
    )
    return notes.with_row_index("note").select(
        "note",
        "invoice_id",
        "issue_date",
        "payer_id",
        "currency",
        "credits_invoice_id",
        amount=pl.when(void).then(0).otherwise("amount"),
    )


def _payments(payments: pl.DataFrame, payer_of: pl.DataFrame) -> pl.DataFrame:
    return payments.join(payer_of, on="customer_id", how="left", maintain_order="left").select(
        "payment_id",
        "date",
        "amount",
        "currency",
        "invoice_id",
        "method",
        payer_id=pl.coalesce("customer_payer", "customer_id"),
    )


def _with_note_targets(notes: pl.DataFrame, items: pl.DataFrame, families: pl.DataFrame) -> pl.DataFrame:
    """Notes with `item` or `family` that they credit, and `since`."""
    return (
        _named(notes, items, families, by="credits_invoice_id")
        .with_columns(since=pl.coalesce("item_since", "family_since"))
        .drop("item_since", "family_since", "credits_invoice_id")
    )


def _with_payment_targets(
    payments: pl.DataFrame, items: pl.DataFrame, families: pl.DataFrame, notes: pl.DataFrame
) -> pl.DataFrame:
    """Payments with `item`, `family` or `note` that they name, and `since`."""
    known = notes.select("invoice_id", "currency", "note", note_since="issue_date")
    return (
        _named(payments, items, families, by="invoice_id")
        .join(known, on=["invoice_id", "currency"], how="left", maintain_order="left")
        .with_columns(since=pl.coalesce("item_since", "family_since", "note_since"))
        .drop("item_since", "family_since", "note_since")
    )


def _named(rows: pl.DataFrame, items: pl.DataFrame, families: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Rows with what they name in their currency: an item by its id, else the invoice of several terms."""
    item = items.select(pl.col("invoice_id").alias(by), "currency", "item", item_since="issue_date")
    family = families.select(pl.col("base_id").alias(by), "currency", "family", family_since="since")
    found = rows.join(item, on=[by, "currency"], how="left", maintain_order="left").join(
        family, on=[by, "currency"], how="left", maintain_order="left"
    )
    lone = pl.col("item").is_null()
    return found.with_columns(pl.when(lone).then("family"), pl.when(lone).then("family_since"))


def payer_warnings(customers: pl.DataFrame) -> tuple[LedgerWarning, ...]:
    """Customers whose payer has a payer of its own: one hop is taken, and the chain or cycle said."""
    hop = customers.filter(pl.col("payer_id") != pl.col("customer_id")).select("customer_id", "payer_id")
    onward = hop.select(payer_id="customer_id", further="payer_id")
    chains = hop.join(onward, on="payer_id", how="inner").sort("customer_id")
    return tuple(
        LedgerWarning(
            "payer_cycle" if further == customer else "payer_chain",
            customer,
            f"{payer} pays for customer {customer}, and {further} for {payer}: one step is followed",
        )
        for customer, payer, further in chains.iter_rows()
    )
