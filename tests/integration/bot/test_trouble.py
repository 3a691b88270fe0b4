"""Trouble at Slack: archived channels, deleted cards, revoked tokens, outages; what people wish is done all the same."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.serving import _ill
from bot.working import tell_rest, work_next
from relance.cases.reading import read_case
from relance.slack import actions as do
from relance.slack import intents
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.bot.office import USERS, Office
from tests.slack_emulator.fault_proxy import Fault

pytestmark = pytest.mark.integration
REVOKED = {"ok": False, "error": "token_revoked"}
METHODS = (
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "views.open",
    "users.info",
    "conversations.open",
)


def test_with_a_revoked_token_clicks_are_kept_and_done_and_cards_follow_later(office: Office) -> None:
    (case,) = office.late_payers()
    place = office.card(case)
    office.driver.press("ben", *place, do.MORE, option=do.WATCH)  # now the bot knows him
    office.settle()
    for method in METHODS:
        office.proxy.answers[method] = lambda _: REVOKED
    office.driver.press(
        "sales", *place, do.MORE, option=do.WATCH
    )  # nobody knows them, and nobody can be asked
    office.driver.press("ben", *place, do.MORE, option=do.TAKE)
    office.driver.press("ben", *place, do.SNOOZE)  # can't be opened, and can't be told
    office.wait(lambda: office.case(case).owner == USERS["ben"], what="what could be done")
    office.send()
    assert [row["state"] for row in office.intents()] == ["done", "received", "done"]
    for method in METHODS:
        del office.proxy.answers[method]
    office.send()
    assert USERS["ben"] in str(office.driver.message(*place))
    office.settle()  # tried again: what they wished is not lost
    assert set(office.case(case).watchers) == {USERS["ben"], USERS["sales"]}


def test_a_refusal_in_an_archived_channel_goes_by_another_way(office: Office) -> None:
    (case,) = office.late_payers()
    asked = office.asked(case)
    place = office.card(asked)
    message = office.driver.message(*place)
    owner = office.slack.as_user("owner")
    owner.conversations_archive(channel=office.slack.channel_id(office.channel))
    office.driver.tell_of(
        {"type": "channel_archive", "channel": office.slack.channel_id(office.channel), "user": "U1"}
    )
    office.driver.press("ben", *place, do.APPROVE, message=message)
    assert "finance_lead" in office.told("ben")  # by its response URL
    owner.conversations_unarchive(channel=office.slack.channel_id(office.channel))


def test_a_deleted_card_takes_no_verb_away(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    body = office.driver.pressing("ben", channel, ts, do.MORE, option=do.TAKE)
    office.slack.client.chat_delete(channel=office.slack.channel_id(channel), ts=ts)
    office.driver.send(body)
    office.settle()
    assert office.case(case).owner == USERS["ben"]
    office.send()
    assert office.rows(schema.slack_card)[0]["gone"]
    assert office.slack.messages(channel) == []


def test_a_trigger_that_expired_is_said(office: Office) -> None:
    (case,) = office.late_payers()
    office.proxy.faults.append(Fault("error", "views.open", error="expired_trigger_id"))
    office.driver.press("ada", *office.card(case), do.SNOOZE)
    assert "press again" in office.told("ada")


def test_a_modal_whose_ledger_cannot_be_read_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = office.late_payers()

    def broken(_: str) -> None:
        raise RuntimeError("secret of a payer")

    monkeypatch.setattr(type(office.desk.ledgers), "of", lambda self, entity: broken(entity))
    office.driver.press("ada", *office.card(case), do.SNOOZE)
    office.wait(lambda: office.proxy.named("views.update"), what="the modal")
    assert "submit" not in {key for key, value in office.driver.view("ada").items() if value}


def test_what_fails_is_tried_again_then_given_up_and_told_and_logs_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (case,) = office.late_payers()
    office.workers.stop()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"about {USERS['ada']}")

    monkeypatch.setattr("bot.listeners.actions.take.assign", broken)
    office.driver.press("ada", *office.card(case), do.MORE, option=do.TAKE)
    with caplog.at_level(logging.INFO, logger="relance"):
        for number in range(1, intents.MOST_ATTEMPTS + 1):
            assert work_next(office.desk, "me")
            (row,) = office.intents()
            assert row["attempts"] == number
            assert not work_next(office.desk, "me")  # it pauses
            _now(office, row["intent_id"])
    assert row["state"] == "failed"
    assert str(row["intent_id"]) in office.told("ada")
    assert "ada@" not in caplog.text
    assert "Payer" not in caplog.text
    assert office.case(case).revision == case.revision


def test_a_case_that_others_work_on_for_long_costs_no_click_an_attempt(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = office.late_payers()
    office.workers.stop()
    monkeypatch.setattr("bot.working.PATIENCE_S", 0.05)
    office.driver.press("ben", *office.card(case), do.MORE, option=do.TAKE)
    with UnitOfWork(office.database) as uow:  # as the day's work holds it
        read_case(uow, case.case_id, lock=True)
        for _ in range(intents.MOST_ATTEMPTS + 2):
            assert work_next(office.desk, "me")
            (row,) = office.intents()
            assert (row["state"], row["attempts"]) == ("received", 0)
            _now(office, row["intent_id"])
    assert work_next(office.desk, "me")
    assert [row["state"] for row in office.intents()] == ["done"]
    assert office.case(case).owner == USERS["ben"]


def test_a_case_that_others_never_leave_is_given_up_after_hours(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = office.late_payers()
    office.workers.stop()
    monkeypatch.setattr("bot.working.PATIENCE_S", 0.05)
    office.driver.press("ada", *office.card(case), do.MORE, option=do.TAKE)
    (row,) = office.intents()
    with UnitOfWork(office.database) as uow:
        table = schema.slack_intent
        uow.execute(sa.update(table).values(received_at=table.c.received_at - intents.MOST_BLOCKED))
        uow.commit()
        read_case(uow, case.case_id, lock=True)
        assert work_next(office.desk, "me")
    assert [one["state"] for one in office.intents()] == ["failed"]
    assert str(row["intent_id"]) in office.told("ada")


def _now(office: Office, number: int) -> None:
    table = schema.slack_intent
    with UnitOfWork(office.database) as uow:
        uow.execute(
            sa.update(table).where(table.c.intent_id == number).values(not_before=None, lease_until=None)
        )
        uow.commit()


def test_what_was_said_is_forgotten_a_week_later(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    office.driver.write("ada", channel, "a name and a number", ts)
    office.settle()
    with UnitOfWork(office.database) as uow:
        assert intents.sweep(uow, now=office.services.now() + timedelta(days=6)) == 0
        assert intents.sweep(uow, now=office.services.now() + timedelta(days=8)) == 1
        uow.commit()
    (row,) = office.intents()
    assert (row["payload"], row["answer"], row["state"]) == ({}, None, "done")
    office.driver.repeat()  # and its key still keeps a repetition out
    assert len(office.intents()) == 1


def test_what_a_killed_worker_had_no_time_to_say_is_said_once(office: Office) -> None:
    (case,) = office.late_payers()
    asked = office.asked(case)
    office.driver.press("lead", *office.card(asked), do.APPROVE)
    office.view("lead", do.APPROVE)
    office.comment(asked, "meanwhile")
    office.driver.submit("lead", {})
    office.settle()
    table = schema.slack_intent
    with UnitOfWork(office.database) as uow:  # killed after its transaction
        uow.execute(
            sa.update(table).values(answer=table.c.answer.op("||")(sa.text("""'{"told": false}'::jsonb""")))
        )
        uow.commit()
    tell_rest(office.desk)
    tell_rest(office.desk)
    assert len(office.driver.ephemerals("lead")) == 2


def test_the_bot_is_ill_where_bulk_reads_fail_and_well_after_the_database_was_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as thread:  # one thread, as a connection is kept for each
        assert thread.submit(_ill, office.desk, office.workers, lambda: True).result() == ""
        with UnitOfWork(office.database) as uow:
            uow.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert thread.submit(_ill, office.desk, office.workers, lambda: True).result() == ""
    monkeypatch.setattr(Database, "_reader", lambda _: None)
    assert _ill(office.desk, office.workers, lambda: True) == "database"
