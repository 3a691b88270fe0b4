"""The steps of a scenario laid over one invoice, as an explanation shows them: dates, what was done, what must wait. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from relance.calendars import EPOCH, day_number
from relance.config.models import Scenario, Step
from relance.money import Money
from relance.planning import steps
from relance.planning.closures import days_jumped
from relance.planning.daynumbers import LONG_AGO
from relance.planning.explanation import Earlier, StepLine, StepState, Wait
from relance.planning.model import LEVEL_RANK
from relance.planning.plan import Day


@dataclass(frozen=True)
class Ladder:
    """One invoice of a day (`row`: its number, `item`: its facts, `outcome`: what was decided) and its scenario."""

    day: Day
    row: int
    item: dict[str, Any]
    outcome: dict[str, Any]
    scenario: Scenario
    country: str | None
    acts: pl.DataFrame

    @classmethod
    def of(cls, day: Day, row: int, outcome: dict[str, Any]) -> Ladder:
        """The ladder of the item numbered `row`."""
        item = day.items.row(row, named=True)
        payer = day.payers.row(by_predicate=pl.col("payer_id") == item["payer_id"], named=True)
        acts = day.history.done.filter(pl.col("invoice_id") == item["invoice_id"])
        scenario = day.policy.scenarios[item["scenario"]]
        places = [
            steps.place_of_done(scenario, done, step, level)
            for done, step, level in acts.select("scenario", "step", "level").iter_rows()
        ]
        placed = acts.with_columns(pl.Series("place", places, dtype=pl.Int32))
        return cls(day, row, item, outcome, scenario, payer["country"], placed.sort("acted_on", "place"))

    @property
    def furthest(self) -> int:
        """The place of the furthest done step; -1 for none."""
        return -1 if self.acts.is_empty() else int(self.acts["place"].to_numpy().max())

    def place(self, step: str | None) -> int:
        """A step's place in the scenario; -1 for none."""
        return next((n for n, one in enumerate(self.scenario.steps) if one.id == step), -1)

    def dates(self, step: Step) -> tuple[date, date]:
        """The step's nominal date, and where closed days moved it (rule 1)."""
        nominal = _plus(self.item["due_date"], step.day)
        shift = self.day.shifts.previous_open if step.level == "preventive" else self.day.shifts.next_open
        return nominal, _date(shift(self._calendar, np.array([day_number(nominal)], np.int32))[0])

    def next_open(self, on: date) -> date:
        """`on` if it is a business day for both sides, else the next."""
        return _date(self.day.shifts.next_open(self._calendar, np.array([day_number(on)], np.int32))[0])

    @property
    def _calendar(self) -> Any:
        return np.array([self.item["calendar"]])

    # ------------------------------------------------------------------ lines

    def lines(self) -> tuple[StepLine, ...]:
        """Every step of the scenario, in order."""
        return tuple(self._line(place, step) for place, step in enumerate(self.scenario.steps))

    def _line(self, place: int, step: Step) -> StepLine:
        nominal, on = self.dates(step)
        state = self._state(place, step, on)
        limit, total = self._threshold(step) if state == "passed_over" else (None, None)
        own = self.acts.filter((pl.col("scenario") == self.scenario.scenario) & (pl.col("step") == step.id))
        return StepLine(
            step=step.id,
            level=step.level,
            kind=step.kind,
            channels=tuple(step.channels),
            nominal=nominal,
            on=on,
            closed=days_jumped(nominal, on, self.day.region, self.country),
            state=state,
            done_on=tuple(own["acted_on"].to_list()),
            required=limit,
            total=total,
        )

    def _state(self, place: int, step: Step, on: date) -> StepState:
        today, coming = self.place(self.outcome["step"]), self.place(self.outcome["next_step"])
        ours = (self.acts["scenario"] == self.scenario.scenario) & (self.acts["step"] == step.id)
        facts: tuple[tuple[bool, StepState], ...] = (
            (bool(ours.any()), "done"),
            (place <= self.furthest, "behind"),
            (step.id in self.outcome["passed_over"], "passed_over"),
            (place == today, "today"),
            (place == coming, "next"),
            (step.level == "preventive" and self.day.as_of > self.item["due_date"], "lapsed"),
            (place < max(today, coming) and on <= self.day.as_of, "superseded"),
        )
        return next((state for holds, state in facts if holds), "to_come")

    def _threshold(self, step: Step) -> tuple[Money | None, Money]:
        currency = self.item["currency"]
        limit = next((one for one in step.min_overdue if one.currency == currency), None)
        return limit, Money(currency, int(self.day.totals["overdue"][self.row]))

    def earlier(self) -> tuple[Earlier, ...]:
        """What was done under other scenarios, or by steps that are gone, and what it counts as (rule 6)."""
        known = {step.id for step in self.scenario.steps}
        rows = self.acts.filter(
            (pl.col("scenario") != self.scenario.scenario) | ~pl.col("step").is_in(sorted(known))
        )
        return tuple(
            Earlier(
                step=one["step"],
                scenario=one["scenario"],
                level=one["level"],
                on=one["acted_on"],
                counts_as=self.scenario.steps[one["place"]].id if one["place"] >= 0 else None,
            )
            for one in rows.iter_rows(named=True)
        )

    # ------------------------------------------------------------------ waits

    def waits(self) -> tuple[Wait, ...]:
        """What rule 5 asks of the step that comes next, as far as it is still ahead of the day."""
        place = self.place(self.outcome["next_step"])
        if place < 0:
            return ()
        found = [self._between_levels(place), self._reopened()]
        return tuple(wait for wait in found if wait is not None and wait.first > self.day.as_of)

    def _between_levels(self, place: int) -> Wait | None:
        firm = self.acts.filter(pl.col("level") != "preventive")
        step = self.scenario.steps[place]
        reached = self.scenario.steps[self.furthest].level if self.furthest >= 0 else None
        if firm.is_empty() or LEVEL_RANK[step.level] <= 1:
            return None
        if reached is not None and LEVEL_RANK[step.level] <= LEVEL_RANK[reached]:
            return None
        last = firm.row(-1, named=True)
        gap, caught_up = self.scenario.min_days_between_levels, False
        if last["place"] >= 0:
            before = self.scenario.steps[last["place"]]
            caught_up = (last["acted_on"] - self.dates(before)[1]).days >= gap
            gap = max(gap, step.day - before.day) if caught_up else gap
        return Wait(
            why="catch_up" if caught_up else "gap",
            after=last["step"],
            since=last["acted_on"],
            days=gap,
            first=_plus(last["acted_on"], gap),
        )

    def _reopened(self) -> Wait | None:
        on = self.item["reopened_on"]
        if on is None:
            return None
        gap = self.scenario.min_days_between_levels
        return Wait("reopened", None, on, gap, _plus(on, gap))

    def after_today(self) -> tuple[str, date] | None:
        """The step that comes after today's has been done today, and its day, by today's totals; None when none is left."""
        place = self.place(self.outcome["step"])
        preventive = self.scenario.steps[place].level == "preventive"
        today = day_number(self.day.as_of)
        firm = self.acts.filter(pl.col("level") != "preventive")
        last = None if firm.is_empty() else firm.row(-1, named=True)
        last_on = today if not preventive else day_number(last["acted_on"]) if last else int(LONG_AGO)
        last_place = place if not preventive else last["place"] if last else -1
        reopened = self.item["reopened_on"]
        choice = steps.choose(
            self.scenario,
            due=_numbers(day_number(self.item["due_date"])),
            calendar=self._calendar,
            shifts=self.day.shifts,
            progress=steps.Progress(
                _numbers(place),
                _numbers(last_on),
                _numbers(last_place),
                _numbers(day_number(reopened) if reopened else int(LONG_AGO)),
            ),
            short_of_minimum=[np.array([self._is_short(step)]) for step in self.scenario.steps],
            today=today,
        )
        if choice.step[0] >= 0:  # no wait lies between: it goes on the next business day
            return self.scenario.steps[choice.step[0]].id, self.next_open(_plus(self.day.as_of, 1))
        if choice.next_step[0] < 0:
            return None
        return self.scenario.steps[choice.next_step[0]].id, _date(choice.next_on[0])

    def _is_short(self, step: Step) -> bool:
        limit, total = self._threshold(step)
        return limit is not None and total.minor < limit.minor


def _numbers(value: int) -> Any:
    return np.array([value], dtype=np.int32)


def _plus(on: date, days: int) -> date:
    """`on` + `days`, within the calendar."""
    return date.fromordinal(min(max(on.toordinal() + days, 1), date.max.toordinal()))


def _date(number: np.int32) -> date:
    return EPOCH + timedelta(days=int(number))
