"""Amounts, dates, numbers and plurals as one locale writes them.

CLDR's data and rules come from Babel. What a batch writes by the thousand is prepared once per locale: the frame of a
currency's amounts, the days, the plural forms; the result is that of Babel, character for character, but for the first of
a month in French.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)

from relance.errors import PermanentError
from relance.money import Money, digits, to_decimal

# Where a language tag names no country: the one whose dates and numbers a European business letter has.
_HOME = {"en": "GB", "pt": "PT", "fr": "FR", "de": "DE", "es": "ES", "it": "IT", "nl": "NL"}


def locale_of(language: str) -> Locale:
    """The locale that amounts, dates and plurals follow: "fr" → fr_FR, "fr-BE" → fr_BE, "en" → en_GB.

    Raises:
        PermanentError: for a tag that CLDR does not know.
    """
    primary, _, rest = language.replace("_", "-").partition("-")
    tag = f"{primary}-{rest or _HOME.get(primary, '')}".rstrip("-")
    for candidate in (tag, primary):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise PermanentError(f"{language!r} is no language that dates and amounts can be written in")


@dataclass(frozen=True, slots=True)
class Formats:
    """The filters of the templates for one locale."""

    locale: Locale
    _prepared: _Prepared = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_prepared", _prepare(str(self.locale)))

    def money(self, value: Money | Sequence[Money]) -> str:
        """As in "1 234,56 €"; several amounts are joined by "and"."""
        if isinstance(value, Money):
            return self._prepared.amount(value.currency)(value.minor)
        if len(value) == 1:
            return self._prepared.amount(value[0].currency)(value[0].minor)
        return (
            format_list([self.money(one) for one in value], locale=self.locale) if value else self.number(0)
        )

    def money_code(self, value: Money | Sequence[Money]) -> str:
        """With the currency's code, for surfaces that have no currency signs: "1 234,56 EUR"."""
        if isinstance(value, Money):
            pattern = "#,##0" + ("." + "0" * digits(value.currency) if digits(value.currency) else "")
            decimal = to_decimal(value.minor, value.currency)
            return f"{format_decimal(decimal, format=pattern, locale=self.locale)} {value.currency}"
        return " + ".join(self.money_code(one) for one in value)

    def money_name(self, value: Money | Sequence[Money]) -> str:
        """As it is spoken: "1 234,56 euros"."""
        if isinstance(value, Money):
            decimal = to_decimal(value.minor, value.currency)
            return format_currency(decimal, value.currency, locale=self.locale, format_type="name")
        return (
            format_list([self.money_name(one) for one in value], locale=self.locale)
            if value
            else self.number(0)
        )

    def date(self, value: dt.date) -> str:
        """As in "21 nov. 2026"; in French the first is "1er nov. 2026"."""
        return self._prepared.day(value, "medium")

    def long_date(self, value: dt.date) -> str:
        """As in "21 novembre 2026"; in French the first is "1er novembre 2026"."""
        return self._prepared.day(value, "long")

    def short_date(self, value: dt.date) -> str:
        """In digits: "21/11/2026"."""
        separator = {"de": ".", "nl": "-"}.get(self.locale.language, "/")
        return self._prepared.day(value, separator.join(("dd", "MM", "y")))

    def number(self, value: int) -> str:
        """With the locale's grouping."""
        return str(format_decimal(value, locale=self.locale))

    def plural(self, count: int, one: str, other: str) -> str:
        """The form that goes with a count."""
        return one if self._prepared.form(count) == "one" else other


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is kept of a locale; Babel takes 15 µs for an amount and 30 µs for a day."""

    amount: Callable[[str], Callable[[int], str]]
    day: Callable[[dt.date, str], str]
    form: Callable[[int], str]


@lru_cache(maxsize=64)
def _prepare(tag: str) -> _Prepared:
    locale = Locale.parse(tag)
    rule = locale.plural_form

    @lru_cache(maxsize=256)
    def amount(currency: str) -> Callable[[int], str]:
        return _amounts(locale, currency)

    @lru_cache(maxsize=4096)
    def day(value: dt.date, pattern: str) -> str:
        text = format_date(value, pattern, locale=locale)
        # CLDR has no ordinal for the first, which French always writes so (Imprimerie nationale, "Dates").
        if locale.language == "fr" and value.day == 1 and pattern in {"medium", "long"}:
            return text.replace("1 ", "1er ", 1)
        return text

    @lru_cache(maxsize=1024)
    def form(count: int) -> str:
        return rule(count)

    return _Prepared(amount, day, form)


def _amounts(locale: Locale, currency: str) -> Callable[[int], str]:
    """The writer of a currency's minor units: Babel's own, or the frame that Babel gives to all amounts of that currency."""

    def as_babel(minor: int) -> str:
        text = format_currency(to_decimal(minor, currency), currency, locale=locale)
        # Mail programs and fonts that lack the narrow no-break space break amounts in two.
        return text.replace("\u202f", "\u00a0")

    places = digits(currency)
    scale = 10**places
    head, _, tail = as_babel(7 * scale).partition("7")
    group = get_group_symbol(locale).replace("\u202f", "\u00a0")
    point = get_decimal_symbol(locale) if places else ""
    framed = tail.startswith(point + "0" * places) and get_currency_precision(currency) == places
    if not framed or locale.currency_formats["standard"].grouping != (3, 3):
        return as_babel
    end = tail[len(point) + places :]

    def in_frame(minor: int) -> str:
        if minor < 0:
            return as_babel(minor)
        whole, rest = divmod(minor, scale)
        number = f"{whole:,}".replace(",", group) if whole > 999 else str(whole)
        return f"{head}{number}{point}{rest:0{places}}{end}" if places else f"{head}{number}{end}"

    return in_frame
