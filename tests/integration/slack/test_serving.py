"""The sender as a part of the bot: it runs, stops, follows the policy, and is safe beside others and when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from relance.config.load import load_policy
from relance.settings import REPOSITORY
from relance.slack import sending
from relance.slack.outbox import adopt
from relance.slack.presence import Presence, is_served
from relance.slack.sending import Watched, send_unless_served, serve
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import policy
from tests.integration.slack.desk import Desk, TestClock
from tests.slack_emulator.fault_proxy import Fault

pytestmark = pytest.mark.integration


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@contextmanager
def serving(desk: Desk) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(desk.database, desk.settings, desk.world.policy, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def sent(desk: Desk) -> bool:
    return {row["state"] for row in desk.outbox()} <= {"sent", "skipped"}


def test_it_sends_what_comes_until_it_is_told_to_stop(desk: Desk) -> None:
    with serving(desk) as stop:
        desk.late_payers(1)
        until(lambda: sent(desk))
        desk.comment("changed meanwhile")
        until(lambda: len(desk.proxy.named("chat.update")) == 1 and sent(desk))
        stop.set()
        began = time.monotonic()
    assert time.monotonic() - began < 15
    assert "changed meanwhile" in str(desk.messages()[0]["blocks"])


def test_it_goes_on_after_slack_refused_the_token_and_after_it_was_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relance.slack.sender._TOKEN_REST", sending.timedelta(seconds=0.2))
    monkeypatch.setattr("relance.slack.sender._LONGEST_BACKOFF", 0.2)
    monkeypatch.setattr("relance.slack.sender.FAILURES_IN_A_ROW", 2)
    desk.proxy.faults = [
        Fault("error", error="token_revoked"),
        *[Fault("500", "chat.postMessage") for _ in range(3)],
    ]
    desk.late_payers(1)
    with serving(desk):
        until(lambda: sent(desk))
    assert len(desk.messages()) == 1


def test_where_a_bot_serves_a_task_only_counts_what_waits(desk: Desk) -> None:
    desk.late_payers(1)
    words: dict[str, Any] = {"settings": desk.settings, "policy": desk.world.policy}
    with Presence(desk.database):
        assert is_served(desk.database)
        report = send_unless_served(desk.database, **words)
        assert (report.posted, report.pending) == (0, 1)
    assert not is_served(desk.database)
    assert send_unless_served(desk.database, **words).posted == 1


def test_presence_ends_with_its_process_and_is_taken_again_with_a_new_connection(desk: Desk) -> None:
    with Presence(desk.database) as here, UnitOfWork(desk.database) as uow:
        query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
        uow.execute(sa.text(query))
        until(lambda: not is_served(desk.database))
        here.keep()
        assert is_served(desk.database)


def test_several_senders_at_once_beside_a_task_post_each_card_once_and_in_order(desk: Desk) -> None:
    desk.late_payers(4)
    with serving(desk), serving(desk):
        desk.send(TestClock())
        until(lambda: sent(desk))
    assert [title.split(": ")[-1] for title in desk.titles()] == [f"Payer {n}" for n in range(4)]


def test_the_policy_follows_its_files_and_stays_while_they_do_not_hold_together(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    for path in (REPOSITORY / "config").iterdir():
        if path.name != "schemas":
            (folder / path.name).symlink_to(path)
    rules = folder / "slack.yaml"
    rules.unlink()
    rules.write_text('operations: "#one"\n')
    watched = Watched(load_policy(folder))
    assert watched.newest().slack.operations == "#one"
    rules.write_text('operations: "#three"\n')
    assert watched.newest().slack.operations == "#three"
    rules.write_text("operations: [nonsense\n")
    assert watched.newest().slack.operations == "#three"


@pytest.mark.parametrize("place", ["before the post", "behind the post", "behind its note"])
def test_a_sender_killed_at_any_step_leaves_one_card(desk: Desk, place: str) -> None:
    desk.late_payers(2)
    if place == "behind the post":
        desk.proxy.faults = [Fault("slow", "chat.postMessage", seconds=2)]
    hook = {
        "before the post": "posting.Poster._call = lambda *a, **k: os.kill(os.getpid(), 9)",
        "behind the post": "",
        "behind its note": "outbox.sent = lambda *a, real=outbox.sent, **k: (real(*a, **k), os.kill(os.getpid(), 9))",
    }[place]
    code = (
        "import os; from relance.slack import outbox, posting; from relance.settings import Settings; "
        f"from relance.store.database import Database; from relance import slack; {hook or 'pass'}; "
        "s = Settings.from_environment(); slack.send(Database(s.database_url), settings=s)"
    )
    environment = {
        **os.environ,
        "RELANCE_DATABASE_URL": desk.database.url,
        "RELANCE_SLACK_TOKEN": str(desk.settings.slack_token),
        "RELANCE_SLACK_BASE_URL": desk.proxy.base_url,
    }
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    if place == "behind the post":
        until(lambda: len(desk.messages()) == 1)
        process.send_signal(signal.SIGKILL)
    assert process.wait(90) == -signal.SIGKILL
    desk.clock.time += sending.timedelta(minutes=6)
    assert desk.send().pending == 0
    assert [title.split(": ")[-1] for title in desk.titles()] == ["Payer 0", "Payer 1"]


def test_a_click_on_a_card_that_the_database_does_not_know_repairs_the_binding(desk: Desk) -> None:
    desk.late_payers(1)
    desk.proxy.faults = [
        Fault("drop", "chat.postMessage", pass_on=True),
        Fault("error", "conversations.list", error="missing_scope"),
    ]
    assert desk.send().dead == 1
    (message,) = desk.messages()
    where = {"channel_id": desk.slack.channel_id(desk.own), "ts": message["ts"]}
    with UnitOfWork(desk.database) as uow:
        assert adopt(uow, case_id=1, **where)
        assert not adopt(uow, case_id=1, channel_id="C0OTHER0", ts="1.0")
        uow.commit()
    desk.comment("found again")
    assert (desk.send().updated, len(desk.messages())) == (1, 1)
    assert "found again" in str(desk.messages()[0]["blocks"])


def test_operations_are_told_once_a_day_for_each_reason_and_the_fallback_takes_the_cards(desk: Desk) -> None:
    desk.world.policy = policy(channel=desk.own)
    desk.noise(operations="#operations", fallback=desk.main)
    desk.late_payers(3)
    desk.proxy.faults = [
        Fault("error", "chat.postMessage", error="is_archived", channel=desk.own, lasting=True)
    ]
    report = desk.send()
    assert len(desk.messages(desk.main)) == 3
    assert len(report.problems) >= 3
    (said,) = [one["text"] for one in desk.messages("#operations")]
    assert f"{desk.own}: is_archived: the channel is archived" in said


def test_without_a_token_it_sends_nothing_and_stops_when_told(desk: Desk) -> None:
    desk.late_payers(1)
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    serve(desk.database, replace(desk.settings, slack_token=None), desk.world.policy, stop)
    assert desk.proxy.calls == []
