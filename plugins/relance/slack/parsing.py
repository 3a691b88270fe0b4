"""Amounts and dates as people write them, read by the reader's own notation, and refused where they can be read in two ways."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal, get_currency_symbol

from relance.money import Money, digits, is_currency, to_minor
from relance.slack.limits import clean

LARGEST = 10**15
"""Minor units beyond which an amount is a slip of the pen."""
_TOLD = 40
_MARKS = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " "}
)
_NO_CENTS = re.compile(r"[.,]\s?[-–—]{1,2}$")
"""The German and Swiss way to write round amounts: 100,- and 100.–."""
_UNIT = r"[^\d\s.,'+\-]{1,8}\.?"
_WORD = re.compile(rf"({_UNIT})?\s*([\d.,' ]*\d)\s*({_UNIT})?")
_DAY = re.compile(r"(\d{1,4})\s*[./\s-]\s*(\d{1,2})\s*[./\s-]\s*(\d{1,4})\.?")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text is no amount or date: a key of `words`, and what its words are filled with."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notation:
    """How a locale writes numbers and dates; `group` and `decimal` are empty where its countries differ."""

    locale: Locale
    group: str
    decimal: str
    order: str
    """ "dmy", "mdy" or "ymd"; empty where nobody knows: English of no country."""

    def example(self, currency: str) -> str:
        """An amount as it is written here: 1.234,50."""
        return self.plain(Decimal(12345).scaleb(-1), currency, grouped=True)

    def plain(self, amount: Decimal, currency: str, *, grouped: bool = False) -> str:
        """An amount without its currency, with all its decimals: 1234,50."""
        places = digits(currency)
        form = ("#,##0" if grouped else "0") + ("." + "0" * places if places else "")
        return format_decimal(amount, format=form, locale=self.locale)


@lru_cache(maxsize=128)
def notation_of(tag: str | None) -> Notation:
    """The notation of a language tag as Slack names it (fr-FR, es-LA, de-CH); English's where it is unknown."""
    locale = _locale(tag or "en")
    symbols = locale.number_symbols.get("latn", {})
    group, decimal = symbols.get("group", ","), symbols.get("decimal", ".")
    group = {"’": "'", "\u202f": " ", "\u00a0": " "}.get(group, group)
    if (locale.language, locale.territory) == ("es", "419"):
        # Mexico writes 1,234.50 and Argentina 1.234,50.
        group = decimal = ""
    return Notation(locale, group, decimal, _order(locale))


def _locale(tag: str) -> Locale:
    parts = tag.replace("_", "-").split("-")
    language, territory = parts[0].lower(), (parts[-1].upper() if len(parts) > 1 else None)
    if territory == "LA" and language == "es":
        territory = "419"
    for name in (f"{language}_{territory}" if territory else language, language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def _order(locale: Locale) -> str:
    if locale.language == "en" and locale.territory is None:
        return ""
    pattern = str(locale.date_formats["short"].pattern).lower()
    return "".join(sorted("dmy", key=pattern.index))


def parse_amount(text: str, currency: str, tag: str | None) -> Money | Doubt:
    """An amount above 0 in `currency`, as a reader of that language tag writes it: 1.234,50 €, 1 234,50, 1,234.50, 1234.5.

    With both marks the last one divides the decimals. A single one before three digits is judged by the notation,
    and refused where that leaves a doubt: "1.234" in English could be twelve hundred or a slip.
    """
    notation = notation_of(tag)
    told = {"text": clean(text, _TOLD) or "–", "example": notation.example(currency), "currency": currency}
    written = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS).strip()
    found = _WORD.fullmatch(_NO_CENTS.sub("", written))
    if found is None or (found[1] and found[3]):
        return Doubt("parse.amount.unreadable", told)
    unit = found[1] or found[3]
    if unit and not _means(unit, currency, notation):
        known = is_currency(unit.upper()) or any(unicodedata.category(one) == "Sc" for one in unit)
        return Doubt("parse.amount.currency" if known else "parse.amount.unreadable", told)
    value = _value(_western(found[2]), currency, notation)
    if isinstance(value, Doubt):
        return Doubt(value.key, {**told, **value.values})
    return _money(value, currency, told)


def _money(value: Decimal, currency: str, told: Mapping[str, object]) -> Money | Doubt:
    try:
        minor = to_minor(value, currency)
    except ValueError:
        return Doubt("parse.amount.decimals", {**told, "count": digits(currency)})
    if minor <= 0:
        return Doubt("parse.amount.positive", told)
    return Doubt("parse.amount.large", told) if minor > LARGEST else Money(currency, minor)


def _western(number: str) -> str:
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in number)


def _means(unit: str, currency: str, notation: Notation) -> bool:
    """Whether a sign or code beside the number is the currency's: €, EUR, CA$."""
    bare = unit.rstrip(".").casefold()
    signs = {get_currency_symbol(currency, locale=one) for one in (notation.locale, "en", "ja", "fr_CH")}
    own = {unicodedata.normalize("NFKC", one).rstrip(".").casefold() for one in signs}
    marks = {char for one in own for char in one if unicodedata.category(char) == "Sc"}
    return bare == currency.casefold() or bare in own | marks


def _value(number: str, currency: str, notation: Notation) -> Decimal | Doubt:
    marks = [one for one in number if not one.isdigit()]
    if not marks:
        return Decimal(number)
    last = marks[-1]
    head, _, tail = number.rpartition(last)
    if last in ".," and marks.count(last) == 1:
        if len(marks) == 1:
            return _single(head, tail, last, currency, notation)
        whole = _grouped(head, notation)
        return Decimal(f"{whole}.{tail}") if whole else Doubt("parse.amount.unreadable")
    whole = _grouped(number, notation)
    return Decimal(whole) if whole else Doubt("parse.amount.unreadable")


def _single(head: str, tail: str, mark: str, currency: str, notation: Notation) -> Decimal | Doubt:
    """One point or comma: decimals, unless three digits after it could be thousands."""
    thousands = len(tail) == 3 and 1 <= len(head) <= 3 and not head.startswith("0")
    if not thousands:
        return Decimal(f"{head or 0}.{tail}")
    if mark == notation.group:
        return Decimal(head + tail)
    if mark == notation.decimal and digits(currency) == 3:
        return Decimal(f"{head}.{tail}")
    return Doubt("parse.amount.doubtful", {"example": notation.plain(Decimal(head + tail), currency)})


def _grouped(number: str, notation: Notation) -> str | None:
    """The digits of a number in groups of one kind, or None: 1 234 567, and 12,34,567 in India."""
    kinds = {one for one in number if not one.isdigit()}
    if not kinds:
        return number
    if len(kinds) > 1:
        return None
    first, *others = number.split(kinds.pop())
    middle = {len(one) for one in others[:-1]}
    indian = notation.locale.territory == "IN" and len(first) <= 2 and middle <= {2}
    regular = len(first) <= 3 and middle <= {3}
    right = first and not first.startswith("0") and len(others[-1]) == 3 and (regular or indian)
    return first + "".join(others) if right else None


def parse_day(text: str, tag: str | None) -> date | Doubt:
    """A date as 2026-03-15, or in the order of the reader's notation: 15/03/2026, 15.3.26, in the United States 3/15/2026."""
    told = {"text": clean(text, _TOLD) or "–", "example": "2026-03-15"}
    found = _DAY.fullmatch(_western(unicodedata.normalize("NFKC", text).strip()))
    if found is None:
        return Doubt("parse.day.unreadable", told)
    order = "ymd" if len(found[1]) == 4 else notation_of(tag).order
    one, two, three = found.groups()
    if len(three) == 4 and order.startswith("y"):
        order = ""
    if not order:
        if int(one) <= 12 and int(two) <= 12 and int(one) != int(two):
            return Doubt("parse.day.doubtful", told)
        order = "dmy" if int(two) <= 12 else "mdy"
    parts = dict(zip(order, (one, two, three), strict=True))
    if len(parts["y"]) not in (2, 4):
        return Doubt("parse.day.unreadable", told)
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    try:
        return date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return Doubt("parse.day.unreadable", told)
