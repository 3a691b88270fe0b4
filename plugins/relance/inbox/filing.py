"""What a mail that came back does: to the message it is about, its contact, the address, the payer's timeline and cases.

A notice counts only for a message that we sent, and only for an address that we sent it to: whoever forges one must have
been given the message's key, and can harm nobody else with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from relance.cases.answering import asked
from relance.config.policy import Policy
from relance.delivery import records
from relance.delivery.leases import message_of
from relance.delivery.mime import ascii_address
from relance.delivery.port import Receipt
from relance.delivery.privacy import without_addresses
from relance.errors import PermanentError
from relance.inbox.bounces import Incoming, Outcome
from relance.inbox.stop import wish
from relance.store import contacts, inbound, timeline
from relance.store.inbound import Answer, Came, ReplyKind, normal_address
from relance.store.schema import outbox
from relance.store.uow import UnitOfWork

PROVIDER = "mailbox"
ACTOR = "relance"
CHANNEL = "email"
Filed = Literal[
    "bounced",
    "failed",
    "deferred",
    "delivered",
    "absence",
    "stop",
    "text",
    "machine",
    "unmatched",
    "again",
    "others",
]
"""What became of a mail: `unmatched` is about nothing we sent, `again` known already, `others` for another entity's run."""

_OPEN = frozenset({"sending", "in_doubt"})
_LEFT = frozenset({"sent", "confirmed"}) | _OPEN
"""States of a message of which something can come back; what comes back also ends the doubt whether it had gone."""
_ADDRESS_COUNTS_FOR = timedelta(days=180)
"""How long after our last message a mail from that address still answers it, when it names none."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One entity's day of reading. Everything is done in the unit of work; the caller commits."""

    policy: Policy
    entity: str
    on: date

    def file(self, uow: UnitOfWork, mail: Incoming) -> Filed:
        """Write down what a mail says; the same mail again changes nothing."""
        row = _message(uow, mail.keys)
        if row is not None and row["entity"] != self.entity:
            return "others"
        if mail.kind == "machine":
            return "machine"
        if mail.kind == "notice":
            return "unmatched" if row is None else self._notice(uow, mail, row)
        return self._reply(uow, mail, row)

    def _notice(self, uow: UnitOfWork, mail: Incoming, row: sa.RowMapping) -> Filed:
        """What became of each recipient; gives the gravest of it."""
        filed: list[Filed] = []
        for number, outcome in enumerate(mail.outcomes):
            address = _meant(outcome, row, mail.told)
            if address is None or row["state"] not in _LEFT:
                filed.append("unmatched")
                continue
            came = _came(row, outcome, event=f"{mail.event}#{number}", address=address, on=self.on)
            if not inbound.add_receipt(uow, came):
                filed.append("again")
                continue
            self._follow(uow, row, outcome, address)
            self._tell(uow, row["payer_id"], f"contact.{outcome.fate}", row["key"], dict(came.detail))
            filed.append(outcome.fate)
        order: tuple[Filed, ...] = ("bounced", "failed", "deferred", "delivered", "again")
        return next((one for one in order if one in filed), "unmatched")

    def _follow(self, uow: UnitOfWork, row: sa.RowMapping, outcome: Outcome, address: str) -> None:
        """A hard bounce marks the address; where it was the recipient's own, the step is not done."""
        if outcome.fate == "bounced":
            source = f"bounce {outcome.status or ''}".strip()
            inbound.put_mark(
                uow, entity=self.entity, channel=CHANNEL, address=address, mark="bounced", on_date=self.on,
                source=source, key=row["key"],
            )  # fmt: skip
        if outcome.fate not in {"bounced", "failed"} or address != _normal(row["recipient"]):
            return
        note = (
            f"{outcome.status or 'no status'}: {outcome.diagnostic}" if outcome.diagnostic else outcome.status
        )
        note = note and without_addresses(note, address)  # events are kept for ever, addresses are not
        if (
            row["state"] in _OPEN
        ):  # it has left, or nothing could have come back; its sender finds that settled
            proof = Receipt(row["provider"] or CHANNEL, "came back")
            records.sent(
                uow, message_of(row, body=b""), proof, actor=ACTOR, note="it came back, so it had left"
            )
        contacts.set_state(uow, [row["key"]], outcome.fate, ACTOR, None, note, only_from=_LEFT)

    def _reply(self, uow: UnitOfWork, mail: Incoming, row: sa.RowMapping | None) -> Filed:
        by = "thread" if row is not None else "address"
        row = row if row is not None else self._last_to(uow, mail.sender)
        if row is not None and row["entity"] != self.entity:
            return "others"
        kind: ReplyKind = "absence" if mail.kind == "absence" else "text"
        # Only somebody we wrote to, in answer to what we wrote, can ask us to stop.
        if kind == "text" and row is not None and by == "thread" and mail.sender in _addresses(row):
            kind = "stop" if wish(mail.text) == "stop" else "text"
        body = {"subject": mail.subject, "by": by if row is not None else None}
        if kind != "absence":
            body["text"] = (
                mail.text
            )  # of strangers as well: a payer may write from an address that we don't know
        answer = Answer(
            entity=self.entity, payer_id=row["payer_id"] if row else None, key=row["key"] if row else None,
            channel=CHANNEL, address=mail.sender or "", kind=kind, provider=PROVIDER,
            event=f"{mail.event}:{self.entity}", on_date=self.on, body=body,
        )  # fmt: skip
        if not inbound.add_reply(uow, answer):
            return "again"
        if row is None:
            return "unmatched"
        self._tell(
            uow,
            row["payer_id"],
            f"reply.{kind}",
            row["key"],
            {"channel": CHANNEL, "address": mail.sender, **body},
        )
        if kind == "stop":
            inbound.put_mark(
                uow, entity=self.entity, channel=CHANNEL, address=_addresses(row)[mail.sender or ""], mark="opted_out",
                on_date=self.on, source="STOP by e-mail", key=row["key"],
            )  # fmt: skip
            return "stop"
        if kind == "text":
            asked(
                uow, policy=self.policy, entity=self.entity, payer_id=row["payer_id"], on_date=self.on, asks="text",
                text=mail.text or mail.subject,
            )  # fmt: skip
            return "text"
        return "absence"

    def _last_to(self, uow: UnitOfWork, address: str | None) -> sa.RowMapping | None:
        """Our last e-mail to an address, of whichever entity, where it is recent enough to be answered."""
        if address is None:
            return None
        # Of one day ours comes first. Another's day may have begun already where ours has not.
        since, until = self.on - _ADDRESS_COUNTS_FOR, self.on + timedelta(days=1)
        query = (
            sa.select(*_COLUMNS)
            .where(
                outbox.c.entity.in_(sorted(self.policy.entities)), outbox.c.channel == CHANNEL,
                outbox.c.state.in_(sorted(_LEFT)), sa.func.lower(outbox.c.recipient) == address,
                outbox.c.on_date.between(since, until),
            )
            .order_by(outbox.c.on_date.desc(), outbox.c.entity != self.entity, outbox.c.key)
            .limit(1)
        )  # fmt: skip
        return uow.execute(query).mappings().first()

    def _tell(self, uow: UnitOfWork, payer_id: str, kind: str, key: str, body: dict[str, Any]) -> None:
        entry = timeline.Entry(
            payer_id=payer_id,
            at=datetime.now(UTC),
            on_date=self.on,
            kind=kind,
            actor=ACTOR,
            subject=key,
            body=body,
        )
        timeline.append(uow, self.entity, [entry])


def _message(uow: UnitOfWork, keys: tuple[str, ...]) -> sa.RowMapping | None:
    """Our e-mail under the first of the keys that is one, locked until what came of it is written."""
    if not keys:
        return None
    query = sa.select(*_COLUMNS).where(outbox.c.key.in_(keys[:50]), outbox.c.channel == CHANNEL)
    found = {row["key"]: row for row in uow.execute(query.with_for_update()).mappings()}
    return next((found[key] for key in keys if key in found), None)


def _meant(outcome: Outcome, row: sa.RowMapping, text: str) -> str | None:
    """The address of ours that an outcome is about; None when we did not write to it.

    A notice that names nobody counts for the recipient if it says the address somewhere.
    """
    ours = _addresses(row)
    if outcome.addresses:
        return next((ours[one] for one in outcome.addresses if one in ours), None)
    recipient, told = _normal(row["recipient"]), text.lower()
    return recipient if recipient in told or _ascii(recipient) in told else None


def _came(row: sa.RowMapping, outcome: Outcome, *, event: str, address: str, on: date) -> Came:
    detail = {
        "channel": CHANNEL, "address": address, "status": outcome.status, "diagnostic": outcome.diagnostic,
        "copy": address != _normal(row["recipient"]),
    }  # fmt: skip
    return Came(
        key=row["key"], entity=row["entity"], payer_id=row["payer_id"], provider=PROVIDER, event=event,
        kind=outcome.fate, on_date=on, detail=detail,
    )  # fmt: skip


def _addresses(row: sa.RowMapping) -> dict[str, str]:
    """Our addresses of a message, by how servers may write them: as they are, and with the domain in ASCII."""
    kept = [_normal(one) for one in (row["recipient"], *row["copies"])]
    return {_ascii(one): one for one in kept} | {one: one for one in kept}


def _ascii(address: str) -> str:
    try:
        return ascii_address(address).lower()
    except PermanentError:
        return address


def _normal(address: str) -> str:
    return normal_address(CHANNEL, address)


_COLUMNS = tuple(
    outbox.c[name]
    for name in (
        "key", "entity", "payer_id", "channel", "sender", "recipient", "copies", "message_id", "media", "digest", "state",
        "on_date", "provider",
    )
)  # fmt: skip
