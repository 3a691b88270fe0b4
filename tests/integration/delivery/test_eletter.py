"""Registered electronic letters against a server that checks what AR24's documentation demands (ours: no outside judge)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from relance.delivery.eletter import Ar24, Seal
from relance.delivery.port import ChannelDownError, ChannelRefusedError, InDoubtError, Message, RecipientError
from relance.errors import PermanentError, TransientError
from relance.settings import Registered
from tests.integration.delivery.ar24_server import KEY, TOKEN, USER, Ar24Server
from tests.unit.delivery.letters.examples import plain
from tests.unit.delivery.letters.test_handed_over import KEY as LETTER
from tests.unit.delivery.letters.test_handed_over import message_of

pytestmark = pytest.mark.integration


@pytest.fixture
def server() -> Iterator[Ar24Server]:
    made = Ar24Server()
    yield made
    made.close()


@pytest.fixture
def settings(server: Ar24Server) -> Registered:
    return Registered(token=TOKEN, key=KEY, user_id=USER, base_url=server.url, timeout_s=5)


@pytest.fixture
def channel(settings: Registered) -> Iterator[Ar24]:
    made = Ar24(settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def message() -> Message:
    made = plain(channel="registered", recipient="compta@client.example")
    return message_of(made.pdf(), channel="registered", recipient="compta@client.example")


def test_a_date_is_signed_as_openssl_signs_it():
    # openssl enc -aes-256-cbc -base64, key and vector cut from the hexadecimal hashes as PHP's openssl_encrypt does
    assert Seal("secret-key").sign("2026-03-02 10:00:00") == "9DP73cIxw0feKFKL4OkY1Z6AxFDtLhB1lqnNinL6cmU="


def test_an_answer_is_opened_that_openssl_has_sealed():
    sealed = "dCSNQquVoOKo2oH+eVDLiRQP0mLaTMfQTBAC98ns80cxajna4NgNPQn3TKcBHgUZ"
    assert Seal("secret-key").open(sealed, "2026-03-02 10:00:00") == '{"status":"SUCCESS","result":{"id":7}}'
    assert Seal("secret-key").open(sealed, "2026-03-02 10:00:01") == ""
    assert Seal("secret-key").open("no base64 at all", "2026-03-02 10:00:00") == ""


def test_a_letter_is_uploaded_and_sent_to_the_company(server: Ar24Server, channel: Ar24, message: Message):
    receipt = channel.send(message)
    assert server.state.calls == [("POST", "/attachment"), ("POST", "/mail")]
    (file,) = server.state.files.values()
    assert file == (f"{LETTER}.pdf", message.body)
    (mail,) = server.state.mails
    assert mail["to_email"] == "compta@client.example"
    assert mail["to_company"] == "Client SARL"
    assert (mail["dest_statut"], mail["eidas"], mail["ref_dossier"]) == ("professionnel", "0", LETTER)
    assert receipt.reference == str(mail["id"])


def test_a_letter_is_found_by_its_key_and_absence_proves_nothing(
    server: Ar24Server, channel: Ar24, message: Message
):
    assert (channel.limits.askable, channel.limits.confirms) == (False, True)
    assert channel.lookup(message) is None
    receipt = channel.send(message)
    assert channel.lookup(message) == receipt
    assert channel.lookup(replace(message, key="cd" * 32)) is None
    server.state.answer["/user/mail"] = (200, {"status": "ERROR", "slug": "whatever"})
    assert channel.lookup(message) is None


@pytest.mark.parametrize("slug", ["invalid_recipient", "invalid_email", "same_sender_recipients_emails"])
def test_an_address_that_takes_nothing_is_marked_and_not_told(
    server: Ar24Server, channel: Ar24, message: Message, slug: str
):
    server.state.answer["/mail"] = (
        200,
        {"status": "ERROR", "slug": slug, "message": "for compta@client.example"},
    )
    with pytest.raises(RecipientError, match=slug) as caught:
        channel.send(message)
    assert "client.example" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"token": "another"}, {"key": "another"}, {"user_id": "1"}], ids=["token", "key", "user"]
)
def test_wrong_credentials_are_a_person_s_to_mend(
    settings: Registered, message: Message, wrong: dict[str, str]
):
    channel = Ar24(replace(settings, **wrong))
    with pytest.raises(ChannelRefusedError, match="RELANCE_REGISTERED_TOKEN"):
        channel.send(message)
    channel.close()


@pytest.mark.parametrize("wrong", [{"token": "another"}, {"user_id": "1"}], ids=["token", "user"])
def test_a_question_with_wrong_credentials_settles_nothing(
    channel: Ar24, settings: Registered, message: Message, wrong: dict[str, str]
):
    channel.send(message)
    locked_out = Ar24(replace(settings, **wrong))
    with pytest.raises(ChannelRefusedError, match="RELANCE_REGISTERED_TOKEN"):
        locked_out.lookup(message)
    locked_out.close()
    assert channel.lookup(message) is not None


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        ("/attachment", (200, {"status": "maintenance"}), ChannelDownError),
        ("/mail", (200, {"status": "maintenance"}), ChannelDownError),
        ("/attachment", (503, "down"), TransientError),
        ("/attachment", (200, "neither clear nor sealed"), TransientError),
        ("/attachment", (200, {"status": "ERROR", "slug": "attachment_too_big"}), PermanentError),
        ("/mail", (200, {"status": "ERROR", "slug": "attachment_not_exists"}), TransientError),
        ("/mail", (200, {"status": "ERROR", "slug": "content_exceeds_limit"}), PermanentError),
        ("/mail", (200, {"status": "ERROR", "slug": "user_no_payment"}), ChannelRefusedError),
        ("/mail", (403, "no"), ChannelRefusedError),
        ("/mail", (429, "slowly"), TransientError),
        # From here on the letter may have been taken.
        ("/mail", (500, "oops"), InDoubtError),
        ("/mail", (502, "gateway"), InDoubtError),
        ("/mail", (200, "neither clear nor sealed"), InDoubtError),
    ],
)
def test_answers_are_told_apart(
    server: Ar24Server,
    channel: Ar24,
    message: Message,
    path: str,
    answer: tuple[int, object],
    error: type[Exception],
):
    server.state.answer[path] = answer
    server.state.headers["retry-after"] = "17"
    with pytest.raises(error) as caught:
        channel.send(message)
    assert type(caught.value) is error
    if answer[0] == 429:
        assert getattr(caught.value, "retry_after", None) == 17


def test_a_lost_answer_to_the_letter_is_in_doubt_and_then_confirmed(
    server: Ar24Server, settings: Registered, message: Message
):
    server.state.silence["/mail"] = 1.0
    channel = Ar24(replace(settings, timeout_s=0.3))
    with pytest.raises(InDoubtError):
        channel.send(message)
    found = channel.lookup(message)
    assert found is not None
    assert len(server.state.mails) == 1
    channel.close()


def test_a_lost_answer_to_the_file_is_not(server: Ar24Server, settings: Registered, message: Message):
    server.state.silence["/attachment"] = 1.0
    channel = Ar24(replace(settings, timeout_s=0.3))
    with pytest.raises(ChannelDownError):
        channel.send(message)
    assert not server.state.mails
    channel.close()


def test_a_provider_that_is_not_there_leaves_the_letter_waiting(settings: Registered, message: Message):
    channel = Ar24(replace(settings, base_url="http://127.0.0.1:9/api"))
    with pytest.raises(ChannelDownError):
        channel.send(message)
    with pytest.raises(ChannelDownError):
        channel.lookup(message)
    channel.close()


def test_only_a_pdf_is_sent(channel: Ar24, message: Message):
    with pytest.raises(PermanentError, match="only a PDF"):
        channel.send(replace(message, media="txt"))


def test_the_token_is_in_no_log(
    server: Ar24Server, channel: Ar24, message: Message, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        channel.send(message)
        channel.lookup(message)
    assert TOKEN not in caplog.text
    assert KEY not in caplog.text


def test_without_credentials_nothing_is_taken():
    with pytest.raises(ChannelRefusedError, match="RELANCE_REGISTERED_USER"):
        Ar24(Registered(token="t", key="k"))
