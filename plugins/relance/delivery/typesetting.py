"""PDF by Typst: one compiler a file, kept for as long as the process lives; the same data always gives the same bytes.

The files are `include/templates/_letter/*.typ`. What is printed reaches them as data (JSON in `sys.inputs.data`), so that
no ledger text is ever read as markup. Fonts are those beside the files and those built into Typst; the machine's own
are not looked at, so that a letter looks alike everywhere.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from relance.errors import PermanentError
from relance.settings import REPOSITORY

FOLDER = "_letter"
"""Under the folder of templates: Typst files, and the folder `fonts`."""
STANDARD: Final = "a-2b"
"""PDF/A-2b, ISO 19005-2: kept for years, looking the same. Typst refuses to write what would break it."""
INSTEAD = "\u25a1"
"""Printed for a character that no font has (Chinese, emoji): PDF/A-2 wants a glyph for all text."""

_UNDRAWN = "could not be displayed"
_PROBE = b'#set text(font: ("Liberation Sans", "Libertinus Serif", "DejaVu Sans Mono"))\n#sys.inputs.data'
# Latin with all its accents, Greek, Cyrillic, general punctuation, the euro: in the fonts that come along.
_SURE = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x388, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3CE), (0x400, 0x45F),
    (0x2010, 0x2027), (0x20AC, 0x20AC),
)  # fmt: skip
_JOINERS = "\u200b\u200c\u200d"
_LONGEST_RUN = 18
_LONGEST_WHOLE = 40
_WHOLE = re.compile(
    r"[^@/\s]+@[^@/\s]+"
    r"|\W{0,3}\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})*(?:[.,]\d+)?\W{0,3}(?:[A-Z]{3}\W{0,2})?"
)
_WITH_PLACES = "\u200b"


class Typesetter:
    """Sets documents with the files of one folder. May be shared between threads; they wait for each other."""

    def __init__(self, directory: Path, *, fonts: Path | None = None) -> None:
        """`fonts`: the folder of fonts, where it is not that of the directory."""
        self._directory = directory
        self._fonts = fonts or directory / "fonts"
        self._compilers: dict[str, typst.Compiler] = {}
        self._probe: typst.Compiler | None = None
        self._drawn: dict[str, bool] = {}
        self._lock = threading.Lock()

    def pdf(self, file: str, data: Mapping[str, Any], *, on_date: date) -> bytes:
        """The PDF/A that a file makes of the data, dated `on_date`; equal data give equal bytes.

        Characters that no font has are printed as `INSTEAD`.

        Raises:
            PermanentError: when the file does not compile with this data.
        """
        with self._lock:
            try:
                return self._compile(file, data, on_date)
            except typst.TypstError as error:
                if _UNDRAWN not in error.message:
                    raise _failed(file, error) from error
            try:
                return self._compile(file, _mapped(data, self._drawable), on_date)
            except typst.TypstError as error:
                if _UNDRAWN not in error.message:
                    raise _failed(file, error) from error
            # Letters that are drawn alone and not in company (scripts that join them): nothing but what is sure.
            try:
                return self._compile(file, _mapped(data, _surely), on_date)
            except typst.TypstError as error:
                raise _failed(file, error) from error

    def _compile(self, file: str, data: Mapping[str, Any], on_date: date) -> bytes:
        compiler = self._compilers.get(file)
        if compiler is None:
            compiler = self._compilers[file] = self._compiler(self._directory / file)
        at = datetime(on_date.year, on_date.month, on_date.day, tzinfo=UTC)
        made = compiler.compile(
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=STANDARD,
            pdf_tags=False,
            timestamp=at,
        )
        if not isinstance(made, bytes):
            raise PermanentError(f"Typst made no PDF of {file}")
        return made

    def _compiler(self, source: Path | None) -> typst.Compiler:
        return typst.Compiler(
            source,
            root=self._directory,
            font_paths=[self._fonts] if self._fonts.is_dir() else [],
            ignore_system_fonts=True,
        )

    def _drawable(self, text: str) -> str:
        """The text with `INSTEAD` for what no font has, and without what only joins such characters."""
        if all(_is_sure(one) for one in text):
            return text
        return "".join(self._one(one) for one in text)

    def _one(self, character: str) -> str:
        if _is_sure(character):
            return character
        drawn = self._drawn.get(character)
        if drawn is None:
            drawn = self._drawn[character] = character in _JOINERS or self._tried(character)
        return character if drawn else INSTEAD

    def _tried(self, character: str) -> bool:
        # No package that we depend on reads a font's tables; a try takes about 1 ms, once a character.
        if self._probe is None:
            self._probe = self._compiler(None)
        try:
            self._probe.compile(
                input=_PROBE, format="pdf", sys_inputs={"data": character}, pdf_standards=STANDARD
            )
        except typst.TypstError:
            return False
        return True


@cache
def typesetter(templates: Path | None = None) -> Typesetter:
    """The typesetter of a folder of templates; where that has no `_letter`, of the one that comes along."""
    own = templates / FOLDER if templates else None
    return Typesetter(own if own and own.is_dir() else REPOSITORY / "include" / "templates" / FOLDER)


def breakable(text: str, run: int = _LONGEST_RUN) -> str:
    """The text with places to break what has more than `run` characters without a blank, so that it stays in its column.

    Addresses and amounts of up to `_LONGEST_WHOLE` characters stay whole, except in narrower columns. The places are
    zero-width spaces, which the Typst files turn into places that nobody copies.
    """
    whole = _LONGEST_WHOLE if run >= _LONGEST_RUN else 0
    return " ".join(
        word if len(word) <= run or _is_whole(word, whole) else _WITH_PLACES.join(_cut(word, run))
        for word in text.split(" ")
    )


def _is_whole(word: str, longest: int) -> bool:
    return len(word) <= longest and _WHOLE.fullmatch(word) is not None


def _cut(word: str, run: int) -> list[str]:
    return [word[at : at + run] for at in range(0, len(word), run)]


def _is_sure(character: str) -> bool:
    code = ord(character)
    return any(low <= code <= high for low, high in _SURE) or character == INSTEAD


def _surely(text: str) -> str:
    return "".join(one if _is_sure(one) else INSTEAD for one in text if one not in _JOINERS)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        # Pictures are SVG, made by us; their text is looked at like any other.
        return change(value)
    if isinstance(value, Mapping):
        return {name: _mapped(one, change) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(one, change) for one in value]
    return value


def _failed(file: str, error: typst.TypstError) -> PermanentError:
    # Not the diagnostic: it quotes what was to be printed.
    return PermanentError(
        f"{file} can't be set: {error.message.splitlines()[0][:200]}", hint=f"Mend {FOLDER}/{file}."
    )
