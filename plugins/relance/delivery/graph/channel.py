"""E-mail as a draft that is then sent: two steps, so that Graph can be asked how far it got.

The draft carries our key in a property that the whole mailbox can be searched by. A message with that key which is no
draft has been sent; a draft has not, and is thrown away before another is made. Only a draft so young that its sending
may be under way can't be told from one that was left: then the answer is to wait.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from relance.delivery.graph.api import Api, NotFoundError, mailbox_of
from relance.delivery.graph.mail import KEY_PROPERTY, Draft, File, draft_of
from relance.delivery.mime import NO_SENDER
from relance.delivery.port import ChannelRefusedError, Limits, Message, Receipt, RecipientError
from relance.errors import PermanentError, TransientError
from relance.settings import Graph

SETTLING_S = 60.0
"""How long after its last change a draft may still be on its way out."""

_RANGE = 12 * 320 * 1024
"""Bytes of a file in one request: below the 4 MB that Microsoft names, in whole blocks of 320 KiB."""
_LARGEST = 35 * 2**20
"""What a mailbox of Microsoft 365 takes unless its administrator allows more."""
_WAITS = 20
"""Requests of one message that may each wait for `timeout_s`: token, search, draft, a dozen ranges, send."""


class GraphChannel:
    """One mailbox of Microsoft 365."""

    name = "graph"

    def __init__(self, settings: Graph) -> None:
        self._mailbox = mailbox_of(settings)
        self._settings = settings
        self._api: Api | None = None
        self.limits = Limits(askable=True, max_bytes=_LARGEST, patience_s=_WAITS * settings.timeout_s)

    def send(self, message: Message) -> Receipt:
        """Send one e-mail; a message that the mailbox has sent under this key already is not sent again.

        Raises:
            TransientError, PermanentError: as Graph answers for this message.
            RecipientError: its only recipient is none.
            ChannelDownError, ChannelRefusedError: Graph can't be reached, or refuses us whatever the message.
            InDoubtError: when the answer to the request that sends it never came.
        """
        if (message.sender or "").endswith(f"@{NO_SENDER}"):
            raise PermanentError(
                f"entity {message.entity} has no sender.", hint="Write sender: {email: …} in its file."
            )
        draft = draft_of(message)
        if done := self.lookup(message):
            return done
        identifier = self._create(draft)
        try:
            for file in draft.files:
                self._attach(identifier, file)
            self._submit(identifier, message)
        except (TransientError, PermanentError):
            with contextlib.suppress(TransientError, PermanentError):
                self._drop(identifier)  # it would lie in the mailbox as a draft that somebody may send
            raise
        return Receipt(self.name, identifier)

    def lookup(self, message: Message) -> Receipt | None:
        """What the mailbox holds under the message's key; drafts that were left there are thrown away.

        Raises:
            TransientError: a draft may be on its way out just now, or Graph can't be asked.
            ChannelRefusedError: Graph refuses us.
        """
        # Keys are hex digits: nothing in them needs quoting inside the filter.
        wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY_PROPERTY}' and ep/value eq '{message.key}')"
        select = "id,isDraft,lastModifiedDateTime,parentFolderId"
        answer = self._in_mailbox("GET", "/messages", params={"$filter": wanted, "$select": select})
        found: list[Mapping[str, Any]] = answer.json().get("value", [])
        for one in found:
            if not one.get("isDraft"):
                return Receipt(self.name, str(one["id"]))
        if found:
            self._clear(found, answer)
        return None

    def close(self) -> None:
        """Close the connections; a message after this opens others, and asks for another token."""
        api, self._api = self._api, None
        if api is not None:
            api.close()

    def _clear(self, drafts: list[Mapping[str, Any]], answer: httpx.Response) -> None:
        thrown_away = str(
            self._call("GET", "/mailFolders/deleteditems", params={"$select": "id"}).json()["id"]
        )
        left = [one for one in drafts if one.get("parentFolderId") != thrown_away]
        ages = [_age(one, answer) for one in left]
        if any(age < SETTLING_S for age in ages):
            wait = SETTLING_S - min(ages)
            raise TransientError("a draft of this message may be on its way out", retry_after=wait)
        for one in left:
            self._drop(str(one["id"]))

    def _create(self, draft: Draft) -> str:
        return str(self._in_mailbox("POST", "/messages", json=draft.body).json()["id"])

    def _attach(self, identifier: str, file: File) -> None:
        path = f"/messages/{quote(identifier, safe='')}/attachments"
        if not file.is_large:
            self._call("POST", path, json=file.attachment())
            return
        session = self._call("POST", f"{path}/createUploadSession", json={"AttachmentItem": file.item()})
        url, size = str(session.json()["uploadUrl"]), len(file.content)
        for start in range(0, size, _RANGE):
            end = min(start + _RANGE, size)
            self._open().put(url, file.content[start:end], f"bytes {start}-{end - 1}/{size}")

    def _submit(self, identifier: str, message: Message) -> None:
        try:
            self._call("POST", f"/messages/{quote(identifier, safe='')}/send", doubt=True)
        except RecipientError as error:
            if message.copies:  # it may be a copy's address that is none
                raise PermanentError(str(error)) from error
            raise
        except NotFoundError as error:
            raise TransientError("the draft was gone before it was sent") from error

    def _drop(self, identifier: str) -> None:
        self._call("DELETE", f"/messages/{quote(identifier, safe='')}")

    def _in_mailbox(self, method: str, path: str, **body: Any) -> httpx.Response:
        """A request that only fails to find something when there is no such mailbox."""
        try:
            return self._call(method, path, **body)
        except NotFoundError as error:
            raise ChannelRefusedError(
                f"{error}: there is no such mailbox, or it is not ours to use.",
                hint="Check RELANCE_GRAPH_MAILBOX.",
            ) from error

    def _call(self, method: str, path: str, **body: Any) -> httpx.Response:
        return self._open().call(method, f"{self._mailbox}{path}", **body)

    def _open(self) -> Api:
        if self._api is None:
            self._api = Api(self._settings)
        return self._api


def _age(draft: Mapping[str, Any], answer: httpx.Response) -> float:
    """Seconds since a draft was changed, by the server's own clock."""
    try:
        now = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError, TypeError):
        now = datetime.now(UTC)
    return (now - datetime.fromisoformat(str(draft["lastModifiedDateTime"]))).total_seconds()
