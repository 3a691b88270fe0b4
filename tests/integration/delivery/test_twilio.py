"""What we send to Twilio, judged by its own OpenAPI document; and sent, called back and answered through an emulator."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

import pytest
import sqlalchemy as sa
import uvicorn

from relance.delivery import records
from relance.delivery.port import ChannelRefusedError, Message, RecipientError
from relance.delivery.twilio import adapter
from relance.delivery.twilio.channel import TwilioChannel
from relance.delivery.twilio.memory import StoredMemory
from relance.errors import PermanentError
from relance.inbox.app import create_app
from relance.inbox.desk import Account
from relance.settings import Settings, Twilio
from relance.store.database import Database
from relance.store.schema import outbox
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import DAY
from tests.integration.inbox.twilio_desk import Post
from tests.judges import twilio as judges
from tests.slack_emulator import server as node

pytestmark = pytest.mark.integration
TO = "+33612345678"
TEMPLATE = {"sid": "HX" + "c" * 32, "variables": {"1": "Client", "2": "120,00 €"}}
WHATSAPP = {"name": "first", "language": "fr", "text": "Bonjour", "template": TEMPLATE}


class Forgets:
    """Nothing happened before."""

    def __init__(self, *, window: bool = False) -> None:
        self.window = window

    def window_open(self, address: str) -> bool:
        return self.window

    def told(self, key: str) -> str | None:
        return None

    def is_anothers(self, sid: str, key: str) -> bool:
        return False


def make_settings(base_url: str, public_url: str | None, **changes) -> Settings:
    known = {
        "account_sid": judges.ACCOUNT, "auth_token": judges.TOKEN, "sms_from": judges.NUMBER, "timeout_s": 10.0,
        "whatsapp_from": judges.NUMBER, "voice_from": judges.NUMBER, "base_url": base_url,
    }  # fmt: skip
    environment = Settings.from_environment({})
    return replace(environment, twilio=Twilio(**(known | changes)), public_url=public_url)


def make_message(channel: str, body: bytes = b"Bonjour", key: str = "a" * 64) -> Message:
    return Message(
        key=key, entity="FR01", channel=channel, on_date=DAY, sender=None, recipient=TO, copies=(), message_id=key,
        media="txt", body=body, digest=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    try:
        with judges.prism() as url:
            yield url
    except node.EmulatorError as why:
        pytest.skip(f"TWILIO'S OWN OPENAPI IS NOT ASKED: {why}")


@pytest.mark.parametrize(
    ("channel", "body", "window", "changes"),
    [
        ("sms", b"Bonjour, 120,00 EUR", False, {}),
        ("sms", b"Bonjour", False, {"sms_from": "MG" + "a" * 32}),
        ("whatsapp", json.dumps(WHATSAPP).encode(), False, {}),
        ("whatsapp", json.dumps(WHATSAPP).encode(), True, {}),
        ("voice", b"{}", False, {}),
    ],
)
def test_each_request_is_one_that_twilios_own_document_allows(
    prism: str, channel: str, body: bytes, window: bool, changes: dict[str, str]
) -> None:
    settings = make_settings(prism, "https://pay.lumen.example", **changes)
    there = adapter(channel, settings=settings, memory=Forgets(window=window))
    receipt = there.send(make_message(channel, body))
    there.lookup(make_message(channel, body))
    there.close()
    assert receipt.reference.startswith("CA" if channel == "voice" else "SM")


def test_the_document_refuses_what_it_does_not_allow(prism: str) -> None:
    bad = {**WHATSAPP, "template": {**TEMPLATE, "sid": "nonsense"}}
    there = adapter("whatsapp", settings=make_settings(prism, None), memory=Forgets())
    with pytest.raises(PermanentError, match="422"):
        there.send(make_message("whatsapp", json.dumps(bad).encode()))
    there.close()


class Inbox:
    """The inbox on a port of the loopback, as it is served."""

    def __init__(self, post: Post) -> None:
        self.port = node.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        account = Account(sid=judges.ACCOUNT, token=judges.TOKEN, public_url=self.url)
        config = uvicorn.Config(
            create_app(post.desk, account), port=self.port, log_level="warning", access_log=False
        )
        self.server = uvicorn.Server(config)

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@pytest.fixture
def there(post: Post) -> Iterator[tuple[str, str]]:
    """The emulator's address, and the inbox's."""
    try:
        with Inbox(post) as inbox, judges.emulate(inbox.url) as url:
            yield url, inbox.url
    except node.EmulatorError as why:
        pytest.skip(f"TWILIO IS NOT TESTED: {why}")


def simulate(url: str, what: str, **fields: str) -> None:
    """Let the emulator's world do something."""
    request = urllib.request.Request(
        f"{url}/_twilio/simulate/{what}", data=urllib.parse.urlencode(fields).encode()
    )
    credentials = b64encode(f"{judges.ACCOUNT}:{judges.TOKEN}".encode()).decode()
    request.add_header("Authorization", f"Basic {credentials}")
    urllib.request.urlopen(request, timeout=10).close()


def hand_over(post: Post, there: TwilioChannel, key: str) -> str:
    """Send a message as the sender does: its receipt is written down after the provider has called back already."""
    row = next(one for one in post.rows(outbox) if one["key"] == key)
    message = make_message(row["channel"], bytes(row["body"]), key)
    receipt = there.send(message)
    with UnitOfWork(post.database) as uow:
        assert records.sent(uow, message, receipt)
        uow.commit()
    return receipt.reference


def test_a_message_is_sent_called_back_about_and_answered(post: Post, there: tuple[str, str]) -> None:
    url, inbox = there
    memory = StoredMemory(post.database)
    channel = adapter("sms", settings=make_settings(url, inbox), memory=memory)
    key, lost = post.add(state="sending"), post.add("C2", state="sending", body=b"Autre")
    sid = hand_over(post, channel, key)
    assert post.receipts() == ["accepted"]  # "queued" came before Twilio had answered us

    simulate(url, "message-status", MessageSid=sid, Status="sent")
    simulate(url, "message-status", MessageSid=sid, Status="delivered")
    assert sorted(post.states()) == [("confirmed", "confirmed"), ("sending", "sending")]

    taken = channel.send(
        make_message("sms", b"Autre", lost)
    )  # … and its sender dies before it has written that down
    found = channel.lookup(make_message("sms", b"Autre", lost))
    assert found is not None
    assert found.reference == taken.reference

    simulate(url, "inbound-message", To=judges.NUMBER, From=TO, Body="STOP")
    assert post.marks() == [("FR01", "sms", "opted_out", True)]
    channel.close()

    silent = adapter("sms", settings=make_settings(url, None), memory=memory)
    kept = silent.send(make_message("sms", b"Sans retour", "c" * 64))
    found = silent.lookup(make_message("sms", b"Sans retour", "c" * 64))
    assert found is not None
    assert found.reference == kept.reference
    assert silent.lookup(make_message("sms", b"Jamais dit", "d" * 64)) is None
    silent.close()


def test_a_call_and_what_is_refused(post: Post, there: tuple[str, str]) -> None:
    url, inbox = there
    memory = StoredMemory(post.database)
    calls = adapter("voice", settings=make_settings(url, inbox), memory=memory)
    key = post.add(channel="voice", state="sending")
    sid = hand_over(post, calls, key)
    simulate(url, "call-status", CallSid=sid, Status="no-answer")
    assert post.states() == [("sent", "failed")]
    calls.close()

    for changes in ({"auth_token": "wrong"}, {"sms_from": "+33111111111"}):
        refused = adapter("sms", settings=make_settings(url, inbox, **changes), memory=memory)
        with pytest.raises(ChannelRefusedError) as caught:
            refused.send(make_message("sms"))
        assert not isinstance(caught.value, RecipientError)
        refused.close()
    with UnitOfWork(post.database) as uow:
        assert uow.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one() == 1
