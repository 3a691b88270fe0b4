"""The words of archives and hand-over files: `include/templates/<language>/evidence.yaml`, names in braces put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel.numbers import format_percent

from relance.delivery.formats import Formats, locale_of
from relance.errors import PermanentError, UsageError
from relance.money import Money

FILE = "evidence.yaml"


@dataclass(frozen=True)
class Words:
    """One language; amounts and dates as it writes them."""

    language: str
    table: Mapping[str, Any]
    formats: Formats

    def say(self, path: str, **names: object) -> str:
        """The words at a dotted path.

        Raises:
            PermanentError: when this language lacks them, or a name that they want.
        """
        found: Any = self.table
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, str):
            raise PermanentError(f"{self.language}/{FILE} has no words {path!r}", hint="Write them.")
        try:
            return found.format(**names) if "{" in found else found
        except (KeyError, IndexError, ValueError) as error:
            raise PermanentError(
                f"{self.language}/{FILE}: {path!r} can't be put together: {error!r}"
            ) from error

    def named(self, path: str, name: str | None) -> str:
        """The word for one of a list; what nobody has named yet is given as it is."""
        listed = self._at(path)
        return str(listed.get(name or "", name or "–"))

    def columns(self, path: str) -> list[str]:
        """The heads of a table."""
        return [str(one) for one in self._at(path).values()]

    def _at(self, path: str) -> Mapping[str, Any]:
        found: Any = self.table
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise PermanentError(f"{self.language}/{FILE} has no words {path!r}", hint="Write them.")
        return found

    def money(self, amounts: Money | list[Money]) -> str:
        """Amounts, or a dash for none."""
        return self.formats.money(amounts) if amounts else "–"

    def day(self, day: date | None) -> str:
        """A date in digits, or a dash."""
        return self.formats.short_date(day) if day else "–"

    def percent(self, rate: Decimal) -> str:
        """A rate in per cent, as in "12,15 %"."""
        return str(format_percent(rate / 100, locale=self.formats.locale, decimal_quantization=False))

    def moment(self, at: datetime | None, zone: ZoneInfo) -> str:
        """A date and the time of day there."""
        return f"{self.day(at.astimezone(zone).date())} {at.astimezone(zone):%H:%M:%S}" if at else "–"


def languages(templates: Path) -> list[str]:
    """Languages that have these words."""
    return sorted(path.parent.name for path in templates.glob(f"[!_]*/{FILE}"))


def words(templates: Path, language: str) -> Words:
    """The words of a language ("fr", or "fr-BE" with the words of "fr").

    Raises:
        UsageError: when there are none; names those there are.
    """
    for folder in (language, language.replace("_", "-").split("-")[0].lower()):
        path = templates / folder / FILE
        if path.is_file():
            return Words(folder, _read(path, path.stat().st_mtime_ns), Formats(locale_of(language)))
    raise UsageError(
        f"There is no evidence in {language!r}.", hint=f"Choose {', '.join(languages(templates))}."
    )


def words_for(templates: Path, wanted: str | None, spoken: Sequence[str]) -> Words:
    """The words of the language that is wanted; else of the first that a region speaks and there are words of, else English.

    Raises:
        UsageError: when there are none of the language that is wanted.
    """
    if wanted is not None:
        return words(templates, wanted)
    there = set(languages(templates))
    own = (tag for tag in spoken if {tag, tag.replace("_", "-").split("-")[0].lower()} & there)
    return words(templates, next(own, "en"))


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> Mapping[str, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise PermanentError(f"{path} holds no words")
    return found
