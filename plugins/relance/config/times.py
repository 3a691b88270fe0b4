"""Schedules, dates, hours and days of the week."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from relance.config.cron import cron_fault
from relance.config.values import text_of, wrong

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_DAY = 'write ["00:00", "24:00"]'


def _cron(value: object) -> str:
    text = text_of(value, example='"0 7 * * 1-5"')
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
            raise wrong(
                f"{text} is no day of the calendar", "write a day that exists, such as 2026-12-24"
            ) from error
    raise wrong(f"{text[:40]!r} is not a date", f"write {_date_guess(text) or '2026-12-24'}")


def _date_guess(text: str) -> str | None:
    """The ISO form of a date written day first ("24/12/2026", "24.12.2026") or with slashes."""
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
        raise wrong(
            f"from {start} to {end} leaves no time",
            f'write ["{end}", "{start}"]' if end < start else _ALL_DAY,
        )
    return start, end


def _time_guess(time: object) -> str:
    match = re.fullmatch(r"(\d{1,2})(?:[:.hH](\d{2})?)?", str(time).strip())
    guess = f"{int(match[1]):02d}:{match[2] or '00'}" if match else ""
    return guess if _TIME.fullmatch(guess) else "09:00"


Hours = Annotated[
    tuple[str, str],
    PlainValidator(_hours),
    PlainSerializer(list, return_type=list[str]),
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


def _business_days(days: tuple[str, ...]) -> tuple[str, ...]:
    if not days:
        raise wrong("a region without business days can never act", "write [mon, tue, wed, thu, fri]")
    return tuple(day for day in WEEK if day in days)


WeekDays = AfterValidator(_business_days)
