"""The inbox over a real store, and Twilio's side of it: requests signed with the account's token."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import sqlalchemy as sa
from twilio.request_validator import RequestValidator

from relance.config.models import Entity
from relance.config.policy import Policy
from relance.delivery.templates import Templates
from relance.delivery.twilio.compose import voice_body
from relance.delivery.view import build
from relance.inbox.app import create_app
from relance.inbox.desk import Account, Desk
from relance.store.database import Database
from relance.store.schema import contact, outbox, reach_mark, receipt, reply, timeline
from relance.store.uow import UnitOfWork
from tests.integration.cases import world as ledgers
from tests.integration.delivery import conftest as delivery

PUBLIC = "https://pay.lumen.example"
TOKEN, ACCOUNT = "t0ken", "AC" + "a" * 32
NUMBER, OURS = "+33612345678", "+33100000000"
DAY = delivery.DAY
SID, CALL = "SM" + "1" * 32, "CA" + "1" * 32


def policy(*entities: str, sms: dict[str, str] | None = None) -> Policy:
    """Entities in France, some with a number of their own."""
    base = ledgers.policy()
    made = {}
    for name in entities or ("FR01",):
        sender = {"email": "compta@lumen.example", "sms": (sms or {}).get(name)}
        made[name] = Entity.model_validate(
            {
                "entity": name, "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
                "default_scenario": "standard", "sender": sender,
            }
        )  # fmt: skip
    return Policy(entities=made, regions=base.regions, scenarios=base.scenarios)


@dataclass
class Post:
    """The inbox, and everything that may be looked at behind it."""

    database: Database
    policy: Policy = field(default_factory=policy)
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        desk = Desk(database=self.database, policy=self.policy, clock=lambda: self.now)
        self.desk = desk
        self.account = Account(sid=ACCOUNT, token=TOKEN, public_url=PUBLIC)
        self.app = create_app(desk, self.account)

    def send(self, path: str, fields: dict[str, str], *, signature: str | None = None) -> httpx.Response:
        """A request as Twilio makes it, signed unless a signature is given."""
        fields = {"AccountSid": ACCOUNT, **fields}
        given = (
            RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", fields)
            if signature is None
            else signature
        )
        headers = {"X-Twilio-Signature": given, "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, content=urlencode(fields).encode(), headers=headers)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request to the application, as the proxy in front of it makes it; what follows in the background is done."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8087") as client:
                return await client.request(method, path, **request)

        return asyncio.run(asked())

    def status(self, key: str, state: str, *, sid: str = SID, **more: str) -> httpx.Response:
        return self.send(f"/twilio/status/{key}", {"MessageSid": sid, "MessageStatus": state, **more})

    def call_status(self, key: str, state: str, *, sid: str = CALL, **more: str) -> httpx.Response:
        return self.send(f"/twilio/status/{key}", {"CallSid": sid, "CallStatus": state, **more})

    def text(self, body: str, *, sid: str = SID, number: str = NUMBER, **more: str) -> httpx.Response:
        return self.send(
            "/twilio/message", {"MessageSid": sid, "From": number, "To": OURS, "Body": body, **more}
        )

    def add(
        self, payer: str = "C1", *, channel: str = "sms", entity: str = "FR01", recipient: str = NUMBER, **changes: Any
    ) -> str:  # fmt: skip
        """A message that Twilio took (or is in another state), with its contact."""
        state = changes.pop("state", "sent")
        invoices = changes.pop("invoices", ["F1", "F2"])
        day: date = changes.pop("day", DAY)
        key = hashlib.sha256(f"{entity} {payer} {day} {channel}".encode()).hexdigest()
        content = delivery.make_content(payer)
        delivery.add_contacts(
            self.database, [payer], day=day, key=key, entity=entity, channel=channel, recipient=recipient, state=state,
            content=content, invoices=invoices, acted_on=day if state == "sent" else None,
        )  # fmt: skip
        body = b"Facture F1"
        if channel == "voice":
            view = build(
                {**delivery_row(key, payer, recipient), "content": content}, self.policy.entity(entity)
            )
            body = voice_body(view, Templates(delivery.TEMPLATES).language("fr", "first"))
        row = {
            "key": key, "entity": entity, "payer_id": payer, "channel": channel, "on_date": day, "sender": OURS,
            "recipient": recipient, "message_id": key, "media": "json" if channel == "voice" else "txt", "body": body,
            "digest": hashlib.sha256(body).hexdigest(), "state": state, "provider": "twilio",
            "receipt": {"voice": CALL}.get(channel, SID) if state == "sent" else None, "attempts": 1,
            "sent_at": sa.func.now() if state == "sent" else None,
        } | changes  # fmt: skip
        with UnitOfWork(self.database) as uow:
            uow.execute(sa.insert(outbox).values(row))
            uow.commit()
        return key

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with UnitOfWork(self.database) as uow:
            query = sa.select(table).order_by(*table.primary_key.columns)
            return [dict(row) for row in uow.execute(query).mappings()]

    def states(self) -> list[tuple[str, str]]:
        """Of each message: its own state and its contact's."""
        query = sa.select(outbox.c.state, contact.c.state).join(contact, contact.c.key == outbox.c.key)
        with UnitOfWork(self.database) as uow:
            return [(own, of_contact) for own, of_contact in uow.execute(query.order_by(outbox.c.key))]

    def told(self, payer: str = "C1") -> list[str]:
        return [row["kind"] for row in self.rows(timeline) if row["payer_id"] == payer]

    def receipts(self) -> list[str]:
        return sorted(row["kind"] for row in self.rows(receipt))

    def replies(self) -> list[tuple[str, str | None]]:
        return [(row["kind"], row["payer_id"]) for row in self.rows(reply)]

    def marks(self) -> list[tuple[str, str, str, bool]]:
        return sorted(
            (row["entity"], row["channel"], row["mark"], row["lifted_on"] is None)
            for row in self.rows(reach_mark)
        )

    def ledger(self) -> ledgers.World:
        """C1 owes 1,500.00 EUR and 10.00 USD; C2 owes 50.00 EUR."""
        world = ledgers.World(self.database, policy=self.policy)
        world.ledger(
            customers=[{"customer_id": "C1"}, {"customer_id": "C2"}],
            invoices=[
                ledgers.invoice("F1", date(2026, 2, 1), 100_000),
                ledgers.invoice("F2", date(2026, 2, 10), 50_000),
                ledgers.invoice("F3", date(2026, 2, 10), 1_000, currency="USD"),
                ledgers.invoice("F9", date(2026, 2, 1), 5_000, customer_id="C2"),
            ],
        )
        return world


def delivery_row(key: str, payer: str, recipient: str) -> dict[str, Any]:
    """A contact as a view is built from it."""
    return {
        "key": key, "payer_id": payer, "as_of": DAY, "level": "level_1", "channel": "voice", "recipient": recipient,
    }  # fmt: skip


def days_after(number: int) -> date:
    return DAY + timedelta(days=number)
