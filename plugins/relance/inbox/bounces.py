"""What a mail that came back says: that it could not be delivered, that somebody is away, or a person's words. Pure.

Delivery status notifications are read by RFC 3464; machines that write none (older Exim, qmail, some Gmail) by the headers
and phrases they are known for. What a notice is about is told by the headers of ours that it gives back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from typing import Literal

from relance.inbox.words import address_of, plain, storable, text_of, without_quotes

Kind = Literal["notice", "absence", "reply", "machine"]
Fate = Literal["bounced", "failed", "deferred", "delivered"]
"""What became of a recipient: no such address; given up for now; still being tried; there."""

LONGEST_TEXT = 2000
_DIAGNOSTIC = 300
_FULL = re.compile(r"[245]\.2\.2")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ \-])")
_KEY = re.compile(r"^X-Relance-Key:\s*([0-9A-Za-z_-]{8,128})\s*$", re.MULTILINE | re.IGNORECASE)
_MESSAGE_ID = re.compile(
    r"^Message-ID:\s*<([^@>\s\x00-\x1f\x7f-\x9f]{1,128})@[^>\s]*>", re.MULTILINE | re.IGNORECASE
)
_REFERENCE = re.compile(r"<([^@>\s\x00-\x1f\x7f-\x9f]{1,128})@[^>\s]*>")
_STILL_TRYING = re.compile(
    r"\b(delayed|warning|still trying|will (?:re|keep )try|not yet been delivered)", re.IGNORECASE
)
_COPY = re.compile(
    r"^(?:-{3,}.*(?:copy|original message|headers).*|Return-Path:.*|Received: .*|Message-ID:.*)$",
    re.MULTILINE | re.IGNORECASE,
)
"""Where a notice without parts begins to give our mail back: addresses from there on are not those that failed."""
_MACHINES = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mdaemon", "no-reply-daemon"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a notice says of one recipient. `addresses`: as it was tried and as it was given; empty where it does not say."""

    fate: Fate
    addresses: tuple[str, ...]
    status: str | None
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as read. `event` tells it from its repetition; `keys` are those of ours it may be about, likeliest first.

    `told`: the words of a notice, without the mail that it gives back.
    """

    kind: Kind
    event: str
    keys: tuple[str, ...]
    sender: str | None
    subject: str
    text: str = ""
    outcomes: tuple[Outcome, ...] = ()
    told: str = field(default="", repr=False)


def read_mail(raw: bytes) -> Incoming:
    """What a mail says; `raw` may end early.

    Raises:
        ValueError: when it can't be read as a mail.
    """
    try:
        return _read(raw)
    except (ValueError, LookupError, TypeError, AttributeError, MessageError, RecursionError) as error:
        # The library's parser never refuses, but its accessors fail in many ways on what spammers send.
        raise ValueError(f"not a mail: {type(error).__name__}") from error


def _read(raw: bytes) -> Incoming:
    mail = message_from_bytes(raw)
    text = text_of(_own_parts(mail))
    sender, subject = address_of(mail["From"]), plain(mail["Subject"])[:200]
    one = Incoming("machine", _event(mail, raw), _keys_answered(mail), sender, subject)
    if outcomes := tuple(_outcomes(mail, text)):
        told = _COPY.split(text, maxsplit=1)[0]
        return replace(one, kind="notice", keys=_keys_given_back(mail, raw), outcomes=outcomes, told=told)
    if _is_absence(mail):
        return replace(one, kind="absence")
    if mail["X-Relance-Key"] or _is_machine(mail, sender):
        return one
    return replace(one, kind="reply", text=without_quotes(text)[:LONGEST_TEXT])


def _event(mail: Message, raw: bytes) -> str:
    told = plain(mail["Message-ID"])
    return told if 3 <= len(told) <= 250 else f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _outcomes(mail: Message, text: str) -> Iterator[Outcome]:
    reports = [part for part in _own_parts(mail) if part.get_content_type() == "message/delivery-status"]
    for report in reports:
        for block in _blocks(report):
            if outcome := _outcome(block):
                yield outcome
    if not reports and _is_unlisted_notice(mail, text):
        yield from _unlisted(mail, text)


def _blocks(report: Message) -> list[Message]:
    """The groups of fields of a report; the first is about the message, the others each about a recipient."""
    payload = report.get_payload()
    if isinstance(payload, list):
        found = [part for part in payload if isinstance(part, Message)]
        if any(part["Final-Recipient"] for part in found):
            return found
    content = report.get_payload(decode=True)
    told = (
        content
        if isinstance(content, bytes)
        else b"\n".join(part.as_bytes() for part in payload if isinstance(part, Message))
    )
    return [message_from_bytes(block) for block in re.split(rb"\r?\n[ \t]*\r?\n", told)]


def _outcome(block: Message) -> Outcome | None:
    action = plain(block["Action"]).split(" ")[0].lower()
    if action not in {"failed", "delayed", "delivered"}:
        return None
    addresses = tuple(
        found
        for name in ("Final-Recipient", "Original-Recipient", "X-Actual-Recipient")
        if (found := address_of(plain(block[name]).rpartition(";")[2]))
    )
    diagnostic = plain(block["Diagnostic-Code"])
    # A server's own code says more than the class that some gateways put in its place (5.0.0).
    status = _status(plain(block["Status"])) or _status(diagnostic)
    if status in {None, "5.0.0", "4.0.0"}:
        status = _status(diagnostic) or status
    return Outcome(_fate(action, status), addresses, status, diagnostic[:_DIAGNOSTIC])


def _fate(action: str, status: str | None) -> Fate:
    if action in {"delayed", "delivered"}:
        return "deferred" if action == "delayed" else "delivered"
    hard = status is not None and status.startswith("5") and not _FULL.fullmatch(status)
    return "bounced" if hard else "failed"


def _status(text: str) -> str | None:
    """The enhanced status code (RFC 3463) of a text, else the class of its reply code."""
    if found := _STATUS.search(text):
        return found[0]
    found = _REPLY_CODE.search(f"{text} ")
    return f"{found[1]}.0.0" if found else None


def _is_unlisted_notice(mail: Message, text: str) -> bool:
    """A notice of a machine that writes no report: it comes from one, and says why by a code."""
    if mail["X-Failed-Recipients"]:
        return True
    local = (address_of(mail["From"]) or "").partition("@")[0]
    from_machine = local in _MACHINES or plain(mail["Return-Path"]) == "<>"
    return from_machine and not _is_absence(mail) and _status(text) is not None


def _unlisted(mail: Message, text: str) -> Iterator[Outcome]:
    status = _status(text)
    trying = _STILL_TRYING.search(f"{plain(mail['Subject'])}\n{text[:1000]}")
    action = "delayed" if trying and not (status or "").startswith("5") else "failed"
    named = [address_of(one) for one in plain(mail["X-Failed-Recipients"]).split(",")]
    found = _STATUS.search(text) or _REPLY_CODE.search(text)
    line = text[found.start() :].split("\n", 1)[0] if found else ""
    each: list[tuple[str, ...]] = [(one,) for one in named if one]
    for addresses in each or [()]:
        yield Outcome(_fate(action, status), addresses, status, line[:_DIAGNOSTIC])


def _keys_given_back(mail: Message, raw: bytes) -> tuple[str, ...]:
    """Keys in the headers that a notice gives back: our own header first, then the Message-ID.

    Never References, which name the reminders before.
    """
    texts = [storable(raw.decode("latin-1"))]
    for part in mail.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and part.get("Content-Transfer-Encoding", "7bit").lower() not in {
            "7bit",
            "8bit",
        }:
            texts.append(storable(content.decode("latin-1")))
    whole = "\n".join(texts).replace("\r\n", "\n")
    found = [
        *_KEY.findall(whole),
        *_MESSAGE_ID.findall(whole),
        *_REFERENCE.findall(plain(mail["In-Reply-To"])),
    ]
    return tuple(dict.fromkeys(found))


def _keys_answered(mail: Message) -> tuple[str, ...]:
    """Keys of the messages that a mail answers, the nearest first."""
    thread = _REFERENCE.findall(plain(mail["References"]))
    return tuple(dict.fromkeys([*_REFERENCE.findall(plain(mail["In-Reply-To"])), *thread[::-1]]))


def _is_absence(mail: Message) -> bool:
    """Whether a machine answered for a person (RFC 3834, and the headers in use before it)."""
    told = plain(mail["Auto-Submitted"]).lower()
    older = plain(mail["Precedence"]).lower() == "auto_reply" or bool(
        mail["X-Autoreply"] or mail["X-Autorespond"] or mail["X-Auto-Reply"]
    )
    return told.startswith("auto-replied") or older


def _is_machine(mail: Message, sender: str | None) -> bool:
    told = plain(mail["Auto-Submitted"]).lower()
    lists = plain(mail["Precedence"]).lower() in {"bulk", "list", "junk"} or bool(mail["List-Id"])
    report = mail.get_content_type() == "multipart/report"
    daemon = (sender or "").partition("@")[0] in _MACHINES
    return told.startswith("auto-") or lists or report or daemon


def _own_parts(mail: Message) -> Iterator[Message]:
    """The parts of a mail without those of a mail inside it."""
    yield mail
    if mail.get_content_type() in {"message/rfc822", "message/delivery-status"} or not mail.is_multipart():
        return
    for part in mail.get_payload():
        if isinstance(part, Message):
            yield from _own_parts(part)
