"""One archive that proves what was said to a payer: index, originals, receipts, replies, chain, manual, verifier.

The same content in the same language gives the same bytes: nothing in it tells when it was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from relance.config.policy import Policy
from relance.delivery.typesetting import FOLDER, Typesetter
from relance.errors import PermanentError
from relance.evidence import verify
from relance.evidence.index import index_data
from relance.evidence.record import EVERYTHING, Record, Row, Scope, read_record
from relance.evidence.words import words_for
from relance.law import LawBook
from relance.settings import REPOSITORY
from relance.store import timeline
from relance.store.uow import UnitOfWork

LAYOUTS = "_evidence"


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive's bytes; `head` and `seal` are what to note, so that a whole new archive can't take its place."""

    content: bytes
    head: str
    seal: str
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """What is shown of it."""
        return {"head": self.head, "seal": self.seal, "size": len(self.content), **self.counts}


def export(
    uow: UnitOfWork,
    *,
    policy: Policy,
    book: LawBook,
    entity: str,
    payer_id: str,
    templates: Path,
    language: str | None = None,
    scope: Scope = EVERYTHING,
) -> Archive:
    """The evidence on a payer, in one of the languages of `templates` (the region's first that there is, unless told).

    Raises:
        UsageError: for an unknown entity or language, or a payer with whom nothing has happened.
        PermanentError: when the index can't be set.
    """
    region = policy.region_of(entity)
    said = words_for(templates, language, region.languages)
    record = read_record(uow, entity, payer_id, scope)
    files = {**_data(record), "verify.py": Path(verify.__file__).read_bytes()}
    counts = counts_of(record)
    manual = said.say("manual", payer_id=payer_id, entity=entity, head=record.head, entries=counts["entries"])
    files[f"MANUAL.{said.language}.txt"] = manual.encode()
    data = index_data(record, said, policy=policy, book=book, counts=counts)
    files["index.pdf"] = typeset(templates, "index.typ", data, on_date=dated(record))
    return sealed(files, form=verify.EVIDENCE, record=record, counts=counts, more={"language": said.language})


def sealed(
    files: dict[str, bytes], *, form: str, record: Record, counts: Mapping[str, int], more: Mapping[str, Any]
) -> Archive:
    """The files with their manifest, as one archive."""
    manifest = {
        "format": form,
        "entity": record.entity,
        "payer_id": record.payer_id,
        "scope": record.scope.as_dict(),
        "head": record.head,
        "counts": dict(counts),
        "files": [
            {"path": name, "size": len(files[name]), "sha256": verify.sha256(files[name])} for name in sorted(files)
        ],
        **more,
    }  # fmt: skip
    files = {**files, "manifest.json": as_text(manifest)}
    try:
        content = verify.pack(files)
    except ValueError as error:
        raise PermanentError(
            f"The archive can't be written: {error}.", hint="Split it: --from, --to."
        ) from error
    return Archive(content, record.head, verify.sha256(files["manifest.json"]), dict(counts))


def typeset(templates: Path, file: str, data: Mapping[str, Any], *, on_date: date) -> bytes:
    """A PDF/A of one of our layouts; a folder of templates without them uses those that come along."""
    return _typesetter(templates / LAYOUTS).pdf(file, data, on_date=on_date)


_typesetters: dict[Path, Typesetter] = {}


def _typesetter(directory: Path) -> Typesetter:
    if not directory.is_dir():
        directory = REPOSITORY / "include" / "templates" / LAYOUTS
    if directory not in _typesetters:
        _typesetters[directory] = Typesetter(directory, fonts=directory.parent / FOLDER / "fonts")
    return _typesetters[directory]


def dated(record: Record) -> date:
    """The day of the last thing that happened: what the documents are dated, whenever they are made."""
    days: list[date] = [row["on_date"] for row in (*record.entries[-1:], *record.messages[-1:])]
    return max(days)


def counts_of(record: Record) -> dict[str, int]:
    """How much of everything there is."""
    states = [state_of(record, entry) for entry in record.entries]
    return {
        "messages": len(record.messages),
        "originals": sum(message["erased_on"] is None for message in record.messages),
        "receipts": len(record.receipts),
        "replies": len(record.replies),
        "entries": len(record.entries),
        "erased": states.count("erased"),
        "withheld": states.count("withheld"),
    }


def state_of(record: Record, entry: Row) -> str:
    """What of an entry's body is told: kept, erased or withheld."""
    if entry["erased_on"] is not None:
        return "erased"
    return "kept" if record.is_told(entry) else "withheld"


def file_of(message: Row) -> str | None:
    """The original's path in the archive, or None once it is erased."""
    if message["erased_on"] is not None:
        return None
    return f"originals/{message['on_date'].isoformat()}-{message['key']}.{message['media']}"


def as_text(value: Any) -> bytes:
    """JSON for people: indented, UTF-8."""
    return (json.dumps(value, indent=1, ensure_ascii=False, default=_plain) + "\n").encode()


def _data(record: Record) -> dict[str, bytes]:
    """Everything that is data and not words."""
    originals = {name: bytes(one["body"]) for one in record.messages if (name := file_of(one))}
    entries = _by_subject(record)
    messages = [_message(one, number, entries) for number, one in enumerate(record.messages, start=1)]
    return {
        **originals,
        "messages.json": as_text(messages),
        "receipts.json": as_text([_without(one, "receipt_id", "entity", "payer_id") for one in record.receipts]),
        "replies.json": as_text([_without(one, "reply_id", "entity", "payer_id") for one in record.replies]),
        "chain.jsonl": "".join(_line(record, entry) for entry in record.entries).encode(),
    }  # fmt: skip


def _line(record: Record, entry: Row) -> str:
    """An entry as its hash is taken over it, with its body where that is told."""
    state = state_of(record, entry)
    told = state == "kept" and entry["format"] != 1
    line = {
        "seq": entry["seq"],
        "format": entry["format"],
        "state": state,
        "erased_on": _plain(entry["erased_on"]),
        "entry": timeline.canonical_entry(entry),
        "salt": bytes(entry["salt"]).hex() if told else None,
        "body": timeline.canonical(entry["body"]) if told else None,
        "previous": bytes(entry["previous"]).hex(),
        "hash": bytes(entry["hash"]).hex(),
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _by_subject(record: Record) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for entry in record.entries:
        found.setdefault(entry["subject"], []).append(entry["seq"])
    return found


_MESSAGE = (
    "key", "channel", "on_date", "sent_at", "state", "step", "level", "sender", "recipient", "copies", "message_id",
    "provider", "receipt", "attempts", "media", "digest", "erased_on", "invoices", "claims",
)  # fmt: skip


def _message(message: Row, number: int, entries: Mapping[str, list[int]]) -> dict[str, Any]:
    file = file_of(message)
    return {
        "number": number,
        **{name: message[name] for name in _MESSAGE},
        "demanded": message["content"].get("totals", []),
        "file": file,
        "size": len(message["body"]) if file else None,
        "entries": entries.get(message["key"], []),
    }


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value) if value is not None else None
