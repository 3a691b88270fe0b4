"""Invoices' PDFs for a message, from where the ledger says they are: a path, an https address, or an Airflow connection.

The ledger's `document` column is data from elsewhere and is trusted with nothing: a path leads below one folder only, an
address outside our network only (unless its host is listed), nothing larger than the limits is read, and what is not a PDF
by its first bytes is not sent. What can't be had is left out by name, and the message offers it through its link.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from relance.delivery.extras import Attachment
from relance.delivery.web import Web, WebError
from relance.errors import RelanceError
from relance.settings import Documents

Connection = Callable[[str, str, int], bytes]
"""`(conn_id, path, most bytes) → content`, given by the entrance; raises OSError or RelanceError when it can't."""

Why = Literal["outside", "not_there", "too_large", "not_a_pdf", "refused", "unreachable"]
"""Out of the folder; nothing there; above a limit; another kind of file; not allowed to be asked; no answer."""

MOST_FILES = 50
"""Files of one message; the rest is left to the link."""

_CACHED = 32_000_000
_TRIES = 3
"""Failures in a row after which a host or connection is not asked again in this run: a dead one must not hold up a day."""

_CONNECTION = re.compile(r"([A-Za-z0-9_.-]+):(?!//)(.+)", re.DOTALL)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_PDF = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that does not go with the message."""

    name: str
    why: Why


class Files:
    """Files of one run: each fetched once while it is remembered (32 MB). Not shared between threads."""

    def __init__(
        self, limits: Documents, *, ledger: Path | None = None, connection: Connection | None = None
    ) -> None:
        """`ledger`: the entity's own folder, used where `limits.folder` is not set; without both no path is read."""
        self.limits = limits
        self._root = limits.folder or ledger
        self._connection = connection
        self._web = Web(limits)
        self._known: OrderedDict[str, bytes | Why] = OrderedDict()
        self._failed: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections and memory."""
        self._web.close()
        self._known.clear()

    def fetch(self, reference: str, name: str) -> Attachment | Missing:
        """The PDF that a ledger's reference names, or why it does not go along."""
        found = self._known.get(reference)
        if found is None:
            found = self._read(reference.strip())
            self._remember(reference, found)
        else:
            self._known.move_to_end(reference)
        return (
            Attachment(name, "application/pdf", found) if isinstance(found, bytes) else Missing(name, found)
        )

    def _remember(self, reference: str, found: bytes | Why) -> None:
        self._known[reference] = found
        while sum(len(one) for one in self._known.values()) > _CACHED and len(self._known) > 1:
            self._known.popitem(last=False)

    def _read(self, reference: str) -> bytes | Why:
        content = self._from(reference)
        if not isinstance(content, bytes):
            return content
        if len(content) > self.limits.max_file:
            return "too_large"
        return content if content.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(_PDF) else "not_a_pdf"

    def _from(self, reference: str) -> bytes | Why:
        if "://" in reference:
            return self._once_alive(self._web.host(reference), lambda: self._web.get(reference))
        if via := _CONNECTION.fullmatch(reference):
            if self._connection is None:
                return "refused"
            conn_id, path, most, ask = via[1], via[2], self.limits.max_file, self._connection
            return self._once_alive(f"{conn_id}:", lambda: ask(conn_id, path, most))
        return _from_folder(self._root, reference, self.limits.max_file)

    def _once_alive(self, place: str, ask: Callable[[], bytes]) -> bytes | Why:
        if self._failed[place] >= _TRIES:
            return "unreachable"
        try:
            content = ask()
        except WebError as error:
            why = error.why
        except (OSError, RelanceError):
            why = "unreachable"
        else:
            self._failed[place] = 0
            return content
        self._failed[place] = self._failed[place] + 1 if why == "unreachable" else 0
        return why


def fetch(
    reference: str,
    *,
    name: str = "document.pdf",
    limits: Documents,
    root: Path | None = None,
    connection: Connection | None = None,
) -> Attachment | Missing:
    """One file, with nothing remembered; see `Files`."""
    with Files(limits, ledger=root, connection=connection) as files:
        return files.fetch(reference, name)


def invoice_files(
    items: Iterable[Mapping[str, Any]], files: Files, *, used: int = 0
) -> tuple[tuple[Attachment, ...], tuple[Missing, ...]]:
    """The PDFs of a message's invoices, and those that are left out, in the order of `items` (`content.items_of`).

    Items that are only mentioned have none, nor have items without a `document`. `used`: bytes of other files of the
    message, which count towards its limit.
    """
    attached: list[Attachment] = []
    missing: list[Missing] = []
    names: Counter[str] = Counter()
    for item in items:
        if not item.get("document") or item.get("level") is None:
            continue
        name = _unlike(names, file_name(item["invoice_id"]))
        if len(attached) >= MOST_FILES or used >= files.limits.max_message:
            missing.append(Missing(name, "too_large"))
            continue
        found = files.fetch(item["document"], name)
        if isinstance(found, Missing):
            missing.append(found)
        elif used + len(found.content) > files.limits.max_message:
            missing.append(Missing(name, "too_large"))
        else:
            used += len(found.content)
            attached.append(found)
    return tuple(attached), tuple(missing)


def file_name(invoice_id: object) -> str:
    """`<invoice_id>.pdf`, safe in any header and on any system: letters, digits, dots, dashes, underscores; 80 at most."""
    text = unicodedata.normalize("NFC", str(invoice_id))
    stem = re.sub(r"\.{2,}", ".", re.sub(r"[^\w.-]+", "-", text)).strip("-._")[:80] or "invoice"
    return f"invoice-{stem}.pdf" if _RESERVED.fullmatch(stem) else f"{stem}.pdf"


def _unlike(names: Counter[str], name: str) -> str:
    """The name, numbered when one like it is there already (systems may not tell capitals apart)."""
    names[name.casefold()] += 1
    times = names[name.casefold()]
    return name if times == 1 else f"{name.removesuffix('.pdf')}-{times}.pdf"


def _from_folder(root: Path | None, reference: str, most: int) -> bytes | Why:
    """A regular file below `root`, at most one byte more than `most` of it; links are followed, but not out of it."""
    if root is None:
        return "refused"
    try:
        base = root.resolve(strict=True)
        path = (base / reference).resolve(strict=True)
        if not path.is_relative_to(base):
            return "outside"
        # Not blocking: a pipe would wait for a writer for ever. No link: the path has none left.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        with open(handle, "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "not_there"
            return file.read(most + 1)
    except (OSError, ValueError, RuntimeError):  # nothing there, a null byte in it, links in a circle
        return "not_there"
