"""How a language writes things: amounts, dates, lists, numbers of things; and the words it has for names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from relance.money import Money, to_decimal
from relance.speech.words import LANGUAGES, Words, language_of

_LOCALES = {"en": "en_GB", "fr": "fr", "de": "de"}
"""Explanations in English are European: 3 March 2025."""


@dataclass(frozen=True)
class Voice:
    """One language of `words`."""

    language: str

    @classmethod
    def of(cls, tag: str | None) -> Voice:
        """The voice for a language tag; English where there are no words for it."""
        return cls(language_of(tag))

    @cached_property
    def locale(self) -> Locale:
        """Babel's locale."""
        return Locale.parse(_LOCALES[self.language])

    @cached_property
    def _words(self) -> Words:
        return LANGUAGES[self.language]

    def __call__(self, key: str, /, **values: object) -> str:
        """The words of `key`."""
        words = self._words[key]
        assert isinstance(words, str), key
        return words.format(**values)

    def has(self, key: str) -> bool:
        """Whether there are words of that key."""
        return key in self._words

    def count(self, key: str, number: int) -> str:
        """So many things: the words for one, or for more."""
        words = self._words[key]
        assert isinstance(words, tuple), key
        one, other = words
        single = self.locale.plural_form(number) == "one"
        return (one if single else other).format(n=format_decimal(number, locale=self.locale))

    def named(self, group: str, name: str | None) -> str:
        """The word for a value such as a level; the value itself where nobody has named it."""
        word = self._words.get(f"{group}.{name}", name or "")
        return word if isinstance(word, str) else word[1]

    def amount(self, money: Money) -> str:
        """1234550, EUR → €12,345.50, in the language's form; every digit of the currency."""
        number = to_decimal(money.minor, money.currency)
        return format_currency(number, money.currency, locale=self.locale, decimal_quantization=False)

    def day(self, day: date) -> str:
        """3 March 2025."""
        return self._first(day, format_date(day, "long", locale=self.locale))

    def weekday(self, day: date) -> str:
        """Monday, 3 March 2025."""
        return self._first(day, format_date(day, "full", locale=self.locale))

    def _first(self, day: date, text: str) -> str:
        """French writes the first of a month as an ordinal; CLDR doesn't."""
        return text.replace("1 ", "1er ", 1) if self.language == "fr" and day.day == 1 else text

    def listed(self, parts: Iterable[str], *, most: int | None = None) -> str:
        """a, b and c; beyond `most` the number of the others."""
        found = list(parts)
        if most is not None and len(found) > most:
            found = [*found[:most], self.count("others", len(found) - most)]
        return format_list(found, locale=self.locale)

    def either(self, parts: Iterable[str]) -> str:
        """a, b or c."""
        return format_list(list(parts), style="or", locale=self.locale)

    def country(self, code: str | None) -> str:
        """A country's name."""
        return str(self.locale.territories.get(code or "", code or ""))

    def tongue(self, tag: str | None) -> str:
        """A language's name."""
        primary = (tag or "").replace("_", "-").split("-")[0].lower()
        return str(self.locale.languages.get(primary, tag or ""))

    def holiday(self, names: Mapping[str, str]) -> str:
        """A holiday's name: in this language, else in English, else as its calendar has it."""
        return names.get(self.language) or names.get("en") or next(iter(names.values()))
