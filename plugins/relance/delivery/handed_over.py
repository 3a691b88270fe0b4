"""Letters handed over to a print service: PDFs and manifests in a folder of this machine, or of a server by SFTP.

    <folder>/<entity>/<date>/<key>.pdf      the letter, written first
    <folder>/<entity>/<date>/<key>.json     its manifest: from now on the letter is handed over

Each is written under a name that begins with a dot, and renamed when it is whole. The manifest's presence is the whole
truth: a letter without one has not been handed over and is written again, one with it never is. A print service may take
the PDF away, and move the manifest to `done` beside it; it must not delete manifests. See docs/letters.md.
"""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from relance.delivery.envelopes import lines_of
from relance.delivery.pdf_facts import facts_of
from relance.delivery.port import ChannelDownError, ChannelRefusedError, Limits, Message, Receipt
from relance.errors import PermanentError
from relance.settings import Letters

VERSION = 1
"""Of the manifest; grows when a field changes its meaning."""
DONE = "done"

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class Store(Protocol):
    """Where files lie, by paths relative to its folder."""

    def read(self, path: PurePosixPath) -> bytes | None:
        """The file, or None where there is none."""
        ...

    def put(self, path: PurePosixPath, body: bytes, *, last: bool) -> None:
        """Write the file whole; with `last`, its presence hands a letter over."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class HandOver:
    """Letters into a store, once a key."""

    def __init__(self, *, name: str, limits: Limits, store: Store) -> None:
        self.name = name
        self.limits = limits
        self._store = store

    def send(self, message: Message) -> Receipt:
        """Hand the letter over, unless it lies there under its key.

        Raises:
            PermanentError: for what is no PDF, or a key that can't be a file's name.
            ChannelDownError, ChannelRefusedError: when the store does not take it now, or not without a person's help.
            InDoubtError: when the last step may have been taken and the store can't be asked.
        """
        if message.media != "pdf":
            raise PermanentError("only a PDF can be printed", hint="Intend the message again.")
        known = self.lookup(message)
        if known is not None:
            return known
        path = _path(message)
        self._store.put(path.with_suffix(".pdf"), message.body, last=False)
        self._store.put(path.with_suffix(".json"), _manifest(message), last=True)
        return Receipt(self.name, str(path.with_suffix(".pdf")), digest=message.digest)

    def lookup(self, message: Message) -> Receipt | None:
        """The letter's manifest, also where the print service has moved it; None: the letter was not handed over."""
        path = _path(message)
        for place in (path, path.parent / DONE / path.name):
            manifest = self._store.read(place.with_suffix(".json"))
            if manifest is not None:
                return Receipt(self.name, str(path.with_suffix(".pdf")), digest=_digest(manifest))
        return None

    def close(self) -> None:
        """Give back connections."""
        self._store.close()


class DropFolder(HandOver):
    """A folder that a print service, or a program that feeds it, watches."""

    name = "drop_folder"

    def __init__(self, settings: Letters) -> None:
        if settings.folder is None:
            raise ChannelRefusedError("no folder for letters is set", hint="Set RELANCE_LETTERS_FOLDER.")
        super().__init__(name=self.name, limits=Limits(askable=True), store=_Disk(settings.folder))


class _Disk:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: PurePosixPath) -> bytes | None:
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._refusal(error) from error

    def put(self, path: PurePosixPath, body: bytes, *, last: bool) -> None:  # noqa: ARG002
        target = self._folder / path
        aside = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
            _sync(target.parent)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise self._refusal(error) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _refusal(self, error: OSError) -> ChannelDownError | ChannelRefusedError:
        text = f"the folder of letters does not take a letter: {error.strerror}."
        if error.errno in _NOT_OURS:
            return ChannelRefusedError(text, hint="Let this user write to RELANCE_LETTERS_FOLDER.")
        return ChannelDownError(text, hint="Make room there; the letters wait.")


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _path(message: Message) -> PurePosixPath:
    """Without its ending."""
    return PurePosixPath(_safe(message.entity), message.on_date.isoformat(), f"{_safe(message.key)}.pdf")


def _safe(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise PermanentError(f"{name[:60]!r} can't be part of a file's name")
    return name


def _manifest(message: Message) -> bytes:
    """What a print service needs to know of a letter, as JSON."""
    facts = facts_of(message.body)
    entry: dict[str, Any] = {
        "version": VERSION,
        "key": message.key,
        "entity": message.entity,
        "date": message.on_date.isoformat(),
        "service": "registered" if message.channel == "registered" else "letter",
        "file": f"{message.key}.pdf",
        "sha256": message.digest,
        "bytes": len(message.body),
        "pages": facts.pages,
        "language": facts.language,
        "recipient": list(facts.address or lines_of(message.recipient)),
        "sender": message.sender,
    }
    return (json.dumps(entry, ensure_ascii=False, indent=2) + "\n").encode()


def _digest(manifest: bytes) -> str | None:
    """The SHA-256 that a manifest names; None where it can't be read (it is there, and that is what counts)."""
    with suppress(ValueError, AttributeError):
        digest = json.loads(manifest).get("sha256")
        return digest if isinstance(digest, str) else None
    return None
