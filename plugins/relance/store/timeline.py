"""The payer's timeline: append-only entries, each carrying the hash of the one before.

An entry's hash is SHA-256 over the previous hash and the canonical JSON (sorted keys, no spaces, UTF-8) of its fields,
so that a changed, removed or reordered entry breaks the chain from there on (`verify`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.store.schema import timeline, timeline_head
from relance.store.uow import UnitOfWork

GENESIS = b"\x00" * 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a payer; `at` is when (UTC), `on_date` the business day it belongs to."""

    payer_id: str
    at: datetime
    on_date: date
    kind: str
    actor: str
    subject: str
    body: Mapping[str, Any] = field(default_factory=dict)


def append(uow: UnitOfWork, entity: str, entries: Iterable[Entry]) -> int:
    """Chain entries onto their payers' timelines in this transaction, in the order given; gives their number."""
    wanted = list(entries)
    if not wanted:
        return 0
    heads = _lock_heads(uow, entity, sorted({entry.payer_id for entry in wanted}))
    rows = []
    for entry in wanted:
        seq, previous = heads[entry.payer_id]
        digest = link(previous, entity, seq + 1, entry)
        rows.append(
            {
                "entity": entity, "payer_id": entry.payer_id, "seq": seq + 1, "at": entry.at, "on_date": entry.on_date,
                "kind": entry.kind, "actor": entry.actor, "subject": entry.subject, "body": dict(entry.body),
                "previous": previous, "hash": digest,
            }
        )  # fmt: skip
        heads[entry.payer_id] = (seq + 1, digest)
    uow.execute(sa.insert(timeline), rows)
    upsert = insert(timeline_head)
    uow.execute(
        upsert.on_conflict_do_update(
            index_elements=["entity", "payer_id"],
            set_={"seq": upsert.excluded.seq, "hash": upsert.excluded.hash},
        ),
        [
            {"entity": entity, "payer_id": payer, "seq": seq, "hash": digest}
            for payer, (seq, digest) in heads.items()
        ],
    )
    return len(rows)


def read(uow: UnitOfWork, entity: str, payer_id: str) -> Sequence[sa.RowMapping]:
    """A payer's entries, oldest first."""
    query = sa.select(timeline).where(timeline.c.entity == entity, timeline.c.payer_id == payer_id)
    return uow.execute(query.order_by(timeline.c.seq)).mappings().all()


def verify(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """The `seq` of the first entry of one payer that does not fit its chain, or None when all hold."""
    previous = GENESIS
    for position, row in enumerate(rows, start=1):
        entry = Entry(
            payer_id=row["payer_id"], at=row["at"], on_date=row["on_date"], kind=row["kind"], actor=row["actor"],
            subject=row["subject"], body=row["body"],
        )  # fmt: skip
        stored = bytes(row["hash"])
        if row["seq"] != position or link(previous, row["entity"], position, entry) != stored:
            return position
        previous = stored
    return None


def link(previous: bytes, entity: str, seq: int, entry: Entry) -> bytes:
    """The hash that ties an entry to the one before it."""
    canonical = json.dumps(
        {
            "entity": entity, "payer_id": entry.payer_id, "seq": seq, "at": entry.at.timestamp(),
            "on_date": entry.on_date.isoformat(), "kind": entry.kind, "actor": entry.actor, "subject": entry.subject,
            "body": entry.body,
        },
        sort_keys=True, separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip
    return hashlib.sha256(previous + canonical.encode()).digest()


def _lock_heads(uow: UnitOfWork, entity: str, payers: list[str]) -> dict[str, tuple[int, bytes]]:
    """Lock the ends of the payers' chains (in payer order, so that two writers can't deadlock) and read them."""
    uow.execute(
        insert(timeline_head).on_conflict_do_nothing(),
        [{"entity": entity, "payer_id": payer, "seq": 0, "hash": GENESIS} for payer in payers],
    )
    rows = uow.execute(
        sa.select(timeline_head.c.payer_id, timeline_head.c.seq, timeline_head.c.hash)
        .where(timeline_head.c.entity == entity, timeline_head.c.payer_id.in_(payers))
        .order_by(timeline_head.c.payer_id)
        .with_for_update()
    )
    return {payer: (seq, bytes(digest)) for payer, seq, digest in rows}
