"""The app's manifest holds what the code uses: scopes of the methods called, events listened to, shortcuts, the command."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.listeners.commands.relance import COMMAND
from relance.slack.modals import MESSAGES

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCES = (REPOSITORY / "bot", REPOSITORY / "plugins" / "relance" / "slack")

# Bot scopes by method: docs.slack.dev/reference/methods/<name>, "Required scopes". Those of a method with several are for the
# kinds of conversation in which the product uses it: public and private channels, and direct messages where it opens them.
SCOPES: dict[str, set[str]] = {
    "auth.test": set(),
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "conversations.replies": {"channels:history", "groups:history"},
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "usergroups.list": {"usergroups:read"},
    "usergroups.users.list": {"usergroups:read"},
    "users.info": {"users:read", "users:read.email"},
    "users.lookupByEmail": {"users:read.email"},
    "views.open": set(),
    "views.publish": set(),
    "views.push": set(),
    "views.update": set(),
}
# By event: docs.slack.dev/reference/events/<name>, "Required scopes".
EVENT_SCOPES: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_uninstalled": set(),
    "channel_archive": {"channels:read"},
    "channel_deleted": {"channels:read"},
    "channel_left": {"channels:read"},
    "group_archive": {"groups:read"},
    "group_deleted": {"groups:read"},
    "group_left": {"groups:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "subteam_created": {"usergroups:read"},
    "subteam_members_changed": {"usergroups:read"},
    "subteam_updated": {"usergroups:read"},
    "team_join": {"users:read"},
    "tokens_revoked": set(),
    "user_change": {"users:read"},
}
WHOLE = {"files_upload_v2": ("files.getUploadURLExternal", "files.completeUploadExternal")}
NAMED = re.compile(
    r"(?:auth|chat|conversations|files|usergroups|users|views|reactions|pins|team|bookmarks)\.[A-Za-z.]+"
)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return dict(yaml.safe_load((REPOSITORY / "bot" / "manifest.yaml").read_text(encoding="utf-8")))


def called() -> Iterator[str]:
    """Every method of Slack that the code calls: `client.chat_postMessage(…)`, `api_call("chat.postMessage")`."""
    for path in (path for folder in SOURCES for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.attr
                owner = ast.unparse(node.func.value)
                if (
                    owner.split(".")[-1] in {"client", "_client"}
                    and "_" in name
                    and name not in {"api_call", "is_connected"}
                ):
                    yield from WHOLE.get(name, (_dotted(name),))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value):
                yield node.value


def _dotted(name: str) -> str:
    return name.replace("_", ".")


def test_the_code_calls_what_the_table_of_scopes_knows() -> None:
    methods = set(called())
    assert {"chat.postMessage", "views.open", "users.info"} <= methods
    # a scope's name ("users:read") or a field of ours is no method; what looks like one must be in the table
    ours = {one for one in methods if one not in SCOPES and not one.endswith((".v1", ".py"))}
    assert not ours, ours


def test_the_scopes_used_are_the_scopes_declared(manifest: dict[str, Any]) -> None:
    declared = manifest["oauth_config"]["scopes"]["bot"]
    used = set().union(*(SCOPES[one] for one in called() if one in SCOPES))
    used |= set().union(
        *(EVENT_SCOPES[one] for one in manifest["settings"]["event_subscriptions"]["bot_events"])
    )
    assert set(declared) == used | {"commands"}
    assert len(declared) == len(set(declared))


def test_the_events_listened_to_are_the_events_subscribed(manifest: dict[str, Any]) -> None:
    subscribed = set(manifest["settings"]["event_subscriptions"]["bot_events"])
    listened: set[str] = set()
    for path in (REPOSITORY / "bot" / "listeners" / "events").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        listened |= {one for one in EVENT_SCOPES if f'"{one}"' in text}
        listened |= {"message.channels", "message.groups"} if '"type": "message"' in text else set()
    assert subscribed == listened


def test_the_shortcuts_and_the_command_are_those_of_the_code(manifest: dict[str, Any]) -> None:
    features = manifest["features"]
    assert {one["callback_id"] for one in features["shortcuts"]} == set(MESSAGES)
    assert [one["command"] for one in features["slash_commands"]] == [COMMAND]
    assert features["slash_commands"][0]["should_escape"] is True  # mentions come as ids
    assert features["app_home"]["home_tab_enabled"] is True


def test_socket_mode_is_the_default(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
