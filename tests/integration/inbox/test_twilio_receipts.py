"""Status callbacks: kept once, applied once, in whatever order and however often they come."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from relance.delivery.twilio.memory import StoredMemory
from relance.store import timeline as chain
from relance.store.database import Database
from relance.store.schema import contact_event, timeline
from relance.store.uow import UnitOfWork
from tests.integration.inbox.twilio_desk import ACCOUNT, CALL, NUMBER, SID, Post

pytestmark = pytest.mark.integration


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def test_a_delivered_message_is_confirmed(post: Post) -> None:
    key = post.add()
    assert post.status(key, "sent").status_code == 204
    assert post.states() == [("sent", "sent")]
    assert post.status(key, "delivered").status_code == 204
    assert post.states() == [("confirmed", "confirmed")]
    assert post.told() == ["contact.delivered"]
    assert post.receipts() == ["accepted", "delivered"]


def test_a_number_out_of_service_is_marked_and_the_step_is_not_done(post: Post) -> None:
    key = post.add()
    post.status(key, "undelivered", ErrorCode="30005")
    assert post.states() == [("sent", "bounced")]
    assert post.marks() == [("FR01", "sms", "bounced", True)]
    assert post.told() == ["contact.bounced"]


def test_a_phone_that_is_switched_off_may_be_written_to_again(post: Post) -> None:
    key = post.add()
    post.status(key, "undelivered", ErrorCode="30003")
    assert post.states() == [("sent", "failed")]
    assert post.marks() == []


def test_a_number_whose_owner_said_stop_is_marked_so(post: Post) -> None:
    key = post.add()
    post.status(key, "failed", ErrorCode="21610")
    assert post.marks() == [("FR01", "sms", "opted_out", True)]


def test_the_order_of_callbacks_changes_nothing(post: Post) -> None:
    orders = list(itertools.permutations(["sent", "delivered", "read"]))
    for number, order in enumerate(orders):
        sid = f"SM{number}"
        key = post.add(f"C{number}", channel="whatsapp", receipt=sid)
        for state in (*order, *order):
            assert post.status(key, state, sid=sid).status_code == 204
        assert sorted(post.told(f"C{number}")) == ["contact.delivered", "contact.read"]
    assert post.states() == [("confirmed", "confirmed")] * len(orders)
    assert post.receipts() == sorted(["accepted", "delivered", "read"] * len(orders))


def test_a_failure_told_after_the_delivery_takes_nothing_back(post: Post) -> None:
    key = post.add()
    post.status(key, "delivered")
    post.status(key, "undelivered", ErrorCode="30005")
    assert post.states() == [("confirmed", "confirmed")]
    assert post.marks() == []


def test_callbacks_at_once_are_kept_once(post: Post) -> None:
    key = post.add()
    wanted = ["delivered", "sent", "read"] * 5
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda state: post.status(key, state).status_code, wanted))
    assert set(codes) == {204}
    assert post.receipts() == ["accepted", "delivered", "read"]
    assert post.states() == [("confirmed", "confirmed")]
    confirmed = [row for row in post.rows(contact_event) if row["state"] == "confirmed"]
    assert len(confirmed) == 1
    with UnitOfWork(post.database) as uow:
        assert chain.verify(chain.read(uow, "FR01", "C1")) is None


def test_a_callback_settles_what_nobody_knew(post: Post) -> None:
    key = post.add(state="in_doubt")
    post.status(key, "sent")
    assert post.states() == [("sent", "sent")]
    assert post.told() == ["contact.sent"]
    post.status(key, "delivered")
    assert post.states() == [("confirmed", "confirmed")]


def test_a_callback_before_our_own_record_waits_for_it_unless_it_is_final(post: Post) -> None:
    key = post.add(state="sending")
    post.status(key, "queued")
    assert post.states() == [("sending", "sending")]
    assert StoredMemory(post.database).told(key) == SID
    post.status(key, "delivered")
    assert post.states() == [("confirmed", "confirmed")]


def test_what_is_told_of_an_earlier_try_does_not_count_for_this_one(post: Post) -> None:
    key = post.add()
    post.status(key, "undelivered", sid="SM" + "0" * 32, ErrorCode="30005")
    assert post.states() == [("sent", "sent")]
    assert post.marks() == []
    assert post.receipts() == ["bounced"]
    memory = StoredMemory(post.database)
    assert memory.told(key) is None
    assert memory.is_anothers("SM" + "0" * 32, key)
    assert memory.is_anothers(SID, "another")
    assert not memory.is_anothers(SID, key)


def test_a_call_is_confirmed_by_a_person_not_by_an_answer(post: Post) -> None:
    key = post.add(channel="voice")
    post.call_status(key, "completed", AnsweredBy="machine_end_beep", CallDuration="21")
    assert post.states() == [("sent", "sent")]
    assert post.receipts() == ["accepted"]


def test_a_call_that_nobody_took_is_no_step_done(post: Post) -> None:
    for state in ("busy", "no-answer", "failed"):
        key = post.add(state, channel="voice", receipt=f"CA-{state}")
        post.call_status(key, state, sid=f"CA-{state}")
    assert post.states() == [("sent", "failed")] * 3
    assert post.marks() == []


def test_a_number_that_can_not_be_called_is_marked(post: Post) -> None:
    key = post.add(channel="voice")
    post.call_status(key, "failed", ErrorCode="13224")
    assert post.states() == [("sent", "bounced")]
    assert post.marks() == [("FR01", "voice", "bounced", True)]


def test_what_is_not_signed_by_the_account_changes_nothing(post: Post) -> None:
    key = post.add()
    good = post.status(key, "sent").request.headers["X-Twilio-Signature"]
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    for forged in ("", "x", good):
        assert post.send(f"/twilio/status/{key}", fields, signature=forged).status_code == 403
    other = post.add("C2")
    sent = {"MessageSid": SID, "MessageStatus": "sent"}
    assert post.send(f"/twilio/status/{other}", sent, signature=good).status_code == 403
    assert post.states() == [("sent", "sent")] * 2
    assert post.receipts() == ["accepted"]


def test_another_accounts_requests_are_turned_away(post: Post) -> None:
    key = post.add()
    assert (
        post.send(
            f"/twilio/status/{key}",
            {"MessageSid": SID, "MessageStatus": "delivered", "AccountSid": ACCOUNT[:-1] + "b"},
        ).status_code
        == 403
    )


def test_what_is_unknown_is_not_found(post: Post) -> None:
    assert post.status("f" * 64, "delivered").status_code == 404
    assert post.send("/twilio/nothing", {}).status_code == 404
    assert post.ask("GET", "/twilio/message").status_code == 405
    assert post.ask("GET", "/healthz").text == "ok"


def test_what_is_no_callback_is_refused(post: Post) -> None:
    key = post.add()
    for fields in ({}, {"MessageSid": SID}, {"MessageSid": SID, "MessageStatus": "teleported"}):
        assert post.send(f"/twilio/status/{key}", fields).status_code == 400


def test_a_request_larger_than_any_of_twilios_is_not_read(post: Post) -> None:
    assert post.text("x" * 70_000).status_code == 413
    many = {f"f{number}": "x" for number in range(300)}
    assert post.send("/twilio/message", many).status_code == 400


def test_no_log_names_a_payer(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    key = post.add()
    post.status(key, "undelivered", ErrorCode="30005", To=NUMBER)
    post.text("Bonjour", number="+33699999999")
    post.send("/twilio/message", {"From": NUMBER}, signature="x")
    own = "\n".join(record.getMessage() for record in caplog.records if record.name == "relance")
    assert "turned away" in own
    for private in (NUMBER, "699999999", key, "Bonjour", CALL):
        assert private not in own


def test_the_timeline_says_why_and_to_whom(post: Post) -> None:
    key = post.add()
    post.status(key, "undelivered", ErrorCode="30006")
    (entry,) = post.rows(timeline)
    assert entry["subject"] == key
    assert entry["body"]["code"] == 30006
    assert entry["body"]["recipient"] == NUMBER


def test_a_signed_request_that_no_table_takes_is_refused(post: Post) -> None:
    key = post.add()
    assert post.status(f"{key[:9]}%00", "sent").status_code == 400
    assert post.status(key, "sent", sid="SM\x00").status_code == 400
    assert post.call_status(key, "ringing", sid="CA\x00").status_code == 400
    assert post.text("Bonjour", number="+336\x00").status_code == 400
    assert post.text("Bonjour", To="+336\x00").status_code == 400
    assert post.send(f"/twilio/voice/{key}", {"CallSid": "CA\x00"}).status_code == 400
    assert post.text("Bon\x00jour").status_code == 200  # words are cleaned, not refused
    assert post.receipts() == []
