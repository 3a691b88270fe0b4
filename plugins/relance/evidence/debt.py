"""What a payer owes on a day, as it is handed over: principal, interest to the day, fixed sums, and what stands against them.

Only what the law gives is claimed: nothing on what is disputed, not yet due or not delivered counts in the totals; sums that
were given up are taken off; beside an insolvent debtor's principal nothing is claimed; what can't be reckoned is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.claims import InvoiceClaims, claims_of
from relance.cases.reading import (
    Case,
    InstalmentPlan,
    Promise,
    list_cases,
    read_instalment_plans,
    read_promises,
)
from relance.config.policy import Policy
from relance.errors import UsageError
from relance.law import LawBook, LawError
from relance.ledger.loading import load_versions
from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.ledger.versions import LedgerVersions
from relance.money import Money
from relance.store.schema import hold
from relance.store.uow import UnitOfWork

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One open invoice, or a paid one of which interest was asked for and is still owed.

    `interest`, `compensation`: what may be claimed to the day, waivers taken off; None where it can't be told (`missing`).
    `standing`: claimed, disputed or not_due; only what is claimed counts in totals.
    """

    invoice_id: str
    issue_date: date | None
    due_date: date
    amount: Money
    open: Money
    standing: str
    interest: tuple[Money, ...] | None
    compensation: tuple[Money, ...] | None
    missing: str | None = None
    compensation_missing: str | None = None
    document: str | None = None
    found: InvoiceClaims | None = None

    @property
    def paid(self) -> Money:
        """What money and credit notes took off it."""
        return Money(self.amount.currency, self.amount.minor - self.open.minor)

    @property
    def law(self) -> str | None:
        """The law that the sums rest on."""
        return self.found.accrual.given.law if self.found and self.found.accrual.given else None


@dataclass(frozen=True, slots=True)
class Debt:
    """A payer's debt with the facts around it, as of a day."""

    entity: str
    payer_id: str
    as_of: date
    customer: Row
    contacts: Sequence[Row]
    lines: Sequence[Line]
    payments: Sequence[Row]
    credits: tuple[Money, ...]
    disputes: Sequence[Case]
    promises: Sequence[Promise]
    plans: Sequence[InstalmentPlan]

    @property
    def is_insolvent(self) -> bool:
        """Whether the ledger marks the payer so."""
        return self.customer.get("status") == "insolvency"

    def of(self, standing: str) -> list[Line]:
        """The lines that stand so."""
        return [line for line in self.lines if line.standing == standing]

    def totals(self) -> list[dict[str, Any]]:
        """By currency: principal, interest, compensation and their sum, of what is claimed, in minor units."""
        sums: dict[str, dict[str, int]] = {}
        for line in self.of("claimed"):
            parts = (
                ("principal", (line.open,)), ("interest", line.interest or ()), ("compensation", line.compensation or ()),
            )  # fmt: skip
            for name, amounts in parts:
                for money in amounts:
                    own = sums.setdefault(money.currency, {"principal": 0, "interest": 0, "compensation": 0})
                    own[name] += money.minor
        return [{"currency": one, **sums[one], "total": sum(sums[one].values())} for one in sorted(sums)]


def debt_of(
    uow: UnitOfWork, *, policy: Policy, book: LawBook, entity: str, payer_id: str, as_of: date
) -> Debt:
    """What a payer owes on `as_of`, by the ledger as it is known and by the law.

    Raises:
        UsageError: for an unknown entity, or a payer that the ledger doesn't have.
    """
    policy.entity(entity)
    versions = load_versions(uow.database, entity)
    snapshot = take_snapshot(versions, as_of)
    customers = snapshot.customers.filter(pl.col("customer_id") == payer_id).to_dicts()
    if not customers:
        raise UsageError(f"{entity} has no customer {payer_id!r}.", hint="Check the id as the ledger has it.")
    reckoner = _Reckoner(uow, policy, book, versions, as_of, entity)
    lines = _lines(reckoner, snapshot, payer_id, insolvent=customers[0].get("status") == "insolvency")
    return Debt(
        entity=entity,
        payer_id=payer_id,
        as_of=as_of,
        customer=customers[0],
        contacts=_contacts(snapshot, payer_id),
        lines=lines,
        payments=_payments(versions, [line.invoice_id for line in lines], as_of),
        credits=_credits(snapshot, payer_id),
        disputes=[
            one
            for one in list_cases(uow, entity=entity, kind="dispute", state=None, payer_id=payer_id)
            if one.opened_on <= as_of
        ],
        promises=[
            one for one in read_promises(uow, entity=entity, payers=[payer_id]) if one.made_on <= as_of
        ],
        plans=[
            one for one in read_instalment_plans(uow, entity=entity, payers=[payer_id]) if one.made_on <= as_of
        ],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Reckoner:
    """Claims of invoices; of each alone where one of them can't be reckoned."""

    uow: UnitOfWork
    policy: Policy
    book: LawBook
    versions: LedgerVersions
    as_of: date
    entity: str

    def claims(self, payer_id: str, invoices: Sequence[str]) -> dict[str, InvoiceClaims | LawError]:
        try:
            found = self._claims(invoices=invoices, payer_id=payer_id)
        except LawError:
            return {one: self._alone(one) for one in invoices}
        return {one.accrual.invoice_id: one for one in found}

    def disputed(self, payer_id: str) -> set[str | None]:
        """Open items that are disputed on the day; None among them: all of the payer's."""
        query = sa.select(hold.c.invoice_id).where(
            hold.c.entity == self.entity, hold.c.payer_id == payer_id, hold.c.reason == "disputed",
            hold.c.from_date <= self.as_of,
            sa.or_(hold.c.until.is_(None), hold.c.until >= self.as_of),
            sa.or_(hold.c.ended_on.is_(None), hold.c.ended_on > self.as_of),
        )  # fmt: skip
        return set(self.uow.execute(query).scalars())

    def _alone(self, invoice: str) -> InvoiceClaims | LawError:
        try:
            (found,) = self._claims(invoices=[invoice], payer_id=None)
        except LawError as error:
            return error
        return found

    def _claims(self, *, invoices: Sequence[str], payer_id: str | None) -> tuple[InvoiceClaims, ...]:
        return claims_of(
            self.uow, policy=self.policy, book=self.book, entity=self.entity, as_of=self.as_of, invoices=invoices,
            payer_id=payer_id, versions=self.versions,
        )  # fmt: skip


def _lines(reckoner: _Reckoner, snapshot: Snapshot, payer_id: str, *, insolvent: bool) -> list[Line]:
    own = snapshot.items.filter(pl.col("payer_id") == payer_id).sort("due_date", "invoice_id").to_dicts()
    claims = reckoner.claims(payer_id, [row["invoice_id"] for row in own])
    disputed = reckoner.disputed(payer_id)
    lines = [
        _open(row, claims.get(row["invoice_id"]), snapshot.as_of, disputed, insolvent=insolvent)
        for row in own
    ]
    known = {line.invoice_id for line in lines}
    # Interest on what was paid late is claimed only where it was asked for: nothing is dug up.
    late = [
        found
        for name, found in claims.items()
        if name not in known and not isinstance(found, LawError) and _asked(found) and not insolvent
    ]
    return lines + [_paid(found) for found in late]


def _open(
    row: Row,
    found: InvoiceClaims | LawError | None,
    as_of: date,
    disputed: set[str | None],
    *,
    insolvent: bool,
) -> Line:
    standing = "claimed" if row["due_date"] < as_of else "not_due"
    if {row["invoice_id"], None} & disputed:
        standing = "disputed"
    if row["delivery_status"] in {"draft", "rejected"}:
        standing = "disputed"  # the debtor has no valid invoice of it
    told = None if isinstance(found, LawError) else found
    silent = insolvent or standing != "claimed"
    return Line(
        invoice_id=row["invoice_id"],
        issue_date=row["issue_date"],
        due_date=row["due_date"],
        amount=Money(row["currency"], row["amount"]),
        open=Money(row["currency"], row["open"]),
        standing=standing,
        interest=None if isinstance(found, LawError) or silent else _claimable(told, "interest"),
        compensation=None
        if isinstance(found, LawError) or silent or (told and told.missing)
        else _claimable(told, "compensation"),
        missing=str(found) if isinstance(found, LawError) and not silent else None,
        compensation_missing=told.missing if told and not silent else None,
        document=row["document"],
        found=told,
    )


def _paid(found: InvoiceClaims) -> Line:
    one = found.accrual
    return Line(
        invoice_id=one.invoice_id,
        issue_date=None,
        due_date=one.due_date,
        amount=one.amount,
        open=one.open,
        standing="claimed",
        interest=_payable(found, "interest"),
        compensation=_payable(found, "compensation"),
        found=found,
    )


def _claimable(found: InvoiceClaims | None, kind: str) -> tuple[Money, ...]:
    claims = found.claims if found else ()
    return tuple(one.claimable for one in claims if one.kind == kind and one.claimable.minor)


def _payable(found: InvoiceClaims, kind: str) -> tuple[Money, ...]:
    return tuple(one.payable for one in found.claims if one.kind == kind and one.payable.minor)


def _asked(found: InvoiceClaims) -> bool:
    return found.accrual.state == "paid_late" and any(one.payable.minor for one in found.claims)


def _contacts(snapshot: Snapshot, payer_id: str) -> Sequence[Row]:
    own = snapshot.contacts.filter(pl.col("customer_id") == payer_id)
    if "active" in own.columns:
        own = own.filter(pl.col("active").fill_null(True))
    return own.sort("contact_id").to_dicts()


def _payments(versions: LedgerVersions, invoices: Iterable[str], as_of: date) -> Sequence[Row]:
    """Money on the invoices until the day, and on those that their terms are of."""
    wanted = {*invoices, *(one.split("/", maxsplit=1)[0] for one in invoices)}
    rows = versions.at(as_of).payments.filter(
        pl.col("date") <= as_of, pl.col("invoice_id").is_in(sorted(wanted))
    )
    columns = ("payment_id", "date", "amount", "currency", "invoice_id", "method")
    return rows.select(columns).sort("invoice_id", "date", "payment_id").to_dicts()


def _credits(snapshot: Snapshot, payer_id: str) -> tuple[Money, ...]:
    own = snapshot.credits.filter(pl.col("payer_id") == payer_id).sort("currency")
    return tuple(Money(row["currency"], row["credit"]) for row in own.iter_rows(named=True))
