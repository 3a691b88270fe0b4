"""Days played one after another, as `relance play` of `spec/commands.md` words it.

'plans each day as if all contacts of the days before had been sent (calls: completed) on their day';
'tasks: completed, approvals: given'; '`--approvals none` leaves approvals unanswered'.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.reference.planner import plan


def play(
    ledger: dict[str, Any],
    policy: dict[str, Any],
    holds: list[dict[str, Any]],
    first: date,
    last: date,
    *,
    history: list[dict[str, Any]] | None = None,
    approvals: str = "all",
) -> Iterator[dict[str, Any]]:
    """One plan a day from `first` to `last`; `history` is what was there before (none: from scratch)."""
    known = list(history or [])
    day = first
    while day <= last:
        planned = plan(ledger, policy, known, holds, day)
        yield planned
        known += [played(entry, day, approvals) for entry in planned["contacts"] + planned["tasks"]]
        day += timedelta(days=1)


def played(entry: dict[str, Any], day: date, approvals: str) -> dict[str, Any]:
    """What a contact or task of a day has become on the days after."""
    state = "sent" if entry["kind"] == "message" else "completed"
    waits = entry["approval"] is not None and approvals == "none"
    return {
        "key": entry["key"],
        "payer_id": entry["payer_id"],
        "as_of": day,
        "kind": entry["kind"],
        "channel": entry.get("channel"),
        "state": "awaiting_approval" if waits else state,
        "acted_on": None if waits else day,
        "scenario": entry["scenario"],
        "step": entry["step"],
        "level": entry["level"],
        "acts": entry["acts"],
    }
