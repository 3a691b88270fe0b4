"""What is owed on a day, written slowly and plainly from `spec/ledger.md` alone.

It shares nothing with the product's ledger: plain dicts in, plain dataclasses out, one function a rule. A
ledger is `{"entity": "FR01", "extracts": [{"extract_date": date, "customers": [row…], "contacts": […],
"invoices": […], "payments": […], "signals": […]}, …]}`, extracts in the order in which they were imported,
each a full one. Rows are the cells of the five tables as texts (dates may be `date`); what is absent or
blank is not known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from relance.money import to_minor

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One open item: an invoice, or one term of one."""

    invoice_id: str
    base_id: str
    customer_id: str
    payer_id: str
    issue_date: date
    due_date: date
    amount: int
    open: int
    currency: str
    delivery_status: str
    reopened_on: date | None
    refused_on: date | None


@dataclass
class Ledger:
    """The ledger as of a day."""

    entity: str
    extract_date: date
    items: list[Item]
    credits: dict[tuple[str, str], int]
    customers: dict[str, Row]
    contacts: list[Row]
    signals: list[Row]


@dataclass
class Settlement:
    """What one day's payments and notes make of the documents."""

    open: dict[str, int] = field(default_factory=dict)
    credit: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))


# --- cells ----------------------------------------------------------------------------------------


def text(row: Row, column: str) -> str | None:
    """A cell, or None where it is absent or blank: 'an absent optional column means "not known"'."""
    value = row.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return str(value).strip()


def day(row: Row, column: str) -> date | None:
    """A date cell."""
    value = row.get(column)
    if isinstance(value, date):
        return value
    value = text(row, column)
    return None if value is None else date.fromisoformat(value)


def boolean(row: Row, column: str) -> bool | None:
    """'Booleans: true/false, yes/no, y/n, 1/0 in any case.'"""
    value = text(row, column)
    if value is None:
        return None
    return {
        "true": True,
        "yes": True,
        "y": True,
        "1": True,
        "false": False,
        "no": False,
        "n": False,
        "0": False,
    }[value.lower()]


def minor(row: Row, column: str = "amount") -> int:
    """'Money is kept in integer minor units of its currency.'"""
    return to_minor(str(row[column]), row["currency"])


def item_id(row: Row) -> str:
    """'`invoice_id/term` is the open item's id everywhere.'"""
    term = text(row, "term")
    return row["invoice_id"] if term is None else f"{row['invoice_id']}/{int(term)}"


KEYS = {
    "customers": lambda row: row["customer_id"],
    "contacts": lambda row: row["contact_id"],
    "invoices": item_id,
    "payments": lambda row: row["payment_id"],
    "signals": lambda row: (row["customer_id"], row["kind"], day(row, "from")),
}


# --- versions -------------------------------------------------------------------------------------


def extract_of(ledger: dict[str, Any], as_of: date) -> date:
    """The newest extract dated `as_of` or earlier, else the oldest."""
    dates = [extract["extract_date"] for extract in ledger["extracts"]]
    known = [d for d in dates if d <= as_of]
    return max(known) if known else min(dates)


def rows_as_of(ledger: dict[str, Any], table: str, as_of: date) -> list[Row]:
    """'On D counts the newest version of a row brought by an extract dated D or earlier, or, where there is
    none, its oldest version.' An invoice whose newest word is that it disappeared carries
    `closed_by_source`."""
    versions: dict[Any, list[tuple[date, int, Row | None]]] = defaultdict(list)
    for number, extract in enumerate(ledger["extracts"]):
        present = {KEYS[table](row): row for row in extract.get(table) or []}
        for key, row in present.items():
            versions[key].append((extract["extract_date"], number, row))
        # "an invoice that disappears from a full extract is closed by the source from that extract's date
        # on, kept"
        if table == "invoices" and extract.get(table) is not None:
            for key, history in versions.items():
                if key not in present:
                    history.append((extract["extract_date"], number, None))
    return [row for history in versions.values() for row in [version_for(history, as_of)]]


def version_for(history: list[tuple[date, int, Row | None]], as_of: date) -> Row:
    """One row's version for a day; `None` in the history means it had disappeared."""
    known = sorted((v for v in history if v[0] <= as_of), key=lambda v: v[:2])
    if not known:
        oldest = min(v[0] for v in history)
        return [v for v in history if v[0] == oldest][-1][2] or {}
    content = [v[2] for v in known if v[2] is not None][-1]
    return dict(content, closed_by_source=True) if known[-1][2] is None else content


# --- who pays -------------------------------------------------------------------------------------


def payer_of_customer(customers: dict[str, Row], customer_id: str) -> str:
    """'`payer_id` (another customer who pays for this one; else itself)', one hop."""
    return text(customers.get(customer_id, {}), "payer_id") or customer_id


def payer_of_invoice(customers: dict[str, Row], row: Row) -> str:
    """'the invoice's `payer_id`, else the customer's, else the customer. One hop.'"""
    return text(row, "payer_id") or payer_of_customer(customers, row["customer_id"])


# --- what settles what ----------------------------------------------------------------------------


def is_note(row: Row) -> bool:
    return (text(row, "kind") or "invoice") == "credit_note"


def note_counts(row: Row) -> bool:
    """'Drafts and cancelled, rejected or refused notes don't count.'"""
    if text(row, "status") == "cancelled":
        return False
    return text(row, "delivery_status") not in ("draft", "rejected", "refused")


def is_cancelled(row: Row) -> bool:
    return text(row, "status") == "cancelled"


@dataclass
class Books:
    """The documents known on a day, and what names them."""

    customers: dict[str, Row]
    items: dict[str, Row]
    notes: dict[str, Row]
    terms: dict[str, list[Row]]
    received: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    credited: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    result: Settlement = field(default_factory=Settlement)

    def named(self, target: str | None, currency: str) -> str | None:
        """What a payment or note settles: an item, an invoice without its term, or nothing known in its
        money."""
        found = self.items.get(target) or (self.terms[target][0] if target in self.terms else None)
        return target if found is not None and found["currency"] == currency else None


def settle(customers: dict[str, Row], invoices: list[Row], payments: list[Row], on: date) -> Settlement:
    """Open amounts of all invoices, and the payers' credit, from what is dated `on` or earlier.

    'The state on date D uses the invoices issued on or before D and the payments dated on or before D … On
    D an invoice issued later is unknown.'
    """
    known = [row for row in invoices if day(row, "issue_date") <= on]
    items = {item_id(row): row for row in known if not is_note(row)}
    terms: dict[str, list[Row]] = defaultdict(list)
    for row in items.values():
        if text(row, "term") is not None:
            terms[row["invoice_id"]].append(row)
    for rows in terms.values():
        rows.sort(key=lambda row: (day(row, "due_date"), int(row["term"])))
    notes = {item_id(row): row for row in known if is_note(row)}
    books = Books(customers, items, notes, dict(terms))
    take_payments(books, [row for row in payments if day(row, "date") <= on])
    take_notes(books)
    for key, row in items.items():
        settle_item(books, key, row)
    for base, rows in terms.items():
        settle_terms(customers, rows, books.received[base], books.credited[base], books.result)
    return books.result


def take_payments(books: Books, payments: list[Row]) -> None:
    """'Credit also comes from unallocated payments (of the customer's payer)'; 'a payment whose invoice is
    unknown or in another currency is taken as unallocated'."""
    for row in payments:
        target = text(row, "invoice_id")
        note = books.notes.get(target)
        if books.named(target, row["currency"]) or (note and note["currency"] == row["currency"]):
            books.received[target] += minor(row)
        else:
            payer = payer_of_customer(books.customers, row["customer_id"])
            books.result.credit[payer, row["currency"]] += minor(row)


def take_notes(books: Books) -> None:
    """'Credit also comes … from credit notes that credit no invoice, an unknown one, or one in another
    currency. A refund on a credit note uses it up.'"""
    for note_id, row in books.notes.items():
        value = minor(row) if note_counts(row) else 0
        left = min(max(value + books.received[note_id], 0), value)
        beyond = max(books.received[note_id], 0)
        payer = payer_of_invoice(books.customers, row)
        books.result.credit[payer, row["currency"]] += beyond
        target = text(row, "credits_invoice_id")
        if books.named(target, row["currency"]):
            books.credited[target] += left
        else:
            books.result.credit[payer, row["currency"]] += left


def settle_item(books: Books, key: str, row: Row) -> None:
    """'open(invoice, D) = amount − allocated payments − credit notes that credit it, within 0 and the
    amount: money beyond it is the invoice's payer's credit; a reversal beyond what was paid is … never
    demanded.'"""
    place = payer_of_invoice(books.customers, row), row["currency"]
    if is_cancelled(row):
        # The page: "Payments on a cancelled invoice are credit (notes that credit it are not)."
        books.result.open[key] = 0
        books.result.credit[place] += max(books.received[key], 0)
        return
    amount, settled = minor(row), books.received[key] + books.credited[key]
    books.result.open[key] = min(max(amount - settled, 0), amount)
    books.result.credit[place] += max(settled - amount, 0)


def settle_terms(
    customers: dict[str, Row], rows: list[Row], paid: int, noted: int, result: Settlement
) -> None:
    """'A payment that names an invoice without its term settles its terms in order of due date.'"""
    alive = [row for row in rows if not is_cancelled(row)]
    payer, currency = payer_of_invoice(customers, rows[0]), rows[0]["currency"]
    if not alive:
        result.credit[payer, currency] += max(paid, 0)
        return
    left = paid + noted
    for row in alive:
        key = item_id(row)
        if left > 0:
            used = min(left, result.open[key])
            result.open[key] -= used
            left -= used
        elif left < 0:
            # A reversal of the whole invoice takes back, in the same order, what its terms had been paid
            # one by one.
            back = min(-left, minor(row) - result.open[key])
            result.open[key] += back
            left += back
    result.credit[payer, currency] += max(left, 0)


# --- the day --------------------------------------------------------------------------------------


def is_open_status(row: Row) -> bool:
    """'Cancelled, written-off, assigned and closed-by-source invoices are not open.'"""
    return text(row, "status") in (None, "open") and not row.get("closed_by_source")


def reversal_days(row: Row, payments: list[Row], as_of: date) -> list[date]:
    """Days of negative payments that name this item, or its invoice without the term, in its currency."""
    names = {item_id(row), row["invoice_id"]}
    return sorted(
        day(p, "date")
        for p in payments
        if text(p, "invoice_id") in names
        and p["currency"] == row["currency"]
        and minor(p) < 0
        and day(p, "date") <= as_of
    )


def open_ledger(ledger: dict[str, Any], as_of: date) -> Ledger:
    """The ledger as of a day: open items with what planning asks of them, credit, and the parties."""
    customers = {row["customer_id"]: row for row in rows_as_of(ledger, "customers", as_of)}
    invoices = rows_as_of(ledger, "invoices", as_of)
    payments = rows_as_of(ledger, "payments", as_of)
    settlements: dict[date, Settlement] = {}

    def settled(on: date) -> Settlement:
        if on not in settlements:
            settlements[on] = settle(customers, invoices, payments, on)
        return settlements[on]

    items = []
    for row in invoices:
        if is_note(row) or day(row, "issue_date") > as_of or not is_open_status(row):
            continue
        key = item_id(row)
        if settled(as_of).open[key] <= 0:
            continue
        reversals = reversal_days(row, payments, as_of)
        # The page says: "a reversal that opened the invoice again (it was at 0)"
        reopened = [
            d
            for d in reversals
            if settled(d - timedelta(days=1)).open.get(key) == 0 and settled(d).open.get(key, 0) > 0
        ]
        items.append(
            Item(
                invoice_id=key,
                base_id=row["invoice_id"],
                customer_id=row["customer_id"],
                payer_id=payer_of_invoice(customers, row),
                issue_date=day(row, "issue_date"),
                due_date=day(row, "due_date"),
                amount=minor(row),
                open=settled(as_of).open[key],
                currency=row["currency"],
                delivery_status=text(row, "delivery_status") or "delivered",  # "Blank … means delivered"
                reopened_on=max(reopened) if reopened else None,
                refused_on=max(reversals) if reversals else None,
            )
        )
    # "A payer's credit … never below 0"
    credits_left = {key: amount for key, amount in settled(as_of).credit.items() if amount > 0}
    return Ledger(
        entity=ledger["entity"],
        extract_date=extract_of(ledger, as_of),
        items=sorted(items, key=lambda item: item.invoice_id),
        credits=credits_left,
        customers=customers,
        contacts=rows_as_of(ledger, "contacts", as_of),
        signals=rows_as_of(ledger, "signals", as_of),
    )
