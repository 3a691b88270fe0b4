"""A payer with whom a good deal has happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from relance import delivery, law
from relance.config.models import Region
from relance.config.policy import Policy
from relance.delivery.send import send
from relance.evidence.archive import Archive, export
from relance.evidence.record import EVERYTHING, Scope
from relance.settings import REPOSITORY, Settings
from relance.store import schema, timeline
from relance.store.database import Database
from relance.store.inbound import Answer, Came, add_receipt, add_reply
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import World as Ledger
from tests.integration.delivery.conftest import TEMPLATES, add_contacts, make_policy, make_settings

BOOK = law.load(REPOSITORY / "config" / "law")
DAY = date(2026, 3, 2)


def policy_keeping(years: int | None) -> Policy:
    region = {
        "region": "fr",
        "country": "FR",
        "languages": ["fr", "en"],
        "retention": {"messages_years": years},
    }
    return make_policy().model_copy(update={"regions": {"fr": Region.model_validate(region)}})


@dataclass
class Scene:
    """Writes what happens, and makes archives of it."""

    database: Database
    settings: Settings
    policy: Policy

    def say(self, payer: str = "P1", day: date = DAY, **contact: Any) -> str:
        """Plan, write and send an e-mail of a day; gives its key."""
        given = {"invoices": [f"F-{payer}"], "steps": ["first"], "levels": ["level_1"], **contact}
        (key,) = add_contacts(self.database, [payer], day=day, **given)
        with UnitOfWork(self.database) as uow:
            delivery.intend(uow, policy=self.policy, templates=TEMPLATES, entity="FR01", as_of=day)
            uow.commit()
        send(self.database, settings=self.settings, policy=self.policy, entity="FR01", as_of=day)
        return key

    def answer(self, key: str, payer: str = "P1", day: date = DAY) -> None:
        """A receipt and a reply, and what whoever takes them in tells the chain."""
        with UnitOfWork(self.database) as uow:
            add_receipt(
                uow,
                Came(key, "FR01", payer, "smtp", f"e-{key}", "delivered", day, {"to": "p1@client.example"}),
            )
            add_reply(
                uow,
                Answer(
                    "FR01",
                    payer,
                    key,
                    "email",
                    "p1@client.example",
                    "text",
                    "imap",
                    f"r-{key}",
                    day,
                    {"text": "Vendredi."},
                ),
            )
            entry = timeline.Entry(
                payer,
                datetime(day.year, day.month, day.day, tzinfo=UTC),
                day,
                "receipt.delivered",
                "smtp",
                key,
                {"event": "e"},
            )
            timeline.append(uow, "FR01", [entry])
            uow.commit()

    def export(self, payer: str = "P1", language: str = "en", scope: Scope = EVERYTHING) -> Archive:
        with UnitOfWork(self.database) as uow:
            return export(
                uow, policy=self.policy, book=BOOK, entity="FR01", payer_id=payer, templates=TEMPLATES, language=language,
                scope=scope,
            )  # fmt: skip

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with UnitOfWork(self.database) as uow:
            return [
                dict(row)
                for row in uow.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
            ]

    def run(self, statement: sa.Executable) -> None:
        with UnitOfWork(self.database) as uow:
            uow.execute(statement)
            uow.commit()

    def ledger(self, **tables: list[dict[str, Any]]) -> None:
        Ledger(self.database, extract=DAY).ledger(**tables)


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    return Scene(database, make_settings(tmp_path), policy_keeping(6))


@pytest.fixture
def talk(scene: Scene) -> Callable[[int], list[str]]:
    """So many e-mails to P1, a day apart, the first with a receipt and a reply."""

    def speak(number: int) -> list[str]:
        keys = [scene.say(day=DAY + timedelta(days=at)) for at in range(number)]
        scene.answer(keys[0])
        return keys

    return speak


__all__ = ["BOOK", "DAY", "Scene", "policy_keeping", "schema"]
