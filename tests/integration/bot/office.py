"""A seller whose people work in Slack: the bot whole, in front of it a driver, behind it a database and the emulator."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn

from bot.app import build, desk_of
from bot.desk import Desk
from bot.following import REPLAN
from bot.serving import PATH, create_app
from bot.working import Workers
from relance import slack
from relance.cases.commenting import comment
from relance.cases.reading import Case, read_case
from relance.cases.snoozing import snooze
from relance.config.policy import Policy
from relance.config.roles import Roles
from relance.services import Services
from relance.settings import Settings
from relance.slack.queue import queue_case
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice, policy
from tests.integration.slack.desk import TestClock
from tests.slack_emulator.driver import Driver, by_http
from tests.slack_emulator.fault_proxy import Proxy
from tests.slack_emulator.server import TOKEN, Slack

DAY = date(2026, 3, 12)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
USERS = {
    "ada": "ada@lumen.example",
    "ben": "ben@lumen.example",
    "lead": "finance.lead@lumen.example",
    "boss": "management@lumen.example",
    "sales": "sales@lumen.example",
    "guest": "guest@agency.example",
    "stranger": "stranger@other.example",
}
ROLES: dict[str, Any] = {
    "roles": {
        "finance_lead": {"people": [USERS["lead"]], "next": "management"},
        "management": {"people": [USERS["boss"]]},
        "sales": {"slack_groups": ["@sales"]},
    },
    "approvals": {"snooze": "finance_lead", "write_off": "management"},
    "permissions": [
        {
            "role": "everybody",
            "may": [
                "see", "comment", "open", "assign", "dispute", "promise", "announce", "contact", "call", "complete",
                "resolve", "reopen",
            ],
        },
        {"role": "everybody", "may": ["snooze"], "days": 7},
        {"role": "sales", "may": ["snooze"], "days": 14},
        {"role": "finance_lead", "may": ["snooze", "approve", "reject", "instalments", "write_off"]},
        {"role": "management", "may": ["snooze", "approve", "reject", "instalments", "write_off"]},
    ],
}  # fmt: skip


def with_roles(channel: str, **other: Any) -> Policy:
    """The seller's policy: one channel for all kinds, and the table of roles."""
    return policy(channel=channel, **other).model_copy(update={"roles": Roles.model_validate(ROLES)})


class Clock:
    """The seller's today, going on as real time does."""

    def __init__(self, day: date = DAY) -> None:
        self.begun = time.monotonic()
        self.start = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self.begun)


def services_of(
    database: Database, proxy: Proxy, home: Path, rules: Policy, clock: Callable[[], datetime], **environ: str
) -> Services:
    """Services of the test's database, Slack and policy."""
    settings = Settings.from_environment(
        {
            "RELANCE_HOME": str(home),
            "RELANCE_DATABASE_URL": database.url,
            "RELANCE_SLACK_TOKEN": TOKEN,
            "RELANCE_SLACK_BASE_URL": proxy.base_url,
            "RELANCE_SLACK_SIGNING_SECRET": SECRET,
            **environ,
        }
    )
    services = Services(settings=settings, clock=clock)
    services.__dict__.update(policy=rules, database=database)
    return services


@dataclass
class Office:
    """Everything of one test."""

    database: Database
    slack: Slack
    proxy: Proxy
    channel: str
    services: Services
    desk: Desk
    workers: Workers
    world: World
    driver: Driver
    other: str = ""
    clock: TestClock = field(default_factory=TestClock)
    day: date = DAY

    def late_payers(self, count: int = 1) -> list[Case]:
        """So many payers with two invoices, the older a hundred days late; their cards are in Slack afterwards."""
        self.world.ledger(
            customers=[
                {"customer_id": f"C{n}", "name": f"Payer {n}", "collector": USERS["ada"]}
                for n in range(count)
            ],
            invoices=[
                invoice(f"F{n}{part}", self.day - timedelta(days=late), 100_000 + n, customer_id=f"C{n}")
                for n in range(count)
                for part, late in (("a", 100), ("b", 20))
            ],
        )
        self.world.work(self.day)
        with UnitOfWork(self.database) as uow:
            slack.queue(uow, policy=self.services.policy, entity=ENTITY, as_of=self.day)
            uow.commit()
        self.send()
        return self.world.cases("overdue_90")

    def asked(self, case: Case, *, by: str = USERS["ada"]) -> Case:
        """An approval that somebody asked for: a rest longer than they may give; its card is in Slack afterwards."""
        with UnitOfWork(self.database) as uow:
            asked = snooze(
                uow, policy=self.services.policy, case_id=case.case_id, by=by, on_date=DAY,
                until=DAY + timedelta(days=60), reason="is moving house",
            )  # fmt: skip
            queue_case(uow, policy=self.services.policy, case_id=asked.case_id, as_of=DAY)
            uow.commit()
        self.send()
        return asked

    def comment(self, case: Case, text: str, by: str = USERS["boss"]) -> None:
        """A comment from elsewhere, whose card has not been sent yet."""
        with UnitOfWork(self.database) as uow:
            comment(uow, policy=self.services.policy, case_id=case.case_id, by=by, on_date=DAY, text=text)
            queue_case(uow, policy=self.services.policy, case_id=case.case_id, as_of=DAY)
            uow.commit()

    def send(self) -> None:
        """Send what waits, as the bot's sender does."""
        slack.send(
            self.database, settings=self.services.settings, policy=self.services.policy, clock=self.clock
        )

    def card(self, case: Case | int) -> tuple[str, str]:
        """Channel name and ts of a case's card."""
        number = case if isinstance(case, int) else case.case_id
        row = next(one for one in self.rows(schema.slack_card) if one["case_id"] == number)
        return str(row["channel"]), str(row["ts"])

    def case(self, case: Case | int) -> Case:
        with UnitOfWork(self.database) as uow:
            return read_case(uow, case if isinstance(case, int) else case.case_id)

    def settle(self, timeout: float = 10.0, log: Path | None = None) -> None:
        """Wait until everything is worked and said."""
        try:
            self.wait(lambda: not self._busy(), timeout, what="the intents to be worked")
        except AssertionError as error:
            left = [(row["name"], row["state"], row["attempts"], row["error"]) for row in self.intents()]
            raise AssertionError(f"{error}: {left} {log.read_text() if log else ''}") from None

    def _busy(self) -> bool:
        table = schema.slack_intent
        told = table.c.answer["told"].astext == "false"
        query = sa.select(sa.func.count()).where(sa.or_(table.c.state == "received", told))
        with UnitOfWork(self.database) as uow:
            return bool(uow.execute(query).scalar())

    def wait(self, until: Callable[[], Any], timeout: float = 8.0, *, what: str = "it") -> Any:
        """Wait until something is so, and give it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if found := until():
                return found
            time.sleep(0.02)
        raise AssertionError(f"waited {timeout} s for {what}")

    def view(self, user: str, callback_id: str) -> dict[str, Any]:
        """The modal that a user looks at, once it is filled."""

        def shown() -> dict[str, Any] | None:
            try:
                view = self.driver.view(user)
            except AssertionError:
                return None
            return view if view.get("callback_id") == callback_id else None

        return self.wait(shown, what=f"{user}'s modal {callback_id}")  # type: ignore[no-any-return]

    def told(self, user: str, count: int = 1) -> str:
        """The last thing that one user alone was told, once there are so many."""
        return str(
            self.wait(lambda: self.driver.ephemerals(user)[count - 1 :], what=f"{user} to be told")[-1]
        )

    def rows(self, table: sa.Table, **wanted: Any) -> list[dict[str, Any]]:
        found = self.world.rows(table)
        return [row for row in found if all(row[name] == value for name, value in wanted.items())]

    def intents(self, *states: str) -> list[dict[str, Any]]:
        """What people wished, without what follows from it by itself."""
        rows = [row for row in self.rows(schema.slack_intent) if row["name"] != REPLAN]
        return [row for row in rows if not states or row["state"] in states]

    def events(self, case: Case | int) -> list[tuple[str, str]]:
        """What happened to a case: verb and actor."""
        number = case if isinstance(case, int) else case.case_id
        return [(row["verb"], row["actor"]) for row in self.rows(schema.case_event, case_id=number)]


@contextmanager
def listening(desk: Desk, workers: Workers) -> Iterator[str]:
    """The bot's HTTP address, served as `python -m bot --http` does."""
    app = create_app(desk, workers, build(desk.services, desk), lambda: True)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def opened(
    database: Database,
    emulator: Slack,
    proxy: Proxy,
    home: Path,
    channels: tuple[str, str],
    *,
    rules: Policy | None = None,
    people: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[Office]:
    """An office with its bot. `people`: what Slack says more of a user than the emulator knows."""
    more = {emulator.user_id(name): values for name, values in (people or {}).items()}
    proxy.changes["users.info"] = lambda asked, told: (
        {**told, "user": {**told["user"], **more.get(asked["user"], {})}} if told.get("ok") else told
    )
    proxy.answers.setdefault("usergroups.list", lambda _: {"ok": True, "usergroups": []})
    rules = rules or with_roles(channels[0])
    services = services_of(database, proxy, home, rules, Clock())
    desk = desk_of(services)
    workers = Workers(desk)
    with database.keeping(), listening(desk, workers) as url:
        workers.start()
        driver = Driver(emulator, proxy, SECRET, by_http(url + PATH))
        world = World(database, rules)
        try:
            yield Office(
                database, emulator, proxy, channels[0], services, desk, workers, world, driver, channels[1]
            )
        finally:
            desk.close()
            workers.stop()
