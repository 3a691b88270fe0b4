"""SMS by Twilio."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twilio.rest import Client

from relance.delivery.port import Message
from relance.delivery.twilio.channel import LISTED, Made, TwilioChannel, from_or_service, sender_of
from relance.errors import PermanentError

LONGEST = 1600
"""Characters that Twilio takes in one message (code 21617)."""


class SmsChannel(TwilioChannel):
    """Text messages: from the entity's own number where it has one, else from `RELANCE_TWILIO_SMS_FROM`."""

    def _request(self, message: Message) -> dict[str, Any]:
        text = text_of(message)
        sender = sender_of(
            message.sender or self._settings.sms_from, "RELANCE_TWILIO_SMS_FROM, or the entity's sender.sms"
        )
        return {
            "to": message.recipient,
            "body": text,
            "status_callback": self._callback(message),
            **from_or_service(sender),
        }

    def _make(self, client: Client, request: dict[str, Any]) -> Made:
        made: Made = client.messages.create(**request)
        return made

    def _listed(self, client: Client, message: Message) -> Iterable[Any]:
        found: list[Any] = client.messages.list(to=message.recipient, limit=LISTED, page_size=LISTED)
        return found

    def _is_it(self, listed: Any, message: Message) -> bool:
        return str(listed.body or "").strip() == text_of(message).strip()


def text_of(message: Message) -> str:
    """The words of a text message, as they leave.

    Raises:
        PermanentError: when there are none, or too many.
    """
    text = message.body.decode("utf-8").strip()
    if not text:
        raise PermanentError("the message has no words")
    if len(text) > LONGEST:
        raise PermanentError(f"the message has {len(text)} characters; Twilio takes {LONGEST}")
    return text
