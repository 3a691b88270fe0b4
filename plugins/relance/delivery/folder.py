"""Messages kept as files: e-mail where no server is set, and every channel that has no provider yet.

A file is written aside, forced to disk and renamed, so that it is there whole or not at all. Its name is the message's
key: sending again changes nothing, and asking for a key is looking for a file. Nothing here is ever in doubt.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from relance.delivery.port import ChannelDownError, Limits, Message, Receipt
from relance.errors import PermanentError

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Folder:
    """One channel of one entity under `<root>/<entity>/<date>/<channel>/<key>.<media>`."""

    name = "folder"
    limits = Limits(askable=True)

    def __init__(self, *, root: Path, entity: str, channel: str) -> None:
        self._base = root / _safe(entity)
        self._channel = _safe(channel)

    def send(self, message: Message) -> Receipt:
        """Keep the message as a file.

        Raises:
            ChannelDownError: when the disk does not take it (full, read-only).
            PermanentError: for a key that can't be a file's name.
        """
        path = (
            self._base / message.on_date.isoformat() / self._channel / f"{_safe(message.key)}.{message.media}"
        )
        try:
            if not path.exists() or path.read_bytes() != message.body:
                _write(path, message.body)
        except OSError as error:
            raise ChannelDownError(
                f"{path.parent} does not take a message: {error.strerror}.",
                hint="Make room there, or set RELANCE_HOME to another folder.",
            ) from error
        return Receipt(self.name, self._relative(path), kept=True, digest=message.digest)

    def lookup(self, message: Message) -> Receipt | None:
        """The file of the message's key, whatever its day."""
        for path in sorted(self._base.glob(f"*/{self._channel}/{_safe(message.key)}.*")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            return Receipt(self.name, self._relative(path), kept=True, digest=digest)
        return None

    def close(self) -> None:
        """Nothing is held open."""

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._base.parent).as_posix()


def _safe(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise PermanentError(f"{name[:60]!r} can't be part of a file's name")
    return name


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parents[3].chmod(0o700)  # <home>/outbox: what payers are written is nobody else's to read
    # The dot keeps a half-written file out of `lookup`; one name a key, so that what a dead process left is used up.
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
