"""Incoming SMS and WhatsApp messages: STOP, START, and what a person has to read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from relance.delivery.twilio.memory import StoredMemory
from relance.inbox import answers
from relance.inbox.desk import PROVIDER
from relance.store.database import Database
from relance.store.schema import case_event, contact_version, dunning_case, reply
from relance.store.uow import UnitOfWork
from tests.integration.inbox.twilio_desk import DAY, NUMBER, OURS, Post, policy

pytestmark = pytest.mark.integration


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def test_stop_ends_the_channel_and_only_it(post: Post) -> None:
    post.add()
    answer = post.text("STOP")
    assert (answer.status_code, answer.text.count("<Message")) == (200, 0)
    assert post.marks() == [("FR01", "sms", "opted_out", True)]
    assert post.replies() == [("stop", "C1")]
    assert post.told() == ["reply.stop"]
    assert post.rows(dunning_case) == []


def test_stop_counts_in_each_language(post: Post) -> None:
    words = ("Arrêt", "Stopp", "baja", "annulla", "afmelden", "sair", "unsubscribe")
    for number, word in enumerate(words):
        post.add(f"C{number}", channel="whatsapp", recipient=f"+3360000000{number}")
        post.text(word, number=f"whatsapp:+3360000000{number}", sid=f"SM{number}")
    assert post.marks() == [("FR01", "whatsapp", "opted_out", True)] * 7


def test_start_takes_stop_back_and_nothing_else(post: Post) -> None:
    key = post.add()
    post.status(key, "undelivered", ErrorCode="30005")
    post.text("STOP")
    post.text("START", sid="SM2")
    assert post.marks() == [("FR01", "sms", "bounced", True), ("FR01", "sms", "opted_out", False)]
    assert post.told() == ["contact.bounced", "reply.stop", "reply.start"]


def test_stop_counts_for_every_entity_and_payer_behind_the_number(database: Database) -> None:
    post = Post(database, policy("FR01", "FR02", "FR03"))
    post.add("C1", entity="FR01")
    post.add("C2", entity="FR01")
    post.add("C7", entity="FR02", channel="sms")
    post.text("x", OptOutType="STOP")
    assert post.marks() == [("FR01", "sms", "opted_out", True), ("FR02", "sms", "opted_out", True)]
    assert max(payer or "" for _, payer in post.replies()) == "C7"
    assert [post.told(payer) for payer in ("C1", "C2", "C7")] == [["reply.stop"]] * 3


def test_stop_from_a_number_of_the_ledger_counts(post: Post) -> None:
    world = post.ledger()
    world.ledger(contacts=[{"contact_id": "P1", "customer_id": "C1", "phone": NUMBER}])
    assert post.rows(contact_version)[0]["phone"] == NUMBER
    post.text("STOP")
    assert post.marks() == [("FR01", "sms", "opted_out", True)]
    assert post.told() == ["reply.stop"]


def test_a_text_becomes_a_question_with_its_words(post: Post) -> None:
    post.ledger()
    post.add()
    post.text("Bonjour, la facture F1 n'est pas la nôtre")
    (case,) = post.rows(dunning_case)
    assert (case["kind"], case["payer_id"], case["state"]) == ("question", "C1", "open")
    assert case["facts"]["asks"] == "text"
    words = [row["body"].get("text") for row in post.rows(case_event) if row["verb"] == "comment"]
    assert words == ["Bonjour, la facture F1 n'est pas la nôtre"]
    assert {row["actor"] for row in post.rows(case_event)} == {"payer"}
    assert post.told() == ["reply.text", "case.open", "case.comment", "reply.worked"]


def test_a_second_text_goes_to_the_same_question(post: Post) -> None:
    post.ledger()
    post.add()
    post.text("Un")
    post.text("Deux", sid="SM2")
    assert len(post.rows(dunning_case)) == 1
    words = [row["body"]["text"] for row in post.rows(case_event) if row["verb"] == "comment"]
    assert words == ["Un", "Deux"]


def test_the_same_message_told_twice_or_at_once_counts_once(post: Post) -> None:
    post.ledger()
    post.add()
    with ThreadPoolExecutor(6) as pool:
        codes = set(pool.map(lambda _: post.text("Bonjour").status_code, range(6)))
    assert codes == {200}
    assert post.replies() == [("text", "C1")]
    assert [row["verb"] for row in post.rows(case_event)].count("comment") == 1
    assert post.told().count("reply.worked") == 1


HOSTILE = (
    "<!channel> <script>alert(1)</script> '; DROP TABLE reply; --",
    "a\x00b\ud800c\u202ed\x1b[31m",
    "😀" * 900,
    "{{ 7*7 }} {% raw %} %s %(x)s",
    "",
)


def test_hostile_text_is_only_text(post: Post) -> None:
    post.ledger()
    post.add()
    for number, body in enumerate(HOSTILE):
        answer = post.text(body.encode("utf-8", "replace").decode(), sid=f"SM{number}")
        assert answer.status_code == 200
    kept = [row["body"]["text"] for row in post.rows(reply)]
    assert [kept[0], kept[3], kept[4]] == [HOSTILE[0], HOSTILE[3], ""]
    assert not set("".join(kept)) & set("\x00\x1b\u202e")
    assert max(map(len, kept)) <= 2100
    assert len(post.rows(dunning_case)) == 1


def test_a_number_that_nobody_knows_is_kept_for_the_entity_it_wrote_to(database: Database) -> None:
    post = Post(database, policy("FR01", "FR02", sms={"FR02": OURS}))
    assert post.text("Qui êtes-vous ?").status_code == 200
    (row,) = post.rows(reply)
    assert (row["entity"], row["payer_id"], row["address"]) == ("FR02", None, NUMBER)
    assert post.rows(dunning_case) == []


def test_a_number_that_nobody_knows_writing_to_nobody_is_not_kept(database: Database) -> None:
    post = Post(database, policy("FR01", "FR02"))
    assert post.text("Qui êtes-vous ?").status_code == 200
    assert post.rows(reply) == []


def test_whatsapp_opens_the_window_for_24_hours(post: Post) -> None:
    post.ledger()
    post.add(channel="whatsapp")
    memory = StoredMemory(post.database)
    assert not memory.window_open(NUMBER)
    post.text("Bonjour", number=f"whatsapp:{NUMBER}")
    assert memory.window_open(NUMBER)
    with UnitOfWork(post.database) as uow:
        (kept,) = uow.execute(sa.select(reply)).mappings()
        older = {**kept, "reply_id": 99, "event": "SM0", "address": "+33600000001"}
        hours = {"+33600000001": 25, "+33600000002": 23}
        for number, (address, ago) in enumerate(hours.items(), start=99):
            at = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, ago)
            row = {**older, "reply_id": number, "event": f"SM{number}", "address": address, "at": at}
            uow.execute(sa.insert(reply).values(row))
        uow.commit()
    assert [memory.window_open(address) for address in hours] == [False, True]


def test_an_sms_opens_no_whatsapp_window(post: Post) -> None:
    post.ledger()
    post.add()
    post.text("Bonjour")
    assert not StoredMemory(post.database).window_open(NUMBER)


def test_what_was_kept_and_not_worked_is_worked_later(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.ledger()
    post.add()
    with monkeypatch.context() as patched:

        def away(*args, **kwargs):
            raise ConnectionError

        patched.setattr(answers, "_follow", away)
        assert post.text("Bonjour").status_code == 200
    assert (post.replies(), post.rows(dunning_case)) == ([("text", "C1")], [])
    post.now = post.now.replace(year=2030)
    assert answers.catch_up(post.desk, provider=PROVIDER) == 0  # too long ago to be answered by itself
    post.now = post.now.replace(year=DAY.year)
    assert answers.catch_up(post.desk, provider=PROVIDER) == 1
    assert len(post.rows(dunning_case)) == 1
    assert answers.catch_up(post.desk, provider=PROVIDER) == 0


def test_what_is_no_message_is_refused(post: Post) -> None:
    assert post.send("/twilio/message", {"Body": "x"}).status_code == 400
    assert post.send("/twilio/message", {"MessageSid": "SM1", "Body": "x"}).status_code == 400
