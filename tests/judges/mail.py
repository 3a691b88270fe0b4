"""E-mail as others read it: npm `maildev`, an SMTP server that parses what it takes and gives it back as JSON."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.judges import twilio
from tests.slack_emulator import server


@dataclass(frozen=True)
class MailDev:
    """A running server: its SMTP port, and what it has taken."""

    port: int
    web: str

    def mails(self, number: int) -> list[dict[str, Any]]:
        """The messages, as parsed, once there are that many."""
        for _ in range(100):
            with urllib.request.urlopen(f"{self.web}/email", timeout=5) as answer:
                found: list[dict[str, Any]] = json.load(answer)
            if len(found) >= number:
                return found
            time.sleep(0.1)
        raise server.EmulatorError(f"maildev has {len(found)} messages, not {number}")


@contextmanager
def maildev() -> Iterator[MailDev]:
    """A server on free ports of the loopback."""
    folder = twilio._install()
    smtp, web = server.free_port(), server.free_port()
    script = folder / "node_modules" / "maildev" / "bin" / "maildev"
    address = "127.0.0.1"
    command = [
        str(script),
        "--ip",
        address,
        "--smtp",
        str(smtp),
        "--web",
        str(web),
        "--web-ip",
        address,
        "--silent",
    ]
    with twilio._node(command, "maildev"):
        twilio._await(f"http://{address}:{web}/email")
        yield MailDev(smtp, f"http://{address}:{web}")
