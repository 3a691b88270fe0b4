"""Twilio as others see it: its own OpenAPI document answered by Prism, and npm `emulate`, which keeps state and calls back.

Prism judges every request by the document and answers with its examples; it keeps nothing. `emulate` keeps messages and
signs its callbacks with the account's token; it takes an SMS without a body. So both are asked.

The document comes from Twilio's own package `@twilio/cli-core`, without the packages that one needs. All is installed once,
into the folder of the Slack emulator's packages.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.slack_emulator import server

HERE = Path(__file__).parent
SPEC_PACKAGE = "@twilio/cli-core@9.0.0"
SPEC = "package/src/services/twilio-api/twilio_api_v2010.json"
SPEC_SHA256 = "170b3ccd0f891416840083d72f1795b1499b14a18d4873fd2b39f47ef84642d6"
ACCOUNT, TOKEN = "AC" + "0" * 32, "twilio_test_auth_token"
NUMBER = "+33100000000"


@contextmanager
def prism() -> Iterator[str]:
    """The address of a server that answers as Twilio's OpenAPI document says."""
    folder = _install()
    script = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    port = server.free_port()
    command = [str(script), "mock", "-h", "127.0.0.1", "-p", str(port), str(folder / "twilio.json")]
    with _node(command, "prism"):
        _await(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def emulate(inbox: str) -> Iterator[str]:
    """The address of an account with one number, whose incoming messages go to `inbox`."""
    folder = server._install()
    script, port = folder / "node_modules" / "emulate" / "dist" / "index.js", server.free_port()
    seed = folder / f"twilio-{port}.yaml"
    number = {"phone_number": NUMBER, "friendly_name": "Lumen", "sms_url": f"{inbox}/twilio/message"}
    account = {"sid": ACCOUNT, "auth_token": TOKEN, "friendly_name": "Lumen"}
    seed.write_text(json.dumps({"twilio": {"account": account, "phone_numbers": [number]}}), encoding="utf-8")
    command = [str(script), "start", "--port", str(port), "--service", "twilio", "--seed", str(seed)]
    try:
        with _node(command, "emulate-twilio"):
            _await(f"http://127.0.0.1:{port}/2010-04-01/Accounts.json")
            yield f"http://127.0.0.1:{port}"
    finally:
        seed.unlink()


@contextmanager
def _node(command: list[str], name: str) -> Iterator[None]:
    folder = _folder()
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "NO_COLOR": "1"}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(server._node()), *command], stdout=log, stderr=log, env=environment, cwd=folder
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=10)


def _folder() -> Path:
    folder = server._folder() / "judges"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install() -> Path:
    """The folder with the locked packages and the document, fetched when they aren't there or the lock has changed."""
    folder = _folder()
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest() + SPEC_SHA256
    mark = folder / "installed"
    with (folder / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if mark.is_file() and mark.read_text() == wanted:
            return folder
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        _npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        _npm(folder, "pack", SPEC_PACKAGE, "--silent")
        (packed,) = folder.glob("twilio-cli-core-*.tgz")
        with tarfile.open(packed) as archive:
            member = archive.extractfile(SPEC)
            document = member.read() if member else b""
        packed.unlink()
        if hashlib.sha256(document).hexdigest() != SPEC_SHA256:
            raise server.EmulatorError(f"{SPEC_PACKAGE} does not hold the document that was pinned")
        (folder / "twilio.json").write_bytes(document)
        mark.write_text(wanted)
    return folder


def _npm(folder: Path, *arguments: str) -> None:
    node = server._node()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(node), str(server._npm(node)), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode != 0:
        raise server.EmulatorError(f"npm {arguments[0]} failed: {done.stderr.strip()[-400:]}")


def _await(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise server.EmulatorError("no answer within 30 s")
