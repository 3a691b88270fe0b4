"""Each of Twilio's answers, and each way a line can break, as the port's error. The server is a real one, on the loopback."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from relance.delivery.port import (
    ChannelDownError,
    ChannelRefusedError,
    InDoubtError,
    Message,
    RecipientError,
)
from relance.delivery.twilio.channel import TwilioChannel
from relance.delivery.twilio.sms import SmsChannel
from relance.delivery.twilio.voice import VoiceChannel
from relance.delivery.twilio.whatsapp import WhatsAppChannel
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.settings import Twilio

NUMBER = "+33612345678"
SECRET = "Facture F-1 de Client SARL"
ACCOUNT = "AC" + "a" * 32


@dataclass
class Remembers:
    """What the store would remember."""

    window: bool = False
    sids: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def window_open(self, address: str) -> bool:
        return self.window

    def told(self, key: str) -> str | None:
        return self.sids.get(key)

    def is_anothers(self, sid: str, key: str) -> bool:
        return sid in self.others


@dataclass
class There:
    """What the server answers, and what it was asked."""

    status: int = 201
    body: object = field(default_factory=lambda: {"sid": "SM1"})
    headers: dict[str, str] = field(default_factory=dict)
    cut: Callable[[socket.socket], None] | None = None
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    port: int = 0


class Server(ThreadingHTTPServer):
    """One server for all tests; each brings what is there."""

    daemon_threads = True
    there = There()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        told = self.server.there
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told.asked.append((self.path, parse_qs(body)))
        if told.cut is not None:
            told.cut(self.connection)
            self.close_connection = True
            return
        answer = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
        self.send_response(told.status)
        for name, value in {**told.headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    one = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield one
    one.shutdown()
    one.server_close()
    thread.join()


@pytest.fixture
def there(server: Server) -> There:
    server.there = There(port=server.server_address[1])
    return server.there


def settings(port: int, **changes) -> Twilio:
    known = {
        "account_sid": ACCOUNT, "auth_token": "t0ken", "sms_from": "+33100000000", "whatsapp_from": "+33100000001",
        "voice_from": "+33100000002", "base_url": f"http://127.0.0.1:{port}", "timeout_s": 1.0,
    }  # fmt: skip
    return Twilio(**(known | changes))


def make_message(channel: str = "sms", body: bytes = SECRET.encode(), **changes) -> Message:
    known = {
        "key": "k" * 64, "entity": "FR01", "channel": channel, "on_date": date(2026, 3, 2), "sender": None,
        "recipient": NUMBER, "copies": (), "message_id": "k" * 64, "media": "txt", "body": body, "digest": "",
    }  # fmt: skip
    return Message(**(known | changes))


def sms(there: There, memory: Remembers | None = None, **changes) -> SmsChannel:
    return SmsChannel(
        settings(there.port, **changes), public_url="https://pay.lumen.example", memory=memory or Remembers()
    )


def refusal(code: int, status: int = 400) -> dict[str, object]:
    return {"code": code, "message": f"'To' number {NUMBER} is bad: {SECRET}", "status": status}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21211, RecipientError), (400, 21614, RecipientError), (400, 21612, RecipientError),
        (400, 21635, RecipientError), (400, 21610, RecipientError), (400, 63024, RecipientError),
        (429, 20429, TransientError), (400, 21611, TransientError),
        (500, 20500, InDoubtError), (503, 20503, ChannelDownError),
        (502, 502, InDoubtError), (504, 504, InDoubtError),
        (401, 20003, ChannelRefusedError), (403, 20403, ChannelRefusedError), (404, 20404, ChannelRefusedError),
        (400, 21606, ChannelRefusedError), (400, 21212, ChannelRefusedError), (307, 0, ChannelRefusedError),
        (400, 21617, PermanentError), (400, 21408, PermanentError), (400, 99999, PermanentError),
    ],
)  # fmt: skip
def test_each_refusal_of_twilio_means_one_thing(
    there: There, status: int, code: int, kind: type[DeliveryError]
) -> None:
    there.status, there.body = status, refusal(code, status)
    channel = sms(there)
    with pytest.raises(DeliveryError) as caught:
        channel.send(make_message())
    channel.close()
    assert type(caught.value) is kind
    assert NUMBER not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_who_said_stop_is_marked_so_and_a_dead_number_as_refused(there: There) -> None:
    there.status = 400
    for code, mark in ((21610, "opted_out"), (21211, "refused")):
        there.body = refusal(code)
        channel = sms(there)
        with pytest.raises(RecipientError) as caught:
            channel.send(make_message())
        channel.close()
        assert caught.value.mark == mark


def test_the_time_to_wait_is_passed_on(there: There) -> None:
    there.status, there.body, there.headers = 429, refusal(20429), {"Retry-After": "17"}
    channel = sms(there)
    with pytest.raises(TransientError) as caught:
        channel.send(make_message())
    channel.close()
    assert caught.value.retry_after == 17


def end(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def hang(connection: socket.socket) -> None:
    connection.settimeout(3)
    connection.recv(1)


@pytest.mark.parametrize("cut", [end, hang])
def test_a_line_lost_after_the_request_leaves_it_in_doubt(there: There, cut) -> None:
    there.cut = cut
    channel = sms(there, timeout_s=0.3)
    with pytest.raises(InDoubtError) as caught:
        channel.send(make_message())
    channel.close()
    assert len(there.asked) == 1
    assert SECRET not in str(caught.value)


def test_an_answer_that_can_not_be_read_leaves_it_in_doubt(there: There) -> None:
    there.body = b"<html>"
    channel = sms(there)
    with pytest.raises(InDoubtError):
        channel.send(make_message())
    channel.close()


def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    channel = sms(There(port=port))
    with pytest.raises(ChannelDownError):
        channel.send(make_message())


def test_an_unsafe_line_is_refused_before_anything_is_written(there: There) -> None:
    channel = sms(there, base_url=f"https://127.0.0.1:{there.port}")
    with pytest.raises(ChannelRefusedError):
        channel.send(make_message())
    assert there.asked == []


def test_without_account_or_number_nothing_is_tried(there: There) -> None:
    for changes in ({"account_sid": None}, {"auth_token": None}, {"sms_from": None}):
        with pytest.raises(ChannelRefusedError):
            sms(there, **changes).send(make_message())
    assert there.asked == []


def test_neither_numbers_nor_words_reach_a_log(there: There, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = sms(there)
    channel.send(make_message())
    there.status, there.body = 200, {"messages": [], "uri": "x", "page_size": 50}
    channel.lookup(make_message())
    channel.close()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert there.asked[1][0].startswith("/2010-04-01")
    assert "To=" in there.asked[1][0]
    assert "/Messages.json" in logged
    assert "12345678" not in logged
    assert "t0ken" not in logged
    assert "Facture" not in logged


def test_an_sms_goes_from_the_entitys_number_and_is_called_back_about(there: There) -> None:
    channel = sms(there)
    receipt = channel.send(make_message(sender="+33199999999"))
    channel.close()
    path, asked = there.asked[0]
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert asked == {
        "To": [NUMBER], "From": ["+33199999999"], "Body": [SECRET],
        "StatusCallback": [f"https://pay.lumen.example/twilio/status/{'k' * 64}#rc=5&rp=all"],
    }  # fmt: skip
    assert (receipt.provider, receipt.reference, receipt.kept) == ("twilio", "SM1", False)


def test_a_messaging_service_sends_by_its_id(there: There) -> None:
    service = "MG" + "b" * 32
    channel = sms(there, sms_from=service)
    channel.send(make_message())
    channel.close()
    assert there.asked[0][1]["MessagingServiceSid"] == [service]
    assert "From" not in there.asked[0][1]


def test_an_sms_that_twilio_would_not_take_is_not_sent(there: There) -> None:
    for body in (b"  \n", b"x" * 1601):
        with pytest.raises(PermanentError):
            sms(there).send(make_message(body=body))
    assert there.asked == []


WHATSAPP = {
    "name": "first", "language": "fr", "text": "Bonjour",
    "template": {"sid": "HX" + "c" * 32, "variables": {"1": "Client", "2": "120,00 €"}},
}  # fmt: skip


def whatsapp(there: There, body: dict, *, window: bool) -> WhatsAppChannel:
    channel = WhatsAppChannel(settings(there.port), public_url=None, memory=Remembers(window=window))
    channel.send(make_message("whatsapp", json.dumps(body).encode()))
    channel.close()
    return channel


def test_outside_the_24_hours_the_approved_template_goes(there: There) -> None:
    whatsapp(there, WHATSAPP, window=False)
    asked = there.asked[0][1]
    assert asked["To"] == [f"whatsapp:{NUMBER}"]
    assert asked["From"] == ["whatsapp:+33100000001"]
    assert asked["ContentSid"] == [WHATSAPP["template"]["sid"]]
    assert json.loads(asked["ContentVariables"][0]) == WHATSAPP["template"]["variables"]
    assert "Body" not in asked


def test_within_the_24_hours_free_text_goes(there: There) -> None:
    whatsapp(there, WHATSAPP, window=True)
    assert there.asked[0][1]["Body"] == ["Bonjour"]
    assert "ContentSid" not in there.asked[0][1]


def test_a_missing_template_is_named_and_the_number_is_not_to_blame(there: There) -> None:
    with pytest.raises(PermanentError, match=r"'first' has no approved template in 'fr'") as caught:
        whatsapp(there, WHATSAPP | {"template": None}, window=False)
    assert not isinstance(caught.value, RecipientError)
    assert there.asked == []


def test_a_call_needs_a_public_address_to_be_told_what_to_say(there: There) -> None:
    channel = VoiceChannel(settings(there.port), public_url=None, memory=Remembers())
    with pytest.raises(ChannelRefusedError, match="RELANCE_PUBLIC_URL"):
        channel.send(make_message("voice"))
    assert there.asked == []


def test_a_call_asks_who_answers_and_says_nothing_in_its_request(there: There) -> None:
    there.body = {"sid": "CA1"}
    channel = VoiceChannel(settings(there.port), public_url="https://pay.lumen.example", memory=Remembers())
    channel.send(make_message("voice"))
    channel.close()
    asked = there.asked[0][1]
    assert asked["Url"] == [f"https://pay.lumen.example/twilio/voice/{'k' * 64}"]
    assert asked["MachineDetection"] == ["DetectMessageEnd"]
    assert SECRET not in json.dumps(asked)


def listed(*messages: dict[str, str]) -> dict[str, object]:
    return {
        "messages": [{"to": NUMBER, **one} for one in messages],
        "uri": "x",
        "page_size": 50,
        "next_page_uri": None,
    }


NEW, OLD = "Mon, 02 Mar 2026 08:00:00 +0000", "Sun, 01 Mar 2026 08:00:00 +0000"


def found_by(
    channel: TwilioChannel, there: There, *messages: dict[str, str], body: bytes = SECRET.encode()
) -> str | None:
    there.status, there.body = 200, listed(*messages)
    receipt = channel.lookup(make_message(channel.__class__.__name__, body))
    channel.close()
    return receipt.reference if receipt else None


def test_what_was_called_back_about_was_sent(there: There) -> None:
    assert found_by(sms(there, Remembers(sids={"k" * 64: "SM7"})), there) == "SM7"
    assert there.asked == []


def test_the_same_words_to_the_same_number_since_its_day_were_sent(there: There) -> None:
    ours = {"sid": "SM2", "body": SECRET, "date_created": NEW}
    assert found_by(sms(there), there, ours) == "SM2"
    assert found_by(sms(there), there, ours | {"body": "another"}) is None
    assert found_by(sms(there), there, ours | {"date_created": OLD}) is None
    assert found_by(sms(there, Remembers(others={"SM2"})), there, ours) is None


def test_silence_proves_nothing(there: There) -> None:
    limits = sms(there).limits
    assert (limits.askable, limits.confirms) == (False, True)


def test_a_template_is_found_by_its_variables(there: There) -> None:
    channel = WhatsAppChannel(settings(there.port), public_url=None, memory=Remembers())
    body = json.dumps(WHATSAPP).encode()
    ours = {"sid": "SM3", "body": "Bonjour Client, 120,00 € sont échus.", "date_created": NEW}
    assert found_by(channel, there, ours, body=body) == "SM3"
    assert found_by(channel, there, ours | {"body": "Bonjour Client"}, body=body) is None


def test_a_call_in_the_list_could_be_any(there: There) -> None:
    channel = VoiceChannel(settings(there.port), public_url="https://pay.lumen.example", memory=Remembers())
    assert found_by(channel, there, {"sid": "CA1", "date_created": NEW}) is None
    assert there.asked == []


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_question_that_fails_puts_nothing_in_doubt(there: There, status: int) -> None:
    there.status, there.body = status, refusal(status, status)
    channel = sms(there)
    with pytest.raises(ChannelDownError):
        channel.lookup(make_message())
    channel.close()
