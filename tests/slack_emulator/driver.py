"""A person at Slack: reads what was posted, presses buttons that are there, fills in fields that are there, writes and asks.

What the emulator can't do is done here as Slack does it: each interaction is a signed HTTP request with the shape of Slack's
own payloads (their keys: payloads.json). A button is looked up in the message or view as the
emulator has it, so one that isn't there can't be pressed.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.slack_emulator.fault_proxy import Proxy
from tests.slack_emulator.server import Slack

APP = "A000000001"
TEAM = "T000000001"
_NUMBER = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What the bot answered at once."""

    status: int
    text: str
    headers: Mapping[str, str]
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.text)) if self.text else {}


Post = Callable[[bytes, Mapping[str, str]], Answer]


def by_http(url: str) -> Post:
    """Posts to the bot's address."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def post(body: bytes, headers: Mapping[str, str]) -> Answer:
        begun = time.perf_counter()
        request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
        try:
            with opener.open(request, timeout=10) as answer:
                return Answer(
                    answer.status, answer.read().decode(), dict(answer.headers), time.perf_counter() - begun
                )
        except urllib.error.HTTPError as error:
            with error:
                return Answer(
                    error.code, error.read().decode(), dict(error.headers), time.perf_counter() - begun
                )

    return post


def signed(secret: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
    """Slack's headers over a body (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""
    stamp = str(int(time.time() if at is None else at))
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}"}


@dataclass
class Driver:
    """Everybody at this Slack, and the line to the bot."""

    slack: Slack
    proxy: Proxy
    secret: str
    post: Post
    sent: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.proxy.answers["/response"] = lambda _: {"ok": True}

    # what stands in Slack

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        """A message as the emulator has it now, in a channel or a thread."""
        channel_id = self.slack.channel_id(channel)
        found = self.slack.client.conversations_replies(channel=channel_id, ts=ts)["messages"]
        return next(one for one in found if one["ts"] == ts)

    def view(self, user: str) -> dict[str, Any]:
        """The modal or Home tab that a user looks at: as the emulator answered last."""
        user_id = self.slack.user_id(user)
        views: dict[str, str] = {}
        last: dict[str, Any] = {}
        for method, asked, told in list(self.proxy.heard):
            if not method.startswith("views.") or not told.get("ok"):
                continue
            view = told["view"]
            if method == "views.publish":
                owner = asked["user_id"]
            elif method == "views.update":
                owner = views.get(view["id"], "")
            else:
                owner = self._owner_of(asked["trigger_id"])
            views[view["id"]] = owner
            if owner == user_id:
                last = view
        if not last:
            raise AssertionError(f"{user} looks at nothing")
        return last

    def _owner_of(self, trigger_id: str) -> str:
        return self._triggers[trigger_id]

    _triggers: dict[str, str] = field(default_factory=dict)

    def ephemerals(self, user: str) -> list[str]:
        """What one user alone was told, oldest first: in channels, and through response URLs."""
        user_id = self.slack.user_id(user)
        told = []
        for method, asked, answer in list(self.proxy.heard):
            if (method == "chat.postEphemeral" and answer.get("ok") and asked["user"] == user_id) or (
                method.startswith("/response/") and method.split("/")[2] == user_id
            ):
                told.append(str(asked["text"]))
        return told

    # what people do

    def press(self, user: str, channel: str, ts: str, action_id: str, **how: Any) -> Answer:
        """Press a button of a message, or choose the option of a menu whose value begins with `option`."""
        body = self.pressing(user, channel, ts, action_id, **how)
        return self.send(body)

    def pressing(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        option: str | None = None,
        at: float | None = None,
        message: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The payload of a press; `message`: as it was when the user looked at it, for a stale card."""
        shown = dict(message or self.message(channel, ts))
        element = _element(shown["blocks"], action_id, option)
        user_id, channel_id = self.slack.user_id(user), self.slack.channel_id(channel)
        return {
            "type": "block_actions",
            "user": {"id": user_id, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": APP,
            "token": "unused",
            "container": {"type": "message", "message_ts": ts, "channel_id": channel_id, "is_ephemeral": False},
            "trigger_id": self.trigger(user_id),
            "team": {"id": TEAM, "domain": "lumen"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": channel_id, "name": channel.lstrip("#")},
            "message": shown,
            "state": {"values": {}},
            "response_url": self.response_url(user_id),
            "actions": [_acted(element, option, at)],
        }  # fmt: skip

    def press_in_view(
        self,
        user: str,
        action_id: str,
        *,
        option: str | None = None,
        at: float | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Press something on the Home tab or in a modal."""
        view = self.view(user)
        element = _element(view["blocks"], action_id, option)
        user_id = self.slack.user_id(user)
        state = self._state(view, values or {}) if view["type"] == "modal" else {"values": {}}
        return self.send(
            {
                "type": "block_actions",
                "user": {"id": user_id, "username": user, "name": user, "team_id": TEAM},
                "api_app_id": APP,
                "token": "unused",
                "container": {"type": "view", "view_id": view["id"]},
                "trigger_id": self.trigger(user_id, view["id"] if view["type"] == "modal" else None),
                "team": {"id": TEAM, "domain": "lumen"},
                "enterprise": None,
                "is_enterprise_install": False,
                "view": {**view, "state": state},
                "actions": [_acted(element, option, at)],
            }
        )  # fmt: skip

    def submit(
        self, user: str, values: Mapping[str, Any], *, view: Mapping[str, Any] | None = None
    ) -> Answer:
        """Fill in the modal that a user looks at, by block id (up to its `|`), and submit it."""
        return self.send(self.submission(user, values, view=view))

    def submission(
        self, user: str, values: Mapping[str, Any], *, view: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The payload of a submission."""
        shown = dict(view or self.view(user))
        if not shown.get("submit"):
            raise AssertionError("this modal can't be submitted")
        user_id = self.slack.user_id(user)
        return {
            "type": "view_submission",
            "team": {"id": TEAM, "domain": "lumen"},
            "user": {"id": user_id, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": APP,
            "token": "unused",
            "trigger_id": self.trigger(user_id),
            "view": {**shown, "state": self._state(shown, values)},
            "is_enterprise_install": False,
            "enterprise": None,
        }

    def command(self, user: str, channel: str, text: str, **other: str) -> Answer:
        """Ask `/relance …`."""
        user_id = self.slack.user_id(user)
        form = {
            "token": "unused", "team_id": TEAM, "team_domain": "lumen", "channel_id": self.slack.channel_id(channel),
            "channel_name": channel.lstrip("#"), "user_id": user_id, "user_name": user, "command": "/relance",
            "text": text, "api_app_id": APP,
            "response_url": self.response_url(user_id), "trigger_id": self.trigger(user_id), **other,
        }  # fmt: skip
        return self.raw(urlencode(form).encode(), "application/x-www-form-urlencoded")

    def write(self, user: str, channel: str, text: str, thread: str | None = None, **other: Any) -> str:
        """Write a message, in a thread perhaps, and let the bot hear of it; gives its ts."""
        channel_id = self.slack.channel_id(channel)
        said = self.slack.as_user(user).chat_postMessage(channel=channel_id, text=text, thread_ts=thread)
        self.tell_of(self.written(user, channel, text, said["ts"], thread, **other))
        return str(said["ts"])

    def written(
        self, user: str, channel: str, text: str, ts: str, thread: str | None = None, **other: Any
    ) -> dict[str, Any]:
        """The event of a message."""
        return {
            "type": "message", "user": self.slack.user_id(user), "text": text, "ts": ts, "team": TEAM,
            "client_msg_id": f"00000000-0000-0000-0000-{next(_NUMBER):012d}",
            "channel": self.slack.channel_id(channel), "channel_type": "channel", "event_ts": ts,
            **({"thread_ts": thread} if thread else {}), **other,
        }  # fmt: skip

    def rewrite(
        self, user: str, channel: str, ts: str, text: str, before: str, thread: str | None = None
    ) -> None:
        """Edit a message."""
        self.slack.as_user(user).chat_update(channel=self.slack.channel_id(channel), ts=ts, text=text)
        new, old = (self.written(user, channel, one, ts, thread) for one in (text, before))
        user_id = self.slack.user_id(user)
        self.tell_of(
            {
                "type": "message", "subtype": "message_changed", "hidden": True,
                "message": {**new, "edited": {"user": user_id, "ts": f"{time.time():.6f}"}},
                "previous_message": old, "channel": new["channel"], "channel_type": "channel",
                "ts": f"{time.time():.6f}", "event_ts": f"{time.time():.6f}",
            }
        )  # fmt: skip

    def unwrite(self, user: str, channel: str, ts: str, before: str, thread: str | None = None) -> None:
        """Delete a message."""
        self.slack.as_user(user).chat_delete(channel=self.slack.channel_id(channel), ts=ts)
        old = self.written(user, channel, before, ts, thread)
        self.tell_of(
            {
                "type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": ts,
                "previous_message": old, "channel": old["channel"], "channel_type": "channel",
                "ts": f"{time.time():.6f}", "event_ts": f"{time.time():.6f}",
            }
        )  # fmt: skip

    def look_at_home(self, user: str) -> Answer:
        """Open the Home tab."""
        stamp = f"{time.time():.6f}"
        return self.tell_of(
            {
                "type": "app_home_opened", "user": self.slack.user_id(user), "channel": "D0LUMEN01", "tab": "home",
                "event_ts": stamp,
            }
        )  # fmt: skip

    def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Answer:
        """Use a shortcut of a message."""
        user_id, channel_id = self.slack.user_id(user), self.slack.channel_id(channel)
        return self.send(
            {
                "type": "message_action",
                "token": "unused",
                "action_ts": f"{time.time():.6f}",
                "team": {"id": TEAM, "domain": "lumen"},
                "user": {"id": user_id, "team_id": TEAM, "name": user},
                "channel": {"id": channel_id, "name": channel.lstrip("#")},
                "is_enterprise_install": False,
                "enterprise": None,
                "callback_id": callback_id,
                "trigger_id": self.trigger(user_id),
                "response_url": self.response_url(user_id),
                "message_ts": ts,
                "message": self.message(channel, ts),
            }
        )

    def suggestions(self, user: str, action_id: str, typed: str) -> Answer:
        """Type into a menu that loads its choices."""
        view = self.view(user)
        user_id = self.slack.user_id(user)
        block = next(
            one for one in view["blocks"] if (one.get("element") or {}).get("action_id") == action_id
        )
        return self.send(
            {
                "type": "block_suggestion",
                "user": {"id": user_id, "username": user, "name": user, "team_id": TEAM},
                "container": {"type": "view", "view_id": view["id"]},
                "api_app_id": APP,
                "token": "unused",
                "action_id": action_id,
                "block_id": block["block_id"],
                "value": typed,
                "team": {"id": TEAM, "domain": "lumen"},
                "enterprise": None,
                "is_enterprise_install": False,
                "view": view,
            }
        )

    # the line to the bot

    def tell_of(self, event: Mapping[str, Any], **other: Any) -> Answer:
        """Send an event."""
        whole = {
            "token": "unused", "team_id": TEAM, "api_app_id": APP, "event": dict(event), "type": "event_callback",
            "event_id": f"Ev{next(_NUMBER):09d}", "event_time": int(time.time()),
            "authorizations": [
                {"enterprise_id": None, "team_id": TEAM, "user_id": "U0BOT", "is_bot": True, "is_enterprise_install": False}
            ],
            "is_ext_shared_channel": False, **other,
        }  # fmt: skip
        return self.raw(json.dumps(whole).encode(), "application/json")

    def send(self, payload: Mapping[str, Any]) -> Answer:
        """Send an interaction."""
        return self.raw(
            urlencode({"payload": json.dumps(payload)}).encode(), "application/x-www-form-urlencoded"
        )

    def raw(
        self, body: bytes, kind: str, *, at: float | None = None, secret: str | None = None, **more: str
    ) -> Answer:
        """Send a body, signed."""
        headers = {"Content-Type": kind, **signed(secret or self.secret, body, at=at), **more}
        self.sent.append((body, headers))
        return self.post(body, headers)

    def repeat(self, number: int = -1, **headers: str) -> Answer:
        """Send again what was sent before, byte for byte: a retry of Slack's, or a replay."""
        body, before = self.sent[number]
        return self.post(body, {**before, **headers})

    def trigger(self, user_id: str, view_id: str | None = None) -> str:
        """A fresh trigger, good for three seconds."""
        more = {"view_id": view_id} if view_id else {}
        answer = self.slack.client.api_call("views.generateTriggerId", json={"user_id": user_id, **more})
        trigger = str(answer["trigger_id"])
        self._triggers[trigger] = user_id
        return trigger

    def response_url(self, user_id: str) -> str:
        """Where this interaction may be answered."""
        path = f"/response/{user_id}/{next(_NUMBER)}"
        self.proxy.answers[path] = lambda _: {"ok": True}
        return self.proxy.base_url.removesuffix("/api/") + path

    def _state(self, view: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
        left = dict(values)
        state: dict[str, Any] = {}
        for block_id, block in inputs.items():
            element, name = block["element"], block_id.split("|")[0]
            given = left.pop(block_id, left.pop(name, None))
            state[block_id] = {element["action_id"]: self._filled(element, given)}
        if left:
            raise AssertionError(f"the modal has no {sorted(left)}, but {sorted(inputs)}")
        return {"values": state}

    def _filled(self, element: Mapping[str, Any], given: Any) -> dict[str, Any]:
        kind = element["type"]
        state: dict[str, Any] = {"type": kind}
        if kind in {"static_select", "radio_buttons"}:
            chosen = _option(element, given) if given is not None else element.get("initial_option")
            return {**state, "selected_option": chosen}
        if kind == "external_select":
            return {**state, "selected_option": given or element.get("initial_option")}
        if kind in {"multi_static_select", "checkboxes"}:
            some = (
                element.get("initial_options", [])
                if given is None
                else [_option(element, one) for one in given]
            )
            return {**state, "selected_options": some}
        if kind == "users_select":
            return {**state, "selected_user": self._user(given) if given else element.get("initial_user")}
        if kind == "multi_users_select":
            some = element.get("initial_users", []) if given is None else [self._user(one) for one in given]
            return {**state, "selected_users": some}
        if kind == "datepicker":
            return {**state, "selected_date": given or element.get("initial_date")}
        return {**state, "value": given if given is not None else element.get("initial_value")}

    def _user(self, given: str) -> str | None:
        return self.slack.user_id(given) if given else None


def _elements(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for block in blocks:
        if block["type"] == "actions":
            for element in block["elements"]:
                yield block.get("block_id", ""), element
        elif block["type"] == "section" and block.get("accessory"):
            yield block.get("block_id", ""), block["accessory"]
        elif block["type"] == "input":
            yield block["block_id"], block["element"]


def _element(blocks: list[dict[str, Any]], action_id: str, option: str | None) -> dict[str, Any]:
    """The element of that action id; one with the option where one is wanted. What isn't there can't be pressed."""
    for block_id, element in _elements(blocks):
        if element.get("action_id") != action_id:
            continue
        if option is None or any(one["value"].startswith(option) for one in element.get("options", [])):
            return {**element, "block_id": block_id or "b1"}
    there = sorted({one.get("action_id", "") for _, one in _elements(blocks)})
    raise AssertionError(f"there is no {action_id} {option or ''}: {there}")


def _option(element: Mapping[str, Any], given: str) -> dict[str, Any]:
    for one in element.get("options", []):
        if one["value"] == given or one["value"].split(":", 2)[-1] == given:
            return dict(one)
    raise AssertionError(f"no option {given}: {[one['value'] for one in element.get('options', [])]}")


def _acted(element: Mapping[str, Any], option: str | None, at: float | None) -> dict[str, Any]:
    acted: dict[str, Any] = {
        "action_id": element["action_id"],
        "block_id": element["block_id"],
        "type": element["type"],
        "action_ts": f"{time.time() if at is None else at:.6f}",
    }
    if element["type"] == "button":
        return {**acted, "text": element["text"], "value": element.get("value", "")}
    chosen = next(one for one in element["options"] if one["value"].startswith(option or ""))
    return {**acted, "selected_option": chosen}
