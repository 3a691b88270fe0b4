"""An e-mail as the bytes that leave: the same contact gives the same bytes, down to the boundary."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from relance.delivery.render import Email
from relance.errors import PermanentError


class _Policy(policy.EmailPolicy):
    """SMTP's policy, with identifiers on one line: some readers lose a Message-ID that is folded."""

    _whole = frozenset({"message-id", "in-reply-to", "x-relance-key"})

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as bytes."""
        if name.lower() in self._whole:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        if (
            name.lower() == "references"
        ):  # the library's folding drops blanks between identifiers longer than a line
            return f"{name}: {f'{self.linesep} '.join(value.split())}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Headers:
    """What stands above an e-mail. `earlier`: Message-IDs of the payer's reminders before it, oldest first."""

    key: str
    sender: str
    sender_name: str
    reply_to: str | None
    recipient: str
    recipient_name: str | None
    copies: tuple[str, ...]
    date: datetime
    language: str
    earlier: Sequence[str] = ()


NO_SENDER = "no-sender.invalid"
"""Domain of the From address of an entity without a sender (reserved, RFC 2606): such a message can be looked at as a
file, and no server is given it."""


def message_id(key: str, sender: str) -> str:
    """The Message-ID of a contact: `<key@domain of the sender>`; the mailbox and a person can look for it."""
    return f"<{key}@{_domain(sender)}>"


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (`müller@bücher.example` → `müller@xn--bcher-kva.example`).

    Raises:
        PermanentError: when it is no address.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isprintable() or any(one in address for one in ' <>,;"'):
        raise PermanentError("the recipient's address is no e-mail address")
    return f"{local}@{_domain(address)}"


def compose(email: Email, headers: Headers) -> bytes:
    """The e-mail with CRLF line ends, text and HTML as alternatives.

    Raises:
        PermanentError: when a header can't be written (an address that is none).
    """
    recipient = ascii_address(headers.recipient)
    copies = tuple(ascii_address(one) for one in headers.copies)
    international = not all(one.isascii() for one in (recipient, *copies, headers.sender))
    message = EmailMessage(policy=_POLICY.clone(utf8=True) if international else _POLICY)
    try:
        message["From"] = Address(headers.sender_name, **_parts(headers.sender))
        message["To"] = Address(headers.recipient_name or "", **_parts(recipient))
        if copies:
            message["Cc"] = [Address(**_parts(one)) for one in copies]
        if headers.reply_to and headers.reply_to != headers.sender:
            message["Reply-To"] = Address(headers.sender_name, **_parts(headers.reply_to))
        message["Subject"] = email.subject
    except (ValueError, IndexError, MessageError) as error:
        raise PermanentError(f"the headers can't be written: {type(error).__name__}") from error
    message["Date"] = format_datetime(headers.date)
    message["Message-ID"] = message_id(headers.key, headers.sender)
    if headers.earlier:
        message["In-Reply-To"] = headers.earlier[-1]
        message["References"] = " ".join(headers.earlier)
    message["Content-Language"] = headers.language
    # No machine shall answer (RFC 3834): an out-of-office reply would count as an answer of the payer.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Relance-Key"] = headers.key
    boundary = f"=_{hashlib.sha256(headers.key.encode()).hexdigest()[:32]}"
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    head = b"".join(message.policy.fold_binary(name, value) for name, value in message.items())
    return head + _alternatives(boundary, {"plain": email.text, "html": email.html})


def _alternatives(boundary: str, texts: Mapping[str, str]) -> bytes:
    """The body of multipart/alternative; by hand, since the library's quoted-printable takes ten times as long."""
    pieces = []
    for kind, text in texts.items():
        head = f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        pieces.append(f"{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode())
        pieces.append(binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True))
        pieces.append(b"\r\n")
    return b"\r\n" + b"".join(pieces) + f"--{boundary}--\r\n".encode()


def _parts(address: str) -> dict[str, str]:
    local, _, domain = ascii_address(address).rpartition("@")
    return {"username": local, "domain": domain}


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise PermanentError("the address has a domain that can't exist") from error
