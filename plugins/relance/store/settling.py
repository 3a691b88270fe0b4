"""A message of which nobody knows whether it has gone is settled by a person's word: it has, or it has not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from relance.money import Money
from relance.store import claims, timeline
from relance.store.contacts import message_sent, set_state
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork

SYSTEM = "relance"
UNKNOWN = "unknown"
"""The provider of a message whose sender died before it said."""


def in_doubt(uow: UnitOfWork, key: str) -> sa.RowMapping | None:
    """The message of that key, locked; None when it is not in doubt (any more)."""
    query = sa.select(outbox).where(outbox.c.key == key, outbox.c.state == "in_doubt").with_for_update()
    return uow.execute(query).mappings().first()


def settle(uow: UnitOfWork, message: sa.RowMapping, *, sent: bool, by: str, note: str) -> str:
    """Settle a message in doubt (a row of the outbox, locked) in this transaction; gives its new state.

    Sent: its step counts as done on the message's day, and what it asked for beside the debt is claimed. Failed: planning may say
    it again.
    """
    if sent:
        _sent(uow, message, by=by, note=note)
        return "sent"
    _failed(uow, message, by=by, note=note)
    return "failed"


def _sent(uow: UnitOfWork, message: sa.RowMapping, *, by: str, note: str) -> None:
    provider = message["provider"] or UNKNOWN
    row = message_sent(
        uow, key=message["key"], entity=message["entity"], provider=provider, receipt=note, on_date=message["on_date"],
        actor=by, note=note,
    )  # fmt: skip
    if row is None:
        return
    asked = [
        claims.ClaimEntry(
            payer_id=row.payer_id, invoice_id=one["invoice_id"], kind=one["kind"], act="claimed",
            amount=Money(one["currency"], one["amount"]), on_date=message["on_date"], actor=SYSTEM, contact_key=message["key"],
        )
        for one in row.claims or ()
    ]  # fmt: skip
    if asked:
        claims.append(uow, message["entity"], asked)
    entry = _entry(message, "contact.sent", row, by=by, provider=provider, receipt=note, kept=False)
    timeline.append_to(uow, message["entity"], [entry], {row.payer_id: (row.seq, bytes(row.hash))})


def _failed(uow: UnitOfWork, message: sa.RowMapping, *, by: str, note: str) -> None:
    failed = sa.update(outbox).where(outbox.c.key == message["key"])
    uow.execute(failed.values(state="failed", error=note, lease_owner=None, lease_until=None))
    set_state(uow, [message["key"]], "failed", by, None, note)
    columns = (contact.c.payer_id, contact.c.step, contact.c.level)
    row = uow.execute(sa.select(*columns).where(contact.c.key == message["key"])).one()
    timeline.append(uow, message["entity"], [_entry(message, "contact.failed", row, by=by, error=note)])


def _entry(message: sa.RowMapping, kind: str, about: Any, *, by: str, **more: object) -> timeline.Entry:
    body = {
        "channel": message["channel"], "recipient": message["recipient"], "copies": list(message["copies"]),
        "step": about.step, "level": about.level, "message_id": message["message_id"], "digest": message["digest"], **more,
    }  # fmt: skip
    return timeline.Entry(
        payer_id=about.payer_id, at=datetime.now(UTC), on_date=message["on_date"], kind=kind, actor=by,
        subject=message["key"], body=body,
    )  # fmt: skip
