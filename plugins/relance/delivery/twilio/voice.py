"""Calls by Twilio. What is said is asked of our web address when somebody answers; see `relance.inbox`."""

from __future__ import annotations

from typing import Any

from twilio.rest import Client

from relance.delivery.port import ChannelRefusedError, Message
from relance.delivery.twilio.addresses import voice_url
from relance.delivery.twilio.channel import Made, TwilioChannel, sender_of

RING_S = 30
"""Seconds that a phone rings; then nobody is there."""
LONGEST_S = 300
"""Seconds that a call lasts at most, so that one left off the hook ends."""


class VoiceChannel(TwilioChannel):
    """Calls by machine.

    Twilio's list of calls shows neither the address that we gave nor a word said, so that a call found there could be any:
    only what was called back under the message's key confirms one.
    """

    def _request(self, message: Message) -> dict[str, Any]:
        if not self._public_url:
            raise ChannelRefusedError(
                "A call needs an address where Twilio asks what to say.",
                hint="Set RELANCE_PUBLIC_URL, and run `relance inbox serve` behind it.",
            )
        return {
            "to": message.recipient,
            "from_": sender_of(self._settings.voice_from, "RELANCE_TWILIO_VOICE_FROM"),
            "url": voice_url(self._public_url, message.key),
            "method": "POST",
            "status_callback": self._callback(message),
            "status_callback_method": "POST",
            # Waits for a machine's tone, so that what is left on it is heard whole; people are told at once.
            "machine_detection": "DetectMessageEnd",
            "timeout": RING_S,
            "time_limit": LONGEST_S,
        }

    def _make(self, client: Client, request: dict[str, Any]) -> Made:
        made: Made = client.calls.create(**request)
        return made
