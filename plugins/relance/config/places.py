"""Countries, languages and time zones."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from pydantic import PlainValidator, WithJsonSchema

from relance.config.values import nearest, text_of, wrong

# Babel's territories that ISO 3166-1 does not list (regions of the world, reserved and test codes).
_NOT_ISO = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_USUAL_SLIPS = {"UK": "GB", "EL": "GR"}


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """ISO 3166-1 alpha-2 → English name, as Babel lists them."""
    names = {str(code): str(name) for code, name in Locale("en").territories.items()}
    return {code: names[code] for code in names if len(code) == 2 and code.isalpha() and code not in _NOT_ISO}


def _country(value: object) -> str:
    text = text_of(value, example="FR")
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
        {
            "type": "string",
            "pattern": "^[A-Z]{2}$",
            "description": "ISO 3166-1 alpha-2.",
            "examples": ["FR", "GB"],
        }
    ),
]


def _language(value: object) -> str:
    text = text_of(value, example='"fr"')
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
    text = text_of(value, example="Europe/Paris")
    if _zone_exists(text):
        return text
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2]: zone for zone in zones}
    city = nearest(text.rpartition("/")[2].replace(" ", "_"), cities, likeness=0.7)
    guess = cities[city] if city else nearest(text, zones, likeness=0.7)
    mend = f"write {guess}" if guess else "write an IANA time zone such as Europe/Paris"
    raise wrong(f"{text!r} is not a time zone", mend)


Timezone = Annotated[
    str,
    PlainValidator(_timezone),
    WithJsonSchema(
        {"type": "string", "description": "An IANA time zone.", "examples": ["Europe/Paris", "Europe/London"]}
    ),
]
