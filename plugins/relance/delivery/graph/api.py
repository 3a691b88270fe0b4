"""Requests to Microsoft Graph: with a token, in time, and each failure as the port's error.

Graph's own messages may name people; errors here carry its codes only.
"""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from relance.delivery.graph.token import Tokens
from relance.delivery.port import ChannelDownError, ChannelRefusedError, InDoubtError, RecipientError
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.settings import Graph

# At INFO httpx writes every address it calls: the mailbox, and upload URLs that let in whoever has them.
logging.getLogger("httpx").setLevel(logging.WARNING)

_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_THROTTLED = frozenset({429, 503})
_RECIPIENT = frozenset({"ErrorInvalidRecipients", "ErrorInvalidAddress", "ErrorNonExistentMailbox"})
_HEADERS = {"Prefer": 'IdType="ImmutableId"'}  # an id that stays when the draft becomes a sent message


class NotFoundError(PermanentError):
    """Graph knows no such thing, or does not let us see it."""


def check_settings(settings: Graph) -> None:
    """Refuse settings that are not complete.

    Raises:
        ChannelRefusedError: naming what is missing.
    """
    needed = {
        "RELANCE_GRAPH_TENANT": settings.tenant, "RELANCE_GRAPH_CLIENT_ID": settings.client_id,
        "RELANCE_GRAPH_CLIENT_SECRET": settings.client_secret,
    }  # fmt: skip
    if missing := [name for name, value in needed.items() if not value]:
        raise ChannelRefusedError("Microsoft 365 is not set up.", hint=f"Set {', '.join(missing)}.")


class Api:
    """Graph for one application; `base_url` and CA are settings."""

    def __init__(self, settings: Graph) -> None:
        verify: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
        )
        self._base = settings.base_url
        self._client = httpx.Client(timeout=settings.timeout_s, verify=verify)
        self._tokens = Tokens(settings, self._client)

    def call(self, method: str, path: str, *, doubt: bool = False, **body: Any) -> httpx.Response:
        """A request with a token; gives the answer when it is a good one.

        `doubt`: this one makes something happen, and must not be asked twice. `body`: `json` or `params` as `httpx` takes
        them.

        Raises:
            ChannelDownError, TransientError: not reached, throttled, or out of order; certainly nothing was done.
            ChannelRefusedError: we, or the mailbox, are not let in.
            NotFoundError, RecipientError, PermanentError: what was asked for can't be done.
            InDoubtError: with `doubt`, when the answer was lost.
        """
        answer = self._once(method, path, doubt, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens.drop()
            answer = self._once(method, path, doubt, body)
        if answer.is_success:
            return answer
        raise _problem(answer, doubt=doubt)

    def put(self, url: str, content: bytes, content_range: str) -> httpx.Response:
        """Send a range of a file to an upload session, whose URL lets us in by itself.

        Raises:
            TransientError, PermanentError: the range was not taken.
        """
        headers = {"Content-Type": "application/octet-stream", "Content-Range": content_range}
        try:
            answer = self._client.put(url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise TransientError(f"an upload to Microsoft 365 broke off: {type(error).__name__}") from error
        if answer.is_success:
            return answer
        raise _problem(answer, doubt=False)

    def close(self) -> None:
        """Close the connections; the next request opens others."""
        self._client.close()

    def _once(self, method: str, path: str, doubt: bool, body: dict[str, Any]) -> httpx.Response:
        headers = {**_HEADERS, "Authorization": f"Bearer {self._tokens.get()}"}
        try:
            return self._client.request(method, f"{self._base}{path}", headers=headers, **body)
        except _NOT_CONNECTED as error:
            raise ChannelDownError(
                f"Microsoft Graph can't be reached: {type(error).__name__}.",
                hint="Nothing has left; run again later.",
            ) from error
        except httpx.HTTPError as error:
            text = f"Microsoft Graph did not answer: {type(error).__name__}"
            raise (InDoubtError(text) if doubt else TransientError(text)) from error


def _problem(answer: httpx.Response, *, doubt: bool) -> DeliveryError:
    status, code = answer.status_code, _code(answer)
    text = f"Microsoft Graph answered {status}{f' {code}' if code else ''}"
    if status in _THROTTLED:
        return TransientError(text, retry_after=_retry_after(answer))
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        # a gateway that gives up says nothing of what happened behind it
        return InDoubtError(text) if doubt else TransientError(text)
    if status in {401, 403}:
        return ChannelRefusedError(
            f"{text}.", hint="Grant the application Mail.ReadWrite and Mail.Send for this mailbox."
        )
    if status == httpx.codes.CONFLICT:
        return TransientError(text)
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(text)
    return RecipientError(text) if code in _RECIPIENT else PermanentError(text)


def _code(answer: httpx.Response) -> str:
    """Graph's word for what is wrong, if it gave one that is a word."""
    try:
        code = str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
    return code[:60] if code.isalnum() else ""


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isdigit():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
