"""A mailbox of Microsoft 365 by Graph: unread mail in, marked as read. Exchange Online takes no password by IMAP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from relance.delivery.graph.api import Api, NotFoundError, check_settings
from relance.delivery.port import ChannelDownError, ChannelRefusedError
from relance.errors import PermanentError, TransientError
from relance.settings import Graph

_LARGEST = 512 * 1024
_PAGE = 1000
"""The most that Graph gives at once."""
_PAGES = 20


class GraphMailbox:
    """The inbox of the mailbox that we write from: what could not be delivered comes back there."""

    name = "graph"

    def __init__(self, settings: Graph, owner: str) -> None:
        check_settings(settings)
        self._path = f"/users/{quote(owner, safe='@')}"
        self._settings = settings
        self._api: Api | None = None

    def unseen(self) -> list[str]:
        """Identifiers of the unread mail, oldest first.

        Raises:
            ChannelDownError, ChannelRefusedError: Graph can't be reached, or does not let us in.
        """
        # What is ordered by must be filtered by as well, and come first there.
        wanted = "receivedDateTime ge 2000-01-01T00:00:00Z and isRead eq false"
        query = {"$filter": wanted, "$orderby": "receivedDateTime", "$select": "id", "$top": str(_PAGE)}
        found: list[str] = []
        for number in range(_PAGES):
            more = {"$skip": str(number * _PAGE)} if number else {}
            answer = self._call("GET", "/mailFolders/inbox/messages", params=query | more)
            page = [str(one["id"]) for one in answer.json().get("value", [])]
            found += page
            if len(page) < _PAGE:
                break
        return list(dict.fromkeys(found))  # what arrives meanwhile moves nothing, what somebody reads may

    def read(self, identifier: str) -> bytes:
        """A mail's bytes, or the beginning of a very long one; empty when it is gone.

        Raises:
            ChannelDownError, ChannelRefusedError: Graph can't be reached, or does not let us in.
        """
        try:
            answer = self._call("GET", f"/messages/{quote(identifier, safe='')}/$value")
        except NotFoundError:
            return b""
        return bytes(answer.content[:_LARGEST])

    def seen(self, identifier: str) -> None:
        """Mark a mail as read, so that it is not read again.

        Raises:
            ChannelDownError, ChannelRefusedError: Graph can't be reached, or does not let us in.
        """
        try:
            self._call("PATCH", f"/messages/{quote(identifier, safe='')}", json={"isRead": True})
        except NotFoundError:  # somebody has deleted it
            return

    def close(self) -> None:
        """Close the connections."""
        api, self._api = self._api, None
        if api is not None:
            api.close()

    def _call(self, method: str, path: str, **body: Any) -> Any:
        if self._api is None:
            self._api = Api(self._settings)
        try:
            return self._api.call(method, f"{self._path}{path}", **body)
        except (ChannelDownError, ChannelRefusedError, NotFoundError):
            raise
        except TransientError as error:
            raise ChannelDownError(
                f"the mailbox can't be read now: {error}.", hint="Nothing is lost; run again later."
            ) from error
        except PermanentError as error:
            raise ChannelRefusedError(f"the mailbox can't be read: {error}.") from error
