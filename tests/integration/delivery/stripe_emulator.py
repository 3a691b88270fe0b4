"""Start npm `emulate` as Stripe, from the packages that the Slack tests have installed from their lock file.

What it can't do: it takes any key, ignores idempotency keys and ids of ours, and knows nothing of expiry. Those are held
against a recorder of requests in test_card.py, and against the types that Stripe generates for its client (mypy).
"""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.slack_emulator import server


@contextmanager
def running() -> Iterator[str]:
    """The address of an emulator on a free port of the loopback."""
    script = server._install() / "node_modules" / "emulate" / "dist" / "index.js"
    folder, port = server._folder(), server.free_port()
    command = [str(server._node()), str(script), "start", "--port", str(port), "--service", "stripe"]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "NO_COLOR": "1"}
    with (folder / "emulate-stripe.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        try:
            _await(f"http://127.0.0.1:{port}/v1/products", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        if process.poll() is not None:
            raise server.EmulatorError(f"emulate ended with {process.returncode}; see {server._folder()}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise server.EmulatorError("emulate did not answer within 30 s")
