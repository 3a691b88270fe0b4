"""An SMTP server that takes everything: `python -m relance.bench.sink [--disk FOLDER]` prints its port and serves.

With a folder each message is on disk before it is answered, as a server that takes responsibility for it must have it
(RFC 5321, 6.1); without, it is counted and forgotten.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

_OK = b"250 OK\r\n"
_NUMBERS = count()


class Sink(asyncio.Protocol):
    """One conversation; knows as much of SMTP as a client's side of it needs."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pending = b""
        self._in_data = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Commands, or a message."""
        self._pending += data
        while self._take():
            pass

    def _take(self) -> bool:
        assert self._transport is not None
        mark = b"\r\n.\r\n" if self._in_data else b"\r\n"
        body, found, rest = self._pending.partition(mark)
        if not found:
            return False
        self._pending = rest
        if self._in_data:
            self._in_data = False
            self._keep(body)
            self._transport.write(_OK)
            return True
        command = body[:4].upper()
        if command == b"DATA":
            self._in_data = True
            self._transport.write(b"354 go on\r\n")
        elif command == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        else:
            self._transport.write(b"250-sink\r\n250 SIZE 100000000\r\n" if command == b"EHLO" else _OK)
        return True

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


async def serve(folder: Path | None) -> None:
    """Serve on a free port of the loopback until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(folder), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[2]) if len(sys.argv) > 2 else None))
