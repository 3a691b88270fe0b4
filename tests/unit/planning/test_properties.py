"""What must be true of any plan, over months in which days are left out, policies change and messages fail.

What is true is worked out here from the specification and from the reference's reading of the ledger and of history, never
from the planner's own frames.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.planning.model import History
from relance.planning.plan import plan
from relance.planning.play import after, play
from relance.planning.present import as_json
from tests.reference import fast
from tests.reference.crowd import renamed
from tests.reference.generate import COLUMNS
from tests.reference.holds import AFTER_JOINING, disputed_part
from tests.reference.policy import LEVELS, threshold
from tests.reference.steps import rule_2_done_acts
from tests.reference.world import TASK_KINDS, World
from tests.unit.planning.stories import Day, Row, Story, days, over_stories, told

OF_A_CONTACT = {"non_business_day", "in_flight", "cooldown", "frequency_cap", "no_contact", *AFTER_JOINING}
NOT_CLAIMED = {"disputed", "not_delivered"}
COUNTED = {"message": ("sent", "confirmed", "bounced"), "call": ("completed",)}


def text(plan_of_day: Any) -> str:
    """A plan or a part of it as the bytes that it is compared by."""
    return json.dumps(plan_of_day, ensure_ascii=False)


def some_day(story: Story) -> Day:
    """One of the story's busiest days."""
    busiest = sorted(days(story), key=lambda day: -len(everything(day)))[:3]
    return random.Random(story.dice + 1).choice(busiest)


def reasons(row: Row) -> set[str]:
    return {hold["reason"] for hold in row["holds"]}


def everything(day: Day) -> list[Row]:
    made: list[Row] = day.plan["contacts"] + day.plan["tasks"]
    return made


# --- outcomes and money ---------------------------------------------------------------------------


@over_stories
def test_every_open_invoice_has_exactly_one_outcome(story: Story) -> None:
    for day in days(story):
        wanted = [item.invoice_id for item in day.world.ledger.items]
        assert [row["invoice_id"] for row in day.plan["outcomes"]] == sorted(wanted), day.on
        for row in day.plan["outcomes"]:
            due, held = row["step"] is not None, row["reason"] is not None
            assert row["outcome"] == (
                ("hold" if held else "act") if due else "wait" if row["next_step"] else "exhausted"
            )


@over_stories
def test_open_amounts_over_outcomes_are_the_ledgers_open_totals(story: Story) -> None:
    for day in days(story):
        owed, planned = Counter[str](), Counter[str]()
        for item in day.world.ledger.items:
            owed[item.currency] += item.open
        for row in day.plan["outcomes"]:
            planned[row["currency"]] += row["open"]
        assert planned == owed, day.on


def undisputed(day: Day) -> dict[str, int]:
    """What of each invoice may be asked for: open less the part in dispute, whoever owed it when it was noted."""
    items = day.world.ledger.items
    payers = {item.invoice_id: item.payer_id for item in items}
    holds = [row | {"payer_id": payers.get(row["invoice_id"], row["payer_id"])} for row in day.world.holds]
    world = replace(day, holds=holds).world
    return {item.invoice_id: item.open - disputed_part(world, item) for item in items}


@over_stories
def test_demands_and_credit_laid_out_never_exceed_what_is_open(story: Story) -> None:
    for day in days(story):
        credit, covered = day.world.ledger.credits, Counter[tuple[str, str]]()
        rows, owed = {row["invoice_id"]: row for row in day.plan["outcomes"]}, undisputed(day)
        for name, row in rows.items():
            assert 0 <= row["to_demand"] <= owed[name] <= row["open"], day.on
            covered[row["payer_id"], row["currency"]] += owed[name] - row["to_demand"]
        for place, amount in covered.items():
            assert amount <= credit.get(place, 0), (day.on, place)
        for made in everything(day):
            totals = Counter[str]()
            for demand in made["demands"]:
                row = rows[demand["invoice_id"]]
                assert demand == {name: row[name] for name in ("invoice_id",)} | {
                    "amount": row["to_demand"],
                    "currency": row["currency"],
                }
                assert demand["amount"] > 0
                assert row["days_late"] >= 0
                # credit is spent before anything that it may cover is asked for
                place = row["payer_id"], row["currency"]
                assert covered[place] == credit.get(place, 0), (day.on, place)
                totals[row["currency"]] += demand["amount"]
            assert made["totals"] == [
                {"currency": name, "amount": amount} for name, amount in sorted(totals.items())
            ]


@over_stories
def test_credit_covers_the_oldest_first(story: Story) -> None:
    for day in days(story):
        age = {
            item.invoice_id: (item.due_date, item.issue_date, item.invoice_id)
            for item in day.world.ledger.items
        }
        owed = undisputed(day)
        covered: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in day.plan["outcomes"]:
            if row["to_demand"] < owed[row["invoice_id"]]:
                covered[row["payer_id"], row["currency"]].append(row["invoice_id"])
        for row in day.plan["outcomes"]:
            if row["outcome"] == "act":
                older = covered[row["payer_id"], row["currency"]]
                assert all(age[name] <= age[row["invoice_id"]] for name in older), (day.on, row)


# --- levels ---------------------------------------------------------------------------------------


def overdue_totals(day: Day) -> Counter[tuple[str, str]]:
    """'Sums of amounts to demand, per currency, without disputed and undelivered invoices.'"""
    totals = Counter[tuple[str, str]]()
    for row in day.plan["outcomes"]:
        if row["days_late"] > 0 and not NOT_CLAIMED & reasons(row):
            totals[row["payer_id"], row["currency"]] += row["to_demand"]
    return totals


def done_before(world: World, invoice_id: str) -> list[tuple[date, int]]:
    """When an invoice had something done, and of which level."""
    item = next(one for one in world.ledger.items if one.invoice_id == invoice_id)
    return [(entry["acted_on"], LEVELS.index(act["level"])) for entry, act in rule_2_done_acts(world, item)]


@over_stories
def test_a_level_is_never_skipped(story: Story) -> None:
    for day in days(story):
        overdue = overdue_totals(day)
        for row in day.plan["outcomes"]:
            if row["outcome"] != "act":
                continue
            reached = max((level for _, level in done_before(day.world, row["invoice_id"])), default=0)
            for step in day.scenario(row["scenario"])["steps"]:
                if reached < LEVELS.index(step["level"]) < LEVELS.index(row["level"]):
                    least = threshold(step["min_overdue"], row["currency"])
                    assert least is not None, (day.on, row["invoice_id"], step["id"])
                    assert overdue[row["payer_id"], row["currency"]] < least, (day.on, row["invoice_id"])


@over_stories
def test_no_step_is_done_twice_and_none_goes_back(story: Story) -> None:
    for day in days(story):
        for row in day.plan["outcomes"]:
            if row["outcome"] != "act":
                continue
            item = next(one for one in day.world.ledger.items if one.invoice_id == row["invoice_id"])
            done = rule_2_done_acts(day.world, item)
            own = [act["step"] for entry, act in done if entry["scenario"] == row["scenario"]]
            ids = [step["id"] for step in day.scenario(row["scenario"])["steps"]]
            assert all(ids.index(row["step"]) > ids.index(one) for one in own if one in ids), (day.on, row)
            assert LEVELS.index(row["level"]) >= max(
                (LEVELS.index(act["level"]) for _, act in done), default=0
            )


@over_stories
def test_a_higher_level_and_a_reopened_invoice_wait_for_the_days_between_levels(story: Story) -> None:
    for day in days(story):
        reopened = {item.invoice_id: item.reopened_on for item in day.world.ledger.items}
        for row in day.plan["outcomes"]:
            if row["outcome"] != "act":
                continue
            gap = timedelta(days=day.scenario(row["scenario"])["min_days_between_levels"])
            done = done_before(day.world, row["invoice_id"])
            level, firm = LEVELS.index(row["level"]), [on for on, level in done if level > 0]
            if firm and level > max(1, *(reached for _, reached in done)):
                assert max(firm) + gap <= day.on, (day.on, row["invoice_id"])
            back = reopened[row["invoice_id"]]
            assert back is None or back + gap <= day.on, (day.on, row["invoice_id"])


# --- contacts in time -----------------------------------------------------------------------------


def contacted_on(world: World, payer_id: str, level: str) -> list[date]:
    """Days of the contacts that count against a step of a level: 'preventive … only against preventive steps'."""
    return [
        entry["acted_on"]
        for entry in world.payers[payer_id].history
        if entry["state"] in COUNTED.get(entry["kind"], ())
        and (entry["level"] != "preventive" or level == "preventive")
    ]


@over_stories
def test_never_two_contacts_of_a_payer_within_the_cool_down(story: Story) -> None:
    for day in days(story):
        for contact in day.plan["contacts"]:
            least = timedelta(days=day.scenario(contact["scenario"])["min_days_between_contacts"])
            for act in contact["acts"]:
                before = contacted_on(day.world, contact["payer_id"], act["level"])
                assert all(on + least <= day.on for on in before), (day.on, contact["payer_id"])


@over_stories
def test_never_more_contacts_than_the_cap_in_any_thirty_days(story: Story) -> None:
    for day in days(story):
        for contact in day.plan["contacts"]:
            most = day.scenario(contact["scenario"])["max_contacts_per_30_days"]
            for act in contact["acts"]:
                before = contacted_on(day.world, contact["payer_id"], act["level"])
                window = [on for on in before if day.on - timedelta(days=29) <= on <= day.on]
                assert len(window) + 1 <= most, (day.on, contact["payer_id"])


@over_stories
def test_one_contact_a_payer_a_day_and_none_while_another_is_on_its_way(story: Story) -> None:
    for day in days(story):
        payers = [contact["payer_id"] for contact in day.plan["contacts"]]
        assert payers == sorted(set(payers)), day.on
        on_its_way = {
            entry["payer_id"]
            for entry in day.history
            if entry["kind"] not in TASK_KINDS and entry["state"] in ("planned", "sending", "in_doubt")
        }
        assert not on_its_way & set(payers), day.on
        assert not [payer for payer in payers if day.world.payers[payer].closed(day.on)], day.on


# --- what is held ---------------------------------------------------------------------------------


@over_stories
def test_a_held_invoice_is_in_no_contact_and_no_task(story: Story) -> None:
    for day in days(story):
        rows = {row["invoice_id"]: row for row in day.plan["outcomes"]}
        acting = {name: row["contact_key"] for name, row in rows.items() if row["outcome"] == "act"}
        joined: dict[str, str] = {}
        for made in everything(day):
            own = [act["invoice_id"] for act in made["acts"]]
            assert not joined.keys() & set(own), day.on
            joined |= dict.fromkeys(own, made["key"])
            for act in made["acts"]:
                row = rows[act["invoice_id"]]
                assert (act["step"], act["level"]) == (row["step"], row["level"])
                assert row["payer_id"] == made["payer_id"]
            demanded = [demand["invoice_id"] for demand in made["demands"]]
            late = [name for name in own if rows[name]["days_late"] >= 0]
            assert (own, demanded) == (sorted(own), late)
            if "announces" in made:
                assert made["announces"] == [name for name in own if name not in late]
                others = {
                    name
                    for name, row in rows.items()
                    if row["payer_id"] == made["payer_id"] and "not_delivered" not in reasons(row)
                }
                assert made["mentions"] == sorted(others - set(own)), day.on
        assert joined == acting, day.on
        assert all(row["contact_key"] is None for name, row in rows.items() if name not in joined)


@over_stories
def test_a_dispute_never_stops_the_payers_others(story: Story) -> None:
    day = without_thresholds(some_day(story).limited())
    in_credit = {payer for payer, _ in day.world.ledger.credits}
    several = Counter(row["payer_id"] for row in day.plan["outcomes"])
    choice = [
        row
        for row in day.plan["outcomes"]
        if several[row["payer_id"]] > 1
        and row["payer_id"] not in in_credit
        and "disputed" not in reasons(row)
    ]
    if not choice:
        return
    likely = [row for row in choice if row["outcome"] == "act"] or choice
    one = random.Random(story.dice).choice(likely)
    dispute = {"reason": "disputed", "payer_id": one["payer_id"], "invoice_id": one["invoice_id"]}
    dispute |= {"from": day.on, "until": None, "source": "case:dispute"}
    then = replace(day, holds=[*day.holds, dispute])
    before = [row for row in day.plan["outcomes"] if row["invoice_id"] != one["invoice_id"]]
    others = [row for row in then.plan["outcomes"] if row["invoice_id"] != one["invoice_id"]]
    assert text(others) == text(before), (day.on, one)
    [row] = [row for row in then.plan["outcomes"] if row["invoice_id"] == one["invoice_id"]]
    assert row["outcome"] == ("hold" if one["outcome"] == "act" else one["outcome"])
    assert "disputed" in reasons(row)


def without_thresholds(day: Day) -> Day:
    """The day under a policy that asks for no total: what a dispute changes in totals changes nothing else."""
    policy = deepcopy(day.policy)
    policy["segments"] = {"rules": []}
    for scenario in policy["scenarios"].values():
        scenario["minimum"] = []
        for step in scenario["steps"]:
            step["min_overdue"] = []
    return replace(day, policy=policy)


@over_stories
def test_tasks_are_not_held_by_what_holds_contacts(story: Story) -> None:
    for day in days(story):
        kinds = {
            (name, step["id"]): step["kind"]
            for name in day.policy["scenarios"]
            for step in day.scenario(name)["steps"]
        }
        for row in day.plan["outcomes"]:
            kind = kinds.get((row["scenario"], row["step"]))
            assert kind not in TASK_KINDS or not OF_A_CONTACT & reasons(row), (day.on, row)
    day = some_day(story).limited(call_capacity=0, max_messages_per_address_per_day=0, max_contacts_per_day=0)
    busy = [
        {"key": f"busy-{payer}-{state}", "payer_id": payer, "as_of": day.on - timedelta(days=1)}
        | {"kind": "message", "channel": "email", "state": state, "acted_on": acted, "scenario": "standard"}
        | {"step": "before", "level": "level_1", "acts": []}
        for payer in day.world.payers
        for state, acted in (("in_doubt", None), ("sent", day.on - timedelta(days=1)))
    ]
    alone = deepcopy(day.ledger)
    for extract in alone["extracts"]:
        extract["contacts"] = []
    then = replace(day, history=[*day.history, *busy], ledger=alone)
    assert then.plan["contacts"] == []
    assert text(then.plan["tasks"]) == text(some_day(story).plan["tasks"]), day.on


# --- the caps -------------------------------------------------------------------------------------


def cut_by_the_book(day: Day, free: Row, caps: dict[str, int | None]) -> dict[str, str]:
    """Payers whose contact a cap cuts, and which, from the day's plan without caps: each cap on what the last left."""
    late = {row["invoice_id"]: row["days_late"] for row in free["outcomes"]}
    left = sorted(
        free["contacts"],
        key=lambda one: (
            -LEVELS.index(one["level"]),
            -max(late[act["invoice_id"]] for act in one["acts"]),
            one["payer_id"],
        ),
    )
    groups: list[tuple[str, Any, int | None]] = [
        (
            "capacity",
            lambda one: (
                (day.world.payers[one["payer_id"]].row.get("collector") or "no collector")
                if one["kind"] == "call"
                else None
            ),
            caps["call_capacity"],
        ),
        (
            "address_cap",
            lambda one: one["to"] if one["channel"] == "email" else None,
            caps["max_messages_per_address_per_day"],
        ),
        ("daily_cap", lambda one: "all", caps["max_contacts_per_day"]),
    ]
    cut: dict[str, str] = {}
    for reason, group_of, most in groups:
        passed = Counter[str]()
        for contact in left:
            group = group_of(contact)
            if group is not None and most is not None:
                passed[group] += 1
                if passed[group] > most:
                    cut[contact["payer_id"]] = reason
        left = [contact for contact in left if contact["payer_id"] not in cut]
    return cut


@over_stories
def test_caps_cut_in_their_order_and_what_is_cut_is_held_whole(story: Story) -> None:
    rng = random.Random(story.dice)
    for day in sorted(days(story), key=lambda one: -len(one.plan["contacts"]))[:2]:
        free = day.limited().plan
        caps: dict[str, int | None] = {
            "call_capacity": rng.choice([0, 1, 1, 2]),
            "max_messages_per_address_per_day": rng.choice([0, 1, 1, 2]),
            "max_contacts_per_day": rng.choice([None, None, 1, 2, 3]),
        }
        tight = day.limited(**caps).plan
        cut = cut_by_the_book(day, free, caps)
        kept = [one for one in free["contacts"] if one["payer_id"] not in cut]
        assert text(tight["contacts"]) == text(kept), (day.on, caps)
        assert text(tight["tasks"]) == text(free["tasks"])
        gone = {
            act["invoice_id"]: cut[one["payer_id"]]
            for one in free["contacts"]
            for act in one["acts"]
            if one["payer_id"] in cut
        }
        for before, row in zip(free["outcomes"], tight["outcomes"], strict=True):
            reason = gone.get(row["invoice_id"])
            if reason is None:
                assert row == before
                continue
            assert (row["outcome"], row["reason"], row["contact_key"]) == ("hold", reason, None)
            assert [(one["reason"], one["until"]) for one in row["holds"]] == [(reason, day.on.isoformat())]


# --- what changes nothing -------------------------------------------------------------------------


@over_stories
def test_the_order_of_rows_does_not_matter(story: Story) -> None:
    day, rng = some_day(story), random.Random(story.dice)
    ledger, history, holds = deepcopy(day.ledger), deepcopy(day.history), list(day.holds)
    tables = [extract[name] for extract in ledger["extracts"] for name in COLUMNS]
    for rows in [*tables, history, holds, *(entry["acts"] for entry in history)]:
        rng.shuffle(rows)
    assert text(replace(day, ledger=ledger, history=history, holds=holds).plan) == text(day.plan), day.on
    snapshot = take_snapshot(fast.versions_of(day.ledger), day.on)
    frames = {
        name: shuffled(rng, getattr(snapshot, name))
        for name in ("items", "credits", "customers", "contacts", "signals")
    }
    past, people = fast.history_of(day.history, day.on), fast.holds_of(day.holds, day.on)
    mixed = History(*(shuffled(rng, one) for one in (past.contacts, past.acts, past.approvals)))
    made = plan(replace(snapshot, **frames), fast.policy_of(day.policy), mixed, shuffled(rng, people), day.on)
    assert text(as_json(made)) == text(day.plan), day.on


def shuffled(rng: random.Random, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sample(fraction=1, shuffle=True, seed=rng.randrange(10**6))


@over_stories
def test_an_unrelated_payer_changes_nothing_for_the_others(story: Story) -> None:
    day = some_day(story).limited()
    other = told(story.dice % 1000)
    later = day.on - other.first
    name = ("0-", "Q-")[story.dice % 2]  # before all others in every order, or after them
    ledger = deepcopy(day.ledger)
    for extract in ledger["extracts"]:
        for table in COLUMNS:
            extract[table] += renamed(other.ledger["extracts"][0][table], name, later)
    more = replace(
        day,
        ledger=ledger,
        history=day.history + renamed(other.history, name, later),
        holds=day.holds + renamed(other.holds, name, later),
    )
    assert len(more.plan["outcomes"]) > len(day.plan["outcomes"])
    for part in ("outcomes", "contacts", "tasks"):
        own = [row for row in more.plan[part] if not row["payer_id"].startswith(name)]
        assert text(own) == text(day.plan[part]), day.on


@over_stories
def test_replaying_a_day_gives_the_same_json_whatever_came_later(story: Story) -> None:
    day = some_day(story)
    assert text(replace(day).plan) == text(day.plan)
    ledger, tomorrow = deepcopy(day.ledger), day.on + timedelta(days=1)
    last = [one for one in ledger["extracts"] if one["extract_date"] <= day.on][-1]
    ledger["extracts"] = [one for one in ledger["extracts"] if one["extract_date"] <= day.on]
    paid = [
        {
            "payment_id": f"L{n}",
            "customer_id": row["customer_id"],
            "date": tomorrow,
            "currency": row["currency"],
        }
        | {"amount": row["amount"], "invoice_id": row["invoice_id"]}
        for n, row in enumerate(last["invoices"])
    ]
    gone: dict[str, Any] = {name: [] for name in COLUMNS} | {"extract_date": tomorrow}
    ledger["extracts"].append(gone)
    for extract in ledger["extracts"]:
        extract["payments"] = extract["payments"] + paid
    known = day.holds + [one | {"from": tomorrow, "until": None, "invoice_id": None} for one in day.holds]
    again = replace(day, ledger=ledger, holds=known, history=[*day.history, *day.to_come])
    assert text(again.plan) == text(day.plan), day.on


@over_stories
def test_playing_days_is_planning_them_one_after_another(story: Story) -> None:
    day = days(story)[0]
    versions, policy = fast.versions_of(day.ledger), fast.policy_of(day.policy)
    history = fast.history_of(day.history, day.on)

    def snapshot_of(on: date) -> Snapshot:
        return take_snapshot(versions, on)

    def holds_of(on: date) -> pl.DataFrame:
        return fast.holds_of(day.holds, on)

    first, last = day.on + timedelta(days=1), day.on + timedelta(days=3)
    approve = story.dice % 2 == 0
    played = list(play(snapshot_of, policy, history, holds_of, first=first, last=last, approve=approve))
    assert [one.as_of for one in played] == [first + timedelta(days=n) for n in range(3)]
    for one in played:
        alone = plan(snapshot_of(one.as_of), policy, history, holds_of(one.as_of), one.as_of)
        assert text(as_json(one)) == text(as_json(alone)), one.as_of
        history = after(history, alone, approve=approve)


# --- the stories themselves -----------------------------------------------------------------------


def test_the_stories_hold_what_the_properties_are_about() -> None:
    seen: dict[str, int] = defaultdict(int)

    @over_stories
    def tell(story: Story) -> None:
        seen["a new policy"] += story.new_policy is not None and story.changed < len(story.gaps)
        seen["an outage"] += max(story.gaps) > 2
        for day in days(story):
            count(day, seen)

    tell()
    wanted = {"a new policy", "an outage", "reopened", "above level 1", "in credit", "both soft and firm"}
    wanted |= {"task on a day closed to contacts", "approved", "waits in flight", "announced"}
    wanted |= OF_A_CONTACT | NOT_CLAIMED
    assert {name for name in wanted if not seen[name]} == set()


def count(day: Day, seen: dict[str, int]) -> None:
    seen["reopened"] += sum(item.reopened_on is not None for item in day.world.ledger.items)
    seen["in credit"] += len(day.world.ledger.credits)
    seen["approved"] += sum(entry["state"] == "approved" for entry in day.history)
    seen["waits in flight"] += sum(entry["state"] in ("sending", "in_doubt") for entry in day.history)
    for row in day.plan["outcomes"]:
        for reason in reasons(row):
            seen[reason] += 1
        seen["above level 1"] += row["outcome"] == "act" and LEVELS.index(row["level"]) > 1
    for made in everything(day):
        soft = [act["level"] == "preventive" for act in made["acts"]]
        seen["both soft and firm"] += any(soft) and not all(soft)
        seen["announced"] += bool(made.get("announces"))
        if made["kind"] in TASK_KINDS:
            seen["task on a day closed to contacts"] += day.world.payers[made["payer_id"]].closed(day.on)
