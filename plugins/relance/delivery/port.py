"""The port between what was decided to be said and whoever carries it: messages out, receipts back.

An adapter knows one provider. It sends one message at a time, says for certain what it knows, and raises:

- `TransientError`: this message was not taken now, another try may work;
- `PermanentError`: this message never will be;
- `RecipientError`: nor will any other to this address;
- `ChannelDownError`: nothing can go this way at present (the message certainly did not);
- `ChannelRefusedError`: nothing will, until a person mends the settings (the message certainly did not go);
- `InDoubtError`: the message may or may not have gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from relance.errors import DeliveryError, PermanentError, TransientError


class ChannelDownError(TransientError):
    """The provider can't be reached; no message has left."""

    code = "delivery.channel_down"


class ChannelRefusedError(PermanentError):
    """The provider refuses us, not the message: credentials, TLS, a relay that is not ours."""

    code = "delivery.channel_refused"


class RecipientError(PermanentError):
    """The address takes no message on this channel, whatever it says: it is marked, and planning looks for another."""

    code = "delivery.recipient"

    def __init__(
        self, message: str, *, mark: Literal["refused", "opted_out"] = "refused", hint: str | None = None
    ) -> None:
        """`mark`: what the address is marked as; `opted_out` where its owner asked for no more messages."""
        super().__init__(message, hint=hint)
        self.mark = mark


class InDoubtError(DeliveryError):
    """The connection was lost after the message was handed over and before it was acknowledged."""

    code = "delivery.in_doubt"


@dataclass(frozen=True, slots=True)
class Message:
    """One message, complete: `body` are the bytes that leave, `digest` their SHA-256, `media` "eml" or "txt"."""

    key: str
    entity: str
    channel: str
    on_date: date
    sender: str | None
    recipient: str
    copies: tuple[str, ...]
    message_id: str
    media: str
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider answered. `kept`: it lies in a folder, nobody outside has it. `digest`: of what is there, if known."""

    provider: str
    reference: str
    kept: bool = False
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What an adapter can take and tell.

    `askable`: `lookup` is authoritative, so that what it does not find has not been sent and may be sent again.
    `confirms`: what `lookup` finds was sent, but what it does not find is in doubt.
    `max_bytes`: the largest message, where known. `patience_s`: the longest that one `send` takes.
    """

    askable: bool
    confirms: bool = False
    max_bytes: int | None = None
    patience_s: float = 60.0


class Channel(Protocol):
    """A way out for messages. Not shared between threads; `close` gives its connections back."""

    @property
    def name(self) -> str:
        """The provider, as the outbox keeps it."""
        ...

    @property
    def limits(self) -> Limits:
        """What this adapter can take and tell."""
        ...

    def send(self, message: Message) -> Receipt:
        """Hand the message over, once; returns only when the provider has taken it."""
        ...

    def lookup(self, message: Message) -> Receipt | None:
        """What the provider knows of a message it was given before; None when it knows nothing, or can't be asked."""
        ...

    def close(self) -> None:
        """Give back connections; sending again opens new ones."""
        ...
