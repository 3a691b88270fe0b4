"""Nothing is lost and nothing happens twice: retries, double clicks, two people at once, stale and unknown cards, replays."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from relance.cases.snoozing import snooze
from relance.slack import actions as do
from relance.slack.actions import Target
from relance.slack.queue import queue_case
from relance.store import schema
from relance.store.uow import UnitOfWork
from tests.integration.bot.office import SECRET, USERS, Office

pytestmark = pytest.mark.integration


def test_a_retry_of_slack_is_one_comment(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    office.driver.write("ada", channel, "called", ts)
    for number in "123":
        again = office.driver.repeat(**{"X-Slack-Retry-Num": number, "X-Slack-Retry-Reason": "http_timeout"})
        assert again.status == 200
    office.settle()
    assert len(office.intents()) == 1
    assert [row["text"] for row in office.rows(schema.case_comment)] == ["called"]


def test_a_double_click_is_one_wish_and_a_later_click_another(office: Office) -> None:
    (case,) = office.late_payers()
    now = time.time()
    body = office.driver.pressing("ben", *office.card(case), do.MORE, option=do.WATCH, at=now)
    for at in (now, now + 0.4, now + 1.9):
        body["actions"][0]["action_ts"] = f"{at:.6f}"
        office.driver.send(body)
    office.settle()
    assert [row["state"] for row in office.intents()] == ["done"]
    body["actions"][0]["action_ts"] = f"{now + 5:.6f}"
    office.driver.send(body)
    office.settle()
    assert [row["state"] for row in office.intents()] == ["done", "refused"]
    assert office.case(case).watchers == [USERS["ben"]]


def test_a_double_click_opens_one_modal_and_one_submission_is_worked(office: Office) -> None:
    (case,) = office.late_payers()
    place = office.card(case)
    office.driver.press("ada", *place, do.SNOOZE)
    office.driver.press("ada", *place, do.SNOOZE)
    office.view("ada", do.SNOOZE)
    assert len(office.proxy.named("views.open")) == 1
    office.driver.submit("ada", {"reason": "waits"})
    office.driver.repeat()
    office.settle()
    assert [row["state"] for row in office.intents()] == ["done"]
    assert [verb for verb, _ in office.events(case)].count("snooze") == 1


def test_of_two_people_at_once_one_does_it_and_the_other_is_told_who(office: Office) -> None:
    (case,) = office.late_payers()
    asked = office.asked(case)
    place = office.card(asked)
    for user in ("lead", "boss"):
        office.driver.press(user, *place, do.APPROVE)
        office.view(user, do.APPROVE)
    bodies = [office.driver.submission(user, {}) for user in ("lead", "boss")]
    both = [threading.Thread(target=office.driver.send, args=(body,)) for body in bodies]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    office.settle()
    assert sorted(row["state"] for row in office.intents()) == ["done", "refused"]
    (yes,) = [actor for verb, actor in office.events(asked) if verb in {"approve", "close"}]
    other = "boss" if yes == USERS["lead"] else "lead"
    assert yes in office.told(other)
    assert office.driver.ephemerals("lead" if other == "boss" else "boss") == []
    assert [verb for verb, _ in office.events(case)].count("snooze") == 1


def test_a_decision_on_a_stale_card_is_refused_and_the_card_refreshed(office: Office) -> None:
    (case,) = office.late_payers()
    asked = office.asked(case)
    channel, ts = office.card(asked)
    old = office.driver.message(channel, ts)
    office.comment(asked, "wait for me")
    office.driver.press("lead", channel, ts, do.APPROVE, message=old)
    assert USERS["boss"] in office.told("lead")
    assert office.proxy.named("views.open") == []
    assert office.case(asked).state == "open"
    office.send()
    assert "wait for me" in str(office.driver.message(channel, ts))
    office.driver.press("lead", channel, ts, do.APPROVE)
    office.view("lead", do.APPROVE)
    # and once more between the look and the yes
    office.comment(asked, "or me")
    office.driver.submit("lead", {})
    office.settle()
    assert [row["state"] for row in office.intents()] == ["refused"]
    assert office.case(asked).state == "open"


def test_a_wake_from_a_stale_card_is_refused(office: Office) -> None:
    (case,) = office.late_payers()
    until = office.day + timedelta(days=3)
    with UnitOfWork(office.database) as uow:
        who = {"policy": office.services.policy, "case_id": case.case_id, "by": USERS["boss"]}
        snooze(uow, **who, on_date=office.day, until=until, reason="away")
        queue_case(uow, policy=office.services.policy, case_id=case.case_id, as_of=office.day)
        uow.commit()
    office.send()
    channel, ts = office.card(case)
    old = office.driver.message(channel, ts)
    office.comment(case, "they wrote")
    office.driver.press("boss", channel, ts, do.WAKE, message=old)
    office.settle()
    assert [row["state"] for row in office.intents()] == ["refused"]
    assert office.case(case).snoozed_until == until


def test_harmless_verbs_go_on_from_a_stale_card(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    old = office.driver.message(channel, ts)
    office.comment(case, "meanwhile")
    office.driver.press("ada", channel, ts, do.MORE, option=do.WATCH, message=old)
    office.settle()
    assert office.case(case).watchers == [USERS["ada"]]


def test_a_press_on_a_card_that_nobody_noted_binds_it(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    with UnitOfWork(office.database) as uow:  # a sender was killed between the post and its note
        uow.execute(sa.update(schema.slack_card).values(ts=None, channel_id=None, render_digest=None))
        uow.commit()
    office.driver.press("ada", channel, ts, do.MORE, option=do.TAKE)
    office.settle()
    assert office.card(case)[1] == ts
    office.send()
    assert len(office.slack.messages(channel)) == 1
    assert USERS["ada"] in str(office.driver.message(channel, ts))


def test_buttons_of_other_versions_and_other_cases_are_told_to_who_pressed(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    body = office.driver.pressing("ada", channel, ts, do.MORE, option=do.WATCH)
    chosen = body["actions"][0]["selected_option"]
    for number, value in enumerate(
        (str(Target("case.fly.v9", case.case_id, 1)), "nonsense", str(Target(do.TAKE, 10**9, 1))), start=1
    ):
        chosen["value"] = value
        body["actions"][0]["action_ts"] = f"{time.time() + 10 * number:.6f}"
        office.driver.send(body)
        office.told("ada", number)
    body["actions"][0].update(action_id="case.fly.v9", type="button", value=value)
    office.driver.send(body)
    office.told("ada", 4)
    office.settle()
    assert office.case(case).owner is None or office.case(case).owner == case.owner


def test_only_signed_requests_of_the_last_five_minutes_are_heard(office: Office) -> None:
    (case,) = office.late_payers()
    kind = "application/x-www-form-urlencoded"
    body = office.driver.pressing("ada", *office.card(case), do.MORE, option=do.WATCH)
    raw = urlencode({"payload": json.dumps(body)}).encode()
    expired = office.driver.raw(raw, kind, at=time.time() - 400)
    ahead = office.driver.raw(raw, kind, at=time.time() + 400)
    wrong = office.driver.raw(raw, kind, secret=SECRET[::-1])
    unsigned = office.driver.post(raw, {"Content-Type": kind})
    signed = office.driver.sent[0][1]
    changed = office.driver.post(raw + b"&x=1", signed)
    assert {one.status for one in (expired, ahead, wrong, unsigned, changed)} == {401}
    assert {one.headers["x-slack-no-retry"] for one in (expired, wrong, unsigned)} == {"1"}
    assert office.intents() == []
    # what was signed and is sent again has no second effect
    assert office.driver.raw(raw, kind).status == 200
    assert office.driver.repeat().status == 200
    office.settle()
    assert len(office.intents()) == 1


def test_what_is_no_request_of_slacks_is_turned_away(office: Office) -> None:
    drive = office.driver
    assert drive.post(b"x" * (2 * 1024 * 1024), {"Content-Type": "application/json"}).status == 413
    assert drive.post(b"\xff\xfe", {"Content-Type": "application/json"}).status == 400
    assert drive.post(b"{", {"Content-Type": "application/json"}).status in {400, 401}
    assert drive.raw(b"payload=%7B", "application/x-www-form-urlencoded").status == 400
    assert drive.raw(b'{"type":"url_verification","challenge":"c"}', "application/json").json == {
        "challenge": "c"
    }
    assert drive.tell_of({"type": "reaction_added", "user": "U1"}).status == 200
