"""SMS, WhatsApp and calls by machine, by Twilio's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relance.settings import Settings

if TYPE_CHECKING:
    from relance.delivery.twilio.channel import TwilioChannel
    from relance.delivery.twilio.memory import Memory


def adapter(channel: str, *, settings: Settings, memory: Memory) -> TwilioChannel:
    """The adapter of a channel ("sms", "whatsapp", "voice"); `memory` is `memory.StoredMemory(database)` in a real run.

    Raises:
        KeyError: for a channel that Twilio does not carry here.
    """
    # Only who sends needs the client; who writes messages does not load it.
    from relance.delivery.twilio.sms import SmsChannel
    from relance.delivery.twilio.voice import VoiceChannel
    from relance.delivery.twilio.whatsapp import WhatsAppChannel

    kinds: dict[str, type[TwilioChannel]] = {
        "sms": SmsChannel,
        "whatsapp": WhatsAppChannel,
        "voice": VoiceChannel,
    }
    return kinds[channel](settings.twilio, public_url=settings.public_url, memory=memory)
