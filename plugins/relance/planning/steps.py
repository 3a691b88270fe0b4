"""Which step is due for each invoice today, and if none is, which comes next and when (rules 1 to 7).

Works on arrays over the invoices of one scenario: dates are days since 1970, a step is its place in the scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relance.calendars import Days, ShiftTable
from relance.config.models import Scenario, Step
from relance.planning.daynumbers import LONG_AGO, NEVER
from relance.planning.model import LEVEL_RANK

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int32]

NONE = np.int32(-1)


@dataclass(frozen=True)
class Progress:
    """What history says of each invoice: places of steps in the present scenario, -1 for none."""

    furthest: Places
    last_on: Days  # of the last act that was not preventive; LONG_AGO where there is none
    last_place: Places
    reopened_on: Days  # LONG_AGO where it was not

    def of(self, rows: npt.NDArray[np.intp]) -> Progress:
        """That of some of the invoices."""
        return Progress(
            self.furthest[rows], self.last_on[rows], self.last_place[rows], self.reopened_on[rows]
        )


@dataclass(frozen=True)
class Choice:
    """For each invoice: the step due today (-1: none), its date; else the next step and the day it could act."""

    step: Places
    step_date: Days
    next_step: Places
    next_on: Days
    passed: Mask  # steps × invoices: still to come, but the overdue total doesn't reach `min_overdue`


def place_of_done(scenario: Scenario, done_scenario: str, step_id: str, level: str) -> int:
    """Where a done step stands in `scenario` (rule 6): itself, or the last step of its level or below; -1 for none."""
    if done_scenario == scenario.scenario:
        for place, step in enumerate(scenario.steps):
            if step.id == step_id:
                return place
    below = [n for n, step in enumerate(scenario.steps) if LEVEL_RANK[step.level] <= LEVEL_RANK[level]]
    return below[-1] if below else -1


def choose(
    scenario: Scenario,
    *,
    due: Days,
    calendar: npt.NDArray[np.intp],
    shifts: ShiftTable,
    progress: Progress,
    short_of_minimum: Sequence[Mask | None],
    today: int,
) -> Choice:
    """Choose a step for each invoice of one scenario.

    `short_of_minimum` has, per step, where the payer's overdue total doesn't reach its `min_overdue` (None: no threshold).
    """
    ladder = _Ladder(
        scenario,
        due=due,
        calendar=calendar,
        shifts=shifts,
        progress=progress,
        short_of_minimum=short_of_minimum,
        today=today,
    )
    step = ladder.due_today()
    ready = (step != NONE) & (ladder.earliest(step) <= today)
    step = np.where(ready, step, NONE).astype(np.int32)
    next_step, next_on = ladder.next(todo=~ready)
    step_date = np.where(ready, ladder.date_of(step), NEVER).astype(np.int32)
    return Choice(step, step_date, next_step, next_on, ladder.passed)


class _Ladder:
    """The steps of a scenario laid over its invoices: `dates` and `eligible` are steps × invoices."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        due: Days,
        calendar: npt.NDArray[np.intp],
        shifts: ShiftTable,
        progress: Progress,
        short_of_minimum: Sequence[Mask | None],
        today: int,
    ) -> None:
        self.due, self.calendar, self.shifts, self.progress, self.today = (
            due,
            calendar,
            shifts,
            progress,
            today,
        )
        self.min_gap = scenario.min_days_between_levels
        steps: Sequence[Step] = scenario.steps
        self.rank = np.array([LEVEL_RANK[step.level] for step in steps], dtype=np.int32)
        self.day = np.array([step.day for step in steps], dtype=np.int32)
        self.preventive = [n for n, rank in enumerate(self.rank) if rank == 0]
        self.firm = [n for n, rank in enumerate(self.rank) if rank > 0]
        self.dates = np.stack([self._date(step) for step in steps])
        to_come = np.arange(len(steps), dtype=np.int32)[:, None] > progress.furthest[None, :]
        short = np.stack([np.zeros(due.size, np.bool_) if one is None else one for one in short_of_minimum])
        self.passed = to_come & short
        self.passed[self.preventive] &= today <= due
        self.eligible = to_come & ~short
        self.group = self._group()
        self._prepare_waits()

    def _date(self, step: Step) -> Days:
        """A step's date: a preventive one on the previous open day, any other on the next (rule 1)."""
        nominal = self.due + np.int32(step.day)
        if step.level == "preventive":
            return self.shifts.previous_open(self.calendar, nominal)
        return self.shifts.next_open(self.calendar, nominal)

    def _group(self) -> Mask:
        """Eligible steps of the lowest level still to come, preventive aside: a level is never skipped (rule 4)."""
        lowest = np.full(self.due.size, 99, dtype=np.int32)
        for n in reversed(self.firm):
            lowest = np.where(self.eligible[n], self.rank[n], lowest)
        group: Mask = self.eligible & (self.rank[:, None] == lowest[None, :]) & (self.rank[:, None] > 0)
        return group

    def _prepare_waits(self) -> None:
        """What rule 5 asks of the last act: from when another level may follow it."""
        past = self.progress
        self.reached_rank = np.where(past.furthest >= 0, self.rank[past.furthest], -1)
        at = np.clip(past.last_place, 0, None)
        own_date = np.take_along_axis(self.dates, at[None, :].astype(np.intp), axis=0)[0]
        self.caught_up = (past.last_place >= 0) & (past.last_on - own_date >= self.min_gap)
        self.last_day = self.day[at]
        self.reopened = past.reopened_on + np.int32(self.min_gap)

    def _wait_of(self, n: int) -> Days:
        """The first day on which step `n` could act by rule 5, dates and closed days aside."""
        past = self.progress
        gap = np.where(self.caught_up, np.maximum(self.min_gap, self.day[n] - self.last_day), self.min_gap)
        spaced = (self.rank[n] > 1) & (self.rank[n] > self.reached_rank) & (past.last_on > LONG_AGO)
        earliest: Days = np.maximum(np.where(spaced, past.last_on + gap, LONG_AGO), self.reopened).astype(
            np.int32
        )
        return earliest

    def earliest(self, step: Places) -> Days:
        """`_wait_of` the step chosen for each invoice."""
        result = np.full(self.due.size, LONG_AGO, dtype=np.int32)
        for n in range(self.rank.size):
            chosen = step == n
            if chosen.any():
                result[chosen] = self._wait_of(n)[chosen]
        return result

    def date_of(self, step: Places) -> Days:
        """The date of the step chosen for each invoice (undefined where none is)."""
        at = np.clip(step, 0, None).astype(np.intp)
        dates: Days = np.take_along_axis(self.dates, at[None, :], axis=0)[0]
        return dates

    def due_today(self) -> Places:
        """The candidate of rules 3 and 4, or -1: a preventive one while not past due, else the latest of the lowest level."""
        chosen = np.full(self.due.size, NONE, dtype=np.int32)
        for n in self.firm:
            chosen = np.where(self.group[n] & (self.dates[n] <= self.today), np.int32(n), chosen)
        for n in self.preventive:
            now = self.eligible[n] & (self.dates[n] <= self.today) & (self.today <= self.due)
            chosen = np.where(now, np.int32(n), chosen)
        return chosen.astype(np.int32)

    def next(self, todo: Mask) -> tuple[Places, Days]:
        """The step that would act next after today and its day (rule 7); -1 and NEVER where none is left.

        Each step of a group is the chosen one from its own date until the next one's; the first in whose span an open
        day lies after all waits is the answer.
        """
        next_step = np.full(self.due.size, NONE, dtype=np.int32)
        next_on = np.full(self.due.size, NEVER, dtype=np.int32)
        if not todo.any():
            return next_step, next_on
        spans = [(n, self.eligible[n], self.due) for n in self.preventive]
        spans += [(n, self.group[n], np.full_like(self.due, NEVER)) for n in self.firm]
        for position, (n, member, last) in enumerate(spans):
            wanted = todo & member & (next_step == NONE)
            if not wanted.any():
                continue
            start = np.maximum(np.maximum(self.dates[n], self._wait_of(n)), self.today + 1).astype(np.int32)
            on = self.shifts.next_open(self.calendar, start)
            until = np.minimum(last, self._superseded(spans[position + 1 :], n) - 1)
            found = wanted & (on <= until)
            next_step = np.where(found, np.int32(n), next_step).astype(np.int32)
            next_on = np.where(found, on, next_on).astype(np.int32)
        return next_step, next_on

    def _superseded(self, later: Sequence[tuple[int, Mask, Days]], n: int) -> Days:
        """The date of the nearest later eligible step of the same level, or NEVER."""
        result = np.full(self.due.size, NEVER, dtype=np.int32)
        for other, member, _ in reversed(later):
            if self.rank[other] == self.rank[n]:
                result = np.where(member, self.dates[other], result)
        return result.astype(np.int32)
