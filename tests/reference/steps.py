"""Which step: rules 1 to 7 of `spec/planning.md`, in its order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.reference import calendar
from tests.reference.ledger import Item
from tests.reference.policy import LEVELS, threshold
from tests.reference.world import Entry, Payer, Step, World


def rule_1_step_date(payer: Payer, item: Item, step: Step) -> date:
    """'A step's date S is `due_date + day`, moved off closed days: a preventive step to the previous
    business day, any other to the next.'"""
    d = item.due_date + timedelta(days=step["day"])
    move = calendar.on_or_before if step["level"] == "preventive" else calendar.on_or_after
    return move(payer.world.region, payer.country, d)


def rule_2_done_acts(world: World, item: Item) -> list[tuple[Entry, dict[str, Any]]]:
    """'A step is done for an invoice when the contact that acted for it was sent (a message), completed or
    `not_made` (a call), or completed (a task). Failed, cancelled, rejected, and hard-bounced contacts don't
    count.'"""
    done = {
        "message": ("sent", "confirmed"),
        "call": ("completed", "not_made"),
        "internal": ("completed",),
        "handoff": ("completed",),
    }
    return [
        (entry, act) for entry, act in world.acts[item.invoice_id] if entry["state"] in done[entry["kind"]]
    ]


def rule_6_place(payer: Payer, entry: Entry, act: dict[str, Any]) -> int:
    """'A done step whose scenario and id are in the present scenario keeps its place; any other counts as
    the last step of its level or below.' −1: no step of the present scenario is of its level or below."""
    if entry["scenario"] == payer.scenario_id:
        for place, step in enumerate(payer.steps):
            if step["id"] == act["step"]:
                return place
    below = [
        place
        for place, step in enumerate(payer.steps)
        if LEVELS.index(step["level"]) <= LEVELS.index(act["level"])
    ]
    return below[-1] if below else -1


def rule_6_furthest(payer: Payer, item: Item) -> int:
    """'The furthest counts.' −1 where nothing is done."""
    return max((rule_6_place(payer, *done) for done in rule_2_done_acts(payer.world, item)), default=-1)


def still_to_come(payer: Payer, item: Item, on: date) -> list[int]:
    """Steps after the furthest done one; 'a preventive step is no candidate once D is past the due date'."""
    after = range(rule_6_furthest(payer, item) + 1, len(payer.steps))
    return [p for p in after if payer.steps[p]["level"] != "preventive" or on <= item.due_date]


def rule_3_passed_over(payer: Payer, item: Item, place: int) -> bool:
    """'A step whose `min_overdue` (in the invoice's currency; none listed, no threshold) the payer's
    overdue total doesn't reach is passed over for today.'"""
    least = threshold(payer.steps[place]["min_overdue"], item.currency)
    return least is not None and payer.overdue_total.get(item.currency, 0) < least


def rule_3_candidates(payer: Payer, item: Item, on: date) -> list[int]:
    """'Candidates: steps after the furthest done one with S ≤ D', without the passed-over ones: such a step
    'neither acts nor blocks'."""
    return [
        place
        for place in still_to_come(payer, item, on)
        if rule_1_step_date(payer, item, payer.steps[place]) <= on
        and not rule_3_passed_over(payer, item, place)
    ]


def rule_4_choice(payer: Payer, item: Item, on: date) -> int | None:
    """'Of the candidates, take the lowest level; within it, the latest in order.'"""
    candidates = rule_3_candidates(payer, item, on)
    if not candidates:
        return None
    lowest = min(LEVELS.index(payer.steps[place]["level"]) for place in candidates)
    return max(place for place in candidates if LEVELS.index(payer.steps[place]["level"]) == lowest)


def rule_5_not_before(payer: Payer, item: Item, place: int) -> date:
    """The first day on which a chosen step may act."""
    return max(rule_5_after_last_act(payer, item, place), rule_5_after_reversal(payer, item))


def rule_5_after_last_act(payer: Payer, item: Item, place: int) -> date:
    """'A step above level_1, of a higher level than the furthest done, waits until the last contact or task
    that acted for this invoice (preventive ones aside) plus `min_days_between_levels`.'"""
    step, furthest = payer.steps[place], rule_6_furthest(payer, item)
    level = LEVELS.index(step["level"])
    if level <= LEVELS.index("level_1"):
        return date.min
    if furthest >= 0 and level <= LEVELS.index(payer.steps[furthest]["level"]):
        return date.min
    acted = [
        (entry["acted_on"], rule_6_place(payer, entry, act))
        for entry, act in rule_2_done_acts(payer.world, item)
        if act["level"] != "preventive"
    ]
    if not acted:
        return date.min
    last_on, last_place = max(acted)
    wait = payer.scenario["min_days_between_levels"]
    if last_place >= 0:
        # "If that one came at least `min_days_between_levels` days after its own S (a catch-up), the wait
        # is the greater of `min_days_between_levels` and the difference of the two steps' `day`."
        last_step = payer.steps[last_place]
        if (last_on - rule_1_step_date(payer, item, last_step)).days >= wait:
            wait = max(wait, step["day"] - last_step["day"])
    return last_on + timedelta(days=wait)


def rule_5_after_reversal(payer: Payer, item: Item) -> date:
    """'Likewise nothing acts before a reversal that opened the invoice again (it was at 0) plus
    `min_days_between_levels`.'"""
    if item.reopened_on is None:
        return date.min
    return item.reopened_on + timedelta(days=payer.scenario["min_days_between_levels"])


def due_step(payer: Payer, item: Item, on: date) -> int | None:
    """The step that rules 1 to 5 let act on a day, or None."""
    place = rule_4_choice(payer, item, on)
    if place is None or on < rule_5_not_before(payer, item, place):
        return None
    return place


def rule_7_next(payer: Payer, item: Item) -> tuple[int, date] | None:
    """'`wait` names the step that would be chosen next, and the first business day on which it could act,
    by rules 1 to 5 with today's totals and whatever holds stand (for a task too a business day). No step
    left, or only passed-over ones: `exhausted`.' So: walk over the business days to come until one lets a
    step act."""
    left = [
        p for p in still_to_come(payer, item, payer.world.today) if not rule_3_passed_over(payer, item, p)
    ]
    if not left:
        return None
    last = max(
        max(rule_1_step_date(payer, item, payer.steps[place]), rule_5_not_before(payer, item, place))
        for place in left
    )
    d = payer.world.today
    while d <= max(last, payer.world.today) + timedelta(days=60):
        d += timedelta(days=1)
        if not payer.closed(d):
            place = due_step(payer, item, d)
            if place is not None:
                return place, d
    return None


def rule_7_passed_over(payer: Payer, item: Item) -> list[int]:
    """'`passed_over` lists, for every outcome, the steps still to come (S reached or not; preventive ones
    only until the due date) whose `min_overdue` isn't reached today, in order.'"""
    return [p for p in still_to_come(payer, item, payer.world.today) if rule_3_passed_over(payer, item, p)]
