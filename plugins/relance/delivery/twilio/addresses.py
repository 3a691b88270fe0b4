"""Where Twilio finds us: the addresses it calls back, each with the message's key in its path."""

from __future__ import annotations

from urllib.parse import quote

PERSISTENT = "#rc=5&rp=all"
"""Twilio's connection override: call back up to five times, whatever went wrong (by default it gives up at the first 5xx)."""


def status_url(public_url: str, key: str) -> str:
    """Where Twilio tells what became of a message or call."""
    return f"{public_url}{status_path(key)}{PERSISTENT}"


def voice_url(public_url: str, key: str) -> str:
    """Where Twilio asks what to say once a call is answered."""
    return f"{public_url}{voice_path(key)}"


def status_path(key: str) -> str:
    """The path of `status_url`."""
    return f"/twilio/status/{quote(key, safe='')}"


def voice_path(key: str) -> str:
    """The path of `voice_url`."""
    return f"/twilio/voice/{quote(key, safe='')}"
