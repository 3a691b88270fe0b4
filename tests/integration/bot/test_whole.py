"""Buttons, modals, threads, shortcuts, commands and Home, each through the bot whole: what the database and Slack have after."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.scenes import contacts_of
from relance.cases.contacting import give_contact
from relance.slack import actions as do
from relance.store import schema
from relance.store.inbound import put_mark
from relance.store.uow import UnitOfWork
from tests.integration.bot.office import DAY, USERS, Office
from tests.slack_emulator import server

pytestmark = pytest.mark.integration


def test_a_comment_by_modal_reaches_the_card(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    answer = office.driver.press("ada", channel, ts, do.MORE, option=do.COMMENT)
    assert (answer.status, answer.text) == (200, "")
    office.view("ada", do.COMMENT)
    assert office.driver.submit("ada", {"text": "called, pays on Friday"}).text == ""
    office.settle()
    assert [row["state"] for row in office.intents()] == ["done"]
    assert ("comment", USERS["ada"]) in office.events(case)
    office.send()
    assert "called, pays on Friday" in str(office.driver.message(channel, ts))


def test_taking_a_case_makes_it_ones_own(office: Office) -> None:
    (case,) = office.late_payers()
    office.driver.press("ben", *office.card(case), do.MORE, option=do.TAKE)
    office.settle()
    assert office.case(case).owner == USERS["ben"]
    office.send()
    assert USERS["ben"] in str(office.driver.message(*office.card(case)))


def test_a_case_is_given_to_a_person_and_watchers_by_modal(office: Office) -> None:
    (case,) = office.late_payers()
    office.driver.press("ada", *office.card(case), do.MORE, option=do.ASSIGN)
    office.view("ada", do.ASSIGN)
    office.driver.submit("ada", {"owner": "ben", "watchers": ["ada", "lead"]})
    office.settle()
    now = office.case(case)
    assert now.owner == USERS["ben"]
    assert set(now.watchers) == {USERS["ada"], USERS["lead"]}


def test_a_snooze_rests_the_case_and_one_too_long_asks_for_a_yes(office: Office) -> None:
    (case,) = office.late_payers()
    place = office.card(case)
    office.driver.press("ada", *place, do.SNOOZE)
    office.view("ada", do.SNOOZE)
    until = (DAY + timedelta(days=20)).isoformat()
    office.driver.submit("ada", {"until": "pick", "date": until, "reason": "is moving house"})
    office.settle()
    assert office.case(case).snoozed_until is None
    (asked,) = office.world.cases("approval")
    assert asked.requested_by == USERS["ada"]
    assert str(asked.case_id) in office.told("ada")
    office.send()
    # the requester may not say yes, another role's person may
    office.driver.press("lead", *office.card(asked), do.APPROVE)
    office.view("lead", do.APPROVE)
    office.driver.submit("lead", {})
    office.settle()
    assert office.case(case).snoozed_until == date.fromisoformat(until)


def test_errors_stand_beside_their_fields_and_nothing_is_kept(office: Office) -> None:
    (case,) = office.late_payers()
    office.driver.press("ada", *office.card(case), do.SNOOZE)
    office.view("ada", do.SNOOZE)
    answer = office.driver.submit("ada", {"until": "pick", "reason": "waits"})
    assert answer.json["response_action"] == "errors"
    assert set(answer.json["errors"]) == {"date"}
    assert office.intents() == []


def test_a_promise_a_dispute_and_an_announcement_are_taken_down(office: Office) -> None:
    (case,) = office.late_payers()
    place = office.card(case)
    office.driver.press("ada", *place, do.PROMISE)
    office.view("ada", do.PROMISE)
    due = (DAY + timedelta(days=7)).isoformat()
    office.driver.submit("ada", {"amount": "500.00", "due_on": due})
    office.settle()
    assert [one.amount for one in office.world.promises("C0")] == [50_000]
    assert "Payer 0" in office.told("ada")
    office.driver.press("ada", *place, do.DISPUTE)
    office.view("ada", do.DISPUTE)
    office.driver.submit("ada", {"dispute_reason": "price", "invoices": ["F0b"], "text": "wrong price"})
    office.settle()
    office.driver.press("ada", *place, do.MORE, option=do.ANNOUNCE)
    office.view("ada", do.ANNOUNCE)
    office.driver.submit("ada", {"expected_on": due})
    office.settle()
    assert [row["state"] for row in office.intents()] == ["done"] * 3, office.driver.ephemerals("ada")
    assert {one.kind for one in office.world.cases(state="open")} == {"overdue_90", "promise", "dispute"}


def test_a_thread_reply_is_a_comment_and_edits_and_deletion_follow(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    said = office.driver.write("ada", channel, "waits for the delivery note &amp; a call", ts)
    office.settle()
    (row,) = office.rows(schema.case_comment)
    assert (row["author"], row["text"]) == (USERS["ada"], "waits for the delivery note & a call")
    office.driver.rewrite("ada", channel, said, "has the delivery note", "waits for the delivery note", ts)
    office.settle()
    assert office.rows(schema.case_comment)[0]["text"] == "has the delivery note"
    office.send()
    assert "has the delivery note" in str(office.driver.message(channel, ts))
    office.driver.unwrite("ada", channel, said, "has the delivery note", ts)
    office.settle()
    office.send()
    assert "has the delivery note" not in str(office.driver.message(channel, ts))
    assert [verb for verb, _ in office.events(case)][-3:] == ["comment", "edit_comment", "delete_comment"]


def test_what_is_written_elsewhere_or_by_machines_is_not_kept(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    office.driver.write("ada", channel, "lunch?")
    office.driver.write("ada", channel, "I am a bot", ts, bot_id="B1")
    other = office.driver.write("ada", channel, "another thread")
    office.driver.write("ada", channel, "in it", other)
    assert office.intents() == []


def test_a_message_is_put_on_a_case_that_is_searched_for(office: Office) -> None:
    first, second = office.late_payers(2)
    ts = office.driver.write("ben", office.channel, "They will pay on Monday")
    office.driver.shortcut("ada", office.channel, ts, do.MESSAGE_TO_CASE)
    office.view("ada", do.MESSAGE_TO_CASE)
    found = office.driver.suggestions("ada", do.CASE_CHOICE, "payer 1").json["options"]
    assert [one["value"] for one in found] == [str(second.case_id)]
    office.driver.submit("ada", {"case": found[0]})
    office.settle()
    assert office.events(first)[-1][0] == "open"
    assert office.events(second)[-1] == ("comment", USERS["ada"])
    assert "Payer 1" in office.told("ada")


def test_a_message_is_read_on_the_day_where_the_cases_entity_is(office: Office) -> None:
    (case,) = office.late_payers()
    office.services._clock = lambda: datetime(2026, 3, 12, 23, 30, tzinfo=UTC)  # past midnight in Paris
    channel, ts = office.card(case)
    office.driver.shortcut("ada", channel, ts, do.MESSAGE_TO_PROMISE)
    office.view("ada", do.MESSAGE_TO_PROMISE)
    found = office.driver.suggestions("ada", do.CASE_CHOICE, "payer 0").json["options"]
    values = {"case": found[0], "amount": "100", "due_on": "2026-03-12"}
    answer = office.driver.submit("ada", values)
    assert list(answer.json["errors"]) == ["due_on"]
    assert office.intents() == []
    office.driver.submit("ada", {**values, "due_on": "2026-03-13"})
    assert [row["payload"]["today"] for row in office.intents()] == ["2026-03-13"]
    office.settle()


def test_an_address_that_was_corrected_shows_at_once(office: Office) -> None:
    (case,) = office.late_payers()
    desk, entity, payer = office.desk, case.entity, case.payer_id

    def known() -> list[str]:
        return [one.address for one in contacts_of(desk, entity, payer)]

    assert known() == []
    who = {"policy": desk.policy, "case_id": case.case_id, "by": USERS["ada"], "on_date": office.day}
    with UnitOfWork(office.database) as uow:
        give_contact(uow, **who, name="Ann", role="accounts_payable", email="ann@payer.example")
        uow.commit()
    assert known() == ["ann@payer.example"]
    with UnitOfWork(office.database) as uow:
        put_mark(
            uow, entity=entity, channel="email", address="ann@payer.example", mark="wrong", on_date=office.day,
            source="test",
        )  # fmt: skip
        uow.commit()
    assert desk.ledgers.of(entity).contacts["opt_out"].to_list() == ["email"]


ASKED = (
    ("customer payer 0", "Payer 0"),
    ("Kunde C0", "Payer 0"),
    ("invoice f0a", "F0a"),
    ("why F0a", "F0a"),
    ("plan", "Lumen SAS"),
    ("KPI fr01", "Lumen SAS"),
    ("forecast", "Lumen SAS"),
    ("mine", "Payer 0"),
    ("help", "/relance"),
    ("custmer payer", "customer"),
    ("customer nobody", "nobody"),
    ("statement", "/relance statement"),
    ("comment x", "x"),
    ("comment 999", "case"),
)


def test_relance_answers_the_asker_alone(office: Office) -> None:
    office.late_payers()
    for number, (asked, said) in enumerate(ASKED):
        answer = office.driver.command("ada", office.channel, asked)
        assert (answer.status, answer.text) == (200, "")
        office.told("ada", number + 1)
        heard = [one for one in office.proxy.heard if one[0].startswith("/response/")]
        assert len(heard) == number + 1
        assert heard[-1][1]["response_type"] == "ephemeral"
        assert said in str(heard[-1][1]), asked
    assert len(office.proxy.named("chat.postMessage")) == 1  # the card
    assert office.intents() == []


def test_relance_assign_is_kept_and_done_once(office: Office) -> None:
    (case,) = office.late_payers()
    ben = office.slack.user_id("ben")
    office.driver.command("ada", office.channel, f"assign {case.case_id} <@{ben}|ben>")
    office.driver.repeat()
    office.settle()
    assert len(office.intents("done")) == 1
    assert office.case(case).owner == USERS["ben"]
    assert USERS["ben"] in office.told("ada")


def test_home_shows_ones_cases_and_turns_to_others(office: Office) -> None:
    cases = office.late_payers(12)
    office.driver.look_at_home("ada")
    view = office.wait(lambda: _home(office, "ada"))
    assert "Payer" in str(view)
    office.driver.press_in_view("ada", do.HOME_PAGE)
    office.wait(
        lambda: "2" in _home(office, "ada")["private_metadata"].rsplit(":", 1)[-1] or _page(office) == 1
    )
    assert len(cases) == 12


def _home(office: Office, user: str) -> dict[str, object]:
    try:
        return office.driver.view(user)
    except AssertionError:
        return {}


def _page(office: Office) -> int:
    return int(str(_home(office, "ada")["private_metadata"]).rsplit(":", 1)[-1])


def test_the_bot_answers_within_a_second(office: Office) -> None:
    (case,) = office.late_payers()
    begun = time.perf_counter()
    office.driver.press("ada", *office.card(case), do.MORE, option=do.WATCH)
    assert time.perf_counter() - begun < 1
    office.settle()


def test_the_driver_sends_no_key_that_slack_does_not(office: Office) -> None:
    known = json.loads((Path(server.__file__).parent / "payloads.json").read_text(encoding="utf-8"))
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    office.driver.press("ada", channel, ts, do.SNOOZE)
    office.view("ada", do.SNOOZE)
    office.driver.submit("ada", {"reason": "holidays"})
    office.driver.shortcut("ada", channel, ts, do.MESSAGE_TO_CASE)
    office.driver.command("ada", channel, "help")
    seen = set()
    for body, _ in office.driver.sent:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        sent = json.loads(form["payload"]) if "payload" in form else form
        kind = sent.get("type", "command")
        seen.add(kind)
        assert _paths(sent) <= set(known[kind]), kind
        assert set(sent.get("view", {})) <= {*known["view"], "created", "updated"}  # which the emulator adds
    assert seen == {"block_actions", "view_submission", "message_action", "command"}
    office.settle()


def _paths(sent: dict[str, Any]) -> set[str]:
    """Keys of two levels; what is somebody else's (a message, a view, the state of fields) stays closed."""
    found = set(sent)
    for name, value in sent.items():
        inner = value[0] if name == "actions" else value
        if isinstance(inner, dict) and name not in {"message", "view", "state"}:
            found |= {f"{name}.{key}" for key in inner}
    return found
