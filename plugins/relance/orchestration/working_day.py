"""Which day a run works, and whether it may act on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from relance.errors import UsageError

BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day as a run has it. `why_not` says, for people, why nothing is sent; None when it is."""

    as_of: date
    forced: bool
    reason: str | None
    why_not: str | None

    @property
    def live(self) -> bool:
        """Whether contacts of this day's plan may be sent."""
        return self.why_not is None


def working_day(
    *,
    today: date,
    timezone: str,
    run_type: str,
    logical_date: datetime | None,
    run_after: datetime,
    params: dict[str, Any],
) -> WorkingDay:
    """The logical date (without one, the trigger's) in the entity's zone; live when that is today or forced.

    A backfill is never live, whatever its parameters say.

    Raises:
        UsageError: forced without a reason.
    """
    moment = logical_date or run_after
    as_of = moment.astimezone(ZoneInfo(timezone)).date()
    force, reason = bool(params.get("force")), str(params.get("reason") or "").strip() or None
    if force and reason is None:
        raise UsageError(
            "A forced run needs a reason.", hint='Trigger it with {"force": true, "reason": "…"}.'
        )
    why_not = None
    if run_type == BACKFILL:
        why_not = "a backfill plans and stores, and never sends"
    elif as_of != today and not force:
        why_not = f"{as_of} is not today ({today}); to act on it, trigger the DAG with force and a reason"
    return WorkingDay(as_of, force and why_not is None, reason if force else None, why_not)
