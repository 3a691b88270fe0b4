"""What is done in a mailbox of Microsoft 365: drafts made, filled, sent, looked for and thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from relance.delivery.graph.api import Api, NotFoundError
from relance.delivery.graph.mail import KEY_PROPERTY, Draft, File
from relance.delivery.port import ChannelRefusedError
from relance.errors import TransientError

_RANGE = 12 * 320 * 1024
"""Bytes of a file in one request: below the 4 MB that Microsoft names, in whole blocks of 320 KiB."""


@dataclass(frozen=True, slots=True)
class Found:
    """A message in the mailbox; `age_s` since it was changed, by the server's own clock."""

    identifier: str
    is_draft: bool
    folder: str
    age_s: float


class Box:
    """One mailbox. Every method raises as `Api.call` does, and ChannelRefusedError where there is no such mailbox."""

    def __init__(self, api: Api, owner: str) -> None:
        self._api = api
        self._path = f"/users/{quote(owner, safe='@')}"

    def search(self, key: str) -> list[Found]:
        """The messages that carry our key, in all folders."""
        quoted = key.replace("'", "''")
        wanted = (
            f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY_PROPERTY}' and ep/value eq '{quoted}')"
        )
        select = "id,isDraft,lastModifiedDateTime,parentFolderId"
        answer = self._known("GET", "/messages", params={"$filter": wanted, "$select": select})
        return [
            Found(str(one["id"]), bool(one["isDraft"]), str(one.get("parentFolderId")), _age(one, answer))
            for one in answer.json().get("value", [])
        ]

    def deleted_items(self) -> str:
        """The folder that holds what was thrown away."""
        return str(self._call("GET", "/mailFolders/deleteditems", params={"$select": "id"}).json()["id"])

    def create(self, draft: Draft) -> str:
        """Make a draft; gives its id, which it keeps when it is sent."""
        return str(self._known("POST", "/messages", json=draft.body).json()["id"])

    def attach(self, identifier: str, file: File) -> None:
        """Add a file to a draft, in ranges where it is large."""
        path = f"/messages/{quote(identifier, safe='')}/attachments"
        if not file.is_large:
            self._call("POST", path, json=file.attachment())
            return
        session = self._call("POST", f"{path}/createUploadSession", json={"AttachmentItem": file.item()})
        url, size = str(session.json()["uploadUrl"]), len(file.content)
        for start in range(0, size, _RANGE):
            end = min(start + _RANGE, size)
            self._api.put(url, file.content[start:end], f"bytes {start}-{end - 1}/{size}")

    def submit(self, identifier: str) -> None:
        """Send a draft.

        Raises:
            InDoubtError: the answer was lost.
        """
        try:
            self._call("POST", f"/messages/{quote(identifier, safe='')}/send", doubt=True)
        except NotFoundError as error:
            raise TransientError("the draft was gone before it was sent") from error

    def drop(self, identifier: str) -> None:
        """Throw a draft away."""
        self._call("DELETE", f"/messages/{quote(identifier, safe='')}")

    def _known(self, method: str, path: str, **body: Any) -> httpx.Response:
        """A request that fails to find something only when there is no such mailbox."""
        try:
            return self._call(method, path, **body)
        except NotFoundError as error:
            raise ChannelRefusedError(
                f"{error}: there is no such mailbox, or it is not ours to use.",
                hint="Check RELANCE_GRAPH_MAILBOX, or the entity's sender.",
            ) from error

    def _call(self, method: str, path: str, **body: Any) -> httpx.Response:
        return self._api.call(method, f"{self._path}{path}", **body)


def _age(draft: Mapping[str, Any], answer: httpx.Response) -> float:
    try:
        now = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError, TypeError):
        now = datetime.now(UTC)
    return (now - datetime.fromisoformat(str(draft["lastModifiedDateTime"]))).total_seconds()
