"""Slack's requests as what they say: who pressed what, and where an answer to them alone can be given. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relance.slack.actions import SHOW, Target

LONGEST_VALUE = 2000
"""Characters of a button's value (docs.slack.dev, button element)."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody can be answered alone: an ephemeral message there, else `response_url`, else a direct message."""

    channel: str | None = None
    thread: str | None = None
    response_url: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, to be kept."""
        return {"channel": self.channel, "thread": self.thread, "response_url": self.response_url}

    @classmethod
    def parse(cls, kept: Mapping[str, Any] | None) -> Place:
        """What `as_dict` gave."""
        given = kept or {}
        return cls(given.get("channel"), given.get("thread"), given.get("response_url"))


@dataclass(frozen=True, slots=True)
class Press:
    """A button, menu or field that somebody used. `view`: the modal or Home tab it is on; else it is on the message `ts`."""

    user_id: str
    action_id: str
    value: str
    at: str
    trigger_id: str | None
    place: Place
    ts: str | None = None
    view: Mapping[str, Any] | None = None
    is_card: bool = False
    """Whether the message it stands on is a case's card: in a channel, and about no other case."""

    @property
    def card(self) -> list[str] | None:
        """The card's channel and ts."""
        return [self.place.channel, self.ts] if self.is_card and self.place.channel and self.ts else None

    @property
    def target(self) -> Target | None:
        """The case it is about; None for what is about none."""
        return _target(self.value)

    @property
    def key(self) -> str:
        """What tells this press from those of others and of other buttons."""
        where = (self.view or {}).get("id") or f"{self.place.channel}:{self.ts}"
        return f"click|{self.user_id}|{_short(where, self.action_id, self.value)}"

    @property
    def pressed_at(self) -> float:
        """Seconds since 1970, by Slack's clock."""
        try:
            return float(self.at)
        except ValueError:
            return 0.0


def press_of(body: Body, action: Mapping[str, Any]) -> Press:
    """What was pressed, of Slack's `block_actions` (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""
    container, message = body.get("container") or {}, body.get("message") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    value = _value(action)[:LONGEST_VALUE]
    return Press(
        user_id=str(body["user"]["id"]),
        action_id=str(action.get("action_id") or ""),
        value=value,
        at=str(action.get("action_ts") or "0"),
        trigger_id=body.get("trigger_id"),
        place=Place(
            channel, message.get("thread_ts") or container.get("thread_ts"), body.get("response_url")
        ),
        ts=message.get("ts") or container.get("message_ts"),
        view=body.get("view"),
        is_card=str(channel or "D")[0] != "D" and _is_card(message, value),
    )


def _is_card(message: Body, value: str) -> bool:
    """Whether all that can be pressed on a message is about the case of this value; lists name more, or show cards."""
    numbers = {
        (one.action, one.case_id)
        for element in _pressable(message.get("blocks") or [])
        for text in (element.get("value"), *(option.get("value") for option in element.get("options") or ()))
        if text and (one := _target(str(text))) is not None
    }
    mine = _target(value)
    return (
        mine is not None and {number for _, number in numbers} == {mine.case_id} and SHOW not in dict(numbers)
    )


def _pressable(blocks: list[Body]) -> list[Body]:
    found: list[Body] = []
    for block in blocks:
        found += block.get("elements") or [] if block.get("type") == "actions" else []
        found += [block["accessory"]] if block.get("accessory") else []
    return found


def _target(value: str) -> Target | None:
    try:
        return Target.parse(value)
    except ValueError:
        return None


def _value(action: Mapping[str, Any]) -> str:
    """A button's value, or that of the option that was chosen of a menu."""
    chosen = action.get("selected_option") or {}
    return str(action.get("value") or chosen.get("value") or action.get("selected_user") or "")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a modal of ours is about, as its private_metadata: its target, where it was opened, and what else it must know."""

    target: str
    place: Place
    more: Mapping[str, Any]

    def __str__(self) -> str:
        kept = {"target": self.target, "place": self.place.as_dict(), "more": dict(self.more)}
        return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def parse(cls, metadata: str) -> Opened:
        """What `str` gave.

        Raises:
            ValueError: when it is none of ours.
        """
        try:
            kept = json.loads(metadata)
            return cls(str(kept["target"]), Place.parse(kept["place"]), kept["more"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError("not the metadata of one of our modals") from error


def _short(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
