"""Contacts as planning leaves them, a policy in memory, and a real SMTP server in this process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from relance.config.channels import Channels
from relance.config.models import Entity, Region
from relance.config.policy import Policy
from relance.settings import REPOSITORY, Settings, Smtp
from relance.store.database import Database
from relance.store.schema import contact, contact_event, outbox, timeline
from relance.store.uow import UnitOfWork

DAY = date(2026, 3, 2)
TEMPLATES = REPOSITORY / "include" / "templates"


def make_policy(senders: int = 4) -> Policy:
    entity = Entity.model_validate(
        {
            "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard", "ledger": {"source": "files", "path": "include/sample/FR01"},
            "bank": {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
            "sender": {"email": "compta@lumen.example", "name": "Lumen", "reply_to": "relances@lumen.example"},
        }
    )  # fmt: skip
    region = Region.model_validate({"region": "fr", "country": "FR", "languages": ["fr", "en"]})
    return Policy(entities={"FR01": entity}, regions={"fr": region}, channels=Channels(senders=senders))


def make_content(payer: str, **changes: Any) -> dict[str, Any]:
    """One invoice of 120.00 EUR, ten days late, demanded at level 1."""
    invoice = f"F-{payer}"
    item = {
        "invoice_id": invoice, "level": "level_1", "demand": 12000, "issue_date": "2026-01-21",
        "due_date": (DAY - timedelta(days=10)).isoformat(), "days_late": 10, "amount": 12000, "open": 12000,
        "currency": "EUR", "po_number": "PO-7", "description": "Lamps", "document": None, "state": "due",
    }  # fmt: skip
    content = {
        "totals": [{"currency": "EUR", "amount": 12000}], "score": None,
        "template": "first", "tone": "neutral", "cc": [], "attach": [], "charges": [], "credit": [],
        "payer": {
            "customer_id": payer, "name": f"Client {payer}", "country": "FR", "language": "fr", "vat_no": None,
            "legal_form": "company",
        },
        "person": {"contact_id": f"P-{payer}", "name": "Comptabilité", "role": "accounts_payable"},
        "items": {"columns": list(item), "rows": [list(item.values())]},
    }  # fmt: skip
    return content | changes


def key_of(payer: str, day: date = DAY) -> str:
    return hashlib.sha256(f"FR01 {payer} {day}".encode()).hexdigest()


def add_contacts(database: Database, payers: list[str], *, day: date = DAY, **changes: Any) -> list[str]:
    """Planned contacts, one a payer, as `day.decide` leaves them; gives their keys in the order of `payers`."""
    rows = []
    for payer in payers:
        row = {
            "key": key_of(payer, day), "entity": "FR01", "payer_id": payer, "as_of": day, "plan_id": 1, "kind": "message",
            "channel": "email", "contact_id": f"P-{payer}", "recipient": f"{payer.lower()}@client.example",
            "language": "fr", "scenario": "standard", "step": "first", "level": "level_1", "approval": None,
            "content": make_content(payer), "state": "planned", "acted_on": None,
        }  # fmt: skip
        rows.append(row | changes)
    with UnitOfWork(database) as uow:
        uow.execute(sa.insert(contact), rows)
        uow.commit()
    return [row["key"] for row in rows]


@dataclass
class World:
    """What a test sees of a database after delivery."""

    database: Database

    def states(self, table: sa.Table = contact) -> dict[str, str]:
        with UnitOfWork(self.database) as uow:
            return {row.key: row.state for row in uow.execute(sa.select(table.c.key, table.c.state))}

    def row(self, table: sa.Table, key: str) -> sa.RowMapping:
        with UnitOfWork(self.database) as uow:
            return uow.execute(sa.select(table).where(table.c.key == key)).mappings().one()

    def events(self, key: str) -> list[tuple[str, str | None]]:
        query = sa.select(contact_event).where(contact_event.c.key == key).order_by(contact_event.c.event_id)
        with UnitOfWork(self.database) as uow:
            return [(row.state, row.note) for row in uow.execute(query)]

    def told(self, payer: str) -> list[str]:
        query = sa.select(timeline.c.kind).where(timeline.c.payer_id == payer).order_by(timeline.c.seq)
        with UnitOfWork(self.database) as uow:
            return list(uow.execute(query).scalars())

    def change(self, statement: sa.Executable) -> None:
        with UnitOfWork(self.database) as uow:
            uow.execute(statement)
            uow.commit()

    def try_again_now(self) -> None:
        self.change(sa.update(outbox).values(not_before=None))


@dataclass
class Mailbox:
    """What the server has taken, and what it shall answer."""

    envelopes: list[Envelope] = field(default_factory=list)
    on_rcpt: Callable[[str], str | None] = lambda address: None
    on_data: Callable[[SMTP, Envelope], str | None] = lambda server, envelope: None

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.on_rcpt(address) or "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.on_data(server, envelope) or "250 OK"
        if answer.startswith("250"):
            self.envelopes.append(envelope)
        return answer


class FreePort(Controller):
    """A server on whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = port_of(self)
        super()._trigger_server()


@pytest.fixture
def policy() -> Policy:
    return make_policy()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Controller]:
    """An SMTP server on a free port of this machine."""
    controller = FreePort(mailbox, hostname="127.0.0.1", port=0, ready_timeout=10)
    controller.start()
    yield controller
    controller.stop(no_assert=True)


def port_of(controller: Controller) -> int:
    return controller.server.sockets[0].getsockname()[1]


def make_settings(home: Path, smtp: Smtp | None = None) -> Settings:
    return Settings(
        home=home, database_url=None, config=home, templates=TEMPLATES, smtp=smtp or Smtp(), slack_token=None,
        slack_base_url="http://127.0.0.1:9/",
    )  # fmt: skip


@pytest.fixture
def folder_settings(tmp_path: Path) -> Settings:
    """No SMTP server: everything is kept in folders."""
    return make_settings(tmp_path)


@pytest.fixture
def smtp_settings(tmp_path: Path, server: Controller) -> Settings:
    return make_settings(
        tmp_path, Smtp(host="127.0.0.1", port=port_of(server), starttls=False, timeout_s=5.0)
    )
