"""When a message may reach somebody: hours and days of the payer's own place, on the payer's own clock. Pure.

The place is the payer's time zone where the ledger names it, else every zone of its country at once (nobody is woken in
Honolulu because it is ten in New York), else the entity's, as where no moment is within hours on all of them. The hours
are those of the region of the payer's country where the policy has one, else of the selling entity's region.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

from relance.calendars import Calendar
from relance.config.models import Region
from relance.config.policy import Policy

_LIKE: Mapping[str, str] = {"whatsapp": "sms", "voice": "call"}
_BY_POST = frozenset({"letter", "registered"})
_STEP = timedelta(minutes=15)
_HORIZON = timedelta(days=14)


def opens_at(
    moment: datetime,
    *,
    channel: str,
    policy: Policy,
    entity: str,
    country: str | None,
    timezone: str | None,
    any_day: bool = False,
) -> datetime | None:
    """When a message on `channel` may go to a payer; `moment` itself when now; None when not within two weeks.

    `moment` is aware; the answer is in UTC. Letters have no hours unless the region gives them some. `any_day`: a person
    has chosen the day, only the hours are asked.
    """
    region = _region(policy, entity, country)
    hours = _hours(region, channel)
    at = moment.astimezone(UTC)
    if hours is None:
        return at
    own = policy.entity(entity).timezone
    zones = _zones(timezone, country, own, at.year)
    calendar = None if any_day else Calendar.of_country(country)
    last = at + _HORIZON
    while at <= last:
        if all(_is_open(at.astimezone(ZoneInfo(zone)), hours, calendar) for zone in zones):
            return at
        at = _next_quarter(at)
    if zones == (own,):
        return None
    # The clocks of some countries (Russia) lie too far apart to be within hours together.
    return opens_at(
        moment, channel=channel, policy=policy, entity=entity, country=country, timezone=own, any_day=any_day
    )  # fmt: skip


def zones_of(country: str, year: int) -> tuple[str, ...]:
    """The time zones of a country, one a clock, as CLDR lists them; () for a country that it does not know."""
    return _by_country(year).get(country, ())


def _region(policy: Policy, entity: str, country: str | None) -> Region:
    own = policy.region_of(entity)
    if country is None or own.country == country:
        return own
    there = (region for _, region in sorted(policy.regions.items()) if region.country == country)
    return next(there, own)


def _hours(region: Region, channel: str) -> tuple[str, str] | None:
    given = {str(name): hours for name, hours in region.contact_hours.items()}
    if channel in given:
        return given[channel]
    if channel in _BY_POST:
        return None
    return given.get(_LIKE.get(channel, channel))


def _zones(timezone: str | None, country: str | None, fallback: str, year: int) -> tuple[str, ...]:
    if timezone and _exists(timezone):
        return (timezone,)
    return (country and zones_of(country, year)) or (fallback,)


def _is_open(local: datetime, hours: tuple[str, str], calendar: Calendar | None) -> bool:
    return _within(local.time(), hours) and not (calendar and calendar.is_closed(local.date()))


def _within(now: time, hours: tuple[str, str]) -> bool:
    start, end = hours
    clock = now.strftime("%H:%M")
    return start <= clock < end


def _next_quarter(at: datetime) -> datetime:
    """The next full quarter of an hour: all zones of the world are apart by whole quarters."""
    past = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - past + _STEP


@lru_cache(maxsize=4)
def _by_country(year: int) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for zone, country in sorted(get_global("zone_territories").items()):
        if _exists(zone):
            found.setdefault(country, []).append(zone)
    return {country: _distinct(zones, year) for country, zones in found.items()}


def _distinct(zones: Sequence[str], year: int) -> tuple[str, ...]:
    """One zone for each clock: those that show the same time in January and in July are alike."""
    seen: dict[tuple[timedelta | None, ...], str] = {}
    for zone in zones:
        clock = tuple(datetime(year, month, 15, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))
        seen.setdefault(clock, zone)
    return tuple(seen.values())


@lru_cache(maxsize=512)
def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
