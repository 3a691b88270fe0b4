"""Signed links: a payer opens its page without log-in, for some weeks, unless somebody revokes it.

A token says which contact it belongs to, what it opens and until when; nothing about the payer can be read from it, and
the server looks the payer up by the contact. Its bytes, in base64url without padding (RFC 4648, section 5):

    version (1) · scope (1) · issued (4) · expires (4) · contact key (n) · the first 16 of HMAC-SHA256 over all before

Times are seconds since 1970 UTC, big-endian. Truncating to half of the digest is what RFC 2104 (section 5) allows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from relance.errors import RelanceError, UsageError
from relance.settings import Settings
from relance.store import links as store
from relance.store.uow import UnitOfWork

Scope = Literal["pay", "view", "card"]
"""What a link opens: the page with what is open and how to pay it; the page without paying; a payment by card."""

LEAST_SECRET = 32
"""Characters of a signing secret, at least."""

_VERSION = 1
_SCOPES: tuple[Scope, ...] = get_args(Scope)
_HEAD = struct.Struct(">BBII")
_TAG = 16
_LONGEST = 256
_PURPOSE = b"relance link"
_PATHS: dict[Scope, str] = {"pay": "pay/", "view": "view/", "card": "pay/card/"}


class LinkError(RelanceError):
    """A link that opens nothing."""

    code = "link"


class LinkForgedError(LinkError):
    """Not signed by us, or changed since: cut off, mistyped, or made up."""

    code = "link.forged"


class LinkExpiredError(LinkError):
    """Ours, and too old."""

    code = "link.expired"


class LinkScopeError(LinkError):
    """Ours, but for something else."""

    code = "link.scope"


class LinkRevokedError(LinkError):
    """Ours, and revoked by somebody."""

    code = "link.revoked"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: the contact's key, what it opens, when it was issued and from when on it opens nothing."""

    key: str
    scope: Scope
    issued: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A token that opens: its claims, and whose contact it is."""

    claims: Claims
    entity: str
    payer_id: str


def make_link(settings: Settings, key: str, *, issued: datetime, scope: Scope = "pay") -> str | None:
    """The address for a contact, or None where no public address or no secret is set.

    Raises:
        UsageError: for a secret that is too short.
    """
    if settings.public_url is None or settings.link_secret is None:
        return None
    token = make_token(settings, key, issued=issued, scope=scope)
    return f"{settings.public_url}/{_PATHS[scope]}{token}"


def make_token(settings: Settings, key: str, *, issued: datetime, scope: Scope = "pay") -> str:
    """A token for a contact, signed by the first secret, good for `settings.link_days`.

    Raises:
        UsageError: for a secret that is missing or too short.
        ValueError: for a key that is not hexadecimal in lower case.
    """
    contact = bytes.fromhex(key)
    if contact.hex() != key or not contact:
        raise ValueError("A contact's key is hexadecimal in lower case.")
    start = int(issued.timestamp())
    end = start + settings.link_days * 86_400
    body = _HEAD.pack(_VERSION, _SCOPES.index(scope), start, end) + contact
    return _text(body + _tag(_secrets(settings)[0], body))


def check(settings: Settings, token: str, *, now: datetime, scopes: Collection[Scope] = _SCOPES) -> Claims:
    """What a token says, when it is ours and opens one of `scopes` now; revocations are `open_link`'s to look at.

    Raises:
        LinkForgedError, LinkExpiredError, LinkScopeError: with words that a payer may read.
        UsageError: for a secret that is missing or too short.
    """
    claims = _verified(_secrets(settings), token)
    if claims is None:
        raise LinkForgedError(
            "This link is not complete or not ours.", hint="Open it from the message again."
        )
    if claims.scope not in scopes:
        raise LinkScopeError("This link does not open this page.", hint="Open it from the message again.")
    if now >= claims.expires:
        raise LinkExpiredError("This link has expired.", hint="Use that of a later message, or write to us.")
    return claims


def open_link(
    uow: UnitOfWork, settings: Settings, token: str, *, now: datetime, scopes: Collection[Scope] = _SCOPES
) -> Opened:
    """Whose contact a token opens now.

    Raises:
        LinkForgedError, LinkExpiredError, LinkScopeError: as `check`; forged too for a contact that is not there.
        LinkRevokedError: when somebody has revoked it, or all of the payer's.
    """
    claims = check(settings, token, now=now, scopes=scopes)
    found = store.whose(uow, claims.key)
    if found is None:
        raise LinkForgedError("This link belongs to no message of ours.", hint="Write to us.")
    entity, payer_id = found
    if store.is_revoked(uow, entity=entity, payer_id=payer_id, key=claims.key, issued_at=claims.issued):
        raise LinkRevokedError(
            "This link no longer opens.", hint="Use that of a later message, or write to us."
        )
    return Opened(claims, entity, payer_id)


def check_secrets(settings: Settings) -> None:
    """Look at the secrets before a day begins whose every message would stumble over them.

    Raises:
        UsageError: for one that is too short, where links are made.
    """
    if settings.public_url is not None and settings.link_secret is not None:
        _secrets(settings)


def _secrets(settings: Settings) -> list[bytes]:
    """The first signs, all verify: `new,old` while links of the old one are about."""
    secrets = [one.strip() for one in (settings.link_secret or "").split(",") if one.strip()]
    if not secrets or any(len(one) < LEAST_SECRET for one in secrets):
        raise UsageError(
            f"RELANCE_LINK_SECRET is {'too short' if secrets else 'not set'}.",
            hint=f'Give {LEAST_SECRET} characters or more: python3 -c "import secrets; print(secrets.token_urlsafe(32))".',
        )
    return [one.encode() for one in secrets]


def _verified(secrets: list[bytes], token: str) -> Claims | None:
    raw = _bytes(token)
    if raw is None or len(raw) <= _HEAD.size + _TAG:
        return None
    body, tag = raw[:-_TAG], raw[-_TAG:]
    if not any(hmac.compare_digest(_tag(secret, body), tag) for secret in secrets):
        return None
    version, scope, issued, expires = _HEAD.unpack(body[: _HEAD.size])
    if version != _VERSION or scope >= len(_SCOPES):
        return None
    return Claims(body[_HEAD.size :].hex(), _SCOPES[scope], _moment(issued), _moment(expires))


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE + body, hashlib.sha256)[:_TAG]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(token: str) -> bytes | None:
    """The bytes of a token written in the one right way: base64's last character has spare bits, which must be unset."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == token else None


def _moment(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
