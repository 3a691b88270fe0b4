"""E-mail as a draft that is then sent: two steps, so that Graph can be asked how far it got.

The draft carries our key in a property that the whole mailbox can be searched by. A message with that key which is no
draft has been sent; a draft has not, and is thrown away before another is made. Only a draft so young that its sending
may be under way can't be told from one that was left: then the answer is to wait.
"""

from __future__ import annotations

import contextlib

from relance.delivery.graph.api import Api, check_settings
from relance.delivery.graph.box import Box, Found
from relance.delivery.graph.mail import draft_of
from relance.delivery.mime import NO_SENDER
from relance.delivery.port import Limits, Message, Receipt, RecipientError
from relance.errors import PermanentError, TransientError
from relance.settings import Graph

SETTLING_S = 60.0
"""How long after its last change a draft may still be on its way out."""

_LARGEST = 35 * 2**20
"""What a mailbox of Microsoft 365 takes unless its administrator allows more."""
_WAITS = 20
"""Requests of one message that may each wait for `timeout_s`: token, search, draft, a dozen ranges, send."""


class GraphChannel:
    """Mailboxes of Microsoft 365: the one of the settings, else the sender's own."""

    name = "graph"

    def __init__(self, settings: Graph) -> None:
        check_settings(settings)
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
        box = self._box(message)
        identifier = box.create(draft)
        try:
            for file in draft.files:
                box.attach(identifier, file)
            _submit(box, identifier, message)
        except (TransientError, PermanentError):
            with contextlib.suppress(TransientError, PermanentError):
                box.drop(identifier)  # it would lie in the mailbox as a draft that somebody may send
            raise
        return Receipt(self.name, identifier)

    def lookup(self, message: Message) -> Receipt | None:
        """What the mailbox holds under the message's key; drafts that were left there are thrown away.

        Raises:
            TransientError: a draft may be on its way out just now, or Graph can't be asked.
            ChannelRefusedError: Graph refuses us.
        """
        box = self._box(message)
        found = box.search(message.key)
        for one in found:
            if not one.is_draft:
                return Receipt(self.name, one.identifier)
        if found:
            _clear(box, found)
        return None

    def close(self) -> None:
        """Close the connections; a message after this opens others, and asks for another token."""
        api, self._api = self._api, None
        if api is not None:
            api.close()

    def _box(self, message: Message) -> Box:
        if self._api is None:
            self._api = Api(self._settings)
        return Box(self._api, self._settings.mailbox or message.sender or "")


def _clear(box: Box, drafts: list[Found]) -> None:
    thrown_away = box.deleted_items()
    left = [one for one in drafts if one.folder != thrown_away]
    if any(one.age_s < SETTLING_S for one in left):
        wait = SETTLING_S - min(one.age_s for one in left)
        raise TransientError("a draft of this message may be on its way out", retry_after=wait)
    for one in left:
        box.drop(one.identifier)


def _submit(box: Box, identifier: str, message: Message) -> None:
    try:
        box.submit(identifier)
    except RecipientError as error:
        if message.copies:  # it may be a copy's address that is none
            raise PermanentError(str(error)) from error
        raise
