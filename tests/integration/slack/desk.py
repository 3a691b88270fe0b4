"""A seller with late payers, whose cards go to the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from relance import cases, slack
from relance.config.slack import SlackRules
from relance.settings import Settings
from relance.slack.sender import SlackReport
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice, policy
from tests.slack_emulator.fault_proxy import Proxy
from tests.slack_emulator.server import Slack

DAY = date(2026, 3, 12)
ADA, BEN, LEAD = "ada@lumen.example", "ben@lumen.example", "lead@lumen.example"
USERS = {"ada": ADA, "ben": BEN, "lead": LEAD}


class TestClock:
    """A clock that only moves when somebody waits."""

    __test__ = False

    def __init__(self, now: datetime | None = None) -> None:
        self.time = now or datetime.now(UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass
class Desk:
    database: Database
    slack: Slack
    proxy: Proxy
    settings: Settings
    main: str
    own: str
    clock: TestClock = field(default_factory=TestClock)

    def __post_init__(self) -> None:
        self.world = World(self.database, policy(channel=self.main, overdue_90=self.own))

    def noise(self, **rules: Any) -> None:
        """Another slack.yaml."""
        self.world.policy = self.world.policy.model_copy(update={"slack": SlackRules.model_validate(rules)})

    def late_payers(self, count: int) -> None:
        """So many payers with one invoice a hundred days late, worked on DAY."""
        self.world.ledger(
            customers=[{"customer_id": f"C{n}", "name": f"Payer {n}"} for n in range(count)],
            invoices=[
                invoice(f"F{n}", DAY - timedelta(days=100), 1000 + n, customer_id=f"C{n}")
                for n in range(count)
            ],
        )
        self.day(DAY)

    def day(self, day: date) -> int:
        """Work and queue a day."""
        self.world.work(day)
        return self.queue(day)

    def queue(self, day: date = DAY) -> int:
        with UnitOfWork(self.database) as uow:
            count = slack.queue(uow, policy=self.world.policy, entity=ENTITY, as_of=day)
            uow.commit()
        return count

    def comment(self, text: str, case_id: int = 1, *, by: str = ADA) -> int:
        """A colleague's comment, queued in its transaction; gives how many rows that wrote."""
        with UnitOfWork(self.database) as uow:
            cases.comment(uow, policy=self.world.policy, case_id=case_id, text=text, by=by, on_date=DAY)
            count = slack.queue_case(uow, policy=self.world.policy, case_id=case_id, as_of=DAY)
            uow.commit()
        return count

    def people(self, **other: str) -> None:
        """Slack's people, as the bot notes them; `other`: e-mail's name → another locale."""
        with UnitOfWork(self.database) as uow:
            for name, email in USERS.items():
                row = {
                    "user_id": self.slack.user_id(name), "team_id": "T1", "email": email, "name": name,
                    "locale": other.get(name, "en-GB"), "kind": "member",
                }  # fmt: skip
                uow.execute(sa.insert(schema.slack_user).values(row))
            uow.commit()

    def told(self, name: str) -> list[str]:
        """What the app has said to a person alone, oldest first."""
        return [one["text"] for one in self.said_alone(name)]

    def said_alone(self, name: str) -> list[dict[str, Any]]:
        """Those messages whole, as they were called for: the app has no scope to read them again."""
        channel = self.slack.client.conversations_open(users=self.slack.user_id(name))["channel"]["id"]
        called = self.proxy.named("chat.postMessage")
        return [call.arguments for call in called if call.arguments["channel"] == channel]

    def send(self, clock: TestClock | None = None, **other: Any) -> SlackReport:
        settings = replace(self.settings, **other)
        return slack.send(
            self.database, settings=settings, policy=self.world.policy, clock=clock or self.clock
        )

    def outbox(self) -> list[dict[str, Any]]:
        return self.world.rows(schema.slack_outbox)

    def cards(self) -> list[dict[str, Any]]:
        return self.world.rows(schema.slack_card)

    def titles(self, channel: str | None = None) -> list[str]:
        """The headers of what stands in the channel, oldest first."""
        return [message["blocks"][0]["text"]["text"] for message in self.messages(channel)]

    def messages(self, channel: str | None = None) -> list[dict[str, Any]]:
        return self.slack.messages(channel or self.own)
