"""What the store holds of one payer: messages, receipts, replies and the chain, as far as they are asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from relance.errors import UsageError
from relance.store import timeline
from relance.store.schema import contact, customer_version, outbox, receipt, reply
from relance.store.schema import timeline as entry
from relance.store.uow import UnitOfWork

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for: contacts about some open items, of some days; both bounds count. Empty: everything."""

    invoices: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.invoices and self.since is None and self.until is None

    def has_day(self, day: date) -> bool:
        """Whether a day belongs to it."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "invoices": list(self.invoices),
            "from": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
        }


EVERYTHING = Scope()


@dataclass(frozen=True)
class Record:
    """A payer's rows: `entries` are the whole chain, the others what the scope asks for."""

    entity: str
    payer_id: str
    scope: Scope
    customer: Row
    entries: Sequence[Row]
    messages: Sequence[Row]
    receipts: Sequence[Row]
    replies: Sequence[Row]

    @cached_property
    def subjects(self) -> frozenset[str]:
        """What entries within a scope of invoices are about: their messages, and they themselves."""
        messages = (message["key"] for message in self.messages)
        return frozenset((*messages, *(f"invoice:{one}" for one in self.scope.invoices)))

    @property
    def head(self) -> str:
        """The last entry's hash, hexadecimal."""
        return bytes(self.entries[-1]["hash"]).hex() if self.entries else timeline.GENESIS.hex()

    def is_told(self, entry: Row) -> bool:
        """Whether the scope has an entry's body in it."""
        if self.scope.is_everything or entry["format"] == 1:
            return True
        if not self.scope.has_day(entry["on_date"]):
            return False
        if not self.scope.invoices:
            return True
        if entry["subject"] in self.subjects:
            return True
        text = json.dumps(entry["body"], ensure_ascii=False)
        return any(json.dumps(one, ensure_ascii=False) in text for one in self.scope.invoices)


def read_record(uow: UnitOfWork, entity: str, payer_id: str, scope: Scope = EVERYTHING) -> Record:
    """Everything that is kept about what was said to a payer.

    Raises:
        UsageError: for a payer with whom nothing has happened.
    """
    entries = [dict(row) for row in timeline.read(uow, entity, payer_id)]
    messages = _messages(uow, entity, payer_id, scope)
    if not entries and not messages:
        raise UsageError(f"Nothing has happened with payer {payer_id} of {entity} yet.")
    keys = [message["key"] for message in messages]
    return Record(
        entity=entity,
        payer_id=payer_id,
        scope=scope,
        customer=_customer(uow, entity, payer_id),
        entries=entries,
        messages=messages,
        receipts=_receipts(uow, keys),
        replies=_replies(uow, entity, payer_id, scope, keys),
    )


IS_TOLD = sa.exists().where(
    entry.c.entity == outbox.c.entity,
    entry.c.payer_id == outbox.c.payer_id,
    entry.c.subject == outbox.c.key,
    sa.func.coalesce(entry.c.digest, entry.c.body["digest"].astext) == outbox.c.digest,
)
"""Whether the chain tells of a row of the outbox, by the SHA-256 of its bytes."""
IS_MESSAGE = sa.or_(
    outbox.c.state.not_in(("intended", "cancelled")), IS_TOLD.where(entry.c.kind == "contact.cancelled")
)
"""Whether a row of the outbox is a message. One that waits, or was withdrawn for a last look before it left, is a draft:
nobody was told anything by it, so there is nothing to prove."""

_CONTACT = ("step", "level", "language", "invoices", "content")


def _messages(uow: UnitOfWork, entity: str, payer_id: str, scope: Scope) -> Sequence[Row]:
    query = (
        sa.select(outbox, *(contact.c[name] for name in _CONTACT), contact.c.state.label("contact_state"))
        .join(contact, contact.c.key == outbox.c.key)
        .where(outbox.c.entity == entity, outbox.c.payer_id == payer_id, IS_MESSAGE)
        .order_by(outbox.c.on_date, outbox.c.created_at, outbox.c.key)
    )
    if scope.invoices:
        query = query.where(contact.c.invoices.overlap(list(scope.invoices)))
    if scope.since:
        query = query.where(outbox.c.on_date >= scope.since)
    if scope.until:
        query = query.where(outbox.c.on_date <= scope.until)
    return [dict(row) for row in uow.execute(query).mappings()]


def _receipts(uow: UnitOfWork, keys: Sequence[str]) -> Sequence[Row]:
    query = sa.select(receipt).where(receipt.c.key.in_(keys)).order_by(receipt.c.receipt_id)
    return [dict(row) for row in uow.execute(query).mappings()] if keys else []


def _replies(uow: UnitOfWork, entity: str, payer_id: str, scope: Scope, keys: Sequence[str]) -> Sequence[Row]:
    query = sa.select(reply).where(reply.c.entity == entity, reply.c.payer_id == payer_id)
    rows = [dict(row) for row in uow.execute(query.order_by(reply.c.reply_id)).mappings()]
    own = set(keys)
    return [
        row for row in rows if scope.has_day(row["on_date"]) and (not scope.invoices or row["key"] in own)
    ]


def _customer(uow: UnitOfWork, entity: str, payer_id: str) -> Row:
    """The payer as the newest extract has it; only its id where no extract has."""
    table = customer_version
    query = (
        sa.select(table)
        .where(table.c.entity == entity, table.c.customer_id == payer_id)
        .order_by(table.c.extract_date.desc(), table.c.import_id.desc())
        .limit(1)
    )
    found = uow.execute(query).mappings().first()
    return dict(found) if found else {"customer_id": payer_id, "name": payer_id, "country": None}
