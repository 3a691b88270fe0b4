"""Which messages are comments: those in a card's thread, wherever its card stood, each once; and of whom an address is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.listeners.events.message import _is_ours
from relance.slack import actions as do
from relance.slack.people import user_id_of
from relance.store import schema
from relance.store.uow import UnitOfWork
from tests.integration.bot.office import USERS, Office

pytestmark = pytest.mark.integration


def _set_card(office: Office, **values: object) -> None:
    with UnitOfWork(office.database) as uow:
        uow.execute(sa.update(schema.slack_card).values(**values))
        uow.commit()


@pytest.mark.parametrize(
    ("channel", "minutes", "ours"),
    [
        ("#collections", 1, {"C1", "C2"}),  # nobody knows yet which channel that is
        ("C1", 1, {"C1"}),
        ("C1", 16, set()),
    ],
)
def test_a_card_in_doubt_makes_threads_of_its_own_channel_wait_and_only_for_minutes(
    office: Office, channel: str, minutes: int, ours: set[str]
) -> None:
    office.late_payers()
    since = sa.func.now() - timedelta(minutes=minutes)
    _set_card(office, channel=channel, channel_id=None, ts=None, posting_since=since)
    assert {one for one in ("C1", "C2") if _is_ours(office.desk, one, "1.1")} == ours


def test_a_card_in_doubt_is_where_its_channel_is_known_to_be(office: Office) -> None:
    first, _ = office.late_payers(2)
    with UnitOfWork(office.database) as uow:
        table = schema.slack_card
        uow.execute(
            sa.update(table)
            .where(table.c.case_id == first.case_id)
            .values(channel_id=None, ts=None, posting_since=sa.func.now())
        )
        uow.commit()
    assert _is_ours(office.desk, office.slack.channel_id(office.channel), "1.1")
    assert not _is_ours(office.desk, office.slack.channel_id(office.other), "1.1")


def test_a_reply_in_the_thread_of_a_card_that_was_posted_anew_is_a_comment(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    _set_card(office, ts="1.000001")
    office.driver.write("ada", channel, "they have moved", ts)
    office.settle()
    (row,) = office.rows(schema.case_comment)
    assert (row["case_id"], row["text"]) == (case.case_id, "they have moved")


def test_a_message_of_the_cards_thread_that_is_put_on_its_case_is_one_comment(office: Office) -> None:
    (case,) = office.late_payers()
    channel, thread = office.card(case)
    ts = office.driver.write("ben", channel, "They will pay on Monday", thread)
    office.settle()
    _put_on_its_case(office, channel, ts, thread)
    assert [row["author"] for row in office.rows(schema.case_comment)] == [USERS["ben"]]


def test_a_message_put_on_its_case_before_the_bot_heard_of_it_is_one_comment(office: Office) -> None:
    (case,) = office.late_payers()
    channel, thread = office.card(case)
    channel_id = office.slack.channel_id(channel)
    said = office.slack.as_user("ben").chat_postMessage(
        channel=channel_id, text="They will pay", thread_ts=thread
    )
    _put_on_its_case(office, channel, str(said["ts"]), thread)
    office.driver.tell_of(office.driver.written("ben", channel, "They will pay", str(said["ts"]), thread))
    office.settle()
    assert [row["author"] for row in office.rows(schema.case_comment)] == [USERS["ada"]]


def test_what_somebody_adds_to_a_message_stays_a_comment_of_its_own(office: Office) -> None:
    (case,) = office.late_payers()
    channel, thread = office.card(case)
    ts = office.driver.write("ben", channel, "They will pay on Monday", thread)
    office.settle()
    _put_on_its_case(office, channel, ts, thread, text="They will pay on Monday, I was told so too")
    assert len(office.rows(schema.case_comment)) == 2


def _put_on_its_case(office: Office, channel: str, ts: str, thread: str, **values: str) -> None:
    (case,) = office.world.cases("overdue_90")
    office.driver.shortcut("ada", channel, ts, do.MESSAGE_TO_CASE)
    office.view("ada", do.MESSAGE_TO_CASE)
    found = office.driver.suggestions("ada", do.CASE_CHOICE, str(case.case_id)).json["options"]
    office.driver.submit("ada", {"case": found[0], **values})
    office.settle()
    office.told("ada")


def test_an_address_that_members_and_outsiders_show_is_the_members(office: Office) -> None:
    with UnitOfWork(office.database) as uow:
        for user_id, kind in (("U1", "outsider"), ("U2", "member"), ("U3", "guest")):
            row = {"user_id": user_id, "email": "x@lumen.example", "kind": kind}
            uow.execute(sa.insert(schema.slack_user).values(row))
        assert user_id_of(uow, "X@lumen.example") == "U2"
