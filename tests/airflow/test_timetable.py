"""When days start: the region's business days, in the entity's time zone."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

import pendulum
import pytest
from airflow.exceptions import AirflowTimetableInvalid
from airflow.serialization.decoders import decode_timetable
from airflow.serialization.encoders import encode_timetable
from airflow.timetables.base import DataInterval, TimeRestriction

from relance.calendars import Calendar
from relance.orchestration.timetable import RegionBusinessDays

pytestmark = pytest.mark.airflow

WEEK = ("mon", "tue", "wed", "thu", "fri")


def made(
    cron: str = "0 7 * * 1-5", *, timezone: str = "Europe/Berlin", country: str = "DE", **more: Any
) -> RegionBusinessDays:
    return RegionBusinessDays(cron, timezone=timezone, country=country, **{"business_days": WEEK, **more})


def runs(timetable: RegionBusinessDays, after: datetime, count: int) -> list[pendulum.DateTime]:
    """The next runs as the scheduler asks for them when it catches up, in the timetable's own zone."""
    start = pendulum.instance(after)
    last = DataInterval.exact(start)
    found = []
    for _ in range(count):
        info = timetable.next_dagrun_info(
            last_automated_data_interval=last,
            restriction=TimeRestriction(earliest=None, latest=None, catchup=True),
        )
        assert info is not None
        found.append(info.run_after.in_timezone(timetable._timezone))
        last = info.data_interval
    return found


def days(timetable: RegionBusinessDays, after: datetime, count: int) -> list[str]:
    return [f"{run:%m-%d %H:%M}" for run in runs(timetable, after, count)]


def test_christmas_and_weekend_are_left_out() -> None:
    after = pendulum.datetime(2026, 12, 21, 12)
    assert days(made(), after, 6) == [
        "12-22 07:00", "12-23 07:00", "12-24 07:00", "12-28 07:00", "12-29 07:00", "12-30 07:00",
    ]  # fmt: skip


def test_first_of_may_is_left_out_in_france_and_not_in_britain() -> None:
    after = pendulum.datetime(2026, 4, 29, 12)
    assert days(made(timezone="Europe/Paris", country="FR"), after, 3) == [
        "04-30 07:00",
        "05-04 07:00",
        "05-05 07:00",
    ]
    assert days(made(timezone="Europe/London", country="GB"), after, 3)[1] == "05-01 07:00"


def test_a_subdivision_has_holidays_of_its_own() -> None:
    epiphany = pendulum.datetime(2027, 1, 5, 12)
    assert days(made(), epiphany, 1) == ["01-06 07:00"]
    assert days(made(subdivision="BY"), epiphany, 1) == ["01-07 07:00"]


def test_extra_holidays_and_other_weeks() -> None:
    after = pendulum.datetime(2026, 6, 1, 12)
    assert days(made(extra_holidays=[date(2026, 6, 2)]), after, 1) == ["06-03 07:00"]
    gulf = made(
        "0 7 * * *", timezone="Asia/Dubai", country="AE", business_days=("sun", "mon", "tue", "wed", "thu")
    )
    assert [run.day_of_week for run in runs(gulf, pendulum.datetime(2026, 3, 2, 12), 5)] == [1, 2, 3, 6, 0]


@pytest.mark.parametrize(("change", "before", "after"), [("2026-03-29", 6, 5), ("2026-10-25", 5, 6)])
def test_daylight_saving_moves_the_hour_in_utc_not_on_the_wall(change: str, before: int, after: int) -> None:
    friday = pendulum.parse(change).subtract(days=2).at(0)
    two = runs(made(), friday, 2)
    assert [run.hour for run in two] == [7, 7]
    assert [run.in_timezone("UTC").hour for run in two] == [before, after]


def test_never_on_a_closed_day_whatever_the_scheduler_asks() -> None:
    timetable = made("*/30 * * * *", subdivision="BY")
    calendar = Calendar.of_region(WEEK, "DE", "BY", ())
    moment = pendulum.datetime(2026, 12, 24, 22, 50)
    assert str(timetable._align_to_next(moment).in_timezone("Europe/Berlin").date()) == "2026-12-28"
    assert (
        str(timetable._align_to_prev(moment.add(days=3)).in_timezone("Europe/Berlin").date()) == "2026-12-24"
    )
    found = runs(timetable, moment, 500)
    assert not any(calendar.is_closed(run.date()) for run in found)
    assert all(later > earlier for earlier, later in pairwise(found))


def test_without_catching_up_only_a_business_day_is_ever_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.timetables.trigger.utcnow", lambda: pendulum.datetime(2026, 12, 27, 12))
    for last in (None, DataInterval.exact(pendulum.datetime(2026, 12, 23, 6))):
        info = made().next_dagrun_info(
            last_automated_data_interval=last,
            restriction=TimeRestriction(earliest=pendulum.datetime(2000, 1, 1), latest=None, catchup=False),
        )
        assert info is not None
        assert str(info.run_after.in_timezone("Europe/Berlin").date()) == "2026-12-24"


def test_serialised_and_back_it_is_the_same() -> None:
    before = made(subdivision="BY", extra_holidays=[date(2026, 6, 2)])
    after = decode_timetable(encode_timetable(before))
    assert isinstance(after, RegionBusinessDays)
    assert after.serialize() == before.serialize()
    assert after.description == before.description
    start = pendulum.datetime(2026, 5, 29, 12)
    assert runs(after, start, 30) == runs(before, start, 30)


def test_a_schedule_that_meets_no_business_day_is_refused() -> None:
    with pytest.raises(AirflowTimetableInvalid, match="never falls on a business day"):
        made("0 7 * * 0").validate()
    with pytest.raises(AirflowTimetableInvalid):
        made("0 7 * *").validate()
