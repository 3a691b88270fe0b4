"""A plan as the public JSON of the command line (`commands.md`): minor units, ISO dates, the order of the specification."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from relance.planning.model import Plan


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain dictionaries, ready for `json.dumps`."""
    return {
        "entity": plan.entity,
        "as_of": plan.as_of.isoformat(),
        "policy_version": plan.policy_version,
        "outcomes": _rows(plan.outcomes),
        "contacts": _rows(plan.contacts),
        "tasks": _rows(plan.tasks),
    }


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    dated = [name for name, kind in frame.schema.items() if kind == pl.Date]
    rows = frame.with_columns(pl.col(dated).dt.to_string("%Y-%m-%d")).to_dicts() if frame.width else []
    for row in rows:
        for hold in row.get("holds", ()):
            until: date | None = hold["until"]
            hold["until"] = until and until.isoformat()
    return rows
