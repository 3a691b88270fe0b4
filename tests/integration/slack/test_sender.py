"""The sender against the emulator: posted once, changed in place, in order, through every kind of trouble."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from relance import slack
from relance.slack.pace import POST, seconds_between
from relance.slack.sender import PATIENCE
from relance.store import schema
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, policy
from tests.integration.slack.desk import DAY, Desk, TestClock
from tests.slack_emulator.fault_proxy import Fault
from tests.unit.slack.judge import refusals

pytestmark = pytest.mark.integration
NEXT = DAY + timedelta(days=1)


def test_cards_are_posted_in_order_and_their_place_is_kept(desk: Desk) -> None:
    desk.late_payers(3)
    report = desk.send()
    assert (report.posted, report.updated, report.pending, report.dead) == (3, 0, 0, 0)
    assert [title.split(": ")[-1] for title in desk.titles()] == ["Payer 0", "Payer 1", "Payer 2"]
    found = [(card["channel_id"], card["ts"]) for card in desk.cards()]
    assert found == [(desk.slack.channel_id(desk.own), message["ts"]) for message in desk.messages()]
    assert [refusals(message) for message in desk.messages()] == [[], [], []]


def test_a_posted_card_is_updated_in_place_never_posted_again(desk: Desk) -> None:
    desk.late_payers(1)
    desk.send()
    (before,) = desk.messages()
    desk.comment("will be paid on Friday")
    assert desk.send().updated == 1
    (after,) = desk.messages()
    assert before["ts"] == after["ts"]
    assert "Friday" not in str(before["blocks"])
    assert "Friday" in str(after["blocks"])


def test_a_night_in_which_nothing_shown_changed_costs_no_call(desk: Desk) -> None:
    desk.late_payers(3)
    desk.send()
    calls = len(desk.proxy.calls)
    for days in (1, 2, 19):
        assert desk.day(DAY + timedelta(days=days)) == 0
    assert desk.day(DAY + timedelta(days=21)) == 3  # more than 120 days late: a step that the card shows
    assert len(desk.proxy.calls) == calls


def test_an_unchanged_look_is_not_queued_and_a_newer_one_takes_the_place_of_one_not_sent(desk: Desk) -> None:
    desk.late_payers(1)
    assert desk.queue() == 0
    assert desk.comment("first") == 1
    assert desk.comment("second") == 1
    assert [row["state"] for row in desk.outbox()] == ["pending"]
    desk.send()
    assert "second" in str(desk.messages()[0]["blocks"])
    assert desk.queue() == 0
    assert desk.send().as_dict() == {
        "posted": 0,
        "updated": 0,
        "pending": 0,
        "skipped": 0,
        "dead": 0,
        "problems": [],
    }


def test_a_closed_case_says_so_on_its_card_once(desk: Desk) -> None:
    desk.late_payers(1)
    desk.send()
    desk.world.pay("B1", NEXT, 1000, "F0", customer="C0")
    assert desk.day(NEXT) == 1
    desk.send()
    assert desk.titles() == [":white_check_mark: Closed: Payer 0"]
    assert desk.day(NEXT + timedelta(days=1)) == 0


def test_without_a_token_nothing_is_sent_and_all_is_kept(desk: Desk) -> None:
    desk.late_payers(2)
    report = desk.send(slack_token=None)
    assert (report.posted, report.pending) == (0, 2)
    assert desk.proxy.calls == []
    assert desk.messages() == []


@pytest.mark.parametrize(
    "fault", [Fault("429", retry_after=7), Fault("error", error="ratelimited", retry_after=7)]
)
def test_retry_after_is_obeyed(desk: Desk, fault: Fault) -> None:
    desk.late_payers(2)
    desk.proxy.faults = [fault]
    assert desk.send().posted == 2
    assert desk.clock.slept[0] == 7
    assert len(desk.proxy.named("chat.postMessage")) == 3
    assert desk.proxy.named("conversations.history") == []
    assert len(desk.messages()) == 2


def test_retry_after_holds_for_its_method_and_other_channels_go_on(desk: Desk) -> None:
    desk.late_payers(1)
    desk.send()
    desk.comment("changed")
    promised = desk.world.promise("5.00 EUR", DAY + timedelta(days=7), DAY, payer_id="C0")
    with UnitOfWork(desk.database) as uow:
        slack.queue_case(uow, policy=desk.world.policy, case_id=promised, as_of=DAY)
        uow.commit()
    desk.proxy.faults = [Fault("429", "chat.update", retry_after=30)]
    del desk.proxy.calls[:]
    report = desk.send()
    assert (report.posted, report.updated) == (1, 1)
    assert [call.method for call in desk.proxy.calls] == ["chat.update", "chat.postMessage", "chat.update"]
    assert sum(desk.clock.slept) == pytest.approx(30, abs=0.1)


def test_a_long_retry_after_leaves_the_rest_for_the_next_run(desk: Desk) -> None:
    desk.late_payers(2)
    desk.proxy.faults = [Fault("429", retry_after=int(PATIENCE.total_seconds()) + 10)]
    assert desk.send().pending == 2
    assert desk.send().pending == 2
    assert len(desk.proxy.calls) == 1
    desk.clock.time += timedelta(minutes=5)
    assert desk.send().posted == 2


@pytest.mark.parametrize("pass_on", [False, True])
@pytest.mark.parametrize("kind", ["500", "drop"])
def test_a_lost_answer_never_makes_a_second_card(desk: Desk, kind: str, pass_on: bool) -> None:
    desk.late_payers(2)
    desk.proxy.faults = [Fault(kind, "chat.postMessage", pass_on=pass_on)]
    report = desk.send()
    assert (report.posted, report.updated, report.pending) == ((1, 1, 0) if pass_on else (2, 0, 0))
    assert [title.split(": ")[-1] for title in desk.titles()] == ["Payer 0", "Payer 1"]
    assert [card["ts"] for card in desk.cards()] == [message["ts"] for message in desk.messages()]


def test_a_slow_answer_is_waited_for(desk: Desk) -> None:
    desk.late_payers(1)
    desk.proxy.faults = [Fault("slow", seconds=0.5)]
    assert desk.send().posted == 1


def test_where_history_cannot_be_read_a_doubtful_card_is_given_up_instead_of_posted_twice(desk: Desk) -> None:
    desk.late_payers(1)
    desk.proxy.faults = [
        Fault("drop", "chat.postMessage", pass_on=True),
        Fault("error", "conversations.list", error="missing_scope"),
    ]
    report = desk.send()
    assert (report.posted, report.dead) == (0, 1)
    assert len(desk.messages()) == 1
    assert "may have reached Slack" in desk.outbox()[0]["error"]
    desk.comment("asked again")  # the next change looks again, now with the scope, and takes the message over
    assert desk.send().updated == 1
    assert len(desk.messages()) == 1


def test_slack_down_for_a_day_loses_nothing(desk: Desk) -> None:
    desk.late_payers(2)
    desk.proxy.faults = [Fault("500") for _ in range(200)]
    for hour in range(24):
        report = desk.send()
        assert (report.posted, report.pending, report.dead) == (0, 2, 0), hour
        desk.clock.time += timedelta(hours=1)
    assert len(desk.proxy.calls) < 24 * 5
    desk.proxy.faults = []
    assert desk.send().pending == 0
    assert len(desk.messages()) == 2


def test_a_row_that_slack_fails_on_is_given_up_after_two_days_not_before(desk: Desk) -> None:
    desk.late_payers(1)
    with UnitOfWork(desk.database) as uow:
        uow.execute(sa.update(schema.slack_outbox).values(attempts=1000))
        uow.commit()
    desk.clock.time += timedelta(hours=30)
    desk.proxy.faults = [Fault("500", "chat.postMessage")]
    assert (desk.send().pending, desk.outbox()[0]["state"]) == (1, "pending")
    desk.clock.time += timedelta(minutes=6)
    assert desk.send().posted == 1
    desk.comment("x")
    with UnitOfWork(desk.database) as uow:
        uow.execute(
            sa.update(schema.slack_outbox)
            .where(schema.slack_outbox.c.state == "pending")
            .values(attempts=1000)
        )
        uow.commit()
    desk.clock.time += timedelta(days=2)
    desk.proxy.faults = [Fault("500", "chat.update")]
    report = desk.send()
    assert (report.dead, report.pending) == (1, 0)
    assert "500" in report.problems[0]


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "not_in_channel"])
def test_a_card_that_cannot_go_to_its_own_channel_goes_to_the_main_one(desk: Desk, error: str) -> None:
    desk.late_payers(1)
    desk.proxy.faults = [Fault("error", "chat.postMessage", error=error)]
    report = desk.send()
    assert (report.posted, report.dead) == (1, 0)
    assert error in report.problems[0]
    assert (len(desk.messages(desk.own)), len(desk.messages(desk.main))) == (0, 1)
    assert desk.cards()[0]["channel"] == desk.main


def test_a_really_archived_channel_moves_a_posted_card_once(desk: Desk) -> None:
    desk.late_payers(1)
    desk.send()
    desk.proxy.faults = [Fault("error", "chat.update", error="is_archived")]
    desk.comment("one")
    report = desk.send()
    assert (report.posted, report.updated) == (1, 0)
    desk.comment("two")
    assert desk.send().updated == 1
    assert len(desk.messages(desk.main)) == 1


def test_without_another_channel_it_is_dead_with_the_reason_and_the_others_go_on(desk: Desk) -> None:
    desk.world.policy = policy(channel=desk.own)
    desk.late_payers(2)
    desk.proxy.faults = [Fault("error", "chat.postMessage", error="is_archived")]
    report = desk.send()
    assert (report.posted, report.dead, report.pending) == (1, 1, 0)
    assert [row["state"] for row in desk.outbox()] == ["dead", "sent"]
    assert desk.outbox()[0]["error"] == "is_archived: the channel is archived"
    assert desk.queue(DAY) == 1  # it is tried again while its look isn't in Slack


def test_a_card_deleted_in_slack_is_not_posted_again(desk: Desk) -> None:
    desk.late_payers(1)
    desk.send()
    desk.slack.client.chat_delete(channel=desk.slack.channel_id(desk.own), ts=desk.messages()[0]["ts"])
    desk.comment("one")
    assert desk.send().dead == 1
    assert "deleted" in desk.cards()[0]["gone"]
    assert desk.comment("two") == 0
    assert desk.messages() == []


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "missing_scope"])
def test_a_refused_token_keeps_every_card_and_tells_operations(desk: Desk, error: str) -> None:
    desk.late_payers(2)
    desk.proxy.faults = [Fault("error", error=error)]
    report = desk.send()
    assert (report.posted, report.pending, report.dead) == (0, 2, 0)
    assert error in report.problems[0]
    assert len(desk.proxy.calls) == 1
    assert desk.send().posted == 2


def test_posts_to_a_channel_keep_a_second_between_them(desk: Desk) -> None:
    desk.late_payers(3)
    desk.send()
    assert [round(wait, 3) for wait in desk.clock.slept] == [seconds_between(POST)] * 2


def test_two_senders_at_once_post_each_card_once_and_in_order(desk: Desk) -> None:
    desk.late_payers(8)
    threads = [threading.Thread(target=desk.send, args=(TestClock(),)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    desk.send(TestClock())
    assert [title.split(": ")[-1] for title in desk.titles()] == [f"Payer {n}" for n in range(8)]
    assert {row["state"] for row in desk.outbox()} == {"sent"}
    assert desk.proxy.named("chat.update") == []


def test_a_sender_killed_between_post_and_note_leaves_one_card_that_is_taken_over(desk: Desk) -> None:
    desk.late_payers(2)
    desk.proxy.faults = [Fault("slow", "chat.postMessage", seconds=3)]
    code = (
        "from relance.settings import Settings; from relance.store.database import Database; from relance import slack; "
        "s = Settings.from_environment(); slack.send(Database(s.database_url), settings=s)"
    )
    environment = {
        **os.environ,
        "RELANCE_DATABASE_URL": desk.database.url,
        "RELANCE_SLACK_TOKEN": str(desk.settings.slack_token),
        "RELANCE_SLACK_BASE_URL": desk.proxy.base_url,
    }
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    for _ in range(600):
        if desk.messages():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(desk.messages()) == 1
    assert desk.cards()[0]["ts"] is None
    assert desk.send().pending == 2  # its lease still stands; nobody overtakes it
    desk.clock.time += timedelta(minutes=6)
    report = desk.send()
    assert (report.posted, report.updated, report.pending) == (1, 1, 0)
    assert [title.split(": ")[-1] for title in desk.titles()] == ["Payer 0", "Payer 1"]


def test_a_promises_hour_is_said_once_in_its_thread(desk: Desk) -> None:
    desk.late_payers(1)
    desk.world.promise("5.00 EUR", DAY + timedelta(days=7), DAY, payer_id="C0")
    desk.queue()
    desk.send()
    eve = DAY + timedelta(days=6)
    for _ in range(2):
        desk.day(eve)
        desk.send()
    (card,) = [one for one in desk.cards() if one["channel"] == desk.main]
    (said,) = desk.slack.replies(desk.main, card["ts"])
    assert said["text"].startswith("Payer 0 promised €5.00 for <!date^")
    assert desk.titles(desk.main)[0].startswith(":hourglass_flowing_sand: Promised for")


def test_a_lost_answer_never_says_a_promises_hour_twice(desk: Desk) -> None:
    desk.late_payers(1)
    desk.world.promise("5.00 EUR", DAY + timedelta(days=7), DAY, payer_id="C0")
    desk.queue()
    desk.send()
    desk.day(DAY + timedelta(days=6))
    desk.proxy.faults = [Fault("drop", "chat.postMessage", pass_on=True)]
    desk.send()
    card = next(one for one in desk.cards() if one["channel"] == desk.main)
    assert len(desk.slack.replies(desk.main, card["ts"])) == len(desk.proxy.named("chat.postMessage")) - 2


@pytest.mark.parametrize("locale", ["en", "fr", "de", "es"])
def test_every_card_and_state_is_taken_and_kept_as_drawn(desk: Desk, locale: str) -> None:
    desk.world.policy = policy(channel=desk.own, locale=locale)
    desk.late_payers(2)
    desk.world.promise("5.00 EUR", NEXT, DAY, payer_id="C0")
    desk.world.promise("5.00 EUR", NEXT, DAY, payer_id="C1")
    desk.world.pay("B1", NEXT, 500, None, customer="C1")
    for days in range(6):
        desk.day(DAY + timedelta(days=days))
        desk.send()
    shown = {row["case_id"]: row["payload"] for row in desk.outbox() if row["verb"] == "card"}
    cards = [message for message in desk.messages() if "blocks" in message]
    assert [message["blocks"] for message in cards] == [shown[number]["blocks"] for number in sorted(shown)]
    assert all(refusals(message) == [] for message in desk.messages())


def test_a_notice_is_said_once_a_day(desk: Desk) -> None:
    words = {
        "policy": desk.world.policy,
        "entity": ENTITY,
        "kind": "data",
        "message": "12 % bad rows: <nothing> changed",
    }
    with UnitOfWork(desk.database) as uow:
        assert slack.notice(uow, **words)
        assert not slack.notice(uow, **words)
        uow.commit()
    assert desk.send().posted == 1
    (said,) = desk.messages(desk.main)
    assert "12 % bad rows: &lt;nothing&gt; changed" in said["text"]
    assert refusals(said) == []


def test_an_entity_without_a_channel_has_no_cards(desk: Desk) -> None:
    entity = desk.world.policy.entities[ENTITY]
    mute = entity.model_copy(update={"slack": None})
    desk.world.policy = desk.world.policy.model_copy(update={"entities": {ENTITY: mute}})
    desk.late_payers(1)
    assert desk.outbox() == []
    with UnitOfWork(desk.database) as uow:
        assert not slack.notice(uow, policy=desk.world.policy, entity=ENTITY, kind="data", message="x")


def test_a_comment_shows_on_the_card(desk: Desk) -> None:
    desk.late_payers(1)
    desk.comment("asked <!here> twice")
    desk.send()
    assert "asked &lt;!here&gt; twice" in str(desk.messages()[0]["blocks"])


def test_the_link_reaches_the_card(desk: Desk) -> None:
    desk.late_payers(1)
    with UnitOfWork(desk.database) as uow:
        link = "https://lumen.example/{entity}/{case_id}"
        assert slack.queue(uow, policy=desk.world.policy, entity=ENTITY, as_of=DAY, link=link) == 1
        uow.commit()
    desk.send()
    assert "https://lumen.example/FR01/1|Open" in str(desk.messages()[0]["blocks"])
