"""What became of a message, as Twilio tells it: kept once, told on the timeline, and applied where it changes anything.

Callbacks come late, twice, in any order and at the same time. The message's row is locked first, each event is kept once,
and a state moves only from the one that it follows; so the order in which they come makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from relance.delivery import records
from relance.delivery.leases import message_of
from relance.delivery.port import Receipt
from relance.delivery.twilio import codes
from relance.inbox.desk import ACTOR, PROVIDER
from relance.store import contacts, timeline
from relance.store.inbound import Came, Mark, ReceiptKind, add_receipt, put_mark
from relance.store.schema import outbox
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class News:
    """One event of a message: `event` tells it from its repetition, `sid` the message or call at Twilio."""

    sid: str
    event: str
    kind: ReceiptKind
    detail: Mapping[str, Any] = field(default_factory=dict)
    code: int | None = None


def find(uow: UnitOfWork, key: str) -> sa.RowMapping | None:
    """The message of a key, locked."""
    query = sa.select(outbox).where(outbox.c.key == key).with_for_update()
    return uow.execute(query).mappings().first()


def take(uow: UnitOfWork, row: sa.RowMapping, news: News, *, on_date: date, at: datetime) -> bool:
    """Keep and apply an event of the (locked) message; False when it was kept before."""
    detail = {"sid": news.sid, **news.detail}
    if news.code:
        detail["code"] = news.code
    came = Came(
        key=row["key"], entity=row["entity"], payer_id=row["payer_id"], provider=PROVIDER, event=news.event,
        kind=news.kind, on_date=on_date, detail=detail,
    )  # fmt: skip
    if not add_receipt(uow, came):
        return False
    receipt = _settled(uow, row, news)
    if news.kind != "accepted":
        _tell(uow, row, news, detail, on_date=on_date, at=at)
    if receipt == news.sid:  # else it tells of an earlier try under the same key
        _apply(uow, row, news, on_date=on_date)
    return True


def _settled(uow: UnitOfWork, row: sa.RowMapping, news: News) -> str | None:
    """The message's id at Twilio. Of a message in doubt, or whose sender has not said yet, the event is the proof.

    While its sender may still be about to record it, only an event that needs it does so in its place.
    """
    ours = row["provider"] in {None, PROVIDER}
    waiting = row["state"] == "in_doubt" or (row["state"] == "sending" and news.kind != "accepted")
    if ours and waiting:
        words = "Twilio called back about it"
        records.sent(uow, message_of(row), Receipt(PROVIDER, news.sid), actor=ACTOR, note=words)
        return news.sid
    return row["receipt"] if ours else None


def _apply(uow: UnitOfWork, row: sa.RowMapping, news: News, *, on_date: date) -> None:
    """Arrived: confirmed. Not arrived: the step is not done, by this address ever (`bounced`) or this once (`failed`)."""
    key = row["key"]
    if news.kind in {"delivered", "read", "answered"}:
        sent = sa.update(outbox).where(outbox.c.key == key, outbox.c.state == "sent")
        uow.execute(sent.values(state="confirmed"))
        contacts.set_state(uow, [key], "confirmed", ACTOR, None, news.kind, only_from={"sent"})
    elif news.kind in {"bounced", "failed"}:
        why = codes.explain(news.code) if news.code else f"Twilio: {news.detail.get('status')}"
        if contacts.set_state(uow, [key], news.kind, ACTOR, None, why, only_from={"sent"}):
            _mark(uow, row, news, why, on_date=on_date)


def _mark(uow: UnitOfWork, row: sa.RowMapping, news: News, why: str, *, on_date: date) -> None:
    """Use the number no more where the code says that it is dead; a phone that is switched off comes back."""
    if news.kind != "bounced":
        return
    mark: Mark = "opted_out" if news.code in codes.OPTED_OUT else "bounced"
    put_mark(
        uow, entity=row["entity"], channel=row["channel"], address=row["recipient"], mark=mark, on_date=on_date,
        source=why, key=row["key"],
    )  # fmt: skip


def _tell(
    uow: UnitOfWork, row: sa.RowMapping, news: News, detail: Mapping[str, Any], *, on_date: date, at: datetime
) -> None:
    body = {"channel": row["channel"], "recipient": row["recipient"], "provider": PROVIDER, **detail}
    entry = timeline.Entry(
        payer_id=row["payer_id"], at=at, on_date=on_date, kind=f"contact.{news.kind}", actor=ACTOR,
        subject=row["key"], body=body,
    )  # fmt: skip
    timeline.append(uow, row["entity"], [entry])
