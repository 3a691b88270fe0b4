"""The step of every item, scenario by scenario: places in ladders turned into names, dates and levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from relance.calendars import Days, ShiftTable
from relance.config.models import Scenario
from relance.config.policy import Policy
from relance.money import Money
from relance.planning import steps
from relance.planning.daynumbers import NEVER, as_dates, days
from relance.planning.model import LEVEL_RANK
from relance.planning.steps import Places


def choose_steps(
    items: pl.DataFrame, progress: steps.Progress, policy: Policy, shifts: ShiftTable, today: int
) -> pl.DataFrame:
    """Per item, in the items' order: the step due today and its date, else the next and the day it could act.

    `items`: row, scenario, due_date, calendar, currency, overdue (the payer's total in that currency). Gives row, scenario,
    place, step, level, rank, kind, step_date, next_place, next_step, next_on, furthest, level_reached, passed_over.
    """
    choices = _Choices.none(items.height)
    for name in sorted(items["scenario"].unique().to_list()):
        rows = np.flatnonzero((items["scenario"] == name).to_numpy())
        choices.take(
            rows,
            _choose(policy.scenarios[name], items[rows], progress.of(rows), shifts, today),
            policy.scenarios[name],
        )
    named = _Names.of(policy)
    start = named.start_of(items["scenario"])
    frame = items.select("row", "scenario").with_columns(
        pl.Series("place", choices.place),
        as_dates(choices.place_date).alias("step_date"),
        pl.Series("next_place", choices.next_place),
        as_dates(choices.next_on).alias("next_on"),
        pl.Series("furthest", progress.furthest),
        *(named.at(start, choices.place, name) for name in ("step", "level", "rank", "kind")),
        named.at(start, choices.next_place, "step").alias("next_step"),
        named.at(start, progress.furthest, "level").alias("level_reached"),
    )
    return frame.join(_passed_lists(choices.passed), on="row", how="left", maintain_order="left")


@dataclass
class _Choices:
    """What was chosen, over the items of all scenarios."""

    place: Places
    place_date: Days
    next_place: Places
    next_on: Days
    passed: list[pl.DataFrame]

    @classmethod
    def none(cls, size: int) -> _Choices:
        def places() -> Places:
            return np.full(size, steps.NONE, np.int32)

        def dates() -> Days:
            return np.full(size, NEVER, np.int32)

        return cls(places(), dates(), places(), dates(), [])

    def take(self, rows: npt.NDArray[np.intp], choice: steps.Choice, scenario: Scenario) -> None:
        """Lay one scenario's choice onto its rows."""
        self.place[rows], self.place_date[rows] = choice.step, choice.step_date
        self.next_place[rows], self.next_on[rows] = choice.next_step, choice.next_on
        self.passed += [
            pl.DataFrame({"row": rows[choice.passed[n]], "at": n, "passed": step.id})
            for n, step in enumerate(scenario.steps)
            if choice.passed[n].any()
        ]


def _choose(
    scenario: Scenario, items: pl.DataFrame, progress: steps.Progress, shifts: ShiftTable, today: int
) -> steps.Choice:
    overdue = items["overdue"].to_numpy()
    return steps.choose(
        scenario,
        due=days(items["due_date"]),
        calendar=items["calendar"].to_numpy(),
        shifts=shifts,
        progress=progress,
        short_of_minimum=[_short_of(step.min_overdue, items["currency"], overdue) for step in scenario.steps],
        today=today,
    )


@dataclass(frozen=True)
class _Names:
    """All steps of a policy, scenario after scenario; `starts`: where each scenario's begin."""

    steps: pl.DataFrame
    starts: dict[str, int]

    @classmethod
    def of(cls, policy: Policy) -> _Names:
        rows: list[tuple[str, str, int, str]] = []
        starts = {}
        for name, scenario in policy.scenarios.items():
            starts[name] = len(rows)
            rows += [(step.id, step.level, LEVEL_RANK[step.level], step.kind) for step in scenario.steps]
        schema = {"step": pl.String, "level": pl.String, "rank": pl.Int32, "kind": pl.String}
        return cls(pl.DataFrame(rows, schema=schema, orient="row"), starts)

    def start_of(self, scenarios: pl.Series) -> npt.NDArray[np.int64]:
        """Where the steps of each item's scenario begin."""
        return scenarios.replace_strict(self.starts, return_dtype=pl.Int64).to_numpy()

    def at(self, start: npt.NDArray[np.int64], place: Places, column: str) -> pl.Series:
        """A column of the step at each place, null where there is none."""
        known = place != steps.NONE
        found = pl.Series(column, np.where(known, start + place, 0))
        return self.steps[column].gather(found.set(pl.Series(~known), None))


def _short_of(
    limits: tuple[Money, ...], currency: pl.Series, overdue: npt.NDArray[np.int64]
) -> steps.Mask | None:
    """Where the overdue total in the item's currency is under the step's `min_overdue`; None without thresholds."""
    if not limits:
        return None
    short = np.zeros(overdue.size, dtype=np.bool_)
    for limit in limits:
        short |= (currency == limit.currency).to_numpy() & (overdue < limit.minor)
    return short


def _passed_lists(passed: list[pl.DataFrame]) -> pl.DataFrame:
    """`row`, `passed_over`: the steps passed over, in order."""
    schema = pl.Schema({"row": pl.UInt32, "at": pl.Int64, "passed": pl.String})
    if not passed:
        return pl.DataFrame(schema={"row": pl.UInt32, "passed_over": pl.List(pl.String)})
    rows = pl.concat([pl.DataFrame(schema=schema), *(frame.cast(schema) for frame in passed)])
    return rows.sort("row", "at").group_by("row", maintain_order=True).agg(passed_over="passed")
