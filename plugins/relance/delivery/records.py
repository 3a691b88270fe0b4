"""What became of a message, written down: outbox row, contact, event and timeline entry in one transaction.

A timeline entry names the recipient and the hash of what was sent; logs never do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from relance.delivery.leases import until
from relance.delivery.port import Message, Receipt
from relance.delivery.privacy import without_addresses
from relance.money import Money
from relance.store import claims, contacts, inbound, timeline
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork

ACTOR = "relance"

_BEGUN = sa.text(
    """
    UPDATE outbox SET state = 'sending', provider = :provider, attempts = attempts + 1, error = NULL,
      lease_until = now() + make_interval(secs => :seconds)
    WHERE key = :key AND lease_owner = :name AND state = 'intended'
      AND EXISTS (SELECT FROM contact c WHERE c.key = outbox.key AND c.state = 'sending')
    RETURNING body
    """
)


def begun(uow: UnitOfWork, *, key: str, name: str, provider: str, seconds: float) -> bytes | None:
    """Mark a leased message as being sent, before anything leaves; gives its body, None when it is no longer ours to send."""
    values = {"key": key, "name": name, "provider": provider, "seconds": seconds}
    body = uow.execute(_BEGUN, values).scalar()
    return None if body is None else bytes(body)


def sent(
    uow: UnitOfWork, message: Message, receipt: Receipt, *, actor: str = ACTOR, note: str | None = None
) -> bool:
    """The message has gone (or is kept in its folder)."""
    words = note or words_for(receipt)
    row = contacts.message_sent(
        uow, key=message.key, entity=message.entity, provider=receipt.provider, receipt=receipt.reference,
        on_date=message.on_date, actor=actor, note=words,
    )  # fmt: skip
    if row is None:
        return False
    if row.claims:
        _claim(uow, message, row.payer_id, row.claims)
    entry = sent_entry(message, receipt, facts=row, actor=actor)
    timeline.append_to(uow, message.entity, [entry], {row.payer_id: (row.seq, bytes(row.hash))})
    return True


def words_for(receipt: Receipt) -> str:
    """What the contact's event says of a message that has gone."""
    return f"kept in folder: {receipt.reference}" if receipt.kept else f"sent by {receipt.provider}"


def sent_entry(message: Message, receipt: Receipt, *, facts: Any, actor: str = ACTOR) -> timeline.Entry:
    """The timeline's entry of a message that has gone; `facts`: payer_id, step and level of its contact."""
    more = {"provider": receipt.provider, "receipt": receipt.reference, "kept": receipt.kept}
    return _entry(message, "contact.sent", actor, facts=facts, more=more)


def failed(
    uow: UnitOfWork, message: Message, error: str, *, actor: str = ACTOR, mark: inbound.Mark | None = None
) -> bool:
    """The message was refused for good, or too often. With `mark`, so will any other be to this address."""
    error = _harmless(error, message)
    if not _settle(uow, message, {"state": "failed", "error": error}):
        return False
    contacts.set_state(uow, [message.key], "failed", actor, None, error)
    _tell(uow, message, "contact.failed", actor, error=error)
    if mark:
        inbound.put_mark(
            uow, entity=message.entity, channel=message.channel, address=message.recipient, mark=mark,
            on_date=message.on_date, source=error[:200], key=message.key,
        )  # fmt: skip
    return True


def in_doubt(uow: UnitOfWork, message: Message, error: str) -> bool:
    """Nobody knows whether the message has gone; it is never sent again by itself."""
    error = _harmless(error, message)
    row = sa.update(outbox).where(outbox.c.key == message.key, outbox.c.state == "sending")
    if uow.execute(row.values(state="in_doubt", error=error)).rowcount == 0:
        return False
    contacts.set_state(uow, [message.key], "in_doubt", ACTOR, None, error)
    _tell(uow, message, "contact.in_doubt", ACTOR, error=error)
    return True


def postponed(uow: UnitOfWork, message: Message, error: str, *, wait_s: float | None) -> None:
    """The message has certainly not gone: it waits `wait_s` seconds, or (None) for the next run and the try not counted."""
    row = sa.update(outbox).where(outbox.c.key == message.key, outbox.c.state == "sending")
    error = _harmless(error, message)
    values: dict[str, Any] = {"state": "intended", "error": error, "lease_owner": None, "lease_until": None}
    if wait_s is None:
        values["attempts"] = outbox.c.attempts - 1
    else:
        values["not_before"] = until(wait_s)
    uow.execute(row.values(**values))


def attempts(uow: UnitOfWork, key: str) -> int:
    """How often the message has been tried."""
    return int(uow.execute(sa.select(outbox.c.attempts).where(outbox.c.key == key)).scalar_one())


def cancelled(uow: UnitOfWork, message: Message, reason: str) -> bool:
    """The message is not sent at all: its day has passed before it could leave."""
    row = sa.update(outbox).where(outbox.c.key == message.key, outbox.c.state == "intended")
    if (
        uow.execute(row.values(state="cancelled", error=reason, lease_owner=None, lease_until=None)).rowcount
        == 0
    ):
        return False
    contacts.set_state(uow, [message.key], "cancelled", ACTOR, None, reason, only_from={"sending"})
    _tell(uow, message, "contact.cancelled", ACTOR, reason=reason)
    return True


def _harmless(error: str, message: Message) -> str:
    """Servers quote the address they refuse; what is written of it in events and marks outlives every retention."""
    return without_addresses(error, message.recipient, *message.copies)


def _settle(uow: UnitOfWork, message: Message, values: dict[str, Any]) -> bool:
    """End a message that was being sent, or whose sender was taken for dead and now knows better."""
    open_states = outbox.c.state.in_(["sending", "in_doubt"])
    row = sa.update(outbox).where(outbox.c.key == message.key, open_states)
    return uow.execute(row.values(**values, lease_owner=None, lease_until=None)).rowcount == 1


def _claim(uow: UnitOfWork, message: Message, payer_id: str, asked: Sequence[Mapping[str, Any]]) -> None:
    """What a message that is out has asked for beside the debt is claimed from then on."""
    entries = [
        claims.ClaimEntry(
            payer_id=payer_id, invoice_id=one["invoice_id"], kind=one["kind"], act="claimed",
            amount=Money(one["currency"], one["amount"]), on_date=message.on_date, actor=ACTOR, contact_key=message.key,
        )
        for one in asked
    ]  # fmt: skip
    claims.append(uow, message.entity, entries)


def _tell(uow: UnitOfWork, message: Message, kind: str, actor: str, **more: object) -> None:
    columns = (contact.c.payer_id, contact.c.step, contact.c.level)
    facts = uow.execute(sa.select(*columns).where(contact.c.key == message.key)).one()
    timeline.append(uow, message.entity, [_entry(message, kind, actor, facts=facts, more=more)])


def _entry(
    message: Message, kind: str, actor: str, *, facts: Any, more: Mapping[str, object]
) -> timeline.Entry:
    """One entry of the payer's timeline."""
    body = {
        "channel": message.channel, "recipient": message.recipient, "copies": list(message.copies),
        "step": facts.step, "level": facts.level, "message_id": message.message_id, "digest": message.digest, **more,
    }  # fmt: skip
    return timeline.Entry(
        payer_id=facts.payer_id, at=datetime.now(UTC), on_date=message.on_date, kind=kind, actor=actor,
        subject=message.key, body=body,
    )  # fmt: skip
