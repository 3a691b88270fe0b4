"""Twilio's error codes (https://www.twilio.com/docs/api/errors), by what they mean for a message and its address."""

from __future__ import annotations

from types import MappingProxyType

UNREACHABLE = MappingProxyType(
    {
        13224: "the number is invalid or can't be called",
        21202: "the number is a premium number",
        21211: "the number is invalid",
        21214: "the number can't be reached",
        21217: "the number is invalid",
        21265: "the number is a short code",
        21612: "the number can't be reached from ours",
        21614: "the number takes no SMS",
        21635: "the number is a landline",
        30004: "the number blocks our messages",
        30005: "the number is unknown or no longer in service",
        30006: "the number is a landline, or its carrier can't be reached",
        63003: "the number has no WhatsApp",
        63024: "the number takes no WhatsApp message",
        63033: "the number blocks our messages",
    }
)
"""The address is dead for the channel: no other message will ever arrive there either."""

OPTED_OUT = MappingProxyType({21610: "the number's owner asked for no more messages"})
"""The address's owner said STOP."""

OURS = MappingProxyType(
    {
        20003: "the account or its token is wrong",
        20005: "the account is not active",
        20404: "the account is unknown there",
        21210: "the number we call from is not verified",
        21212: "the number we send from is invalid",
        21213: "no number to call from",
        21603: "no number to send from",
        21606: "the number we send from can't send there",
        21659: "the number we send from is not the account's",
        21660: "the number we send from is another account's",
        21661: "the number we send from can't send messages",
        21701: "the messaging service is unknown",
        21703: "the messaging service has no numbers",
        21705: "the messaging service is invalid",
        63007: "the WhatsApp sender is unknown",
    }
)
"""Nothing goes until a person mends the settings."""

BUSY = MappingProxyType(
    {
        14107: "too many messages at once",
        20429: "too many requests at once",
        21611: "the queue of our number is full",
        30001: "the queue is full",
        63018: "too many messages at once",
    }
)
"""Not now."""

OTHERS = MappingProxyType(
    {
        21408: "messages to that country are not enabled",
        21215: "calls to that country are not enabled",
        21617: "the text is too long",
        21655: "the approved template is unknown",
        21656: "the approved template's variables are wrong",
        30003: "the phone is switched off or out of reach",
        30007: "filtered as unwanted",
        30008: "the carrier gave no reason",
        63016: "outside WhatsApp's 24 hours only approved templates go",
    }
)

_ALL = UNREACHABLE | OPTED_OUT | OURS | BUSY | OTHERS


def explain(code: int) -> str:
    """A code in words, without anything about the message."""
    known = _ALL.get(code)
    return f"{known} (Twilio {code})" if known else f"Twilio error {code}"


def is_dead(code: int) -> bool:
    """Whether the code says that the address will never take a message."""
    return code in UNREACHABLE or code in OPTED_OUT
