"""What another policy would do: a policy with itself is no difference; sums and counts tie with the two plans."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from relance.cli import diff as cli
from relance.ledger.snapshot import take_snapshot
from relance.planning.difference import Difference, difference, difference_json, summed
from relance.planning.model import Plan
from relance.planning.plan import plan
from relance.planning.present import as_json
from tests.reference import build, fast
from tests.reference.generate import generate


def planned(seed: int, change: dict[str, Any] | None = None, order: bool = True) -> Plan:
    case = generate(seed)
    policy = deepcopy(case.policy)
    for scenario in policy["scenarios"].values():
        scenario.update(change or {})
    return plan(
        take_snapshot(fast.versions_of(case.ledger), case.first),
        fast.policy_of(policy),
        fast.history_of(case.history, case.first),
        fast.holds_of(case.holds, case.first),
        case.first,
    )


def made(on: date = date(2025, 3, 10), **changes: Any) -> Plan:
    ledger = {name: changes.pop(name) for name in build.LEDGER_WORDS if name in changes}
    policy = fast.policy_of(build.policy(**changes))
    snapshot = take_snapshot(fast.versions_of(build.ledger(**ledger)), on)
    return plan(snapshot, policy, fast.history_of([], on), fast.holds_of([], on), on)


@pytest.mark.parametrize("seed", range(8))
def test_a_policy_differs_in_nothing_from_itself(seed: int) -> None:
    found = difference(planned(seed), planned(seed))
    assert found.empty
    assert found.before == found.after
    assert cli.headline(found).endswith("both policies do the same.")
    assert len(cli.as_markdown(found, examples=5)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_added_and_dropped_tie_with_the_two_plans(seed: int) -> None:
    before = planned(seed)
    after = planned(
        seed,
        {
            "minimum": [],
            "min_days_between_contacts": 0,
            "max_contacts_per_30_days": 30,
            "min_days_after_issue": 0,
        },
    )
    found = difference(before, after)
    old, new = as_json(before), as_json(after)
    for name, changes in (("contacts", found.contacts), ("tasks", found.tasks)):
        assert len(new[name]) == len(old[name]) + len(changes.added) - len(changes.dropped)
        total = Counter[str]()
        for sign, rows in ((1, changes.added), (-1, changes.dropped)):
            for one in summed(rows):
                total[one["currency"]] += sign * one["amount"]
        for changed in changes.changed:
            for sign, row in ((1, changed.after), (-1, changed.before)):
                for one in row["totals"]:
                    total[one["currency"]] += sign * one["amount"]
        for sign, rows in ((-1, new[name]), (1, old[name])):
            for one in summed(rows):
                total[one["currency"]] += sign * one["amount"]
        assert not any(total.values())
    tie_outcomes(found, old, new)
    json.dumps(difference_json(found))


def tie_outcomes(found: Difference, old: dict[str, Any], new: dict[str, Any]) -> None:
    kinds = Counter(row["outcome"] for row in new["outcomes"])
    kinds.subtract(Counter(row["outcome"] for row in old["outcomes"]))
    for one in found.outcomes:
        kinds[one.to_outcome] -= one.invoices
        kinds[one.from_outcome] += one.invoices
    assert not any(kinds.values())
    after = {row["invoice_id"]: row for row in new["outcomes"]}
    other = [
        row
        for row in old["outcomes"]
        if (row["outcome"], row["reason"])
        != (after[row["invoice_id"]]["outcome"], after[row["invoice_id"]]["reason"])
    ]
    assert sum(one.invoices for one in found.outcomes) == len(other)
    amounts = Counter[str]()
    for row in other:
        amounts[row["currency"]] += row["open"]
    for one in found.outcomes:
        for total in one.open:
            amounts[total["currency"]] -= total["amount"]
    assert not any(amounts.values())


def test_a_step_by_another_channel_is_a_changed_contact() -> None:
    steps = [build.step("first", "level_1", 7, channels=["sms"])]
    found = difference(made(steps=[build.step("first", "level_1", 7)]), made(steps=steps))
    assert not found.contacts.added
    assert not found.contacts.dropped
    (changed,) = found.contacts.changed
    assert changed.fields == ("channel", "to")
    shown = difference_json(found)["contacts"]["changed"][0]["fields"]
    assert shown["channel"] == {"from": "email", "to": "sms"}
    assert found.before.contacts_by_channel == {"email": 1}
    assert found.after.contacts_by_channel == {"sms": 1}


def test_a_later_step_drops_the_contact_and_moves_the_outcome() -> None:
    before = made(steps=[build.step("first", "level_1", 7)])
    found = difference(before, made(steps=[build.step("first", "level_1", 8)]))
    assert [row["payer_id"] for row in found.contacts.dropped] == ["P1"]
    (moved,) = found.outcomes
    assert (moved.from_outcome, moved.to_outcome, moved.invoices) == ("act", "wait", 1)
    assert moved.open == ({"currency": "EUR", "amount": 10000},)
    assert moved.examples == ("A",)


def test_another_date_of_the_next_step_is_said_too() -> None:
    early = date(2025, 3, 4)
    found = difference(
        made(early, steps=[build.step("first", "level_1", 7)]),
        made(early, steps=[build.step("first", "level_1", 8)]),
    )
    assert found.other_steps == 1
    assert not found.empty


def test_another_segment_rule_moves_payers_to_another_scenario() -> None:
    others = {"soft": {"steps": build.STEPS}}
    rules = [{"when": {"country": ["FR"]}, "scenario": "soft"}]
    found = difference(made(others=others), made(others=others, rules=rules))
    (move,) = found.scenarios
    assert (move.from_scenario, move.to_scenario, move.invoices, move.payers) == ("standard", "soft", 1, 1)


def test_markdown_lists_the_largest_first_and_counts_the_rest() -> None:
    many = [build.invoice(f"I{n}", customer_id=f"P{n}", amount=f"{n}00.00") for n in range(1, 5)]
    people = [build.person(f"C{n}", f"P{n}") for n in range(1, 5)]
    customers = [build.customer(f"P{n}") for n in range(1, 5)]
    tables = {"invoices": many, "contacts": people, "customers": customers}
    later = [build.step("first", "level_1", 30)]
    text = "\n".join(cli.as_markdown(difference(made(**tables), made(steps=later, **tables)), examples=2))
    assert text.startswith("### FR01, 2025-03-10: 0 contacts added, 4 dropped, 0 changed; 4 invoices")
    assert "**Contacts dropped: 4, demanding 1000.00 EUR**" in text
    assert text.index("| P4 | email | first |") < text.index("| P3 | email | first |")
    assert "P2" not in text.split("Contacts dropped")[1]
    assert "and 2 more" in text


def test_ledger_text_stays_in_its_cell() -> None:
    assert cli._escaped("a|b\n<!channel> @all `x`") == "a\\|b \\<!channel> \\@all \\`x\\`"
