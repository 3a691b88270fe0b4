"""A call from its answer to what was pressed: what is said, and what follows from it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from relance.delivery.twilio.addresses import voice_path
from relance.errors import CaseError
from relance.store.database import Database
from relance.store.schema import dunning_case, hold, outbox, promise, reply
from tests.integration.cases.world import World
from tests.integration.inbox.twilio_desk import CALL, PUBLIC, Post, days_after

pytestmark = pytest.mark.integration


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@pytest.fixture
def world(post: Post) -> World:
    return post.ledger()


def words(post: Post) -> dict:
    return json.loads(post.rows(outbox)[0]["body"])


def answer(post: Post, key: str, by: str = "human", call: str = CALL) -> httpx.Response:
    return post.send(voice_path(key), {"CallSid": call, "CallStatus": "in-progress", "AnsweredBy": by})


def following(said: httpx.Response) -> str:
    """Where the keys go, as a path with its query."""
    gather = ET.fromstring(said.text).find("Gather")
    assert gather is not None
    address = urlsplit(str(gather.get("action")))
    assert f"{address.scheme}://{address.netloc}" == PUBLIC
    return f"{address.path}?{address.query}"


def press(post: Post, said: httpx.Response, keys: str, call: str = CALL) -> httpx.Response:
    return post.send(following(said), {"CallSid": call, "Digits": keys})


def menu(post: Post, key: str) -> httpx.Response:
    return press(post, answer(post, key), "1")


def test_a_machine_gets_the_neutral_words_and_nothing_follows(post: Post) -> None:
    key = post.add(channel="voice")
    said = answer(post, key, "machine_end_beep")
    assert said.headers["content-type"].startswith("application/xml")
    assert [one.text for one in ET.fromstring(said.text).iter("Say")] == [words(post)["mail"]]
    for private in ("F-C1", "120", "euro", "Client C1", words(post)["text"]):
        assert private not in said.text
    assert post.states() == [("sent", "sent")]


def test_who_says_who_he_is_is_told_and_confirms_the_call(post: Post) -> None:
    key = post.add(channel="voice")
    first = answer(post, key)
    assert words(post)["text"] not in first.text
    assert post.states() == [("sent", "sent")]
    second = press(post, first, "1")
    assert words(post)["text"] in " ".join(one.text or "" for one in ET.fromstring(second.text).iter("Say"))
    assert post.states() == [("confirmed", "confirmed")]
    assert post.told() == ["contact.answered"]


def test_a_promise_by_key_is_a_promise(post: Post, world: World) -> None:
    key = post.add(channel="voice")
    done = press(post, press(post, menu(post, key), "1"), "5#")
    assert words(post)["promise_done"]["5"] in done.text
    (made,) = post.rows(promise)
    assert (made["amount"], made["currency"], made["due_on"], made["by"]) == (
        150_000,
        "EUR",
        days_after(5),
        "payer",
    )
    assert made["invoices"] == ["F1", "F2"]
    assert {row["reason"] for row in post.rows(hold)} == {"promised"}
    assert post.replies() == [("promise", "C1")]
    assert post.told()[-1] == "reply.worked"


def test_a_date_that_was_not_offered_is_no_promise(post: Post, world: World) -> None:
    key = post.add(channel="voice")
    asked = press(post, menu(post, key), "1")
    for keys in ("0", "15", "99", "", "*9"):
        assert words(post)["unknown"] in press(post, asked, keys).text
    assert post.rows(promise) == []
    assert post.rows(reply) == []


def test_a_promise_for_what_is_paid_is_looked_at_by_a_person(post: Post, world: World) -> None:
    world.ledger(
        payments=[
            {"payment_id": "P1", "customer_id": "C1", "date": date(2026, 3, 1), "amount": 100_000, "invoice_id": "F1"},
            {"payment_id": "P2", "customer_id": "C1", "date": date(2026, 3, 1), "amount": 50_000, "invoice_id": "F2"},
        ]
    )  # fmt: skip
    key = post.add(channel="voice")
    press(post, press(post, menu(post, key), "1"), "5")
    assert post.rows(promise) == []
    assert [row["kind"] for row in post.rows(dunning_case)] == ["question"]


def test_contesting_opens_a_dispute_and_holds_what_it_is_about(post: Post, world: World) -> None:
    key = post.add(channel="voice")
    done = press(post, menu(post, key), "2")
    assert "<Hangup" in done.text
    (case,) = post.rows(dunning_case)
    assert (case["kind"], case["facts"]["asks"], case["facts"]["about"]) == ("dispute", "dispute", 2)
    held = {(row["invoice_id"], row["reason"], row["until"], row["case_id"]) for row in post.rows(hold)}
    assert held == {(name, "disputed", None, case["case_id"]) for name in ("F1", "F2")}


def test_contesting_twice_holds_once(post: Post, world: World) -> None:
    key = post.add(channel="voice")
    press(post, menu(post, key), "2")
    other = post.add(channel="voice", day=days_after(1), receipt="CA2")
    post.now += timedelta(days=1)
    first = answer(post, other, call="CA2")
    press(post, press(post, first, "1", call="CA2"), "2", call="CA2")
    assert len(post.rows(dunning_case)) == 1
    assert len(post.rows(hold)) == 2
    assert len(post.rows(reply)) == 2


def test_who_wants_to_be_called_back_is_a_question_for_the_collector(post: Post, world: World) -> None:
    key = post.add(channel="voice")
    press(post, menu(post, key), "3")
    (case,) = post.rows(dunning_case)
    assert (case["kind"], case["facts"]["asks"]) == ("question", "call_back")
    post.text("Rappelez-moi demain")  # a later text does not hide that somebody waits for a call
    (case,) = post.rows(dunning_case)
    assert case["facts"]["asks"] == "call_back"


def test_the_same_key_told_twice_counts_once(post: Post, world: World) -> None:
    key = post.add(channel="voice")
    asked = press(post, menu(post, key), "1")
    first, second = press(post, asked, "5"), press(post, asked, "5")
    assert first.text == second.text
    press(post, asked, "9")  # only the first promise of a call counts
    assert [row["due_on"] for row in post.rows(promise)] == [days_after(5)]
    assert post.replies() == [("promise", "C1")]


def test_another_call_hears_nothing(post: Post) -> None:
    key = post.add(channel="voice")
    assert answer(post, key, call="CA" + "9" * 32).status_code == 404
    sms = post.add("C2")
    assert answer(post, sms).status_code == 404
    gone = post.add("C3", channel="voice", body=b"", erased_on=days_after(0))
    assert answer(post, gone).status_code == 404
    assert post.send(voice_path(key), {"AnsweredBy": "human"}).status_code == 400


def test_a_step_that_was_not_offered_is_refused(post: Post) -> None:
    key = post.add(channel="voice")
    first = answer(post, key)
    offered = following(first)
    fields = {"CallSid": CALL, "Digits": "1"}
    assert post.send(offered.replace("/identify", "/menu"), fields).status_code == 403
    assert post.send(offered.replace("?s=", "?s=x"), fields).status_code == 403
    assert post.send(offered.split("?")[0], fields).status_code == 403
    assert post.send(offered, {**fields, "CallSid": "CA2"}).status_code == 403
    post.now += timedelta(minutes=11)
    assert post.send(offered, fields).status_code == 403
    assert post.states() == [("sent", "sent")]


def test_a_call_answered_before_our_own_record_is_proof_of_it(post: Post) -> None:
    key = post.add(channel="voice", state="in_doubt")
    assert answer(post, key).status_code == 200
    assert post.states() == [("sent", "sent")]


def test_the_payer_is_no_person_that_could_be_named_elsewhere(world: World) -> None:
    with pytest.raises(CaseError, match="is not a person"):
        world.promise("1.00 EUR", days_after(2), days_after(0), by="payer")
