"""Which day a run works and whether it may act: spec/planning.md, Replay."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from relance.errors import UsageError
from relance.orchestration.working_day import WorkingDay, working_day

TODAY = date(2026, 6, 16)


def day(**changes: Any) -> WorkingDay:
    arguments = {
        "today": TODAY,
        "timezone": "Europe/Paris",
        "run_type": "scheduled",
        "logical_date": datetime(2026, 6, 16, 5, tzinfo=UTC),
        "run_after": datetime(2026, 6, 16, 5, tzinfo=UTC),
        "params": {"force": False, "reason": None},
    }
    return working_day(**{**arguments, **changes})


def test_the_day_is_the_logical_date_in_the_entitys_zone() -> None:
    late = datetime(2026, 6, 15, 23, 30, tzinfo=UTC)
    assert day(logical_date=late).as_of == date(2026, 6, 16)
    assert day(logical_date=late, timezone="America/New_York").as_of == date(2026, 6, 15)
    assert day(logical_date=late, timezone="Asia/Tokyo").as_of == date(2026, 6, 16)


def test_a_run_without_a_logical_date_works_the_day_it_was_triggered() -> None:
    found = day(run_type="manual", logical_date=None, run_after=datetime(2026, 6, 16, 21, 59, tzinfo=UTC))
    assert (found.as_of, found.live) == (TODAY, True)


def test_today_is_live() -> None:
    assert day() == WorkingDay(TODAY, forced=False, reason=None, why_not=None)


def test_another_day_never_sends() -> None:
    for moment in (datetime(2026, 6, 15, 5, tzinfo=UTC), datetime(2026, 6, 17, 5, tzinfo=UTC)):
        found = day(logical_date=moment)
        assert not found.live
        assert "is not today" in str(found.why_not)


def test_another_day_sends_when_forced_with_a_reason() -> None:
    found = day(
        logical_date=datetime(2026, 6, 15, 5, tzinfo=UTC),
        params={"force": True, "reason": " server was down "},
    )
    assert (found.live, found.forced, found.reason) == (True, True, "server was down")


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_forcing_without_a_reason_is_refused(reason: str | None) -> None:
    with pytest.raises(UsageError, match="needs a reason"):
        day(params={"force": True, "reason": reason})


@pytest.mark.parametrize(
    "logical_date", [datetime(2026, 6, 10, 5, tzinfo=UTC), datetime(2026, 6, 16, 5, tzinfo=UTC)]
)
def test_a_backfill_never_sends_not_even_forced_or_today(logical_date: datetime) -> None:
    found = day(run_type="backfill", logical_date=logical_date, params={"force": True, "reason": "please"})
    assert (found.live, found.forced) == (False, False)
    assert "backfill" in str(found.why_not)
