"""Entries of what was claimed and waived beside a debt: read, and appended; nothing takes one back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from relance.money import Money
from relance.store.schema import claim_entry
from relance.store.uow import UnitOfWork

Kind = Literal["interest", "compensation"]


@dataclass(frozen=True, slots=True)
class ClaimEntry:
    """One act on one invoice's interest or compensation; `entry_id` and `at` (UTC) are the store's.

    `amount`: of a `claimed` entry the running total asked for, of a `waived` one what this act gave up.
    """

    payer_id: str
    invoice_id: str
    kind: Kind
    act: Literal["claimed", "waived"]
    amount: Money
    on_date: date
    actor: str
    reason: str | None = None
    contact_key: str | None = None
    entry_id: int | None = None
    at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: minor units beside a currency, ISO dates."""
        return {
            "kind": self.kind,
            "act": self.act,
            "amount": self.amount.minor,
            "currency": self.amount.currency,
            "on_date": self.on_date.isoformat(),
            "actor": self.actor,
            "reason": self.reason,
            "contact_key": self.contact_key,
        }


def read_entries(
    uow: UnitOfWork, entity: str, *, invoices: Iterable[str] = (), payer_id: str | None = None
) -> list[ClaimEntry]:
    """The entries of these invoices and of this payer, in the order in which they were written."""
    table = claim_entry
    wanted = table.c.invoice_id == sa.any_(sa.literal(sorted(set(invoices)), ARRAY(table.c.invoice_id.type)))
    if payer_id is not None:
        wanted = sa.or_(wanted, table.c.payer_id == payer_id)
    query = sa.select(table).where(table.c.entity == entity, wanted).order_by(table.c.entry_id)
    return [_entry(row) for row in uow.execute(query).mappings()]


def append(uow: UnitOfWork, entity: str, entries: Sequence[ClaimEntry]) -> int:
    """Append entries in this transaction, in the order given; gives how many were new.

    A contact claims a sum once: an entry with a `contact_key` that has one for its invoice and kind is left out.
    """
    known = _asked_by(uow, entity, {entry.contact_key for entry in entries if entry.contact_key})
    rows: list[dict[str, Any]] = []
    for entry in entries:
        mark = (entry.contact_key, entry.invoice_id, entry.kind)
        if mark in known:
            continue
        if entry.contact_key:
            known.add(mark)
        rows.append(_row(entity, entry))
    if rows:
        uow.execute(sa.insert(claim_entry), rows)
    return len(rows)


def lock(uow: UnitOfWork, entity: str, invoice_id: str) -> None:
    """Let one transaction at a time waive on an invoice, so that two can't give up the same sum."""
    digest = hashlib.sha256(f"relance claim {entity} {invoice_id}".encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    uow.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _asked_by(uow: UnitOfWork, entity: str, contacts: Iterable[str]) -> set[tuple[str | None, str, str]]:
    keys = sorted(contacts)
    if not keys:
        return set()
    table = claim_entry
    query = sa.select(table.c.contact_key, table.c.invoice_id, table.c.kind).where(
        table.c.entity == entity,
        table.c.contact_key == sa.any_(sa.literal(keys, ARRAY(table.c.contact_key.type))),
    )
    return {(row.contact_key, row.invoice_id, row.kind) for row in uow.execute(query)}


def _row(entity: str, entry: ClaimEntry) -> dict[str, Any]:
    return {
        "entity": entity, "payer_id": entry.payer_id, "invoice_id": entry.invoice_id, "kind": entry.kind,
        "act": entry.act, "amount": entry.amount.minor, "currency": entry.amount.currency, "on_date": entry.on_date,
        "actor": entry.actor, "reason": entry.reason, "contact_key": entry.contact_key,
    }  # fmt: skip


def _entry(row: sa.RowMapping) -> ClaimEntry:
    return ClaimEntry(
        payer_id=row["payer_id"], invoice_id=row["invoice_id"], kind=row["kind"], act=row["act"],
        amount=Money(row["currency"], row["amount"]), on_date=row["on_date"], actor=row["actor"], reason=row["reason"],
        contact_key=row["contact_key"], entry_id=row["entry_id"], at=row["at"],
    )  # fmt: skip
