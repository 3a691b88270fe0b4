"""What came back, as rows: receipts, replies, marks on addresses. Each event once, however often it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.store.database import Database
from relance.store.schema import reach_mark, receipt, reply
from relance.store.uow import UnitOfWork

ReceiptKind = Literal["accepted", "delivered", "read", "answered", "deferred", "bounced", "failed"]
ReplyKind = Literal["stop", "start", "promise", "contest", "call_back", "text", "absence"]
Mark = Literal["bounced", "refused", "opted_out", "wrong"]
"""wrong: a person says that it is not the payer's."""


@dataclass(frozen=True, slots=True)
class Came:
    """A receipt of a message: `event` tells it from its repetition, `detail` is what is kept of the provider's words."""

    key: str
    entity: str
    payer_id: str
    provider: str
    event: str
    kind: ReceiptKind
    on_date: date
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a payer, or somebody at its address, sent back. `payer_id` None: nobody we know by the address."""

    entity: str
    payer_id: str | None
    key: str | None
    channel: str
    address: str
    kind: ReplyKind
    provider: str
    event: str
    on_date: date
    body: Mapping[str, Any] = field(default_factory=dict)


def add_receipt(uow: UnitOfWork, came: Came) -> bool:
    """Keep a receipt in this transaction; False when this event is kept already."""
    return _add(uow, receipt, came)


def add_reply(uow: UnitOfWork, answer: Answer) -> bool:
    """Keep a reply in this transaction; False when this event is kept already."""
    return _add(uow, reply, answer)


def put_mark(
    uow: UnitOfWork,
    *,
    entity: str,
    channel: str,
    address: str,
    mark: Mark,
    on_date: date,
    source: str,
    key: str | None = None,
) -> bool:
    """Use an address no more for a channel, from a day on; False when that mark stands already."""
    row = {
        "entity": entity, "channel": channel, "address": normal_address(channel, address), "mark": mark,
        "on_date": on_date, "source": source, "key": key,
    }  # fmt: skip
    wish = insert(reach_mark).values(row).on_conflict_do_nothing().returning(reach_mark.c.mark_id)
    return uow.execute(wish).scalar() is not None


def lift_marks(
    uow: UnitOfWork,
    *,
    entity: str,
    channel: str,
    address: str,
    on_date: date,
    by: str,
    mark: Mark | None = None,
) -> int:
    """Use an address again from a day on; gives how many marks were lifted."""
    standing = sa.update(reach_mark).where(
        reach_mark.c.entity == entity,
        reach_mark.c.channel == channel,
        reach_mark.c.address == normal_address(channel, address),
        reach_mark.c.lifted_on.is_(None),
    )
    if mark is not None:
        standing = standing.where(reach_mark.c.mark == mark)
    return uow.execute(standing.values(lifted_on=on_date, lifted_at=sa.func.now(), lifted_by=by)).rowcount


def marks_on(
    database: Database, entity: str, as_of: date, *, moment: datetime | str = "infinity"
) -> pl.DataFrame:
    """`channel`, `address`, `mark`, `source` of the marks that stand on a day, as they were known at `moment`."""
    return database.read(
        "SELECT DISTINCT channel, address, mark, source FROM reach_mark WHERE entity = $1 "
        "AND on_date <= $2::text::date AND at <= $3::text::timestamptz "
        "AND (lifted_on IS NULL OR lifted_on > $2::text::date OR lifted_at > $3::text::timestamptz) "
        "ORDER BY channel, address, mark, source",
        [entity, as_of.isoformat(), str(moment)],
    )


def marks_in(uow: UnitOfWork, entity: str, as_of: date) -> pl.DataFrame:
    """`channel`, `address` of the marks that stand on a day, those of this transaction included."""
    table = reach_mark.c
    stands = sa.or_(table.lifted_on.is_(None), table.lifted_on > as_of)
    query = (
        sa.select(table.channel, table.address)
        .where(table.entity == entity, table.on_date <= as_of, stands)
        .distinct()
    )
    rows = [tuple(row) for row in uow.execute(query)]
    return pl.DataFrame(rows, schema={"channel": pl.String, "address": pl.String}, orient="row")


def normal_address(channel: str, address: str) -> str:
    """An address as marks keep it: e-mail in lower case, numbers without blanks."""
    text = address.strip()
    if channel == "email" or (channel == "registered" and "@" in text):
        return text.lower()
    return "".join(text.split()) if channel in {"sms", "whatsapp", "voice", "call"} else text


def _add(uow: UnitOfWork, table: sa.Table, one: Came | Answer) -> bool:
    row = {name: getattr(one, name) for name in one.__slots__}
    for name in ("detail", "body"):
        if name in row:
            row[name] = dict(row[name])
    wish = insert(table).values(row).on_conflict_do_nothing().returning(table.c.event)
    return uow.execute(wish).scalar() is not None
