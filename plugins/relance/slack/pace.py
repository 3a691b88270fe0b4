"""How fast Slack lets itself be called, as data, and when a method may be called again.

Numbers: docs.slack.dev `/apis/web-api/rate-limits` and `/reference/methods/<name>`. A limit holds per method, app and
workspace; that of chat.postMessage per channel. Each sender keeps to them by itself; where several send at once, Slack
may still say 429, and each obeys that for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

POST, UPDATE = "chat.postMessage", "chat.update"
TIERS: Mapping[int, int] = MappingProxyType({1: 1, 2: 20, 3: 50, 4: 100})
"""Calls a minute of each tier."""
TIER_OF: Mapping[str, int] = MappingProxyType(
    {
        UPDATE: 3,
        "conversations.open": 3,
        "conversations.history": 3,
        "conversations.replies": 3,
        "conversations.list": 2,
        "chat.getPermalink": 4,
        "files.getUploadURLExternal": 4,
        "files.completeUploadExternal": 4,
    }
)
PER_CHANNEL: Mapping[str, float] = MappingProxyType({POST: 1.05})
"""Methods whose limit holds per channel: seconds between two calls, a little more than Slack's 1."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def seconds_between(method: str) -> float:
    """The least time between two calls of a method (in one channel, where its limit is the channel's)."""
    return PER_CHANNEL.get(method) or 60 / TIERS[TIER_OF[method]]


@dataclass(slots=True)
class Gate:
    """When each method may be called again: after its pace, and after what Retry-After said."""

    _next: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _closed: dict[str, datetime] = field(default_factory=dict)

    def opens(self, method: str, channel: str) -> datetime:
        """The moment from which the method may be called."""
        paced = self._next.get(_key(method, channel), _LONG_AGO)
        return max(paced, self._closed.get(method, _LONG_AGO))

    def called(self, method: str, channel: str, now: datetime) -> None:
        """Note a call."""
        self._next[_key(method, channel)] = now + timedelta(seconds=seconds_between(method))

    def close(self, method: str, until: datetime) -> None:
        """Obey a Retry-After: it holds for the method in the whole workspace; other methods go on."""
        self._closed[method] = max(until, self._closed.get(method, _LONG_AGO))


def _key(method: str, channel: str) -> tuple[str, str]:
    return method, channel if method in PER_CHANNEL else ""
