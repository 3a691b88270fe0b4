"""Business days, as `spec/planning.md` words them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import holidays

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@cache
def country_calendar(country: str, subdivision: str | None) -> Any:
    """The `holidays` package's calendar of a country, or None where it doesn't know the country."""
    try:
        return holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        return None


def closed_for_entity(region: dict[str, Any], d: date) -> bool:
    """'For the entity, its region's days without holidays.'"""
    extra = tuple(str(day) for day in region["extra_holidays"])
    return closed_in_region(
        region["country"], region["subdivision"], tuple(region["business_days"]), extra, d
    )


@cache
def closed_in_region(
    country: str, subdivision: str | None, business_days: tuple[str, ...], extra: tuple[str, ...], d: date
) -> bool:
    if WEEKDAYS[d.weekday()] not in business_days or d.isoformat() in extra:
        return True
    calendar = country_calendar(country, subdivision)
    return calendar is not None and d in calendar


@cache
def closed_for_payer(country: str | None, d: date) -> bool:
    """'For a payer, its country's weekend and national holidays as the `holidays` package gives them (a
    country it doesn't know rests on Saturday and Sunday).'"""
    calendar = country_calendar(country, None) if country else None
    if calendar is None:
        return d.weekday() >= 5
    return calendar.is_weekend(d) or d in calendar


def closed(region: dict[str, Any], country: str | None, d: date) -> bool:
    """'Closed for either is closed.'"""
    return closed_for_entity(region, d) or closed_for_payer(country, d)


def on_or_before(region: dict[str, Any], country: str | None, d: date) -> date:
    while closed(region, country, d):
        d -= timedelta(days=1)
    return d


def on_or_after(region: dict[str, Any], country: str | None, d: date) -> date:
    while closed(region, country, d):
        d += timedelta(days=1)
    return d


def entity_business_day_after(region: dict[str, Any], d: date, count: int) -> date:
    """The `count`-th business day of the region after `d`."""
    while count > 0:
        d += timedelta(days=1)
        if not closed_for_entity(region, d):
            count -= 1
    return d
