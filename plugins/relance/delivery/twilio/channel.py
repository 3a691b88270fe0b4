"""What the three adapters share: the client, the sender, how a message is looked for.

Twilio takes no key of ours that would keep a message from being made twice, and shows none when asked. So a lookup can
confirm (by what was called back under the key, or by to whom and what), and its silence proves nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any, Protocol

from twilio.base import values
from twilio.rest import Client

from relance.delivery.port import ChannelRefusedError, Limits, Message, Receipt
from relance.delivery.twilio.addresses import status_url
from relance.delivery.twilio.client import QuietHttpClient, errors_of_the_port, make_client
from relance.delivery.twilio.memory import PROVIDER, Memory
from relance.settings import Twilio

AHEAD = timedelta(hours=14)
"""How far a place's clock may be ahead of UTC: a day begins there as long before it does here."""
LISTED = 50
"""How many of a number's newest messages are looked at."""


class Made(Protocol):
    """What Twilio answers to a request that makes something."""

    sid: str | None


class TwilioChannel(ABC):
    """One channel of the account. Not shared between threads."""

    name = PROVIDER

    def __init__(self, settings: Twilio, *, public_url: str | None, memory: Memory) -> None:
        self._settings = settings
        self._public_url = public_url
        self._memory = memory

    @property
    def limits(self) -> Limits:
        """Finding a message proves that it was sent; not finding it proves nothing."""
        return Limits(askable=False, confirms=True, patience_s=3 * self._settings.timeout_s)

    def send(self, message: Message) -> Receipt:
        """Hand the message over, once.

        Raises:
            RecipientError: the number takes no message on this channel, or its owner said STOP.
            PermanentError, TransientError, ChannelDownError, ChannelRefusedError, InDoubtError: as in port.py.
        """
        request = self._request(message)
        client, http = self._open
        with errors_of_the_port(http):
            made = self._make(client, request)
        return Receipt(self.name, str(made.sid))

    def lookup(self, message: Message) -> Receipt | None:
        """What Twilio called back about under the message's key, else what it lists as sent to that number since its day.

        Raises:
            TransientError, PermanentError: when Twilio can't be asked.
        """
        if sid := self._memory.told(message.key):
            return Receipt(self.name, sid)
        since = datetime.combine(message.on_date, time(), UTC) - AHEAD
        client, http = self._open
        with errors_of_the_port(http, asking=True):
            listed = list(self._listed(client, message))
        ours = sorted(
            (str(one.date_created), str(one.sid))
            for one in listed
            if one.date_created and one.date_created >= since and self._is_it(one, message)
        )
        sid = next((sid for _, sid in ours if not self._memory.is_anothers(sid, message.key)), None)
        return Receipt(self.name, sid) if sid else None

    def close(self) -> None:
        """Give back connections; sending again opens new ones."""
        if "_open" in self.__dict__:
            self._open[1].close()
            del self.__dict__["_open"]

    @cached_property
    def _open(self) -> tuple[Client, QuietHttpClient]:
        return make_client(self._settings)

    def _callback(self, message: Message) -> Any:
        """Where receipts go; without an address of ours none come."""
        return status_url(self._public_url, message.key) if self._public_url else values.unset

    @abstractmethod
    def _request(self, message: Message) -> dict[str, Any]:
        """What Twilio is asked to make of a message."""

    @abstractmethod
    def _make(self, client: Client, request: dict[str, Any]) -> Made:
        """Have it made."""

    def _listed(self, client: Client, message: Message) -> Iterable[Any]:  # noqa: ARG002 - for those that can ask
        """The number's newest messages; nothing where a list tells none from another."""
        return ()

    def _is_it(self, listed: Any, message: Message) -> bool:  # noqa: ARG002
        """Whether a listed one says what the message says."""
        return False


def sender_of(number: str | None, variable: str) -> str:
    """A number of ours, or a messaging service's id.

    Raises:
        ChannelRefusedError: when there is none.
    """
    if not number:
        raise ChannelRefusedError("There is no number to send from.", hint=f"Set {variable}.")
    return number


def from_or_service(sender: str, *, prefix: str = "") -> dict[str, str]:
    """The parameter that names the sender: a messaging service by its id (MG…), else a number or name."""
    if sender.startswith("MG") and len(sender) == 34:
        return {"messaging_service_sid": sender}
    return {"from_": sender if sender.startswith(prefix) else f"{prefix}{sender}"}
