"""Why a day is no business day: whose weekend, or which holiday, under its name. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

from relance.calendars import WEEKDAYS, Calendar
from relance.config.models import Region
from relance.planning.explanation import ClosedDay, Closure


def why_closed(day: date, region: Region, payer_country: str | None) -> tuple[Closure, ...]:
    """What closes `day`: for the entity first, then for the payer; empty on a business day."""
    found = []
    if WEEKDAYS[day.weekday()] not in region.business_days:
        found.append(Closure("entity", "weekend", region.country, {}))
    elif names := _names(region.country, region.subdivision, day):
        found.append(Closure("entity", "holiday", region.country, names))
    elif day in region.extra_holidays:
        found.append(Closure("entity", "extra_day", region.country, {}))
    if Calendar.of_country(payer_country).is_closed(day):
        known = payer_country is not None and payer_country in _countries()
        names = _names(payer_country, None, day) if known and payer_country else {}
        why = Closure("payer", "holiday" if names else "weekend", payer_country if known else None, names)
        found.append(why)
    return tuple(found)


def days_jumped(nominal: date, on: date, region: Region, payer_country: str | None) -> tuple[ClosedDay, ...]:
    """The closed days between a step's nominal date and where it was moved to, from the nominal one on."""
    way = timedelta(days=1 if on > nominal else -1)
    count = abs((on - nominal).days)
    days = (nominal + way * number for number in range(count))
    return tuple(ClosedDay(day, why_closed(day, region, payer_country)) for day in days)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries(include_aliases=False))


def _names(country: str, subdivision: str | None, day: date) -> dict[str, str]:
    """The holiday's name by primary language (`""` where the calendar has no translations); empty: no holiday."""
    tables = _calendars(country, subdivision, day.year)
    names = {language: name for language, table in tables.items() if (name := table.get(day))}
    common = _common_names(day.year).get(names.get("en", ""), {})
    return {**common, **names}


@lru_cache(maxsize=64)
def _common_names(year: int) -> dict[str, dict[str, str]]:
    """English name → names in the languages of central Europe: Easter Monday is known beyond its own calendars."""
    found: dict[str, dict[str, str]] = {}
    for country in ("FR", "DE", "CH", "BE", "LU", "AT"):
        tables = _calendars(country, None, year)
        for day, english in tables.get("en", {}).items():
            for language in tables:
                found.setdefault(english, {}).setdefault(language, tables[language][day])
    return found


@lru_cache(maxsize=256)
def _calendars(country: str, subdivision: str | None, year: int) -> dict[str, dict[date, str]]:
    languages = _languages(country) or {"": None}
    return {
        primary: dict(holidays.country_holidays(country, subdiv=subdivision, years=year, language=tag))
        for primary, tag in languages.items()
    }


@lru_cache(maxsize=256)
def _languages(country: str) -> dict[str, str | None]:
    """Primary language → the tag by which the calendar knows it; of several English ones the first."""
    plain = holidays.country_holidays(country)
    found: dict[str, str | None] = {}
    for tag in (plain.default_language, *plain.supported_languages):
        if tag:
            found.setdefault(tag.split("_")[0], tag)
    return found
