"""Files of messages and hand-overs under the home folder, erased with what the database holds of them.

    <home>/outbox/<entity>/<date>/<channel>/<key>.<media>
    <home>/handover/<entity>/<date>/<key>.zip

A file whose key no contact has is nobody's that we know, and is left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from relance.delivery.registry import OUTBOX_FOLDER
from relance.evidence.handover import HANDOVER_FOLDER

log = logging.getLogger("relance")
Expired = Callable[[list[str]], set[str]]
"""Which of some keys are of contacts whose content is erased, or may be."""


def erase_files(home: Path, entity: str, before: date, expired: Expired, *, dry_run: bool = False) -> int:
    """Delete the files of expired contacts, dated before a day; gives how many. One that can't be is tried again next time."""
    count = 0
    for folder in days_before(home, entity, before):
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        keys = expired(sorted({_key(path) for path in files})) if files else set()
        for path in files:
            if _key(path) in keys:
                count += dry_run or _delete(path)
        if not dry_run:
            _tidy(folder)
    return count


def days_before(home: Path, entity: str, before: date) -> Iterator[Path]:
    """The entity's folders of days before `before`."""
    for place in (OUTBOX_FOLDER, HANDOVER_FOLDER):
        base = home / place / entity
        for folder in sorted(base.iterdir()) if base.is_dir() else ():
            with suppress(ValueError):
                if date.fromisoformat(folder.name) < before and folder.is_dir():
                    yield folder


def _key(path: Path) -> str:
    """A file's key; one that was half-written when its process died begins with a dot and ends in `.part`."""
    return path.name.lstrip(".").split(".", 1)[0]


def _delete(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.error("%s can't be erased: %s", path, error.strerror)  # noqa: TRY400 - the reason is enough
        return False
    return True


def _tidy(folder: Path) -> None:
    """Remove a day's folders that are empty by now."""
    for path in (*(one for one in folder.iterdir() if one.is_dir()), folder):
        with suppress(OSError):
            path.rmdir()
