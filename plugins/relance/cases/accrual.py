"""What the law has given on the invoices of a ledger up to a day: interest and the fixed sum. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

from relance.errors import CaseError, UsageError
from relance.law import Interest, LawBook, late_interest
from relance.ledger.reversals import open_after_each_change
from relance.ledger.tables import INVOICES
from relance.ledger.versions import Epoch, LedgerVersions, windows
from relance.money import Money
from relance.planning.not_open import why_not_open

State = Literal[
    "late", "paid_late", "not_late", "not_delivered", "cancelled", "written_off", "assigned", "closed_by_source"
]  # fmt: skip
"""`late`: something is unpaid after the due date; `paid_late`: it was. In the other states nothing accrues."""
_UNDELIVERED = ("draft", "rejected")
_NEXT_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Accrual:
    """One invoice, or one term, as of a day, with what the law has given on it.

    `given` is None in the states in which nothing accrues. `open` is what money and credit notes on the invoice
    have left; `settled_on` the day from which that was nothing. `country` is the law that governs, `debtor`
    `private` or `public`.
    """

    invoice_id: str
    payer_id: str
    customer_id: str
    due_date: date
    amount: Money
    open: Money
    state: State
    settled_on: date | None
    country: str
    debtor: str
    given: Interest | None

    @property
    def interest(self) -> Money:
        """Interest accrued, in the invoice's currency."""
        return Money(self.amount.currency, self.given.interest if self.given else 0)

    @property
    def compensation(self) -> Money | None:
        """The fixed sum, in its own currency; None where saying it would be guessing (`given.compensation_missing`)."""
        if self.given is None:
            return Money(self.amount.currency, 0)
        if self.given.compensation is None or self.given.compensation_currency is None:
            return None
        return Money(self.given.compensation_currency, self.given.compensation)


def accrued(
    versions: LedgerVersions,
    *,
    book: LawBook,
    country: str,
    as_of: date,
    invoices: Sequence[str] = (),
    payer_id: str | None = None,
    fixed_sum_only: bool = False,
) -> list[Accrual]:
    """What the law has given on the named open items, and on all past due of a payer, by invoice_id.

    The base is lowered by money from the day after it came (the law's rule), and by a credit note from the start:
    what was never owed bears nothing. The customer's `governing_law` goes before `country`, the seller's default;
    a customer that is a public body is a public debtor.

    Args:
        versions: the ledger; on `as_of` counts what was known then.
        book: the law as loaded.
        country: the law where the customer names none.
        as_of: the last day that bears interest.
        invoices: ids of open items: `INVOICE` or `INVOICE/TERM`.
        payer_id: the payer whose late invoices are wanted as well.
        fixed_sum_only: interest is counted for one day only, so that no later rate is needed for the fixed sum.

    Raises:
        UsageError: for an id that the ledger doesn't have; names the nearest.
        CaseError: for a credit note, or an invoice issued after `as_of`.
        LawError: when a half-year has no usable rate, or no law is known for the country.
    """
    epoch = versions.at(as_of)
    known = epoch.items.filter(pl.col("issue_date") <= as_of)
    chosen = pl.col("invoice_id").is_in(list(invoices))
    if payer_id is not None:
        chosen |= (pl.col("payer_id") == payer_id) & (pl.col("due_date") < as_of)
    wanted = known.filter(chosen).sort("invoice_id")
    for one in sorted(set(invoices) - set(wanted["invoice_id"])):
        _refuse(versions, one, as_of)
    histories = _histories(epoch, known, wanted, as_of)
    gone = _gone(versions, wanted, as_of)
    parties = _parties(epoch, wanted["customer_id"], country)
    result = []
    for row in wanted.iter_rows(named=True):
        party = parties.get(row["customer_id"], (country, "private"))
        history = _History(row["amount"], row["due_date"], histories.get(row["item"], []))
        accrual = _accrual(row, history, gone.get(row["invoice_id"]), party, as_of)
        if accrual.state in {"late", "paid_late"}:
            until = accrual.settled_on or as_of
            if fixed_sum_only:
                until = min(until, row["due_date"] + _NEXT_DAY)
            accrual = _with_law(accrual, history, book, until)
        result.append(accrual)
    return result


@dataclass(frozen=True, slots=True)
class _History:
    """What was open of an invoice (minor units) at the end of each day on which that changed."""

    amount: int
    due: date
    days: Sequence[tuple[date, int]]

    @property
    def open(self) -> int:
        return self.days[-1][1] if self.days else self.amount

    @property
    def late(self) -> bool:
        """Whether anything was unpaid on a day after the due date."""
        by_due = [left for day, left in self.days if day <= self.due]
        after = [left for day, left in self.days if day > self.due]
        return any((by_due[-1] if by_due else self.amount, *after))

    @property
    def settled_on(self) -> date | None:
        since = None
        for day, left in reversed(self.days):
            if left:
                break
            since = day
        return since

    @property
    def payments(self) -> list[tuple[date, int]]:
        """The changes as payments by their day; negative where money went back."""
        before, result = self.amount, []
        for day, left in self.days:
            if left != before:
                result.append((day, before - left))
            before = left
        return result


def _refuse(versions: LedgerVersions, invoice: str, as_of: date) -> None:
    """Say why an id is no invoice of that day."""
    found = why_not_open(versions, invoice, as_of)
    if found.why == "unknown":
        similar = " or ".join(found.similar)
        hint = f"Did you mean {similar}?" if similar else "Check the id as the ledger has it."
        raise UsageError(f"{versions.entity} has no invoice {invoice!r}.", hint=hint)
    if found.why == "credit_note":
        raise CaseError(f"{invoice} is a credit note.", hint="Nothing accrues on it; name an invoice.")
    raise CaseError(
        f"{invoice} is not known on {as_of}.", hint=f"It is issued on {found.issue_date}; give a later day."
    )


def _histories(
    epoch: Epoch, known: pl.DataFrame, wanted: pl.DataFrame, as_of: date
) -> Mapping[int, list[tuple[date, int]]]:
    """By item the days on which its open amount changed, in order."""
    payments = epoch.payments.filter(pl.col("date") <= as_of)
    notes = epoch.notes.filter(pl.col("issue_date") <= as_of)
    # A note corrects the invoice: it counts from the day on which what it credits was issued.
    notes = notes.with_columns(issue_date=pl.coalesce("since", "issue_date"))
    changes = open_after_each_change(wanted, items=known, notes=notes, payments=payments)
    result: dict[int, list[tuple[date, int]]] = {}
    for item, day, left in changes.sort("item", "date").select("item", "date", "open").iter_rows():
        result.setdefault(item, []).append((day, left))
    return result


def _gone(versions: LedgerVersions, wanted: pl.DataFrame, as_of: date) -> Mapping[str, State]:
    """Why those that can't be open any more can't: their status, or the source that closed them."""
    dead = wanted.filter(~pl.col("live"))["invoice_id"]
    if dead.is_empty():
        return {}
    own = windows(versions.tables["invoices"].filter(pl.col("item_id").is_in(dead.to_list())), INVOICES)
    counted = own.filter(pl.col("counts_from") <= as_of, pl.col("counts_until") > as_of)
    status = pl.col("status").fill_null("open")
    said = pl.when(status == "open").then(pl.lit("closed_by_source")).otherwise(status)
    return dict(counted.select("item_id", said.alias("state")).iter_rows())


def _parties(epoch: Epoch, customers: Iterable[str], country: str) -> Mapping[str, tuple[str, str]]:
    """By customer the law that governs and the kind of debtor."""
    own = epoch.customers.filter(pl.col("customer_id").is_in(sorted(set(customers))))
    rows = own.select("customer_id", "legal_form", "governing_law").iter_rows()
    return {
        customer: (governing or country, "public" if form == "public_body" else "private")
        for customer, form, governing in rows
    }


def _accrual(
    row: Mapping[str, Any], history: _History, gone: State | None, party: tuple[str, str], as_of: date
) -> Accrual:
    country, debtor = party
    currency = row["currency"]
    return Accrual(
        invoice_id=row["invoice_id"],
        payer_id=row["payer_id"],
        customer_id=row["customer_id"],
        due_date=row["due_date"],
        amount=Money(currency, row["amount"]),
        open=Money(currency, history.open),
        state=_state(row, history, gone, as_of),
        settled_on=history.settled_on,
        country=country,
        debtor=debtor,
        given=None,
    )


def _state(row: Mapping[str, Any], history: _History, gone: State | None, as_of: date) -> State:
    if gone is not None and gone != "closed_by_source":
        return gone
    if row["delivery_status"] in _UNDELIVERED:
        return "not_delivered"
    if as_of <= row["due_date"] or not history.late:
        return "not_late"
    if history.settled_on is not None:
        return "paid_late"  # sources drop what is paid from their extracts
    return gone or "late"


def _with_law(accrual: Accrual, history: _History, book: LawBook, until: date) -> Accrual:
    interest = late_interest(
        book,
        country=accrual.country,
        amount=accrual.amount,
        due=accrual.due_date,
        until=until,
        payments=history.payments,
        debtor=accrual.debtor,
    )
    return replace(accrual, given=interest)
