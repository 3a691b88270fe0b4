"""Twilio's client, made quiet, and its errors as those of the port.

The library logs addresses and texts, and so does urllib3 with the query of a search; neither may reach a log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from relance.delivery.port import ChannelDownError, ChannelRefusedError, InDoubtError, RecipientError
from relance.delivery.twilio import codes
from relance.errors import DeliveryError, PermanentError, TransientError
from relance.settings import Twilio

Mark = Literal["refused", "opted_out"]
_LOST = (500, 502, 504)
"""A fault behind the door, or a gateway that gave up: the message may have been made before. Twilio's API takes no
idempotency key, so that asking again could send it twice; 503 turns away at the door."""


class _NoQueries(logging.Filter):
    """Cuts the query off the addresses that urllib3 logs: a search names the number it looks for."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                one.split("?", 1)[0] if isinstance(one, str) and "?" in one else one for one in record.args
            )
        return True


_NO_QUERIES = _NoQueries()


class QuietHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The library's own, without its log lines; remembers how long it was last asked to wait."""

    retry_after: float | None = None

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing: it would log whom we write to, and what."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Nothing: it would log the answer."""

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """As the library's."""
        self.retry_after = None
        response = super().request(*args, **kwargs)
        self.retry_after = _seconds(dict(response.headers or {}))
        return response

    def close(self) -> None:
        """Give back connections."""
        if self.session is not None:
            self.session.close()


def make_client(settings: Twilio) -> tuple[Client, QuietHttpClient]:
    """A client of the configured account and address, and what carries its requests.

    Raises:
        ChannelRefusedError: when there is no account or token.
    """
    if not (settings.account_sid and settings.auth_token):
        raise ChannelRefusedError(
            "There is no Twilio account.", hint="Set RELANCE_TWILIO_ACCOUNT and RELANCE_TWILIO_TOKEN."
        )
    logging.getLogger("urllib3.connectionpool").addFilter(_NO_QUERIES)
    http = QuietHttpClient(timeout=settings.timeout_s)
    client = Client(
        settings.account_sid,
        settings.auth_token,
        http_client=http,
        environment={"TWILIO_EDGE": "", "TWILIO_REGION": ""},  # only our own settings say where requests go
    )
    client.api.base_url = settings.base_url
    return client, http


@contextmanager
def errors_of_the_port(http: QuietHttpClient, *, asking: bool = False) -> Iterator[None]:
    """Whatever a request raises, as the port's error; no text of it names an address or quotes a message.

    `asking`: the request only asks, so that a lost answer puts nothing in doubt.

    Raises:
        ChannelDownError, ChannelRefusedError, InDoubtError, RecipientError, TransientError, PermanentError: see port.py.
    """
    try:
        with _errors(http):
            yield
    except InDoubtError as error:
        if asking:
            raise ChannelDownError(f"Twilio can't be asked now: {error}") from None
        raise


@contextmanager
def _errors(http: QuietHttpClient) -> Iterator[None]:
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        raise _of_answer(error.status, int(error.code or error.status), http.retry_after) from None
    except requests.RequestException as error:
        raise _of_line(error) from None
    except (TwilioException, ValueError) as error:
        # The request was made and its answer can't be read: it may well have been taken.
        raise InDoubtError(f"Twilio's answer can't be read ({type(error).__name__}).") from None


def _of_answer(status: int, code: int, retry_after: float | None) -> DeliveryError:
    said = codes.explain(code)
    if codes.is_dead(code):
        mark: Mark = "opted_out" if code in codes.OPTED_OUT else "refused"
        return RecipientError(f"Twilio refused: {said}.", mark=mark)
    if status == 429 or code in codes.BUSY:
        return TransientError(f"Twilio asks to wait: {said}.", retry_after=retry_after)
    if status in _LOST:
        return InDoubtError(f"Twilio failed over the request, or its answer was lost (HTTP {status}).")
    if status >= 500:
        return ChannelDownError(f"Twilio is out of order (HTTP {status}).", retry_after=retry_after)
    if status in {401, 403, 404} or status < 400 or code in codes.OURS:
        return ChannelRefusedError(
            f"Twilio refuses us: {said} (HTTP {status}).",
            hint="Check RELANCE_TWILIO_* against the account's console.",
        )
    return PermanentError(f"Twilio refused the message: {said}.")


def _of_line(error: requests.RequestException) -> DeliveryError:
    """What a broken line means: before the request was written nothing left; after it, nobody knows."""
    if isinstance(error, requests.exceptions.SSLError):
        return ChannelRefusedError(
            "The line to Twilio is not safe: its certificate can't be checked.",
            hint="Check RELANCE_TWILIO_BASE_URL and the certificates of this machine.",
        )
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)) or _never_connected(
        error
    ):
        return ChannelDownError("Twilio can't be reached.")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        return ChannelRefusedError("Twilio's address is none.", hint="Check RELANCE_TWILIO_BASE_URL.")
    return InDoubtError(f"The line to Twilio was lost before its answer came ({type(error).__name__}).")


def _never_connected(error: BaseException) -> bool:
    """Whether no connection came about at all; a broken one says `ProtocolError`."""
    for cause in error.args:
        if isinstance(cause, ProtocolError):
            return False
        if isinstance(cause, NewConnectionError):
            return True
        if isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError):
            return True
    return False


def _seconds(headers: dict[str, str]) -> float | None:
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    try:
        return max(0.0, float(found)) if found else None
    except ValueError:
        return None  # a date: the usual wait will do
