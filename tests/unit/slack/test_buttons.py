"""What can be pressed on a card: everything that its case allows somewhere, and nothing that its state forbids."""

from __future__ import annotations

from typing import Any

import pytest

from relance.cases.transitions import CASE, KINDS
from relance.slack import actions as do
from relance.slack.actions import Target
from relance.slack.cards import Scene, card
from relance.slack.cards.buttons import actions_of
from tests.unit.slack.judge import refusals
from tests.unit.slack.scenes import DAY, case, facts, promised, scene

VERB_OF = {
    do.TAKE: "assign", do.CONTACT: "contact", do.COMPLETE: "close", do.APPROVE: "approve", do.REJECT: "reject",
    do.WRITE_OFF: "write_off",
}  # fmt: skip
LOOKS = {do.HISTORY}
"""Actions that change nothing."""
NOT_ON_CARDS = {do.MORE, do.LINK, do.SHOW}
"""Of the menu itself, of addresses, and of a channel's list."""


def every() -> set[str]:
    names = {value for name, value in vars(do).items() if name.isupper() and isinstance(value, str)}
    return {name for name in names if name.startswith("case.")}


def state(kind: str, **other: Any) -> Scene:
    of_kind = {
        "promise": {"promises": [promised()], "more_promises": 0, "speak": None},
        "approval": {
            "role": "finance_lead", "what": "email", "step": "formal", "level": "level_3", "expires_on": "2026-03-17",
            "demanded": [{"amount": 120_000, "currency": "EUR"}],
        },
    }.get(kind, {})  # fmt: skip
    return scene(case(kind, facts=facts(**of_kind, **other.pop("facts", {})), **other))


def states() -> list[Scene]:
    closed = {"state": "closed", "closed_on": DAY, "closed_reason": "paid"}
    found = []
    for kind in KINDS:
        for owner in (None, "collector@lumen.example"):
            found += [
                state(kind, owner=owner),
                state(kind, owner=owner, snoozed_until=DAY),
                state(kind, owner=owner, details={"written_off": {"approved_by": "lead@lumen.example"}}),
                state(kind, owner=owner, **closed),
            ]
    return [*found, state("question", facts={"task": {"kind": "internal", "step": "call"}})]


def pressable(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each target on a card by its action, with the element or option that carries it."""
    found = {}
    for block in payload["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            options = element.get("options", [element] if "value" in element else [])
            found.update({Target.parse(one["value"]).action: one for one in options})
    return found


@pytest.mark.parametrize("one", states(), ids=lambda one: f"{one.case.kind}-{one.case.state}")
def test_no_card_carries_a_verb_that_its_states_transition_table_forbids(one: Scene) -> None:
    for action in actions_of(one) - LOOKS:
        verb = VERB_OF.get(action, action.split(".")[1])
        assert one.case.state in CASE[verb].sources, action


def test_every_action_that_a_card_can_carry_is_reachable_for_some_kind_and_state() -> None:
    carried = set().union(*(actions_of(one) for one in states()))
    assert carried == every() - NOT_ON_CARDS


def test_what_is_drawn_is_what_is_offered_and_slack_takes_it() -> None:
    for one in states():
        payload = card(one).payload()
        assert set(pressable(payload)) == actions_of(one)
        assert refusals(payload) == []


def test_each_value_names_its_action_the_case_and_the_revision_that_was_drawn() -> None:
    shown = pressable(card(state("dispute", revision=9)).payload())
    assert {str(Target(action, 7, 9)) for action in shown} == {one["value"] for one in shown.values()}
    buttons = [
        element
        for block in card(state("dispute")).blocks
        for element in block.get("elements", [])
        if element.get("type") == "button"
    ]
    assert [Target.parse(one["value"]).action for one in buttons] == [one["action_id"] for one in buttons]


@pytest.mark.parametrize("kind", KINDS)
def test_three_or_four_buttons_and_the_rest_in_menus(kind: str) -> None:
    for owner in (None, "collector@lumen.example"):
        (row,) = [block for block in card(state(kind, owner=owner)).blocks if block["type"] == "actions"]
        buttons = [one for one in row["elements"] if one["type"] == "button"]
        assert 2 <= len(buttons) <= 4
        assert [one["type"] for one in row["elements"][len(buttons) :]] in ([], ["overflow"])


def test_a_yes_and_a_write_off_are_asked_once_more() -> None:
    approve = pressable(card(state("approval")).payload())[do.APPROVE]
    assert (approve["style"], "Brasserie du Port SARL" in approve["confirm"]["text"]["text"]) == (
        "primary",
        True,
    )
    asked = pressable(card(state("exhausted")).payload())[do.WRITE_OFF]
    assert (asked["style"], asked["confirm"]["style"]) == ("danger", "danger")


def test_what_rests_can_be_woken_and_what_is_awake_put_to_rest() -> None:
    assert {do.SNOOZE, do.WAKE} & actions_of(state("overdue_90")) == {do.SNOOZE}
    assert {do.SNOOZE, do.WAKE} & actions_of(state("overdue_90", snoozed_until=DAY)) == {do.WAKE}


def test_ending_a_rest_and_ending_a_write_off_are_two_buttons() -> None:
    off = {"written_off": {"invoices": ["F1"]}}
    both = {do.WAKE, do.END_WRITE_OFF}
    assert both & actions_of(state("overdue_90", snoozed_until=DAY)) == {do.WAKE}
    assert both & actions_of(state("overdue_90", details=off)) == {do.END_WRITE_OFF}
    assert both & actions_of(state("overdue_90", snoozed_until=DAY, details=off)) == both
    assert do.END_WRITE_OFF in actions_of(state("handover", details=off))


def test_nobodys_case_can_be_taken_by_a_button() -> None:
    (row,) = [block for block in card(state("overdue_90", owner=None)).blocks if block["type"] == "actions"]
    assert do.TAKE in [one["action_id"] for one in row["elements"]]


def test_a_closed_case_can_be_reopened_and_commented() -> None:
    one = state("dispute", state="closed", closed_on=DAY, closed_reason="paid")
    assert actions_of(one) >= {do.REOPEN, do.COMMENT}
