"""The SMTP channel by itself: TLS, credentials, and how far a broken conversation got."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from relance.delivery.port import (
    ChannelDownError,
    ChannelRefusedError,
    InDoubtError,
    Message,
    RecipientError,
)
from relance.delivery.smtp import SmtpChannel, _is_nobody
from relance.errors import PermanentError, TransientError
from relance.settings import Smtp
from tests.integration.delivery.conftest import FreePort, Mailbox, port_of

pytestmark = pytest.mark.integration
BODY = b"Subject: x\r\n\r\nhello\r\n.\r\nend\r\n"


def message(
    *, recipient: str = "a@client.example", body: bytes = BODY, copies: tuple[str, ...] = ()
) -> Message:
    return Message(
        key="k1", entity="FR01", channel="email", on_date=date(2026, 3, 2), sender="compta@lumen.example",
        recipient=recipient, copies=copies, message_id="<k1@lumen.example>", media="eml", body=body,
        digest=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


@contextmanager
def channel(port: int, **more) -> Iterator[SmtpChannel]:
    one = SmtpChannel(
        Smtp(**({"host": "127.0.0.1", "port": port, "starttls": False, "timeout_s": 2.0} | more))
    )
    try:
        yield one
    finally:
        one.close()


@contextmanager
def aiosmtp(mailbox: Mailbox, **more) -> Iterator[int]:
    controller = FreePort(mailbox, hostname="127.0.0.1", port=0, ready_timeout=10, **more)
    controller.start()
    try:
        yield port_of(controller)
    finally:
        controller.stop(no_assert=True)


@contextmanager
def scripted(*conversations: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that holds one scripted conversation a connection, in order."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for conversation in conversations:
                connection, _ = listener.accept()
                with connection:
                    conversation(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def talk(
    *answers: str, end: Callable[[socket.socket], None] | None = None
) -> Callable[[socket.socket], None]:
    """Greet, then answer each line (or, after 354, each message) with the next answer; then hang up."""

    def conversation(connection: socket.socket) -> None:
        file = connection.makefile("rb")
        connection.sendall(b"220 test\r\n")
        for answer in answers:
            file.readline()
            connection.sendall(answer.encode() + b"\r\n")
            if answer.startswith("354"):
                while file.readline() not in (b".\r\n", b""):
                    pass
                if end is not None:
                    end(connection)
        connection.shutdown(socket.SHUT_RDWR)

    return conversation


OK = "250 OK"


# ---- how far it got


@pytest.mark.parametrize(
    "answers",
    [(), (OK,), (OK, OK), (OK, OK, OK)],
    ids=["on greeting", "before MAIL", "before RCPT", "before DATA"],
)
def test_a_line_lost_before_the_dot_means_nothing_has_left(answers):
    with (
        scripted(talk(*answers)) as port,
        channel(port) as one,
        pytest.raises(TransientError, match=r"broke before|can't be reached"),
    ):
        one.send(message())


def test_a_line_lost_after_the_dot_is_doubt():
    with scripted(talk(OK, OK, OK, "354 go")) as port, channel(port) as one, pytest.raises(InDoubtError):
        one.send(message())


def test_an_answer_to_the_dot_that_is_none_is_doubt():
    garbage = talk(OK, OK, OK, "354 go", end=lambda connection: connection.sendall(b"what?\r\n"))
    with scripted(garbage) as port, channel(port) as one, pytest.raises(InDoubtError):
        one.send(message())


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 busy", TransientError), ("421 closing", TransientError), ("554 spam", PermanentError)],
)
def test_a_refusal_of_the_dot_is_certain(answer: str, error: type[Exception]):
    refuse = talk(OK, OK, OK, "354 go", end=lambda connection: connection.sendall(f"{answer}\r\n".encode()))
    with scripted(refuse) as port, channel(port) as one, pytest.raises(error, match=answer) as caught:
        one.send(message())
    assert not isinstance(caught.value, (InDoubtError, ChannelDownError))


def test_a_used_connection_that_has_gone_is_replaced_without_a_word(mailbox: Mailbox):
    with aiosmtp(mailbox) as port, channel(port) as one:
        one.send(message())
        assert one._client is not None
        one._client.sock.shutdown(socket.SHUT_RDWR)
        one.send(message())
    assert len(mailbox.envelopes) == 2


def test_a_server_that_closes_after_some_messages_gets_a_new_connection(mailbox: Mailbox):
    first = talk(OK, OK, OK, "354 go", end=lambda connection: connection.sendall(b"250 taken\r\n"))
    second = talk(OK, OK, OK, "354 go", end=lambda connection: connection.sendall(b"250 taken too\r\n"))
    with scripted(first, second) as port, channel(port) as one:
        assert one.send(message()).reference == "250 taken"
        assert one.send(message()).reference == "250 taken too"


@pytest.mark.parametrize("code", ["530 5.7.0 authentication required", "538 encryption required"])
def test_a_server_that_wants_credentials_refuses_us_and_not_the_message(code: str):
    with (
        scripted(talk(OK, code)) as port,
        channel(port) as one,
        pytest.raises(ChannelRefusedError, match="RELANCE_SMTP_USER"),
    ):
        one.send(message())


def test_a_greeting_that_says_no_is_a_server_that_is_down():
    def no(connection: socket.socket) -> None:
        connection.sendall(b"554 go away\r\n")

    with scripted(no) as port, channel(port) as one, pytest.raises(ChannelDownError, match="554"):
        one.send(message())


# ---- commands in groups (RFC 2920)


def grouped(
    *envelopes: tuple[str, str, str], heard: list[bytes], hang_up_after: int | None = None
) -> Callable[[socket.socket], None]:
    """Offer PIPELINING; answer MAIL, RCPT and DATA of each message in one go, and say what came after DATA until a dot."""

    def conversation(connection: socket.socket) -> None:
        file = connection.makefile("rb")
        connection.sendall(b"220 test\r\n")
        file.readline()
        connection.sendall(b"250-test\r\n250 PIPELINING\r\n")
        for answers in envelopes:
            while (line := file.readline()).upper() == b"RSET\r\n":
                connection.sendall(b"250 OK\r\n")
            heard.append(line + file.readline() + file.readline())
            given = answers[:hang_up_after]
            connection.sendall("".join(f"{one}\r\n" for one in given).encode())
            if hang_up_after is not None:
                break
            if answers[-1].startswith("354"):
                body = (
                    b"".join(iter(file.readline, b".\r\n")) if answers[1].startswith("250") else file.read()
                )
                heard.append(body)
                connection.sendall(b"250 taken\r\n" if answers[1].startswith("250") else b"")
        connection.shutdown(socket.SHUT_RDWR)

    return conversation


GO = "354 go"


def test_a_server_that_takes_groups_gets_the_envelope_in_one_piece():
    heard: list[bytes] = []
    with scripted(grouped((OK, OK, GO), (OK, OK, GO), heard=heard)) as port, channel(port) as one:
        assert one.send(message()).reference == "250 taken"
        assert one.send(message(body=b"x\n.y\r\n" * 400_000)).reference == "250 taken"
    envelope = b"MAIL FROM:<compta@lumen.example>\r\nRCPT TO:<a@client.example>\r\nDATA\r\n"
    body = b"Subject: x\r\n\r\nhello\r\n..\r\nend\r\n"
    assert heard == [envelope, body, envelope, b"x\r\n..y\r\n" * 400_000]


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        (("550 5.1.8 sender", "503 no", "503 no"), PermanentError, "MAIL FROM was refused: 550"),
        ((OK, "550 5.1.1 unknown", "554 nobody"), RecipientError, "the recipient was refused: 550"),
        ((OK, "451 greylisted", "554 nobody"), TransientError, "the recipient was refused: 451"),
        ((OK, OK, "452 full"), TransientError, "DATA was refused: 452"),
        ((OK, "530 5.7.0 log in", "503 no"), ChannelRefusedError, "530"),
    ],
)  # fmt: skip
def test_the_first_refusal_of_a_group_counts_and_the_next_message_goes(answers, error, words):
    heard: list[bytes] = []
    with scripted(grouped(answers, (OK, OK, GO), heard=heard)) as port, channel(port) as one:
        with pytest.raises(error, match=words):
            one.send(message())
        assert one.send(message()).reference == "250 taken"


def test_data_that_is_taken_for_a_refused_recipient_is_never_ended_by_a_dot():
    heard: list[bytes] = []
    with (
        scripted(grouped((OK, "550 5.1.1 unknown", GO), heard=heard)) as port,
        channel(port) as one,
        pytest.raises(RecipientError),
    ):
        one.send(message())
    assert heard[1:] == [b""]


@pytest.mark.parametrize(
    ("answers", "hang_up_after", "error"),
    [
        ((OK, OK, GO), 0, TransientError), ((OK, OK, GO), 2, TransientError),
        ((OK, "550 5.1.1 unknown", GO), 2, RecipientError), (("421 closing", OK, GO), 1, TransientError),
    ],
)  # fmt: skip
def test_a_line_lost_in_a_group_means_nothing_has_left_and_a_refusal_before_it_counts(
    answers, hang_up_after: int, error
):
    heard: list[bytes] = []
    with (
        scripted(grouped(answers, heard=heard, hang_up_after=hang_up_after)) as port,
        channel(port) as one,
        pytest.raises(error),
    ):
        one.send(message())


@pytest.mark.parametrize("more", [{"copies": ("b@client.example",)}, {"recipient": '"a b"@client.example'}])
def test_who_gets_copies_or_needs_quoting_is_named_one_by_one(more):
    answers = [f"{OK}\r\n".encode()] * (2 + len(more.get("copies", ())))

    def conversation(connection: socket.socket) -> None:
        file = connection.makefile("rb")
        connection.sendall(b"220 test\r\n")
        file.readline()
        connection.sendall(b"250-test\r\n250 PIPELINING\r\n")
        for answer in answers:
            file.readline()
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):  # nothing comes before its answer
                connection.recv(1, socket.MSG_PEEK)
            connection.setblocking(True)
            connection.sendall(answer)
        file.readline()
        connection.sendall(b"354 go\r\n")
        while file.readline() not in (b".\r\n", b""):
            pass
        connection.sendall(b"250 taken\r\n")

    with scripted(conversation) as port, channel(port) as one:
        assert one.send(message(**more)).reference == "250 taken"


# ---- the message


def test_the_body_arrives_as_it_is_dots_and_all(mailbox: Mailbox):
    with aiosmtp(mailbox) as port, channel(port) as one:
        receipt = one.send(message(copies=("b@client.example",)))
    assert (receipt.provider, receipt.reference, receipt.kept) == ("smtp", "250 OK", False)
    assert mailbox.envelopes[0].original_content == BODY
    assert mailbox.envelopes[0].rcpt_tos == ["a@client.example", "b@client.example"]


def test_a_message_beyond_the_servers_size_is_refused_before_it_is_sent(mailbox: Mailbox):
    with aiosmtp(mailbox, data_size_limit=1000) as port, channel(port) as one:
        with pytest.raises(PermanentError, match="the server takes 1000"):
            one.send(message(body=b"x" * 2000))
        one.send(message())
    assert len(mailbox.envelopes) == 1


def test_letters_beyond_ascii_go_where_the_server_takes_them(mailbox: Mailbox):
    with aiosmtp(mailbox, enable_SMTPUTF8=True) as port, channel(port) as one:
        one.send(message(recipient="müller@client.example"))
    assert mailbox.envelopes[0].rcpt_tos == ["müller@client.example"]
    with (
        aiosmtp(mailbox, enable_SMTPUTF8=False) as port,
        channel(port) as one,
        pytest.raises(PermanentError, match="beyond ASCII"),
    ):
        one.send(message(recipient="müller@client.example"))


def test_smtp_can_not_be_asked():
    with channel(9) as one:
        assert one.lookup(message()) is None
        assert one.limits.askable is False


# ---- TLS and credentials


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_starttls_with_a_trusted_certificate_and_credentials(mailbox: Mailbox, tls, certificate):
    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"user", b"secret"), handled=False)

    with aiosmtp(
        mailbox, tls_context=tls, require_starttls=True, auth_required=True, authenticator=check
    ) as port:
        good = {
            "host": "localhost",
            "starttls": True,
            "ca_file": str(certificate[0]),
            "user": "user",
            "password": "secret",
        }
        with channel(port, **good) as one:
            one.send(message())
        with (
            channel(port, **good | {"password": "wrong"}) as one,
            pytest.raises(ChannelRefusedError, match="535"),
        ):
            one.send(message())
    assert len(mailbox.envelopes) == 1


def test_a_certificate_that_is_not_trusted_is_refused(mailbox: Mailbox, tls):
    with (
        aiosmtp(mailbox, tls_context=tls) as port,
        channel(port, host="localhost", starttls=True) as one,
        pytest.raises(ChannelRefusedError, match="not trusted"),
    ):
        one.send(message())


def test_a_certificate_of_another_host_is_refused(mailbox: Mailbox, tls, certificate):
    with (
        aiosmtp(mailbox, tls_context=tls) as port,
        channel(port, host="127.0.0.1", starttls=True, ca_file=str(certificate[0])) as one,
        pytest.raises(ChannelRefusedError, match="not trusted"),
    ):
        one.send(message())


def test_a_password_does_not_leave_the_machine_in_the_clear():
    class Plain:
        sock = None

    with (
        channel(9, host="mail.example", user="u", password="p") as one,
        pytest.raises(ChannelRefusedError, match="in the clear"),
    ):
        one._log_in(Plain(), "u", "p")


@pytest.mark.parametrize(
    ("answer", "dead"),
    [
        ("5.1.1 <x@y.example>: user unknown", True), ("5.2.1 mailbox disabled", True), ("no such user here", True),
        ("Mailbox does not exist", True), ("5.7.1 relaying disabled", False), ("5.7.1 Client host [unknown] rejected", False),
        ("Sender address rejected: Domain not exist", False), ("5.1.8 sender unknown", False),
        ("blocked for its reputation", False), ("Account disabled: sending quota", False),
    ],
)  # fmt: skip
def test_only_an_answer_about_the_mailbox_says_that_there_is_nobody(answer: str, dead: bool):
    assert _is_nobody(answer) is dead
