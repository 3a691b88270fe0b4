"""An SMTP server that takes everything: `python -m relance.bench.sink [--disk FOLDER]` prints its port and serves.

With a folder each message is on disk before it is answered, as a server that takes responsibility for it must have it
(RFC 5321, 6.1); without, it is counted and forgotten. Like the servers in use it has a worker for each connection, so that
who waits for the disk keeps nobody else, and takes commands in groups (RFC 2920), from clients that send them so.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from itertools import count
from pathlib import Path

_OK = b"250 OK\r\n"
_HELLO = b"250-sink\r\n250-PIPELINING\r\n250 SIZE 100000000\r\n"
_ANSWERS = {b"EHLO": _HELLO, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
_NUMBERS = count()


class Conversation:
    """One conversation; knows as much of SMTP as a client's side of it needs."""

    def __init__(self, line: socket.socket, folder: Path | None) -> None:
        self._line = line
        self._folder = folder
        self._pending = b""

    def hold(self) -> None:
        """Answer until the client goes."""
        line = self._line
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"220 sink ESMTP\r\n")
        with line:
            while self._commands():
                pass

    def _commands(self) -> bool:
        """Answer all commands that have come, at once; False when the client has gone."""
        answers = []
        while True:
            command, found, rest = self._pending.partition(b"\r\n")
            if not found:
                break
            self._pending = rest
            verb = command[:4].upper()
            answers.append(_ANSWERS.get(verb, _OK))
            if verb == b"DATA":
                self._line.sendall(b"".join(answers))
                return self._data()
        if answers:
            self._line.sendall(b"".join(answers))
        return self._receive()

    def _data(self) -> bool:
        """Take a message until its final dot."""
        while b"\r\n.\r\n" not in self._pending:
            if not self._receive():
                return False
        body, _, self._pending = self._pending.partition(b"\r\n.\r\n")
        self._keep(body)
        self._line.sendall(_OK)
        return True

    def _receive(self) -> bool:
        more = self._line.recv(262_144)
        self._pending += more
        return bool(more)

    def _keep(self, body: bytes) -> None:
        if self._folder is None:
            return
        path = self._folder / f"{next(_NUMBERS)}.eml"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, body)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def serve(folder: Path | None) -> None:
    """Serve on a free port of the loopback until killed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            line, _ = server.accept()
            threading.Thread(target=Conversation(line, folder).hold, daemon=True).start()


if __name__ == "__main__":
    serve(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
