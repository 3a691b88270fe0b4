"""Registered electronic letters by AR24 (France), after its public documentation.

Source: https://developers.ar24.fr/doc/ (token, signature, `POST /attachment`, `POST /mail`, `GET /user/mail`).

A call carries the token and the date of Europe/Paris (`YYYY-MM-DD HH:MM:SS`, good for ten minutes) as form fields, and the
header `signature`: that date by AES-256-CBC with the hash of the private key. `POST /attachment` takes the PDF
and gives its `file_id`; `POST /mail` sends it to an address (`id_user`, `to_email`, `dest_statut`, `to_company`,
`ref_dossier`, `attachment[0]` …); `GET /user/mail` lists what was sent. Answers are JSON: errors in clear
(`status`, `slug`, `message`), successes encrypted with the hash of date and key. Success is always HTTP 200.

Sent are simple registered e-mails. A *qualified* one (eIDAS) wants a one-time code from a person for each hour of sending;
that is not done here. Our key is the letter's `ref_dossier`: what the list shows under it was sent; what it does not show
is in doubt, for nothing in the documentation says that the list is complete at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from relance.delivery.pdf_facts import facts_of
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
from relance.settings import Registered

BASE_URL = "https://app.ar24.fr/api"
MAX_BYTES = 256 * 1024 * 1024
"""Of all files of a letter together."""

_PARIS = ZoneInfo("Europe/Paris")
_BLOCK_BITS = 128
_LISTED = 100
_RECIPIENT = frozenset(
    {"missing_email", "same_sender_recipients_emails", "invalid_recipient", "invalid_email"}
)
_AGAIN = frozenset({"attachment_not_exists", "attachment_unavailable"})
# Slugs that speak of us, not of the letter: the account, the token, the signature or its date.
_US = ("user_", "token", "signature", "date", "authentication", "missing_user", "access", "api_")


class _AnswerError(Exception):
    """An answer that is none: neither an error in clear nor something that our key opens."""


class Ar24:
    """One account of AR24."""

    name = "eletter"

    def __init__(self, settings: Registered) -> None:
        if not settings.token or not settings.key or not settings.user_id:
            raise ChannelRefusedError(
                "the provider of registered letters is not set up",
                hint="Set RELANCE_REGISTERED_TOKEN, RELANCE_REGISTERED_KEY and RELANCE_REGISTERED_USER.",
            )
        self._token = settings.token
        self._user = settings.user_id
        self._seal = Seal(settings.key)
        # It logs addresses as they are called, and lookups carry the token there.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._client = httpx.Client(
            base_url=(settings.base_url or BASE_URL).rstrip("/"),
            timeout=settings.timeout_s,
            follow_redirects=False,
        )
        # Connecting, writing and reading, for the file and for the letter.
        self.limits = Limits(
            askable=False, confirms=True, max_bytes=MAX_BYTES, patience_s=6 * settings.timeout_s
        )

    def send(self, message: Message) -> Receipt:
        """Upload the PDF, then send it.

        Raises:
            RecipientError: for an address that AR24 does not send to.
            PermanentError, TransientError, ChannelDownError, ChannelRefusedError: as AR24 answers.
            InDoubtError: when the letter may have been taken and its answer was lost.
        """
        if message.media != "pdf":
            raise PermanentError(
                "only a PDF can be sent as a registered letter", hint="Intend the message again."
            )
        file_id = self._upload(message)
        facts = facts_of(message.body)
        payer = facts.address[0] if facts.address else message.recipient
        fields = {
            "id_user": self._user,
            "eidas": "0",
            "to_email": message.recipient,
            "to_company": payer[:250],
            "to_firstname": "",
            "to_lastname": "",
            "dest_statut": "professionnel",
            "content": "",
            "ref_dossier": message.key,
            "attachment[0]": file_id,
        }
        try:
            result = self._post("/mail", fields)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _down(error) from error
        except (httpx.HTTPError, _AnswerError) as error:
            raise InDoubtError(
                f"the registered letter was given to AR24 and its answer was lost: {type(error).__name__}."
            ) from error
        return Receipt(self.name, str(result.get("id") or message.key))

    def lookup(self, message: Message) -> Receipt | None:
        """The letter in the list of those sent, by our key; None proves nothing.

        Raises:
            ChannelDownError, ChannelRefusedError: when AR24 can't be asked now, or does not let us in.
        """
        date = _now()
        query: dict[str, str | int] = {
            "token": self._token, "date": date, "id_user": self._user, "max": _LISTED, "sort": "DESC",
        }  # fmt: skip
        try:
            answer = self._client.get(
                "/user/mail", params=query, headers={"signature": self._seal.sign(date)}
            )
            result = self._opened(answer, date)
        except httpx.HTTPError as error:
            raise _down(error) from error
        except ChannelRefusedError:
            raise  # a wrong token says nothing of the letter; the answer waits until it is mended
        except (_AnswerError, PermanentError):
            return None
        for mail in _mails(result):
            if mail.get("ref_dossier") == message.key:
                return Receipt(self.name, str(mail.get("id") or message.key))
        return None

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def _upload(self, message: Message) -> str:
        """The file's id. Nothing has been sent when this fails."""
        files = {"file": (f"{message.key}.pdf", message.body, "application/pdf")}
        try:
            result = self._post("/attachment", {"id_user": self._user}, files)
        except httpx.HTTPError as error:
            raise _down(error) from error
        except _AnswerError as error:
            raise TransientError(f"AR24 did not take the file: {error}") from error
        if not (file_id := result.get("file_id")):
            raise TransientError("AR24 did not take the file: it gave no id")
        return str(file_id)

    def _post(
        self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]] | None = None
    ) -> Mapping[str, Any]:
        date = _now()
        answer = self._client.post(
            path,
            data={"token": self._token, "date": date, **fields},
            files=files,
            headers={"signature": self._seal.sign(date)},
        )
        result = self._opened(answer, date)
        return result if isinstance(result, Mapping) else {}

    def _opened(self, answer: httpx.Response, date: str) -> Any:
        """The `result` of an answer.

        Raises:
            DeliveryError: what the answer says.
            _AnswerError: when it says nothing that can be read.
        """
        _look_at_status(answer)
        clear = _json(answer.text)
        if clear is None:
            clear = _json(self._seal.open(answer.text, date))
        if not isinstance(clear, Mapping):
            raise _AnswerError("unreadable")
        status = str(clear.get("status", "")).lower()
        if status == "maintenance":
            raise ChannelDownError(
                "AR24 is being maintained.", hint="Registered letters wait; run again later."
            )
        if status == "error":
            raise _refusal(str(clear.get("slug") or "unknown"))
        if status != "success":
            raise _AnswerError("no status")
        return clear.get("result")


class Seal:
    """AR24's signature of a date, and the opening of its answers: AES-256-CBC with keys that are hashes in hexadecimal.

    PHP's `openssl_encrypt` takes the first 32 and 16 characters of a longer key and vector, and writes base64.
    """

    def __init__(self, private_key: str) -> None:
        self._private = private_key
        self._hashed = _sha256(private_key)
        self._vector = _sha256(self._hashed)[:16].encode()

    def sign(self, date: str) -> str:
        """The header `signature` of a call made at `date`."""
        pad = padding.PKCS7(_BLOCK_BITS).padder()
        cipher = self._cipher(self._hashed).encryptor()
        sealed = cipher.update(pad.update(date.encode()) + pad.finalize()) + cipher.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, text: str, date: str) -> str:
        """The answer to a call made at `date`, in clear; empty when our key does not open it."""
        with suppress(ValueError):
            cipher = self._cipher(_sha256(date + self._private)).decryptor()
            padded = cipher.update(base64.b64decode(text, validate=True)) + cipher.finalize()
            unpad = padding.PKCS7(_BLOCK_BITS).unpadder()
            return (unpad.update(padded) + unpad.finalize()).decode()
        return ""

    def _cipher(self, hashed: str) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(hashed[:32].encode()), modes.CBC(self._vector))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _now() -> str:
    return datetime.now(_PARIS).strftime("%Y-%m-%d %H:%M:%S")


def _json(text: str) -> Any:
    with suppress(ValueError):
        return json.loads(text)
    return None


def _look_at_status(answer: httpx.Response) -> None:
    """Success is always 200; of the rest only what is certain is told, so that a lost answer stays in doubt."""
    code = answer.status_code
    if code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise ChannelRefusedError(
            f"AR24 refuses us: {code}.", hint="Check RELANCE_REGISTERED_TOKEN, its key and user."
        )
    if code == httpx.codes.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        raise TransientError(
            "AR24 takes no more letters now", retry_after=float(wait) if wait.isdigit() else None
        )
    if code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _AnswerError(str(code))
    if code >= httpx.codes.BAD_REQUEST:
        raise PermanentError(f"AR24 does not take the letter: {code}")


def _refusal(slug: str) -> DeliveryError:
    # The message beside the slug may name the address.
    if slug in _RECIPIENT:
        return RecipientError(f"AR24 does not send to this address: {slug}")
    if slug in _AGAIN:
        return TransientError(f"AR24 does not take the letter now: {slug}")
    if slug.startswith(_US) or "signature" in slug or "token" in slug:
        return ChannelRefusedError(
            f"AR24 refuses us: {slug}.", hint="Check RELANCE_REGISTERED_TOKEN, its key and user."
        )
    return PermanentError(f"AR24 does not take the letter: {slug}")


def _down(error: Exception) -> ChannelDownError:
    return ChannelDownError(
        f"AR24 can't be reached: {type(error).__name__}.", hint="No letter has left; run again later."
    )


def _mails(result: Any) -> list[Mapping[str, Any]]:
    """The letters of a list, however it is wrapped."""
    if isinstance(result, Mapping):
        inner = result.get("mails", list(result.values()))
        result = list(inner.values()) if isinstance(inner, Mapping) else inner
    return [one for one in result or [] if isinstance(one, Mapping)] if isinstance(result, list) else []
