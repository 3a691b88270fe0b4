"""An e-mail as the bytes that leave: the same contact gives the same bytes, down to the boundary."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import cast

from relance.delivery.extras import Attachment
from relance.delivery.headers import EOL, mailbox_line, parameter, text_line
from relance.delivery.render import Email
from relance.delivery.view import clean
from relance.errors import PermanentError

_MEDIA = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*", re.IGNORECASE)
_CONTENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_NOT_IN_FILE_NAMES = re.compile(r'[<>:"|?*/\\\x7f]')
_LONGEST_NAME = 120
_BASE64_LINE = 76
_LINES: dict[bytes, bytes] = {}
_MOST_LINES = 2048


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


def compose(
    email: Email,
    headers: Headers,
    *,
    attachments: Sequence[Attachment] = (),
    inline: Sequence[Attachment] = (),
) -> bytes:
    """The e-mail with CRLF line ends: text and HTML as alternatives, pictures that the HTML shows (`cid:<name>`), files.

    multipart/mixed > multipart/related > multipart/alternative, only the levels that are needed. File names are made safe
    (`file_name`) and told apart.

    Raises:
        PermanentError: when a header can't be written (an address that is none), or a picture's name is no Content-ID.
    """
    kind, boundary, body = _alternatives(email, headers.key)
    if inline:
        kind, boundary, body = _around(
            "related", headers.key, [_nested(kind, boundary, body), *map(_picture, inline)]
        )
    if attachments:
        names = _told_apart([file_name(one.name) for one in attachments])
        files = [_file(one, name) for one, name in zip(attachments, names, strict=True)]
        kind, boundary, body = _around("mixed", headers.key, [_nested(kind, boundary, body), *files])
    try:
        head = _head(email.subject, headers)
    except ValueError as error:
        raise PermanentError(f"the headers can't be written: {type(error).__name__}") from error
    return b"".join([(head + _content_type(kind, boundary) + EOL).encode(), body])


def _head(subject: str, headers: Headers) -> str:
    sender = ascii_address(headers.sender)
    lines = [
        mailbox_line("From", [(headers.sender_name, sender)]),
        mailbox_line("To", [(headers.recipient_name, ascii_address(headers.recipient))]),
    ]
    if headers.copies:
        lines.append(mailbox_line("Cc", [(None, ascii_address(one)) for one in headers.copies]))
    if headers.reply_to and headers.reply_to != headers.sender:
        lines.append(mailbox_line("Reply-To", [(headers.sender_name, ascii_address(headers.reply_to))]))
    lines.append(text_line("Subject", subject))
    lines.append(f"Date: {format_datetime(headers.date)}{EOL}")
    # Identifiers stand on a line each: some readers lose a Message-ID that is folded.
    lines.append(f"Message-ID: {message_id(headers.key, headers.sender)}{EOL}")
    if headers.earlier:
        if not all(one.isascii() and one.isprintable() for one in headers.earlier):
            raise ValueError("an identifier of an earlier message is none")
        lines.append(f"In-Reply-To: {headers.earlier[-1]}{EOL}")
        lines.append(f"References: {f'{EOL} '.join(headers.earlier)}{EOL}")
    lines.append(f"Content-Language: {headers.language}{EOL}")
    # No machine shall answer (RFC 3834): an out-of-office reply would count as an answer of the payer.
    lines.append(
        f"Auto-Submitted: auto-generated{EOL}X-Relance-Key: {headers.key}{EOL}MIME-Version: 1.0{EOL}"
    )
    return "".join(lines)


def file_name(name: str) -> str:
    """A file's name that is safe to save, 120 characters at most with its suffix.

    It is the last part of a path, on one line, without what file systems refuse or hide.
    """
    last = re.split(r"[/\\]", name)[-1]
    last = clean(last if len(last) <= _LONGEST_NAME else f"{last[: 2 * _LONGEST_NAME]}{last[-10:]}")
    safe = _NOT_IN_FILE_NAMES.sub("_", last).strip(" .") or "file"
    if len(safe) <= _LONGEST_NAME:
        return safe
    suffix = PurePosixPath(safe).suffix[:10]
    return safe[: _LONGEST_NAME - len(suffix)].rstrip(" .") + suffix


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, with " (2)" and so on in those that have come before (in any case of letters)."""
    told: list[str] = []
    known: set[str] = set()
    for name in names:
        path, place, one = PurePosixPath(name), 1, name
        while one.casefold() in known:
            place += 1
            one = f"{path.stem} ({place}){path.suffix}"
        known.add(one.casefold())
        told.append(one)
    return told


def _alternatives(email: Email, key: str) -> tuple[str, str, bytes]:
    """Kind, boundary and body of the two texts; the library's own quoted-printable takes ten times as long."""
    boundary = f"=_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    pieces = []
    for kind, text in {"plain": email.text, "html": email.html}.items():
        head = f'--{boundary}{EOL}Content-Type: text/{kind}; charset="utf-8"{EOL}'
        pieces.append(f"{head}Content-Transfer-Encoding: quoted-printable{EOL}{EOL}".encode())
        pieces.append(_quoted_printable(text))
    return "alternative", boundary, b"".join(pieces) + f"--{boundary}--{EOL}".encode()


def _quoted_printable(text: str) -> bytes:
    """RFC 2045 6.7, line by line with CRLF: most lines of a page are those of the page before, and are kept."""
    lines = text.encode().split(b"\n")
    pieces = list(map(_LINES.get, lines))
    for place, piece in enumerate(pieces):
        if piece is None:
            if len(_LINES) >= _MOST_LINES:
                _LINES.clear()
            made = binascii.b2a_qp(lines[place] + b"\r\n", istext=True)
            pieces[place] = _LINES[lines[place]] = made
    return b"".join(cast("list[bytes]", pieces))


def _around(kind: str, key: str, parts: Sequence[bytes]) -> tuple[str, str, bytes]:
    """A multipart of finished parts. No encoded part holds "=_", so none holds a boundary."""
    boundary = f"=_{kind}_{hashlib.sha256(f'{kind} {key}'.encode()).hexdigest()[:32]}"
    start = f"--{boundary}{EOL}".encode()
    pieces = [piece for part in parts for piece in (start, part, b"\r\n")]
    return kind, boundary, b"".join([*pieces, f"--{boundary}--{EOL}".encode()])


def _nested(kind: str, boundary: str, body: bytes) -> bytes:
    return (_content_type(kind, boundary) + EOL).encode() + body


def _content_type(kind: str, boundary: str) -> str:
    root = f';{EOL} type="multipart/alternative"' if kind == "related" else ""  # RFC 2387 3.1
    return f'Content-Type: multipart/{kind}{root};{EOL} boundary="{boundary}"{EOL}'


def _picture(picture: Attachment) -> bytes:
    if not _CONTENT_ID.fullmatch(picture.name):
        raise PermanentError("a picture in a message has a name that no link can hold")
    return _encoded_part(picture, "inline", picture.name, f"Content-ID: <{picture.name}>{EOL}")


def _file(attachment: Attachment, name: str) -> bytes:
    return _encoded_part(attachment, "attachment", name)


def _encoded_part(part: Attachment, disposition: str, name: str, more: str = "") -> bytes:
    media = part.media_type if _MEDIA.fullmatch(part.media_type) else "application/octet-stream"
    head = (
        f"Content-Type: {media}{EOL}Content-Transfer-Encoding: base64{EOL}{more}"
        f"Content-Disposition: {disposition}{parameter('filename', name)}{EOL}{EOL}"
    )
    text = base64.b64encode(part.content)
    lines = [text[at : at + _BASE64_LINE] for at in range(0, len(text), _BASE64_LINE)]
    return head.encode() + b"\r\n".join(lines)


def _domain(address: str) -> str:
    return _ascii_domain(address.rpartition("@")[2])


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise PermanentError("the address has a domain that can't exist") from error
