"""What must be true of any plan, held against the reference over generated cases played for weeks."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
import yaml

from tests.reference.build import STEPS, customer, invoice, ledger, person, policy, step
from tests.reference.compare import differences
from tests.reference.generate import COLUMNS, Case, generate, write
from tests.reference.holds import AFTER_JOINING, GRAVE, OF_THE_INVOICE, OF_THE_PAYER, disputed_part
from tests.reference.ledger import open_ledger
from tests.reference.planner import plan
from tests.reference.play import play
from tests.reference.policy import LEVELS, SCENARIO, with_defaults
from tests.reference.world import World

SEEDS = range(12)
DAYS = 30

Plan = dict[str, Any]


@cache
def played(seed: int) -> tuple[Case, list[Plan]]:
    """A case and its first weeks, from scratch, every approval given."""
    case = generate(seed)
    last = case.first + timedelta(days=DAYS - 1)
    return case, list(play(case.ledger, case.policy, case.holds, case.first, last))


def all_plans() -> Iterator[tuple[Case, Plan]]:
    for seed in SEEDS:
        case, plans = played(seed)
        for one in plans:
            yield case, one


def scenario_steps(case: Case, name: str) -> list[dict[str, Any]]:
    return case.policy["scenarios"][name]["steps"]


def test_every_open_invoice_has_one_outcome_and_sums_are_equal() -> None:
    for case, one in all_plans():
        known = open_ledger(case.ledger, date.fromisoformat(one["as_of"]))
        assert [row["invoice_id"] for row in one["outcomes"]] == sorted(
            item.invoice_id for item in known.items
        )
        wanted, given = Counter[str](), Counter[str]()
        for item in known.items:
            wanted[item.currency] += item.open
        for row in one["outcomes"]:
            given[row["currency"]] += row["open"]
            assert 0 <= row["to_demand"] <= row["open"]
        assert wanted == given


def test_what_credit_covers_never_exceeds_the_payers_credit() -> None:
    for case, one in all_plans():
        known = open_ledger(case.ledger, date.fromisoformat(one["as_of"]))
        covered = Counter[tuple[str, str]]()
        parts = parts_in_dispute(case, one)
        for row in one["outcomes"]:
            undisputed = row["open"] - parts[row["invoice_id"]]
            assert row["to_demand"] <= undisputed
            covered[row["payer_id"], row["currency"]] += undisputed - row["to_demand"]
        assert all(amount <= known.credits.get(key, 0) for key, amount in covered.items())


def parts_in_dispute(case: Case, one: Plan) -> dict[str, int]:
    today = date.fromisoformat(one["as_of"])
    world = World(open_ledger(case.ledger, today), with_defaults(case.policy), [], case.holds, today)
    return {item.invoice_id: disputed_part(world, item) for item in world.ledger.items}


def test_the_undisputed_rest_goes_on_in_generated_cases_too() -> None:
    acted = [
        row
        for case, one in all_plans()
        for row in one["outcomes"]
        if row["outcome"] == "act" and 0 < parts_in_dispute(case, one)[row["invoice_id"]] < row["open"]
    ]
    assert acted, "the generator makes no dispute of a part whose rest is chased"


def test_a_level_is_never_skipped_but_where_its_steps_are_passed_over() -> None:
    for case, one in all_plans():
        for row in one["outcomes"]:
            if row["outcome"] != "act":
                continue
            reached = -1 if row["level_reached"] is None else LEVELS.index(row["level_reached"])
            between = [
                other["id"]
                for other in scenario_steps(case, row["scenario"])
                if other["level"] != "preventive"
                and reached < LEVELS.index(other["level"]) < LEVELS.index(row["level"])
            ]
            assert set(between) <= set(row["passed_over"])


def test_the_cool_down_and_the_cap_are_never_violated() -> None:
    for seed in SEEDS:
        case, plans = played(seed)
        done: dict[str, list[tuple[date, bool]]] = defaultdict(list)
        for one in plans:
            today = date.fromisoformat(one["as_of"])
            for contact in one["contacts"]:
                scenario = SCENARIO | case.policy["scenarios"][contact["scenario"]]
                preventive = contact["level"] == "preventive"
                counted = [on for on, soft in done[contact["payer_id"]] if preventive or not soft]
                assert all(
                    (today - on).days >= max(scenario["min_days_between_contacts"], 1) for on in counted
                )
                window = [on for on in counted if (today - on).days <= 29]
                assert len(window) < scenario["max_contacts_per_30_days"]
                done[contact["payer_id"]].append((today, preventive))


def test_a_held_invoice_is_in_no_contact_and_no_task() -> None:
    for _, one in all_plans():
        acting = {row["invoice_id"] for row in one["outcomes"] if row["outcome"] == "act"}
        in_contacts = [act["invoice_id"] for each in one["contacts"] + one["tasks"] for act in each["acts"]]
        assert sorted(in_contacts) == sorted(acting)
        for each in one["contacts"] + one["tasks"]:
            assert {row["invoice_id"] for row in each["demands"]} <= acting
        for contact in one["contacts"]:
            own = {act["invoice_id"] for act in contact["acts"]}
            assert not own & set(contact["mentions"])
            assert {row["invoice_id"] for row in contact["demands"]} | set(contact["announces"]) == own


def test_one_contact_a_payer_a_day_and_none_on_its_closed_days() -> None:
    for _, one in all_plans():
        payers = [contact["payer_id"] for contact in one["contacts"]]
        assert payers == sorted(set(payers))
        closed = {row["payer_id"] for row in one["outcomes"] if row["reason"] == "non_business_day"}
        assert not closed & set(payers)


def test_next_on_comes_after_today_and_a_reason_stands_first() -> None:
    for _, one in all_plans():
        for row in one["outcomes"]:
            assert row["next_on"] is None or row["next_on"] > one["as_of"]
            assert (row["outcome"] == "hold") == (row["reason"] is not None)
            assert row["outcome"] != "act" or row["holds"] == []
            assert all(hold["until"] is None or hold["until"] >= one["as_of"] for hold in row["holds"])


def test_what_wait_announces_comes_true_where_nothing_changes_meanwhile() -> None:
    tables = {"invoices": [invoice("A")], "customers": [customer()], "contacts": [person()]}
    plain = policy(steps=STEPS)
    plans = list(play(ledger(**tables), plain, [], date(2025, 2, 3), date(2025, 6, 30)))
    rows = [one["outcomes"][0] for one in plans]
    said = {row["next_on"]: row["next_step"] for row in rows if row["outcome"] == "wait"}
    came = {
        one["as_of"]: row["step"] for one, row in zip(plans, rows, strict=True) if row["outcome"] == "act"
    }
    assert came == {
        "2025-02-26": "before",
        "2025-03-10": "first",
        "2025-03-13": "second",
        "2025-03-20": "call",
        "2025-04-02": "formal",
        "2025-05-02": "handover",
    }
    assert said == came
    assert rows[-1]["outcome"] == "exhausted"
    assert [hold["reason"] for hold in rows[-1]["holds"]] == ["in_litigation"]


def test_play_with_approvals_unanswered_holds_the_invoice_for_good() -> None:
    steps = [step("first", "level_1", 7, approval={"role": "sales"}), step("firm", "level_2", 14)]
    first, last = date(2025, 3, 10), date(2025, 4, 30)
    plans = list(play(ledger(), policy(steps=steps), [], first, last, approvals="none"))
    assert [one["outcomes"][0]["outcome"] for one in plans[:2]] == ["act", "hold"]
    assert {one["outcomes"][0]["reason"] for one in plans[1:]} == {"awaiting_approval"}
    given = list(play(ledger(), policy(steps=steps), [], first, last))
    assert [one["outcomes"][0]["step"] for one in given if one["contacts"]] == ["first", "firm"]


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    case, plans = played(seed)
    shuffled = deepcopy(case.ledger)
    rng = random.Random(seed)
    for extract in shuffled["extracts"]:
        for table in COLUMNS:
            rng.shuffle(extract[table])
    again = plan(shuffled, case.policy, [], list(reversed(case.holds)), case.first)
    assert differences(plans[0], again) == []


@pytest.mark.parametrize("seed", range(6))
def test_an_unrelated_payer_changes_nothing(seed: int) -> None:
    case = generate(seed)
    roomy = deepcopy(case.policy)
    roomy["entities"]["FR01"] |= {"call_capacity": 99, "max_contacts_per_day": 999}
    more = deepcopy(case.ledger)
    for extract in more["extracts"]:
        extract["customers"].append(customer("Q9"))
        extract["invoices"].append(
            invoice("Q-1", customer_id="Q9", due_date=case.first, issue_date=case.first)
        )
    before = plan(case.ledger, roomy, case.history, case.holds, case.first)
    after = plan(more, roomy, case.history, case.holds, case.first)
    after["outcomes"] = [row for row in after["outcomes"] if row["payer_id"] != "Q9"]
    after["contacts"] = [row for row in after["contacts"] if row["payer_id"] != "Q9"]
    after["tasks"] = [row for row in after["tasks"] if row["payer_id"] != "Q9"]
    assert differences(before, after) == []


def test_the_generator_is_nasty_enough_that_every_reason_and_outcome_occurs() -> None:
    seen = Counter[str]()
    for seed in range(70):
        case = generate(seed)
        last = case.first + timedelta(days=7)
        for one in play(
            case.ledger,
            case.policy,
            case.holds,
            case.first,
            last,
            history=case.history,
            approvals=case.approvals,
        ):
            for row in one["outcomes"]:
                seen.update({row["outcome"], *(hold["reason"] for hold in row["holds"])})
                seen["passed_over"] += bool(row["passed_over"])
            seen["task"] += len(one["tasks"])
            seen["approval"] += sum(contact["approval"] is not None for contact in one["contacts"])
    wanted = {*GRAVE, *OF_THE_INVOICE, *OF_THE_PAYER, *AFTER_JOINING, "act", "hold", "wait", "exhausted"}
    assert {name for name in wanted | {"passed_over", "task", "approval"} if not seen[name]} == set()


def test_the_same_seed_makes_the_same_case_and_its_files(tmp_path: Any) -> None:
    assert generate(7) == generate(7)
    written = write(generate(7), tmp_path)
    assert [day for day, _ in written] == [
        extract["extract_date"] for extract in generate(7).ledger["extracts"]
    ]
    assert all((folder / f"{table}.csv").exists() for _, folder in written for table in COLUMNS)
    segments = yaml.safe_load((tmp_path / "config" / "segments.yaml").read_text("utf-8"))
    assert segments == generate(7).policy["segments"]


# --- the comparison itself ----------------------------------------------------------------------------


def test_differences_ignore_keys_sources_versions_and_scores_but_not_what_keys_link() -> None:
    one = plan(ledger(invoices=[invoice("A"), invoice("B")]), policy(), [], [], date(2025, 3, 10))
    other = deepcopy(one) | {"policy_version": "x", "more": 1}
    other["contacts"][0] |= {"key": "k", "score": 3}
    for row in other["outcomes"]:
        row["contact_key"] = "k"
    assert differences(one, other) == []
    other["outcomes"][1]["contact_key"] = "z"
    assert differences(one, other) == ["outcome B contact_key: expected ('contact', 'P1'), got unknown key z"]


def test_differences_name_the_place() -> None:
    one = plan(ledger(), policy(), [], [], date(2025, 3, 10))
    other = deepcopy(one)
    other["outcomes"][0]["days_late"] = 8
    other["contacts"][0]["language"] = "en"
    assert differences(one, other) == [
        "outcome A days_late: expected 7, got 8",
        "contact P1 language: expected 'fr', got 'en'",
    ]
    assert differences(one, one | {"outcomes": []})[0] == "outcome A: missing"
    assert differences(one | {"contacts": []}, one)[0] == "contact P1: not expected"
