"""The kinds of value that a policy file holds, each with its check and the words that mend it.

Every check refuses through `wrong(what, write)`: what is amiss, and what to write instead. The JSON Schema of each kind
stands beside its check so that an editor says the same.
"""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from relance.config.cron import cron_fault
from relance.money import Money, digits, is_currency

MONEY_PATTERN = r"^\d+(\.\d+)? [A-Z]{3}$"
_SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
# Babel's territories that ISO 3166-1 does not list (regions of the world, reserved and test codes).
_NOT_ISO = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())
_USUAL_SLIPS = {"UK": "GB", "EL": "GR"}
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}|#[^\sA-Z#@,.:;!?()\[\]{}<>\"'/\\]{1,80}")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def wrong(what: str, write: str) -> PydanticCustomError:
    """The error of a value: `what` is amiss, and what to `write` instead ("write …")."""
    return PydanticCustomError("policy", "{what}", {"what": what, "mend": write})


def nearest(word: str, known: Any) -> str | None:
    """The known word that `word` most likely means, or None."""
    words = {str(one).casefold(): str(one) for one in known}
    found = get_close_matches(word.casefold(), list(words), n=1, cutoff=0.5)
    return words[found[0]] if found else None


def _text(value: object, *, example: str) -> str:
    if not isinstance(value, str):
        shown = "nothing" if value is None else repr(value) if isinstance(value, bool | int | float) else "a list of keys"
        raise wrong(f"{shown} stands where text is wanted", f"write text in quotes, such as {example}")
    return value.strip()


# ---------------------------------------------------------------- money


def _money(value: object) -> Money:
    if isinstance(value, Money):
        return value
    if not isinstance(value, str) or len(value) > 40:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else 120
        raise wrong(f"{str(value)[:40]} is not money", f'write it with its currency, in quotes: "{number:.2f} EUR"')
    try:
        money = Money.parse(value)
    except ValueError as error:
        guess = _money_guess(value)
        raise wrong(_money_fault(value, error), f'write "{guess}"' if guess else 'write it as "120.00 EUR"') from error
    if money.minor < 0:
        raise wrong(f"{value} is below zero", f'write "{Money(money.currency, -money.minor)}"')
    if money.minor >= 10**15:
        raise wrong(f"{value} is more than any ledger holds", 'write a smaller amount, such as "120.00 EUR"')
    return money


def _money_fault(value: str, error: ValueError) -> str:
    text = str(error)
    return f"{value!r} is not money" if "write it as" in text else text


def _money_guess(text: str) -> str | None:
    """What somebody meant with "120,00 €", "EUR 1 200" or "120.5eur"; None when that is not plain."""
    for symbol, code in _SYMBOLS.items():
        text = text.replace(symbol, code)
    codes = re.findall(r"[A-Za-z]{3,}", text)
    numbers = re.findall(r"\d[\d.,'\u00a0\u202f ]*", text)
    if len(codes) != 1 or len(numbers) != 1 or not is_currency(codes[0].upper()):
        return None
    currency = codes[0].upper()
    number = re.sub(r"['\u00a0\u202f ]", "", numbers[0]).rstrip(".,")
    whole, _, part = number.replace(",", ".").rpartition(".")
    if not whole or len(part) == 3 or len(part) > digits(currency):
        whole, part = whole + part, ""
    scale = digits(currency)
    return f"{int(re.sub(r'[^0-9]', '', whole))}{'.' + part.ljust(scale, '0') if scale else ''} {currency}"


def _per_currency(amounts: tuple[Money, ...]) -> tuple[Money, ...]:
    currencies = [money.currency for money in amounts]
    twice = sorted({code for code in currencies if currencies.count(code) > 1})
    if twice:
        raise wrong(f"{twice[0]} is listed twice", f"write one amount in {twice[0]}")
    return tuple(sorted(amounts))


def _list(value: object) -> object:
    """A list, or the refusal of a lone value where a list is wanted."""
    if isinstance(value, str | int | float | Money):
        shown = f'"{value}"' if isinstance(value, Money) or " " in str(value) else value
        raise wrong(f"{value} stands alone where a list is wanted", f"write [{shown}]")
    if not isinstance(value, list | tuple):
        raise wrong("a list is wanted here", "write [] for none, or the values between [ and ]")
    return tuple(value)


MoneyText = Annotated[
    Money,
    PlainValidator(_money),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": MONEY_PATTERN,
            "description": 'An amount, a space and an ISO 4217 currency: "120.00 EUR".',
            "examples": ["120.00 EUR"],
        }
    ),
]
PerCurrency = Annotated[tuple[MoneyText, ...], BeforeValidator(_list), AfterValidator(_per_currency)]


def _currency(value: object) -> str:
    text = _text(value, example='"EUR"')
    if not is_currency(text):
        guess = text.upper() if is_currency(text.upper()) else _SYMBOLS.get(text)
        mend = f"write {guess}" if guess else "write an ISO 4217 code such as EUR, GBP, CHF"
        raise wrong(f"{text!r} is not a currency", mend)
    return text


Currency = Annotated[
    str,
    PlainValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217.", "examples": ["EUR"]}),
]

# ---------------------------------------------------------------- places and languages


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """ISO 3166-1 alpha-2 → English name, as Babel lists them."""
    names = Locale("en").territories
    return {code: names[code] for code in names if len(code) == 2 and code.isalpha() and code not in _NOT_ISO}


def _country(value: object) -> str:
    text = _text(value, example="FR")
    if text in countries():
        return text
    upper = _USUAL_SLIPS.get(text.upper(), text.upper())
    guess = upper if upper in countries() else None
    if guess is None and len(text) > 3:
        by_name = {name: code for code, name in countries().items()}
        named = nearest(text, by_name)
        guess = by_name[named] if named else None
    mend = f"write {guess}" if guess else "write the two capital letters of ISO 3166-1, such as FR, DE, GB"
    raise wrong(f"{text!r} is not a country", mend)


Country = Annotated[
    str,
    PlainValidator(_country),
    WithJsonSchema(
        {"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166-1 alpha-2.", "examples": ["FR", "GB"]}
    ),
]


def _language(value: object) -> str:
    text = _text(value, example='"fr"')
    names = Locale("en").languages
    match = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}|[A-Za-z]{4}|\d{3}))?", text)
    if match and match[1].lower() in names:
        right = match[1].lower()
        if match[2]:
            right += "-" + (match[2].title() if len(match[2]) == 4 else match[2].upper())
        if right == text:
            return text
        raise wrong(f"{text!r} is not written as a language tag", f"write {right}")
    by_name = {str(name): str(code) for code, name in names.items()}
    named = nearest(text, by_name) if len(text) > 3 else None
    mend = f"write {by_name[named]}" if named else "write a BCP 47 tag such as fr, en, de-AT"
    raise wrong(f"{text!r} is not a language", mend)


Language = Annotated[
    str,
    PlainValidator(_language),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[a-z]{2,3}(-([A-Z]{2}|[A-Z][a-z]{3}|[0-9]{3}))?$",
            "description": "A BCP 47 language tag.",
            "examples": ["fr", "en", "de-AT"],
        }
    ),
]


@lru_cache(maxsize=512)
def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _timezone(value: object) -> str:
    text = _text(value, example="Europe/Paris")
    if _zone_exists(text):
        return text
    zones = available_timezones()
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
    city = nearest(text.rpartition("/")[2].replace(" ", "_"), cities)
    guess = cities[city] if city else nearest(text, zones)
    mend = f"write {guess}" if guess else "write an IANA time zone such as Europe/Paris"
    raise wrong(f"{text!r} is not a time zone", mend)


Timezone = Annotated[
    str,
    PlainValidator(_timezone),
    WithJsonSchema(
        {"type": "string", "description": "An IANA time zone.", "examples": ["Europe/Paris", "Europe/London"]}
    ),
]

# ---------------------------------------------------------------- times and dates


def _cron(value: object) -> str:
    text = _text(value, example='"0 7 * * 1-5"')
    fault = cron_fault(text)
    if fault:
        what, mend = fault
        raise wrong(what, mend)
    return " ".join(text.split())


Cron = Annotated[
    str,
    PlainValidator(_cron),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*\S+(\s+\S+){4}\s*$",
            "description": "Cron: minute, hour, day of the month, month, day of the week.",
            "examples": ["0 7 * * 1-5"],
        }
    ),
]


def _date(value: object) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    text = str(value).strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise wrong(f"{text} is no day of the calendar", "write a day that exists, such as 2026-12-24") from error
    raise wrong(f"{text[:40]!r} is not a date", f"write {_date_guess(text) or '2026-12-24'}")


def _date_guess(text: str) -> str | None:
    """The ISO form of a date written day first ("24/12/2026", "24.12.2026") or with slashes ("2026/12/24")."""
    parts = re.split(r"[/. -]", text)
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    year, month, day = parts if len(parts[0]) == 4 else parts[::-1]
    try:
        return date(int(year), int(month), int(day)).isoformat() if len(year) == 4 else None
    except ValueError:
        return None


DateText = Annotated[
    date,
    PlainValidator(_date),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "pattern": r"^\d{4}-\d{2}-\d{2}$",
            "description": "A date as year-month-day.",
            "examples": ["2026-12-24"],
        }
    ),
]


def _hours(value: object) -> tuple[str, str]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise wrong("two times are wanted: from and to", 'write ["09:00", "18:00"]')
    for time in value:
        if not isinstance(time, str) or not _TIME.fullmatch(time):
            raise wrong(f"{str(time)[:20]!r} is not a time of day", f'write "{_time_guess(time)}"')
    start, end = str(value[0]), str(value[1])
    if start >= end:
        raise wrong(f"from {start} to {end} leaves no time", f'write ["{end}", "{start}"]' if end < start else _ALL_DAY)
    return start, end


_ALL_DAY = 'write ["00:00", "24:00"]'


def _time_guess(time: object) -> str:
    match = re.fullmatch(r"(\d{1,2})(?:[:.hH](\d{2})?)?", str(time).strip())
    guess = f"{int(match[1]):02d}:{match[2] or '00'}" if match else ""
    return guess if _TIME.fullmatch(guess) else "09:00"


Hours = Annotated[
    tuple[str, str],
    PlainValidator(_hours),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"},
            "minItems": 2,
            "maxItems": 2,
            "description": 'From and to, in local time: ["09:00", "18:00"].',
            "examples": [["09:00", "18:00"]],
        }
    ),
]

# ---------------------------------------------------------------- addresses and names


def _email(value: object) -> str:
    text = _text(value, example='"ledger@lumen.example"')
    local = text.partition("@")[0]
    if len(text) > 254 or not _EMAIL.fullmatch(text) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise wrong(f"{text[:60]!r} is not an e-mail address", "write it as ledger@lumen.example")
    return text


Email = Annotated[
    str,
    PlainValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "examples": ["compta@lumen.example"]}),
]


def is_email(text: str) -> bool:
    """Whether `text` is written as an e-mail address."""
    try:
        return bool(_email(text))
    except PydanticCustomError:
        return False


def _phone(value: object) -> str:
    text = _text(value, example='"+33100000000"')
    bare = re.sub(r"[\s().-]", "", text)
    if not _PHONE.fullmatch(text):
        right = _PHONE.fullmatch(bare)
        mend = f'write "{bare}"' if right else 'write it with + and the country\'s number, such as "+33100000000"'
        raise wrong(f"{text[:30]!r} is not a phone number in E.164", mend)
    return text


Phone = Annotated[
    str,
    PlainValidator(_phone),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\+[1-9]\d{6,14}$", "description": "E.164.", "examples": ["+33100000000"]}
    ),
]


def _iban(value: object) -> str:
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    text = _text(value, example='"FR7630006000011234567890189"')
    try:
        return str(iban.validate(text.upper()))
    except ValidationError as error:
        raise wrong(f"{text[:40]!r} is not an IBAN ({error})", "write the IBAN as the bank gives it, digits checked") from error


Iban = Annotated[
    str,
    PlainValidator(_iban),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{11,40}$",
            "description": "International bank account number; its check digits are checked.",
            "examples": ["FR7630006000011234567890189"],
        }
    ),
]


def _bic(value: object) -> str:
    from stdnum import bic
    from stdnum.exceptions import ValidationError

    text = _text(value, example='"AGRIFRPP"')
    try:
        return str(bic.validate(text))
    except ValidationError as error:
        raise wrong(f"{text[:20]!r} is not a BIC", "write its 8 or 11 characters, such as AGRIFRPP") from error


Bic = Annotated[
    str,
    PlainValidator(_bic),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$", "examples": ["AGRIFRPP"]}),
]


def _slack_channel(value: object) -> str:
    text = _text(value, example='"#collections"')
    if not _SLACK_CHANNEL.fullmatch(text):
        bare = re.sub(r"\s+", "-", text.lstrip("#").lower())
        guess = f"#{bare}" if _SLACK_CHANNEL.fullmatch(f"#{bare}") else "#collections"
        raise wrong(f"{text[:40]!r} is not a Slack channel", f'write its id (C0…) or its name, "{guess}"')
    return text


SlackChannel = Annotated[
    str,
    PlainValidator(_slack_channel),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([CG][A-Z0-9]{2,}|#.{1,80})$",
            "description": "A channel's id (C0…) or its name in quotes.",
            "examples": ["#collections"],
        }
    ),
]


def _identifier(value: object) -> str:
    text = _text(value, example='"FR01"')
    if not _IDENTIFIER.fullmatch(text):
        bare = re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_.-")[:64]
        raise wrong(f"{text[:64]!r} is not an id", f"write letters, digits, _ and - only{f', such as {bare}' if bare else ''}")
    return text


Identifier = Annotated[
    str,
    PlainValidator(_identifier),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}),
]


def _name(value: object) -> str:
    text = _text(value, example='"Lumen SAS"')
    if not text:
        raise wrong("the text is empty", "write some text, or leave the key out if it may be absent")
    return text


Text = Annotated[str, PlainValidator(_name), WithJsonSchema({"type": "string", "minLength": 1})]


def _flag(value: object) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise wrong(f"{str(value)[:20]!r} is neither true nor false", "write true or false")


Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        shown = "nothing" if value is None else repr(value)[:40]
        guess = round(value) if isinstance(value, float) and abs(value) < 1e9 else None
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
            guess = int(value)
        raise wrong(f"{shown} is not a whole number", f"write {guess if guess is not None else 'a whole number, such as 7'}")
    return value


Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=100_000)]
AtLeastOne = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100_000)]
Day = Annotated[int, BeforeValidator(_whole), Field(ge=-3650, le=3650)]


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        percent = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", str(value).strip())
        mend = f"write {float(percent[1]) / 100:g}" if percent and len(percent[1]) < 9 else "write a number such as 0.05"
        raise wrong(f"{str(value)[:20]!r} is not a share", mend)
    if not 0 <= value <= 1:
        mend = f"write {value / 100:g}" if 1 < value <= 100 else "write a number from 0 to 1"
        raise wrong(f"{value:g} is not between 0 and 1", mend)
    return float(value)


Share = Annotated[
    float,
    PlainValidator(_share),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1, "description": "A share: 0.05 is 5 %."}),
]


def _business_days(days: tuple[str, ...]) -> tuple[str, ...]:
    if not days:
        raise wrong("a region without business days can never act", "write [mon, tue, wed, thu, fri]")
    return tuple(day for day in WEEK if day in days)


WeekDays = AfterValidator(_business_days)
AsList = BeforeValidator(_list)


def _no_repeats(values: tuple[Any, ...]) -> tuple[Any, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise wrong(f"{value} is listed twice", f"write {value} once")
    return values


Once = AfterValidator(_no_repeats)
