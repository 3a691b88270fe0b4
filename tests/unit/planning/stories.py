"""Months of an entity's days as they go wrong: outages, a new policy in between, money taken back, messages that fail.

A `Story` is what Hypothesis draws; `days(story)` asks the product's planner for each of its days, with what became of
the days before. By default few stories are told, the same to every property, so that each day is planned once:

    RELANCE_STORIES=60 RELANCE_STORIES_SEED=7 pytest tests/unit/planning/test_properties.py
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.reference import fast
from tests.reference.crowd import crowd
from tests.reference.generate import Case
from tests.reference.ledger import open_ledger
from tests.reference.policy import with_defaults
from tests.reference.world import World

Row = dict[str, Any]

STORIES = int(os.environ.get("RELANCE_STORIES", "10"))
SEED = int(os.environ.get("RELANCE_STORIES_SEED", "6"))
FIRST_CASE, LAST_CASE = 50_000, 5_000_000
MUCH = 1_000_000


@dataclass(frozen=True)
class Story:
    """A generated case (`case`) and what happens to it.

    `gaps`: days from one planned day to the next; more than one is an outage. `new_policy`: the case whose policy is in
    force from the `changed`-th planned day on, or none. `reversals`: an invoice's place, when it is paid, and how long
    after that the money is taken back. `dice`: for all else that happens.
    """

    case: int
    gaps: tuple[int, ...]
    new_policy: int | None
    changed: int
    reversals: tuple[tuple[int, int, int], ...]
    dice: int


STORY = st.builds(
    Story,
    case=st.integers(FIRST_CASE, LAST_CASE),
    gaps=st.lists(st.sampled_from([1, 1, 1, 1, 1, 1, 1, 2, 4, 12]), min_size=7, max_size=12).map(tuple),
    new_policy=st.none() | st.integers(FIRST_CASE, LAST_CASE),
    changed=st.integers(2, 8),
    reversals=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 4), st.integers(1, 4)), min_size=8, max_size=14
    ).map(tuple),
    dice=st.integers(0, 2**32),
)


def over_stories(test: Callable[..., None]) -> Callable[..., None]:
    """The same stories for every property; not shrunk, since a story is little more than a number."""
    chosen = settings(
        max_examples=STORIES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return seed(SEED)(chosen(given(story=STORY)(test)))


@dataclass(frozen=True)
class Day:
    """One planned day: everything the planner was given, and what it said."""

    on: date
    ledger: Row
    policy: Row
    history: list[Row]
    holds: list[Row]
    to_come: tuple[Row, ...] = ()
    """Contacts and tasks that this day and later ones made."""

    @cached_property
    def plan(self) -> Row:
        """What the product decides."""
        return fast.plan(self.ledger, self.policy, self.history, self.holds, self.on)

    @cached_property
    def world(self) -> World:
        """What the reference reads from the same: the open ledger, and history as it has aged."""
        books = open_ledger(self.ledger, self.on)
        return World(books, with_defaults(self.policy), self.history, self.holds, self.on)

    def scenario(self, name: str) -> Row:
        """A scenario with its defaults."""
        found: Row = self.world.policy["scenarios"][name]
        return found

    def limited(self, **caps: int | None) -> Day:
        """The same day under these caps and no other."""
        policy = deepcopy(self.policy)
        for entity in policy["entities"].values():
            entity.update({"call_capacity": MUCH, "max_messages_per_address_per_day": MUCH})
            entity.update({"max_contacts_per_day": None} | caps)
        return replace(self, policy=policy)


@lru_cache(maxsize=64)
def days(story: Story) -> list[Day]:
    """The story, planned day by day."""
    case, rng = told(story.case), random.Random(story.dice)
    ledger = with_reversals(gathered(case, story), case, story)
    own: list[Row] = []
    found: list[Day] = []
    on = case.first
    for number, gap in enumerate(story.gaps):
        new = story.new_policy is not None and number >= story.changed
        policy = told(story.new_policy).policy if new else case.policy
        past = case.history + [as_known(entry, on) for entry in own]
        day = Day(on, ledger, policy, past, case.holds)
        own += [with_fate(rng, entry, on) for entry in day.plan["contacts"] + day.plan["tasks"]]
        found.append(day)
        on += timedelta(days=gap)
    end = on
    for day in found:
        later = tuple(as_known(entry, end) for entry in own if entry["as_of"] >= day.on)
        object.__setattr__(day, "to_come", later)
    return found


@cache
def told(number: int | None) -> Case:
    """Three generated ledgers under a policy; none of its rows is ever changed."""
    assert number is not None
    return crowd(number, 3)


def gathered(case: Case, story: Story) -> Row:
    """The case's ledger in which a few payers have most invoices, so that their steps get in each other's way."""
    ledger = deepcopy(case.ledger)
    payers = sorted({row["customer_id"] for row in ledger["extracts"][-1]["customers"]})
    few = random.Random(story.dice).sample(payers, 4)
    for extract in ledger["extracts"]:
        for row in extract["invoices"]:
            number = crc32(row["invoice_id"].encode())
            if number % 5 < 3:
                row["payer_id"] = few[number % 4]
    return ledger


def with_reversals(ledger: Row, case: Case, story: Story) -> Row:
    """A ledger in which some invoices are paid in full and the money is taken back some days later."""
    first = ledger["extracts"][0]["invoices"]
    plain = sorted(
        (
            row
            for row in first
            if row.get("kind") != "credit_note" and not row.get("term") and row["due_date"] <= case.first
        ),
        key=lambda row: row["invoice_id"],
    )
    for number, (place, paid, back) in enumerate(story.reversals if plain else ()):
        row = plain[place % len(plain)]
        for part, (sign, after) in enumerate((("", paid), ("-", paid + back))):
            payment = {
                "payment_id": f"R{number}-{part}",
                "customer_id": row["customer_id"],
                "date": case.first + timedelta(days=after),
                "amount": f"{sign}{row['amount']}",
                "currency": row["currency"],
                "invoice_id": row["invoice_id"],
            }
            for extract in ledger["extracts"]:
                extract["payments"].append(payment)
    return ledger


# --- what becomes of a contact or task ------------------------------------------------------------

FATES: dict[str, list[tuple[int, list[tuple[str, bool]]]]] = {
    # weight, then the states it takes one after another and whether the act itself is dated by that
    "message": [
        (12, [("sent", True)]),
        (2, [("confirmed", True)]),
        (2, [("sending", False), ("sent", True)]),
        (1, [("in_doubt", False), ("sent", True)]),
        (1, [("in_doubt", False), ("failed", False)]),
        (1, [("bounced", True)]),
        (1, [("failed", False)]),
        (1, [("cancelled", False)]),
    ],
    "call": [
        (6, [("completed", True)]),
        (2, [("open", False), ("completed", True)]),
        (1, [("open", False)]),
        (1, [("not_made", True)]),
        (1, [("cancelled", False)]),
    ],
    "task": [
        (6, [("completed", True)]),
        (2, [("open", False), ("completed", True)]),
        (1, [("planned", False)]),
        (1, [("cancelled", False)]),
    ],
    "approval": [
        (4, [("awaiting_approval", False), ("approved", False)]),
        (2, [("awaiting_approval", False), ("rejected", False)]),
        (1, [("awaiting_approval", False)]),
    ],
}


def with_fate(rng: random.Random, planned: Row, on: date) -> Row:
    """A contact or task of the day with all that becomes of it: `turns` of (from when, state, acted on)."""
    kind = planned["kind"] if planned["kind"] in FATES else "task"
    if planned["approval"] is not None and rng.random() < 0.7:
        kind = "approval"
    weights, fates = zip(*FATES[kind], strict=True)
    turns, when = [], on
    for state, acts in rng.choices(fates, weights)[0]:
        turns.append((when, state, when if acts else None))
        when += timedelta(days=rng.randint(1, 4))
    kept = ("key", "payer_id", "kind", "channel", "scenario", "step", "level", "acts", "totals")
    return {**{name: planned.get(name) for name in kept}, "as_of": on, "turns": turns}


def as_known(entry: Row, on: date) -> Row:
    """It in the state that it has on a day."""
    _, state, acted_on = [turn for turn in entry["turns"] if turn[0] <= on][-1]
    return {name: value for name, value in entry.items() if name != "turns"} | {
        "state": state,
        "acted_on": acted_on,
    }
