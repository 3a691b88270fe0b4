"""Five-field cron, checked without Airflow: a policy can be checked on a machine that has none."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEK = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _WEEK),
)
_LONGEST = {month: 30 if month in (4, 6, 9, 11) else 29 if month == 2 else 31 for month in range(1, 13)}
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_EXAMPLE = 'write five fields such as "0 7 * * 1-5": minute, hour, day of the month, month, day of the week'


def cron_fault(text: str) -> tuple[str, str] | None:
    """What is amiss with a cron expression, and what to write instead; None when it is right."""
    if text in _PRESETS:
        return f"{text} is not written out", f'write "{_PRESETS[text]}"'
    parts = text.split()
    if len(parts) != len(_FIELDS):
        return f"{text[:60]!r} has {len(parts)} fields where cron has 5", _EXAMPLE
    values: list[set[int]] = []
    for part, (name, low, high, names) in zip(parts, _FIELDS, strict=True):
        found = _field(part, low=low, high=high, names=names)
        if found is None:
            return (
                f"{part[:40]!r} is no {name} of cron",
                f"write * or numbers from {low} to {high}, as 1-5 or 1,15 or */2",
            )
        values.append(found)
    return _never(parts, days=values[2], months=values[3])


def _never(parts: list[str], *, days: set[int], months: set[int]) -> tuple[str, str] | None:
    """A day of the month that none of the months has: such a schedule would never run."""
    if parts[4] == "*" and all(min(days) > _LONGEST[month] for month in months):
        return (
            f"no month named has a day {min(days)}: it would never run",
            f"write a day up to {_LONGEST[min(months)]}",
        )
    return None


def _field(part: str, *, low: int, high: int, names: tuple[str, ...]) -> set[int] | None:
    """The numbers a field stands for, or None when it can't be read."""
    found: set[int] = set()
    for piece in part.lower().split(","):
        match = re.fullmatch(r"(\*|[a-z]{3}|\d{1,2})(?:-([a-z]{3}|\d{1,2}))?(?:/(\d{1,2}))?", piece)
        if match is None:
            return None
        first, last, step = match[1], match[2], int(match[3] or 1)
        start = low if first == "*" else _number(first, names=names, low=low)
        end = high if first == "*" else _number(last, names=names, low=low) if last else start
        if first != "*" and match[3] and not last:
            end = high
        if (
            start is None
            or end is None
            or (first == "*" and last)
            or not low <= start <= end <= high
            or step < 1
        ):
            return None
        found.update(range(start, end + 1, step))
    return found


def _number(word: str, *, names: tuple[str, ...], low: int) -> int | None:
    if word.isdigit():
        return int(word)
    return names.index(word) + low if word in names else None
