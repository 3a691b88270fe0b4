"""WhatsApp by Twilio: an approved template, or free text to a number that has written to us within 24 hours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from twilio.rest import Client

from relance.delivery.port import Message
from relance.delivery.twilio.channel import LISTED, Made, TwilioChannel, from_or_service, sender_of
from relance.delivery.twilio.sms import LONGEST
from relance.errors import PermanentError

PREFIX = "whatsapp:"


class WhatsAppChannel(TwilioChannel):
    """Messages whose body `compose.whatsapp_body` wrote: the text, and the approved template with its variables."""

    def _request(self, message: Message) -> dict[str, Any]:
        body = _body(message)
        sender = sender_of(self._settings.whatsapp_from, "RELANCE_TWILIO_WHATSAPP_FROM")
        return {
            "to": f"{PREFIX}{message.recipient}",
            "status_callback": self._callback(message),
            **from_or_service(sender, prefix=PREFIX),
            **self._content(message, body),
        }

    def _content(self, message: Message, body: Mapping[str, Any]) -> dict[str, str]:
        """Free text where the number has just written to us; the approved template else, which may always go."""
        text = str(body["text"]).strip()
        template = body["template"]
        if len(text) <= LONGEST and self._memory.window_open(message.recipient):
            return {"body": text}
        if template is None:
            raise PermanentError(
                f"WhatsApp takes free text only within 24 hours of the customer's own message, and {body['name']!r} "
                f"has no approved template in {body['language']!r}.",
                hint="Name the approved template in channels.yaml: channels.whatsapp.templates.",
            )
        return {
            "content_sid": template["sid"],
            "content_variables": json.dumps(template["variables"], ensure_ascii=False, sort_keys=True),
        }

    def _make(self, client: Client, request: dict[str, Any]) -> Made:
        made: Made = client.messages.create(**request)
        return made

    def _listed(self, client: Client, message: Message) -> Iterable[Any]:
        found: list[Any] = client.messages.list(
            to=f"{PREFIX}{message.recipient}", limit=LISTED, page_size=LISTED
        )
        return found

    def _is_it(self, listed: Any, message: Message) -> bool:
        """The same text; of an approved template, whose words only Twilio has, every variable."""
        said, body = str(listed.body or "").strip(), _body(message)
        if said == str(body["text"]).strip():
            return True
        variables = [str(one) for one in ((body["template"] or {}).get("variables") or {}).values()]
        return bool(variables) and all(one in said for one in variables)


def _body(message: Message) -> Mapping[str, Any]:
    try:
        body = json.loads(message.body)
        return {name: body[name] for name in ("name", "language", "text", "template")}
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(
            f"the message is not what WhatsApp's adapter sends: {type(error).__name__}"
        ) from error
