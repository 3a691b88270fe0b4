"""`python -m bot` as it runs: by Socket Mode and by HTTP, killed in the middle of every action, stopped, told to reconnect."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import yaml

from bot.__main__ import check_settings
from bot.serving import PATH
from relance.config.load import load_policy
from relance.errors import UsageError
from relance.settings import Settings
from relance.slack import actions as do
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.bot.office import ROLES, SECRET, USERS, Office, services_of
from tests.integration.cases.world import ENTITY, World
from tests.slack_emulator import fault_proxy, server, socket_mode
from tests.slack_emulator.driver import Driver, by_http
from tests.slack_emulator.server import TOKEN, free_port

pytestmark = pytest.mark.integration
REPOSITORY = Path(__file__).resolve().parents[3]
TODAY = datetime.now(ZoneInfo("Europe/Paris")).date()


@pytest.fixture
def config(tmp_path: Path, channels: tuple[str, str]) -> Path:
    """The shipped policy, with this test's channel and people."""
    folder = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", folder)
    (folder / "slack.yaml").unlink()
    (folder / "roles.yaml").write_text(yaml.safe_dump(ROLES), encoding="utf-8")
    for path in (folder / "entities").glob("*.yaml"):
        if path.stem != ENTITY:
            path.unlink()
    entity = yaml.safe_load((folder / "entities" / f"{ENTITY}.yaml").read_text(encoding="utf-8"))
    entity["slack"] = {"channel": channels[0], "locale": "en"}
    (folder / "entities" / f"{ENTITY}.yaml").write_text(yaml.safe_dump(entity), encoding="utf-8")
    return folder


@pytest.fixture
def office(
    database: Database,
    people_emulator: server.Slack,
    bot_proxy: fault_proxy.Proxy,
    tmp_path: Path,
    config: Path,
    channels: tuple[str, str],
) -> Office:
    """An office whose bot is another process; nothing of it runs here."""
    bot_proxy.answers["usergroups.list"] = lambda _: {"ok": True, "usergroups": []}
    rules = load_policy(config)
    services = services_of(database, bot_proxy, tmp_path, rules, lambda: datetime.now(ZoneInfo("UTC")))
    driver = Driver(people_emulator, bot_proxy, SECRET, lambda *_: pytest.fail("no bot is there"))
    world = World(database, rules, extract=TODAY - timedelta(days=30))
    one = Office(database, people_emulator, bot_proxy, channels[0], services, None, None, world, driver)  # type: ignore[arg-type]
    one.day = TODAY
    return one


class Bot:
    """A running process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def alive(self) -> str | None:
        """What /healthz says; None while nobody answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()
        except OSError:
            return None

    def wait(self, said: str = "ok") -> None:
        end = time.monotonic() + 40
        while self.alive() != said:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the bot does not come up: {self.log.read_text()}")
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(office: Office, config: Path, *arguments: str, **environ: str) -> Iterator[Bot]:
    """`python -m bot`; ends with the block, if it has not ended before."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RELANCE_")},
        "RELANCE_HOME": str(office.services.settings.home),
        "RELANCE_CONFIG": str(config),
        "RELANCE_DATABASE_URL": office.database.url,
        "RELANCE_SLACK_TOKEN": TOKEN,
        "RELANCE_SLACK_BASE_URL": office.proxy.base_url,
        "RELANCE_SLACK_PORT": str(port),
        **environ,
    }
    log = office.services.settings.home / f"bot-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments], env=environment, stdout=out, stderr=out, cwd=REPOSITORY
        )
        try:
            yield Bot(process, port, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def test_killed_in_the_middle_of_every_action_each_is_done_once(office: Office, config: Path) -> None:
    (case,) = office.late_payers()
    place = office.card(case)
    with running(office, config, "--http", RELANCE_SLACK_SIGNING_SECRET=SECRET) as first:
        first.wait()
        office.driver.post = by_http(f"http://127.0.0.1:{first.port}{PATH}")
        due = (TODAY + timedelta(days=5)).isoformat()
        filled = {
            "ada": (do.COMMENT, {"text": "called"}),
            "ben": (do.PROMISE, {"amount": "100.00", "due_on": due}),
            "boss": (do.SNOOZE, {"reason": "holidays"}),
            "sales": (do.DISPUTE, {"dispute_reason": "price", "invoices": ["F0b"], "text": "price"}),
        }
        for user, (action, _) in filled.items():
            option = None if action in {do.PROMISE, do.SNOOZE, do.DISPUTE} else action
            office.driver.press(user, *place, do.MORE if option else action, option=option)
            office.view(user, action)
        with UnitOfWork(
            office.database
        ) as uow:  # a case that is locked keeps every worker in its transaction
            uow.execute(sa.select(schema.dunning_case).with_for_update())
            for user, (_, values) in filled.items():
                assert office.driver.submit(user, values).text == ""
            office.driver.press("lead", *place, do.MORE, option=do.WATCH)
            office.driver.press("lead", *place, do.MORE, option=do.TAKE)
            office.driver.write("lead", *place[:1], "seen", place[1])
            office.driver.command("ada", office.channel, f"assign {case.case_id} {USERS['ben']}")
            assert len(office.intents("received")) == 8
            first.kill()
    assert len(office.intents("received")) == 8
    assert office.case(case).revision == case.revision
    with running(office, config, "--http", RELANCE_SLACK_SIGNING_SECRET=SECRET) as second:
        office.settle(30, second.log)
        assert [row["state"] for row in office.intents()] == ["done"] * 8, second.log.read_text()
        verbs = [verb for verb, _ in office.events(case)]
        assert sorted(verbs.count(one) for one in ("comment", "snooze", "watch")) == [1, 1, 2]
        assert verbs.count("assign") == 2
        assert [one.amount for one in office.world.promises("C0")] == [10_000]
        assert len(office.world.cases("dispute")) == 1
        # its own sender has brought the card up to date
        office.wait(
            lambda: (
                "called" in str(office.driver.message(*place)) or "seen" in str(office.driver.message(*place))
            )
        )
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(20) == 0
    assert office.proxy.named("chat.postMessage")


def test_socket_mode_listens_acknowledges_and_comes_back(office: Office, config: Path) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    with (
        socket_mode.listening(office.proxy) as socket,
        running(office, config, RELANCE_SLACK_APP_TOKEN="xapp-1-local") as bot,
    ):
        socket.wait()
        bot.wait()
        office.driver.post = socket_mode.by_socket(socket)
        # a button and a modal, whose errors come back in the ack
        assert office.driver.press("ada", channel, ts, do.SNOOZE).status == 200
        office.view("ada", do.SNOOZE)
        assert (
            office.driver.submit("ada", {"until": "pick", "reason": "x"}).json["response_action"] == "errors"
        )
        assert office.driver.submit("ada", {"reason": "holidays"}).status == 200
        # an event and Slack's retry of it
        office.driver.write("ada", channel, "called", ts)
        assert office.driver.repeat(**{"X-Slack-Retry-Num": "1"}).status == 200
        office.settle()
        assert [row["text"] for row in office.rows(schema.case_comment)] == ["called"]
        # a command, after Slack has asked for another connection
        socket.refresh()
        socket.wait(2)
        assert office.driver.command("ada", channel, "customer C0").status == 200
        assert "Payer 0" in office.told("ada")
        assert [row["state"] for row in office.intents()] == ["done", "done"]
        # Slack closes the line without having said so
        for connection in list(socket.connections):
            connection.close()
        socket.wait(3)
        office.driver.press("ben", channel, ts, do.MORE, option=do.WATCH)
        office.settle()
        assert USERS["ben"] in office.case(case).watchers
        bot.process.send_signal(signal.SIGTERM)
        assert bot.process.wait(20) == 0
        assert "Payer" not in bot.log.read_text()
        assert "@lumen" not in bot.log.read_text()


def test_a_bot_that_cannot_be_reached_says_so_and_ends(office: Office, config: Path) -> None:
    with running(office, config) as bot:
        assert bot.process.wait(20) == 1
        assert "RELANCE_SLACK_APP_TOKEN" in bot.log.read_text()


def test_both_settings_are_named_and_swapped_tokens_are_refused() -> None:
    settings = Settings.from_environment({})
    with pytest.raises(UsageError) as told:
        check_settings(settings, by_http=True)
    for words in (
        "RELANCE_SLACK_TOKEN",
        "RELANCE_SLACK_APP_TOKEN",
        "_SIGNING_SECRET",
        "docs/slack.md, Install",
    ):
        assert words in str(told.value)
    swapped = Settings.from_environment(
        {"RELANCE_SLACK_TOKEN": "xapp-hidden", "RELANCE_SLACK_APP_TOKEN": "xoxb-hidden"}
    )
    with pytest.raises(UsageError, match="RELANCE_SLACK_TOKEN doesn't start with xoxb-") as told:
        check_settings(swapped, by_http=False)
    assert "hidden" not in str(told.value)
