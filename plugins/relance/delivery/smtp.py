"""E-mail over SMTP, with the standard library's client driven command by command.

The conversation is taken apart to know for certain how far it got. Until the final dot of DATA leaves, a server must not
deliver (RFC 5321, 4.1.1.4 and 6.1): whatever breaks before it is safe to try again. From the dot to the server's answer
the message is in doubt, and SMTP can't be asked afterwards.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NoReturn, TypeVar

from relance.delivery.mime import NO_SENDER
from relance.delivery.port import (
    ChannelDownError,
    ChannelRefusedError,
    InDoubtError,
    Limits,
    Message,
    Receipt,
    RecipientError,
)
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.settings import Smtp

T = TypeVar("T")
IMPLICIT_TLS_PORT = 465
_NOT_US = frozenset({530, 535, 538})  # RFC 4954: credentials are wanted, wrong, or must be encrypted
_RECIPIENT = "the recipient"
# RFC 3463: no such mailbox (5.1.1), domain (5.1.2), address (5.1.3), moved (5.1.6), null MX (5.1.10), disabled (5.2.1);
# a server without such codes says it in words. Other refusals (policy, reputation) are of us or of this message.
_CODE = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_NOBODY = re.compile(
    r"(user|recipient|mailbox|address) (is )?(unknown|not found|disabled)|account (is )?(unknown|not found)"
    r"|unknown (user|recipient|mailbox|account)"
    r"|no such (user|recipient|mailbox|account|person)|(user|recipient|mailbox|account) does(n.t| not) exist",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# Commands of one message that may each wait for `timeout_s`: connect, EHLO, STARTTLS, EHLO, AUTH, MAIL, 4 × RCPT, DATA, dot.
_WAITS = 12


class _LostError(Exception):
    """The connection went before the message was complete."""


class SmtpChannel:
    """One server. Keeps its connection from message to message and opens another when the server has closed it."""

    name = "smtp"

    def __init__(self, settings: Smtp) -> None:
        if settings.host is None:
            raise ChannelRefusedError("no SMTP server is set", hint="Set RELANCE_SMTP_HOST.")
        self._host = settings.host
        self._settings = settings
        self._client: smtplib.SMTP | None = None
        self.limits = Limits(askable=False, patience_s=_WAITS * settings.timeout_s)

    def send(self, message: Message) -> Receipt:
        """Hand one e-mail over to the server.

        Raises:
            TransientError, PermanentError: as the server answers (4xx, 5xx) for this message, or breaks off over it.
            ChannelDownError, ChannelRefusedError: the server can't be reached, or refuses us whatever the message.
            InDoubtError: when the answer to the final dot never came.
        """
        if (message.sender or "").endswith(f"@{NO_SENDER}"):
            raise PermanentError(
                f"entity {message.entity} has no sender.", hint="Write sender: {email: …} in its file."
            )
        if self._client is not None:
            # Servers close connections that are old or have carried enough; before the dot a new one is safe.
            with contextlib.suppress(_LostError):
                return self._try(message)
        try:
            return self._try(message)
        except _LostError as lost:
            # On a fresh connection it may be this message that breaks it: the others shall not wait behind it.
            raise TransientError(str(lost)) from lost

    def _try(self, message: Message) -> Receipt:
        try:
            return self._transfer(message)
        except _LostError:
            self.close()
            raise
        except DeliveryError:
            self._reset()
            raise

    def lookup(self, message: Message) -> Receipt | None:  # noqa: ARG002
        """SMTP can't be asked: always None (and `limits.askable` is False)."""
        return None

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _transfer(self, message: Message) -> Receipt:
        client = self._client = self._client or self._connect()
        options = self._options(client, message)
        if client.has_extn("pipelining") and _is_simple(message):
            _announce(client, message, options)
        else:
            _expect(client, lambda: client.mail(message.sender or "", options), {250}, "MAIL FROM")
            _expect(client, lambda: client.rcpt(message.recipient), {250, 251}, _RECIPIENT)
            for copy in message.copies:
                _copy(client, copy)
            _expect(client, lambda: client.docmd("DATA"), {354}, "DATA")
        return Receipt(self.name, _hand_in(client, _stuffed(message.body)))

    def _options(self, client: smtplib.SMTP, message: Message) -> list[str]:
        if (size := client.esmtp_features.get("size", "")).isdigit() and 0 < int(size) < len(message.body):
            raise PermanentError(f"the message has {len(message.body)} bytes, the server takes {size}")
        options = [f"SIZE={len(message.body)}"] if client.has_extn("size") else []
        if not all(one.isascii() for one in (message.sender or "", message.recipient, *message.copies)):
            if not client.has_extn("smtputf8"):
                raise PermanentError("the address has letters beyond ASCII and the server does not take them")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        try:
            if settings.port == IMPLICIT_TLS_PORT:
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    self._host,
                    settings.port,
                    local_hostname=_own_name(),
                    timeout=settings.timeout_s,
                    context=_trust(settings),
                )
            else:
                client = smtplib.SMTP(
                    self._host, settings.port, local_hostname=_own_name(), timeout=settings.timeout_s
                )
        except ssl.SSLCertVerificationError as error:
            self._distrust(error)
        except (OSError, smtplib.SMTPException) as error:
            raise self._down(error) from error
        try:
            self._open(client)
        except BaseException:
            client.close()
            raise
        return client

    def _open(self, client: smtplib.SMTP) -> None:
        """EHLO, TLS and credentials on a fresh connection."""
        settings = self._settings
        try:
            # The body and the dot are two writes; without this the second waits for the first one's acknowledgement.
            if client.sock is not None:
                client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.ehlo_or_helo_if_needed()
            if settings.port != IMPLICIT_TLS_PORT and settings.starttls:
                if not client.has_extn("starttls"):
                    raise ChannelRefusedError(
                        f"{self._host}:{settings.port} offers no STARTTLS.",
                        hint="Use a server that does, or set RELANCE_SMTP_STARTTLS=false for one on this machine.",
                    )
                client.starttls(context=_trust(settings))
                client.ehlo_or_helo_if_needed()
            if settings.user and settings.password:
                self._log_in(client, settings.user, settings.password)
        except ssl.SSLCertVerificationError as error:
            self._distrust(error)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code in range(500, 600):
                raise self._refused(error) from error
            raise self._down(error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._down(error) from error

    def _log_in(self, client: smtplib.SMTP, user: str, password: str) -> None:
        if not isinstance(client.sock, ssl.SSLSocket) and self._host not in _LOCAL:
            raise ChannelRefusedError(
                f"the password would go to {self._host} in the clear.", hint="Set RELANCE_SMTP_STARTTLS=true."
            )
        try:
            client.login(user, password)
        except smtplib.SMTPNotSupportedError as error:
            raise ChannelRefusedError(
                f"{self._host}:{self._settings.port} takes no credentials.", hint="Unset RELANCE_SMTP_USER."
            ) from error

    def _distrust(self, error: ssl.SSLCertVerificationError) -> NoReturn:
        raise ChannelRefusedError(
            f"the certificate of {self._host}:{self._settings.port} is not trusted: {error.verify_message}.",
            hint="Mend the certificate, or name its authority in RELANCE_SMTP_CA.",
        ) from error

    def _refused(self, error: smtplib.SMTPResponseException) -> ChannelRefusedError:
        answer = _words(error.smtp_code, error.smtp_error)
        return ChannelRefusedError(
            f"{self._host}:{self._settings.port} refuses us: {answer}.",
            hint="Check RELANCE_SMTP_USER and its password.",
        )

    def _down(self, error: Exception) -> ChannelDownError:
        return ChannelDownError(
            f"{self._host}:{self._settings.port} can't be reached: {error}.",
            hint="Nothing has left; run again later.",
        )

    def _reset(self) -> None:
        """Forget a refused message, so that the next one starts clean."""
        if self._client is not None:
            try:
                self._client.rset()
            except (OSError, smtplib.SMTPException):
                self.close()


def _trust(settings: Smtp) -> ssl.SSLContext:
    """Whom we trust; read once, as long as the file with the authorities is the same: reading takes 20 ms a connection."""
    file = settings.ca_file
    return _context(file, Path(file).stat().st_mtime_ns if file else None)


@lru_cache(maxsize=8)
def _context(ca_file: str | None, changed: int | None) -> ssl.SSLContext:  # noqa: ARG001 - part of what is remembered
    return ssl.create_default_context(cafile=ca_file)


def _expect(
    client: smtplib.SMTP, command: Callable[[], tuple[int, bytes]], wanted: set[int], what: str
) -> None:
    """Run a command before the dot; another answer than `wanted` is this message's refusal, a lost line is not."""
    code, answer = _before_dot(command)
    if code in wanted:
        return
    if code == 421:  # the server closes the channel, whatever the message
        client.close()
        raise _LostError(f"the server closes: {_words(code, answer)}")
    raise _refusal(code, answer, what)


def _before_dot(action: Callable[[], T]) -> T:
    """Do something while the server can't have taken the message yet."""
    try:
        return action()
    except UnicodeEncodeError as error:
        raise PermanentError(
            "the address has letters beyond ASCII and the server does not take them"
        ) from error
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise _LostError(f"the connection broke before the message was complete: {error}") from error


def _is_simple(message: Message) -> bool:
    """Whether one recipient gets it and both addresses need no quoting: such an envelope can be sent in one piece."""
    return not message.copies and all(
        _PLAIN.fullmatch(one) for one in (message.sender or "", message.recipient)
    )


def _announce(client: smtplib.SMTP, message: Message, options: Sequence[str]) -> None:
    """The envelope and DATA in one write; the answers come one by one, in that order (RFC 2920)."""
    lines = (
        f"MAIL FROM:{' '.join([f'<{message.sender}>', *options])}", f"RCPT TO:<{message.recipient}>", "DATA", ""
    )  # fmt: skip
    _before_dot(lambda: client.send("\r\n".join(lines).encode("ascii")))
    refusal: DeliveryError | None = None
    for wanted, what in (({250}, "MAIL FROM"), ({250, 251}, _RECIPIENT), ({354}, "DATA")):
        try:
            _expect(client, client.getreply, wanted, what)
        except DeliveryError as error:
            refusal = refusal or error
        except _LostError:
            if refusal is None:
                raise
            break
        else:
            if refusal and what == "DATA":
                client.close()  # it waits for a message to nobody; without the dot it has none
    if refusal is not None:
        raise refusal


def _copy(client: smtplib.SMTP, address: str) -> None:
    """Name one who gets a copy; a refused copy does not stop the message."""
    with contextlib.suppress(PermanentError):
        _expect(client, lambda: client.rcpt(address), {250, 251}, "a copy")


def _stuffed(body: bytes) -> bytes:
    """The body with CRLF line ends, dots doubled at line starts, and the last line ended: all but the final dot."""
    text, rest = body, body.replace(b"\r\n", b"")
    if b"\n" in rest or b"\r" in rest:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    text = (b"." + text if text.startswith(b".") else text).replace(b"\r\n.", b"\r\n..")
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def _hand_in(client: smtplib.SMTP, text: bytes) -> str:
    """Send the message and its final dot, and wait for the answer: the only moment of doubt.

    Both go in one write where the system takes them at once; of what it did not take nothing has left.
    """
    whole = text + b".\r\n"
    sent = _before_dot(lambda: _begin(client, whole))
    if sent < len(text):
        _before_dot(lambda: client.send(text[sent:]))
        sent = len(text)
    try:
        if sent < len(whole):
            client.send(whole[sent:])
        code, answer = client.getreply()
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        raise InDoubtError(
            f"the connection broke before the server answered for the message: {error}"
        ) from error
    if code // 100 in {4, 5}:
        raise _refusal(code, answer, "the message")
    if code // 100 != 2:
        client.close()
        raise InDoubtError(
            f"the server answered for the message with something that is no answer: {_words(code, answer)}"
        )
    return _words(code, answer)


def _begin(client: smtplib.SMTP, data: bytes) -> int:
    """Write what can be written at once; gives how much it was."""
    if client.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return client.sock.send(data)


def _refusal(code: int, answer: bytes, what: str) -> TransientError | PermanentError:
    text = f"{what} was refused: {_words(code, answer)}"
    if code in _NOT_US:
        return ChannelRefusedError(text, hint="Check RELANCE_SMTP_USER and its password.")
    if what == _RECIPIENT and code in {550, 551, 553} and _is_nobody(answer.decode("utf-8", "replace")):
        return RecipientError(text)
    return TransientError(text) if code in range(400, 500) else PermanentError(text)


def _is_nobody(answer: str) -> bool:
    """Whether a refusal says that there is no such mailbox, by its code, else in words."""
    code = _CODE.search(answer)
    return code[1] in _DEAD if code else _NOBODY.search(answer) is not None


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:300]


def _own_name() -> str:
    """What EHLO says; `smtplib` would ask the DNS, which can take seconds."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
