"""The payer's timeline: append-only entries, each carrying the hash of the one before.

An entry's hash is SHA-256 over the hash before it (64 hexadecimal digits), a line feed, and the canonical JSON (sorted keys,
no spaces, UTF-8) of its fields. Of its body it covers only `body_hash`, SHA-256 over a random salt (hexadecimal), a line feed
and the body's canonical JSON. So a changed, removed or reordered entry breaks the chain from there on (`verify`), and a body
can be erased with its salt while the chain still holds. Entries of format 1, from before there was erasing, cover the body
itself and can't be erased.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from relance.store.schema import timeline
from relance.store.uow import UnitOfWork

GENESIS = b"\x00" * 32
FORMAT = 2
_SALT_BYTES = 16
_SALTS: list[bytes] = []  # each asking of the system lets another thread in: they are fetched by the hundred
os.register_at_fork(after_in_child=_SALTS.clear)
_as_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a payer; `at` is when (UTC), `on_date` the business day it belongs to.

    A body's `digest`, the SHA-256 of a message, is kept beside the body as well: it outlives its erasing.
    """

    payer_id: str
    at: datetime
    on_date: date
    kind: str
    actor: str
    subject: str
    body: Mapping[str, Any] = field(default_factory=dict)


End = tuple[int, bytes]
"""The end of a payer's chain: `seq` and `hash` of its last entry, or (0, GENESIS)."""

COLUMNS = (
    ("payer_id", "text"), ("seq", "int"), ("at", "timestamptz"), ("on_date", "date"), ("kind", "text"), ("actor", "text"),
    ("subject", "text"), ("body", "jsonb"), ("previous", "bytea"), ("hash", "bytea"), ("digest", "text"),
    ("salt", "bytea"), ("body_hash", "bytea"),
)  # fmt: skip
"""What of an entry its row says of itself, with PostgreSQL's types; its entity and format are those of many."""

# Locks the ends of chains, made where there is none yet, in payer order, so that two writers can't deadlock.
_LOCK = sa.text(
    """
    INSERT INTO timeline_head AS h (entity, payer_id, seq, hash)
    SELECT :entity, p, 0, :genesis FROM unnest(CAST(:payers AS text[])) AS p ORDER BY p
    ON CONFLICT (entity, payer_id) DO UPDATE SET seq = h.seq RETURNING payer_id, seq, hash
    """
)
# The new entries and, by the last of each payer, the new ends: one way to the server and back.
_APPEND = sa.text(
    f"""
    WITH entries AS (
        INSERT INTO timeline (entity, format, {", ".join(name for name, _ in COLUMNS)})
        SELECT :entity, {FORMAT}, e.* FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS e ({", ".join(" ".join(column) for column in COLUMNS)})
    )
    UPDATE timeline_head h SET seq = e.seq, hash = e.hash
    FROM jsonb_to_recordset(CAST(:heads AS jsonb)) AS e (payer_id text, seq int, hash bytea)
    WHERE h.entity = :entity AND h.payer_id = e.payer_id
    """
)


def append(uow: UnitOfWork, entity: str, entries: Iterable[Entry]) -> int:
    """Chain entries onto their payers' timelines in this transaction, in the order given; gives their number."""
    wanted = list(entries)
    if not wanted:
        return 0
    payers = sorted({entry.payer_id for entry in wanted})
    found = uow.execute(_LOCK, {"entity": entity, "genesis": GENESIS, "payers": payers})
    return append_to(uow, entity, wanted, {payer: (seq, bytes(digest)) for payer, seq, digest in found})


def append_to(uow: UnitOfWork, entity: str, entries: Sequence[Entry], ends: Mapping[str, End]) -> int:
    """Chain entries onto timelines whose ends, by payer, this transaction has locked; gives their number."""
    heads, rows = dict(ends), []
    for entry in entries:
        row, heads[entry.payer_id] = chained(entity, entry, heads[entry.payer_id])
        rows.append(row)
    last = [{"payer_id": payer, "seq": seq, "hash": _as_json(end)} for payer, (seq, end) in heads.items()]
    uow.execute(_APPEND, {"entity": entity, "rows": json.dumps(rows), "heads": json.dumps(last)})
    return len(rows)


def chained(entity: str, entry: Entry, end: End) -> tuple[dict[str, Any], End]:
    """The row of an entry that follows the end of its payer's chain, as JSON has it, and the new end."""
    row = _row(entity, entry, end[0] + 1, end[1])
    return {name: _as_json(row[name]) for name, _ in COLUMNS}, (row["seq"], row["hash"])


def read(uow: UnitOfWork, entity: str, payer_id: str) -> Sequence[sa.RowMapping]:
    """A payer's entries, oldest first."""
    query = sa.select(timeline).where(timeline.c.entity == entity, timeline.c.payer_id == payer_id)
    return uow.execute(query.order_by(timeline.c.seq)).mappings().all()


def verify(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """The place (from 1) of the first entry of one payer that does not fit its chain, or None when all hold."""
    previous = GENESIS
    for position, row in enumerate(rows, start=1):
        stored = bytes(row["hash"])
        if row["seq"] != position or bytes(row["previous"]) != previous or not _holds(row, previous):
            return position
        previous = stored
    return None


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; numbers as the database gives them back."""
    return _as_canonical(_plain(value))


def canonical_entry(row: Mapping[str, Any]) -> str:
    """The text that an entry's hash is taken over, by the format of its row."""
    fields = {
        "entity": row["entity"], "payer_id": row["payer_id"], "seq": row["seq"], "on_date": row["on_date"].isoformat(),
        "kind": row["kind"], "actor": row["actor"], "subject": row["subject"],
    }  # fmt: skip
    if row["format"] == 1:
        fields |= {"at": row["at"].timestamp(), "body": row["body"]}
        return _as_canonical(fields)
    fields |= {
        "format": row["format"], "at": row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "digest": row["digest"], "body_sha256": bytes(row["body_hash"]).hex(),
    }  # fmt: skip
    return _as_canonical(fields)


def digest_in(body: Mapping[str, Any]) -> str | None:
    """The SHA-256 of the message that a body tells of, or None."""
    digest = body.get("digest")
    return digest if isinstance(digest, str) else None


def hash_body(salt: bytes, body: str) -> bytes:
    """What an entry's hash covers of its body (canonical JSON)."""
    return hashlib.sha256(f"{salt.hex()}\n{body}".encode()).digest()


def link(previous: bytes, entry: str, form: int) -> bytes:
    """The hash that ties an entry (canonical JSON) to the one before it."""
    before = previous if form == 1 else f"{previous.hex()}\n".encode()
    return hashlib.sha256(before + entry.encode()).digest()


def _row(entity: str, entry: Entry, seq: int, previous: bytes) -> dict[str, Any]:
    """An entry as it is stored, with its hashes."""
    body, salt = _plain(entry.body), _salt()
    row = {
        "entity": entity, "payer_id": entry.payer_id, "seq": seq, "at": entry.at, "on_date": entry.on_date,
        "kind": entry.kind, "actor": entry.actor, "subject": entry.subject, "body": body, "previous": previous,
        "digest": digest_in(body), "salt": salt, "body_hash": hash_body(salt, _as_canonical(body)), "format": FORMAT,
    }  # fmt: skip
    return {**row, "hash": link(previous, canonical_entry(row), FORMAT)}


def _salt() -> bytes:
    while True:
        try:
            return _SALTS.pop()
        except IndexError:
            fresh = os.urandom(100 * _SALT_BYTES)
            _SALTS.extend(fresh[at : at + _SALT_BYTES] for at in range(0, len(fresh), _SALT_BYTES))


def _as_json(value: Any) -> Any:
    """A column's value as the database reads it out of JSON."""
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date


def _holds(row: Mapping[str, Any], previous: bytes) -> bool:
    """Whether an entry's body and hash are what they should be; of an erased body there is nothing left to compare."""
    form = row["format"]
    if form != 1 and row["erased_on"] is None:
        body = canonical(row["body"])
        if row["salt"] is None or hash_body(bytes(row["salt"]), body) != bytes(row["body_hash"]):
            return False
        if row["digest"] != digest_in(row["body"]):
            return False
    return link(previous, canonical_entry(row), form) == bytes(row["hash"])


def _plain(value: Any) -> Any:
    """Whole floats as integers: JSONB gives 1e22 back without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
