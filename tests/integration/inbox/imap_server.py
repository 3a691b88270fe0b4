"""A real IMAP server, `pymap`, in memory; in the clear, behind TLS, or with STARTTLS."""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trustme

from relance.settings import Mailbox
from tests.slack_emulator.server import free_port

USER, PASSWORD = "demouser", "demopass"  # what its in-memory mailbox is made for
_START = """
from pymap.main import main
from pysasl.hashing import BuiltinHash
BuiltinHash.__init__.__kwdefaults__["rounds"] = 1000
main()
"""
"""The server as it is, but for the million rounds of hashing that each log-in would take."""


@dataclass(frozen=True)
class Folder:
    """A folder of the server: mail is put into it, and its flags are looked at."""

    settings: Mailbox

    def put(self, *mails: bytes) -> None:
        """Let mails arrive, unseen."""
        with self._open() as client:
            for mail in mails:
                crlf = mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                client.append(self.settings.folder, None, None, crlf)  # type: ignore[arg-type]

    def unseen(self) -> int:
        """How many mails nobody has seen."""
        with self._open() as client:
            client.select(self.settings.folder, readonly=True)
            return len(client.uid("SEARCH", "UNSEEN")[1][0].split())

    def unsee(self) -> None:
        """As if nobody had looked."""
        with self._open() as client:
            client.select(self.settings.folder)
            client.store("1:*", "-FLAGS", r"(\Seen)")

    def create(self) -> None:
        """Make the folder."""
        with self._open() as client:
            client.create(self.settings.folder)

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.settings.port, timeout=10) as client:
            client.login(USER, PASSWORD)
            yield client


@contextmanager
def serving(*options: str) -> Iterator[int]:
    """The server on a free port of the loopback."""
    port = free_port()
    command = [
        sys.executable,
        "-c",
        _START,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        *(options or ("--no-tls",)),
        "dict",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def behind_tls(port: int, certificate: trustme.LeafCert) -> Iterator[int]:
    """A port that speaks TLS and hands on to the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, port), daemon=True).start()
        yield int(listener.getsockname()[1])


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            plain, _ = listener.accept()
            with contextlib.suppress(OSError):
                outside = context.wrap_socket(plain, server_side=True)
                inside = socket.create_connection(("127.0.0.1", port), timeout=10)
                for pair in ((outside, inside), (inside, outside)):
                    threading.Thread(target=_copy, args=pair, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(65536):
            target.sendall(block)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.close()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "pymap ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("pymap did not answer within 10 s")
