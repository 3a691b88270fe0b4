"""A payer's record put together by hand, and the archive that is made of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from relance.evidence import verify
from relance.evidence.archive import Archive, _data, counts_of, sealed
from relance.evidence.record import EVERYTHING, Record, Scope
from relance.store import timeline

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


TOLD = ("channel", "recipient", "copies", "step", "level", "message_id", "digest", "provider", "receipt")


def entries_of(told: list[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Chained entries: kind, subject, body; those of the first thirty messages on the messages' day."""
    days = {message(number)["key"]: message(number)["on_date"] for number in range(1, 31)}
    rows: list[dict[str, Any]] = []
    previous = timeline.GENESIS
    for seq, (kind, subject, body) in enumerate(told, start=1):
        at = AT + timedelta(days=seq)
        entry = timeline.Entry("P1", at, days.get(subject, at.date()), kind, "relance", subject, body)
        row = timeline._row("FR01", entry, seq, previous)
        rows.append({**row, "erased_on": None})
        previous = row["hash"]
    return rows


def message(number: int, **other: Any) -> dict[str, Any]:
    body = f"Message {number}, wörtlich".encode()
    row = {
        "key": hashlib.sha256(str(number).encode()).hexdigest(), "channel": "email", "on_date": date(2026, 3, number),
        "sent_at": AT, "state": "sent", "contact_state": "sent", "step": "first", "level": "level_1",
        "sender": "us@lumen.example",
        "recipient": "p1@client.example", "copies": [], "message_id": "<1@lumen.example>", "provider": "smtp",
        "receipt": "250 ok", "attempts": 1, "media": "eml", "body": body, "digest": hashlib.sha256(body).hexdigest(),
        "erased_on": None, "invoices": [f"F-{number}"], "claims": None, "content": {},
    }  # fmt: skip
    return {**row, **other}


def record(messages: int = 3, scope: Scope = EVERYTHING, **other: Any) -> Record:
    rows = [message(number) for number in range(1, messages + 1)]
    told = [("contact.sent", row["key"], {name: row[name] for name in TOLD}) for row in rows]
    told.insert(1, ("case.open", "case:1", {"case": "dispute", "text": "¿Por qué?"}))
    values: dict[str, Any] = {
        "entity": "FR01", "payer_id": "P1", "scope": scope, "customer": {"name": "Client"}, "entries": entries_of(told),
        "messages": rows, "receipts": [], "replies": [],
    }  # fmt: skip
    return Record(**{**values, **other})


def files_of(found: Record) -> dict[str, bytes]:
    return {**_data(found), "index.pdf": f"%PDF {found.head}".encode(), "verify.py": b"pass\n"}


def archive_of(found: Record, files: dict[str, bytes] | None = None) -> Archive:
    return sealed(
        files or files_of(found), form=verify.EVIDENCE, record=found, counts=counts_of(found), more={}
    )
