"""When an entity's day starts: its cron, in its time zone, on its region's business days only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

from airflow.exceptions import AirflowTimetableInvalid
from airflow.timetables.trigger import CronTriggerTimetable

if TYPE_CHECKING:
    from pendulum import DateTime

    from relance.calendars import Calendar

_PATIENCE = timedelta(days=400)
"""A schedule that meets no business day for longer than a year never will."""


class RegionBusinessDays(CronTriggerTimetable):
    """A cron that rests on its region's closed days: weekdays, holidays (a subdivision's too), extra days.

    Closed days are left out of `_get_next` and `_get_prev`, on which Airflow builds everything else (the next
    run, the first run, backfills, catching up), so that no path around them is left. Its arguments are kept
    with the serialised DAG: the scheduler needs no policy files.
    """

    def __init__(
        self,
        cron: str,
        *,
        timezone: Any,
        country: str,
        business_days: Iterable[str],
        subdivision: str | None = None,
        extra_holidays: Iterable[date] = (),
    ) -> None:
        super().__init__(cron, timezone=timezone)
        self.country = country
        self.business_days = tuple(business_days)
        self.subdivision = subdivision
        self.extra_holidays = tuple(extra_holidays)
        place = f"{country}-{subdivision}" if subdivision else country
        self.description = f"{self.description}, on business days of {place} ({timezone})"

    def serialize(self) -> dict[str, Any]:
        """The arguments, as JSON."""
        from airflow.serialization.encoders import encode_timezone

        return {
            "cron": self._expression,
            "timezone": encode_timezone(self._timezone),
            "country": self.country,
            "business_days": list(self.business_days),
            "subdivision": self.subdivision,
            "extra_holidays": [day.isoformat() for day in self.extra_holidays],
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """The timetable of `serialize`'s JSON."""
        from airflow._shared.timezones.timezone import parse_timezone

        return cls(
            data["cron"],
            timezone=parse_timezone(data["timezone"]),
            country=data["country"],
            business_days=data["business_days"],
            subdivision=data["subdivision"],
            extra_holidays=[date.fromisoformat(day) for day in data["extra_holidays"]],
        )

    def validate(self) -> None:
        """Refuse a cron that can't be read, or that never falls on a business day."""
        super().validate()
        import pendulum

        self._get_next(pendulum.now("UTC"))

    def _get_next(self, current: DateTime) -> DateTime:
        moment = super()._get_next(current)
        while self._closed(moment):
            self._give_up_after(current, moment)
            moment = super()._get_next(moment)
        return moment

    def _get_prev(self, current: DateTime) -> DateTime:
        moment = super()._get_prev(current)
        while self._closed(moment):
            self._give_up_after(current, moment)
            moment = super()._get_prev(moment)
        return moment

    def _give_up_after(self, current: DateTime, moment: DateTime) -> None:
        if abs(moment - current) > _PATIENCE:
            raise AirflowTimetableInvalid(
                f"the schedule {self._expression!r} never falls on a business day "
                f"({', '.join(self.business_days)}; holidays of {self.country})"
            )

    def _closed(self, moment: DateTime) -> bool:
        return self._calendar.is_closed(moment.in_timezone(self._timezone).date())

    @property
    def _calendar(self) -> Calendar:
        from relance.calendars import Calendar  # numpy and the holiday tables: only where days are computed

        return Calendar.of_region(self.business_days, self.country, self.subdivision, self.extra_holidays)
