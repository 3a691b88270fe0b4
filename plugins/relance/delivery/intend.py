"""Planned contacts become intended messages: rendered, hashed and stored under their key, before anything leaves.

Calls and tasks become open work. All of it happens in the caller's transaction; a contact whose words can't be written
fails alone, with the reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from jinja2 import TemplateError

from relance.config.policy import Policy
from relance.delivery.extras import NOTHING, Extras
from relance.delivery.templates import Templates
from relance.delivery.writing import UNWRITABLE, Contact, Steps, Writer
from relance.errors import PermanentError
from relance.store import contacts, timeline
from relance.store.schema import outbox
from relance.store.uow import UnitOfWork, among

ACTOR = "relance"
_MESSAGES = ("message", "notice")
_THREAD = 10
_AT_ONCE = 2_000_000
BLOCK = 50
"""Messages that are written side by side."""
_FACTS = {
    "key": "text", "entity": "text", "payer_id": "text", "channel": "text", "on_date": "date", "sender": "text",
    "recipient": "text", "copies": "text[]", "message_id": "text", "media": "text", "digest": "text", "state": "text",
    "claims": "jsonb",
}  # fmt: skip
_BLANK = ("provider", "receipt", "lease_owner", "lease_until", "not_before", "error", "sent_at")
# Facts as JSON, bodies as the bytes that they are: text of them would be twice as long.
_WRITE = f"""
INSERT INTO outbox AS o ({", ".join(_FACTS)}, body)
SELECT {", ".join(f"f.{name}" for name in _FACTS)}, f.body
FROM ROWS FROM (
  jsonb_to_recordset(%(rows)s::jsonb) AS ({", ".join(f"{name} {kind}" for name, kind in _FACTS.items())}),
  unnest(%(bodies)b::bytea[])) AS f ({", ".join(_FACTS)}, body)
ON CONFLICT (key) DO UPDATE SET attempts = 0, body = excluded.body,
  {", ".join(f"{name} = excluded.{name}" for name in _FACTS if name != "key")},
  {", ".join(f"{name} = NULL" for name in _BLANK)}
WHERE o.state IN ('failed', 'cancelled')
"""
Hours = Callable[[sa.RowMapping], datetime | None]
"""When a contact's message may go; None: not within two weeks."""
Carry = Callable[[sa.RowMapping], Extras]
"""What a contact's message carries beside its facts."""


@dataclass(frozen=True, slots=True)
class IntendReport:
    """Figures: messages in the outbox, calls and tasks opened, contacts whose words could not be written.

    `held` wait for the payer's contact hours, the first of them until `opens_at` (UTC; None: not within two weeks).
    """

    intended: int = 0
    opened: int = 0
    failed: int = 0
    held: int = 0
    opens_at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """As it is logged and shown."""
        return asdict(self)


def intend(
    uow: UnitOfWork,
    *,
    policy: Policy,
    templates: Path | Templates,
    entity: str,
    as_of: date,
    keys: Sequence[str] | None = None,
    now: datetime | None = None,
    hours: Hours | None = None,
    extras: Carry | None = None,
) -> IntendReport:
    """Make the day's planned contacts (or those of `keys`) ready to go; contacts in any other state are left alone.

    An e-mail is dated `as_of`, at the present time of day in the entity's zone (`now` stands in for it). `hours` tells when a
    message may go: one that may not now stays planned. `extras` gives what a message carries beside its facts. `templates`:
    their folder, or those read from it before.

    Raises:
        UsageError: for an unknown entity.
    """
    seller = policy.entity(entity)
    planned = contacts.lock_planned(uow, entity=entity, as_of=as_of, keys=keys)
    work = [row for row in planned if row["kind"] not in _MESSAGES]
    _open(uow, work, as_of)
    moment = now or datetime.now(UTC)
    messages, held = _within_hours([row for row in planned if row["kind"] in _MESSAGES], hours, moment)
    threads = earlier_messages(uow, entity, messages)
    at = moment.astimezone(ZoneInfo(seller.timezone))
    words = templates if isinstance(templates, Templates) else Templates(templates)
    writer = Writer(policy, seller, words, at, threads)
    rows: list[dict[str, Any]] = []
    size, intended, failed = 0, 0, 0
    for row, written in _written(writer, messages, extras):
        if isinstance(written, Exception):
            _fail(uow, row, as_of, f"the message can't be written: {_reason(written)}")
            failed += 1
            continue
        rows.append(written)
        size += len(written["body"])
        if size > _AT_ONCE:
            intended += _store(uow, rows)
            rows, size = [], 0
    intended += _store(uow, rows)
    return IntendReport(
        intended=intended,
        opened=len(work),
        failed=failed,
        held=len(held),
        opens_at=min((opening for opening in held if opening is not None), default=None),
    )


def _written(
    writer: Writer, messages: Sequence[sa.RowMapping], extras: Carry | None
) -> Iterator[tuple[sa.RowMapping, dict[str, Any] | Exception]]:
    """Each message as it is stored, or why it can't be written. Those without files are written many at a time."""
    block: list[tuple[sa.RowMapping, Steps]] = []
    for row in messages:
        try:
            steps = writer.steps(row, extras(row) if extras else NOTHING)
        except UNWRITABLE as error:
            yield row, error
            continue
        if row["content"].get("attach"):  # files may be large
            yield from _together([(row, steps)])
            continue
        block.append((row, steps))
        if len(block) == BLOCK:
            yield from _together(block)
            block = []
    yield from _together(block)


def _together(
    block: Sequence[tuple[sa.RowMapping, Steps]],
) -> Iterator[tuple[sa.RowMapping, dict[str, Any] | Exception]]:
    """Messages written step by step side by side."""
    while block:
        going = []
        for row, steps in block:
            try:
                next(steps)
                going.append((row, steps))
            except StopIteration as end:
                yield row, end.value
            except UNWRITABLE as error:
                yield row, error
        block = going


def _within_hours(
    messages: Sequence[sa.RowMapping], hours: Hours | None, moment: datetime
) -> tuple[list[sa.RowMapping], list[datetime | None]]:
    """The messages that may go at the moment, and for each other one when it may."""
    if hours is None:
        return list(messages), []
    openings = [hours(row) for row in messages]
    going = [row for row, at in zip(messages, openings, strict=True) if at is not None and at <= moment]
    return going, [at for at in openings if at is None or at > moment]


def _open(uow: UnitOfWork, work: Sequence[sa.RowMapping], as_of: date) -> None:
    """Calls and tasks wait for a person from now on."""
    contacts.set_state(uow, [row["key"] for row in work], "open", ACTOR, only_from={"planned"})
    entries = [
        _entry(
            row, as_of, "contact.opened" if row["kind"] == "call" else "task.opened", {"kind": row["kind"]}
        )
        for row in work
    ]
    timeline.append(uow, work[0]["entity"] if work else "", entries)


def _fail(uow: UnitOfWork, row: sa.RowMapping, as_of: date, reason: str) -> None:
    contacts.set_state(uow, [row["key"]], "failed", ACTOR, None, reason)
    timeline.append(uow, row["entity"], [_entry(row, as_of, "contact.failed", {"error": reason})])


def _entry(row: sa.RowMapping, as_of: date, kind: str, more: Mapping[str, Any]) -> timeline.Entry:
    body = {"channel": row["channel"], "step": row["step"], "level": row["level"], **more}
    return timeline.Entry(
        payer_id=row["payer_id"],
        at=datetime.now(UTC),
        on_date=as_of,
        kind=kind,
        actor=ACTOR,
        subject=row["key"],
        body=body,
    )


def _reason(error: Exception) -> str:
    text = (
        str(error)
        if isinstance(error, (TemplateError, PermanentError))
        else f"{type(error).__name__} {error}"
    )
    return " ".join(text.split())[:300]


def _store(uow: UnitOfWork, rows: list[dict[str, Any]]) -> int:
    """Write messages and move their contacts; gives how many. One that went wrong before under its key is replaced.

    A message that is out, or on its way, stays what it is, and so does its contact.
    """
    if not rows:
        return 0
    facts = json.dumps([{name: row[name] for name in _FACTS} for row in rows], default=date.isoformat)
    uow.execute_plain(_WRITE, {"rows": facts, "bodies": [row["body"] for row in rows]})
    keys = [row["key"] for row in rows]
    ready = sa.select(outbox.c.key).where(among(outbox.c.key, keys), outbox.c.state == "intended")
    waiting = list(uow.execute(ready).scalars())
    return len(contacts.set_state(uow, waiting, "sending", ACTOR, only_from={"planned"}))


def earlier_messages(uow: UnitOfWork, entity: str, planned: Sequence[Contact]) -> dict[str, list[str]]:
    """Per payer, the Message-IDs of the last e-mails that were sent, oldest first: the thread a new one belongs to."""
    payers = sorted({row["payer_id"] for row in planned if row["channel"] == "email"})
    if not payers:
        return {}
    number = sa.func.row_number().over(
        partition_by=outbox.c.payer_id, order_by=[outbox.c.on_date.desc(), outbox.c.key]
    )
    sent = (
        sa.select(
            outbox.c.payer_id, outbox.c.message_id, outbox.c.on_date, outbox.c.key, number.label("back")
        )
        .where(outbox.c.entity == entity, among(outbox.c.payer_id, payers), outbox.c.channel == "email")
        .where(outbox.c.state.in_(["sent", "confirmed"]))
        .subquery()
    )
    query = (
        sa.select(sent.c.payer_id, sent.c.message_id)
        .where(sent.c.back <= _THREAD)
        .order_by(sent.c.back.desc())
    )
    threads: dict[str, list[str]] = defaultdict(list)
    for row in uow.execute(query):
        threads[row.payer_id].append(row.message_id)
    return threads
