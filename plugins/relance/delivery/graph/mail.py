"""An e-mail's bytes as the JSON that Microsoft Graph takes: a draft, and the files that don't fit into it. Pure.

Shapes are those of the resource type `message` (Graph v1.0). The rules on sizes are Microsoft's: a request holds 4 MB, a
file posted by itself less than 3 MB, everything larger goes up in ranges.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from typing import Any

from relance.delivery.mime import ascii_address
from relance.delivery.port import Message
from relance.errors import PermanentError

KEY_PROPERTY = "String {6F1C1D0A-93B5-4F6E-8A57-0C2B1E7D4A93} Name relance-key"
"""A named property of our own: the only field of a draft that we can both set and search the whole mailbox by."""

_IN_REPLY_TO = (
    "String 0x1042"  # PidTagInReplyToId ([MS-OXPROPS]); Graph takes no header that doesn't begin with x-
)
_REFERENCES = "String 0x1039"  # PidTagInternetReferences
_WITH_THE_DRAFT = 2_500_000
"""Bytes of files that go with the draft: base64 makes them a third larger, and words must fit in beside them."""
_POSTED = 3_000_000
"""From here on a file needs an upload session."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment; `content_id` is set where the HTML shows it."""

    name: str
    media_type: str
    content: bytes
    content_id: str | None = None

    @property
    def is_large(self) -> bool:
        """Whether it needs an upload session."""
        return len(self.content) >= _POSTED

    def attachment(self) -> dict[str, Any]:
        """As a `fileAttachment`."""
        return {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": self.name,
            "contentType": self.media_type,
            "contentBytes": base64.b64encode(self.content).decode("ascii"),
            **self._place(),
        }

    def item(self) -> dict[str, Any]:
        """As the `AttachmentItem` that opens an upload session."""
        return {
            "attachmentType": "file",
            "name": self.name,
            "contentType": self.media_type,
            "size": len(self.content),
            **self._place(),
        }

    def _place(self) -> dict[str, Any]:
        return {"isInline": True, "contentId": self.content_id} if self.content_id else {"isInline": False}


@dataclass(frozen=True, slots=True)
class Draft:
    """`body`: what creates the draft, small files with it. `files`: those to add one by one."""

    body: dict[str, Any]
    files: tuple[File, ...]


def draft_of(message: Message) -> Draft:
    """The draft of a message whose body is an e-mail (`media` "eml").

    Graph takes one body; Exchange makes the plain text beside the HTML itself.

    Raises:
        PermanentError: when the body is no e-mail that can be written so.
    """
    parsed = message_from_bytes(message.body, policy=policy.default)
    html, plain = parsed.get_body(("html",)), parsed.get_body(("plain",))
    shown = html or plain
    sender = _addresses(parsed, "from")
    if message.media != "eml" or shown is None or not sender:
        raise PermanentError("the message is no e-mail with a sender and a text")
    small, rest = _split(list(_files(parsed, html, plain)))
    names = dict(_addresses(parsed, "to") + _addresses(parsed, "cc"))
    body: dict[str, Any] = {
        "subject": str(parsed["subject"] or ""),
        "body": {"contentType": "html" if html else "text", "content": shown.get_content()},
        "from": _person(*sender[0]),
        "toRecipients": [_named(message.recipient, names)],
        "ccRecipients": [_named(copy, names) for copy in message.copies],
        "replyTo": [_person(*one) for one in _addresses(parsed, "reply-to")],
        "internetMessageId": message.message_id,
        "internetMessageHeaders": [
            {"name": "x-relance-key", "value": message.key},
            # Auto-Submitted (RFC 3834) can't be set here; this is what Exchange's own machines go by. Bounces still come.
            {"name": "x-auto-response-suppress", "value": "OOF, AutoReply"},
        ],
        "singleValueExtendedProperties": [{"id": KEY_PROPERTY, "value": message.key}, *_thread(parsed)],
    }
    if small:
        body["attachments"] = [file.attachment() for file in small]
    return Draft(body, rest)


def _thread(parsed: EmailMessage) -> list[dict[str, str]]:
    found = ((_IN_REPLY_TO, parsed["in-reply-to"]), (_REFERENCES, parsed["references"]))
    return [{"id": name, "value": " ".join(str(value).split())} for name, value in found if value]


def _files(parsed: EmailMessage, *texts: MIMEPart | None) -> Iterator[File]:
    leaves = (part for part in parsed.walk() if not part.is_multipart())
    for number, part in enumerate((leaf for leaf in leaves if not any(leaf is text for text in texts)), 1):
        content = part.get_payload(decode=True)
        yield File(
            name=part.get_filename() or f"attachment-{number}",
            media_type=part.get_content_type(),
            content=content if isinstance(content, bytes) else b"",
            content_id=str(part["content-id"]).strip().strip("<>") if part["content-id"] else None,
        )


def _split(files: list[File]) -> tuple[list[File], tuple[File, ...]]:
    """Files that go with the draft as long as there is room, and the others."""
    small: list[File] = []
    rest: list[File] = []
    room = _WITH_THE_DRAFT
    for file in files:
        fits = len(file.content) <= room
        (small if fits else rest).append(file)
        room -= len(file.content) if fits else 0
    return small, tuple(rest)


def _addresses(parsed: EmailMessage, header: str) -> list[tuple[str, str]]:
    """`(address, display name)` of all that a header names."""
    found = parsed[header]
    return [(one.addr_spec, one.display_name) for one in found.addresses] if found is not None else []


def _named(address: str, names: dict[str, str]) -> dict[str, Any]:
    plain = ascii_address(address)
    return _person(plain, names.get(plain, ""))


def _person(address: str, name: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, **({"name": name} if name else {})}}
