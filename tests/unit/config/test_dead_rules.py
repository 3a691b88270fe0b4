"""A segment rule that can never match is warned of, and no other."""

from __future__ import annotations

import pytest


def write_rules(house, *rules: tuple[str, str]) -> None:
    lines = [f"  - {{name: {name}, when: {when}, scenario: gentle}}" for name, when in rules]
    house.write("segments.yaml", "rules:\n" + "\n".join(lines) + "\n")


def test_rule_after_a_catch_all_never_matches(house):
    write_rules(house, ("all", "{}"), ("vip", "{vip: true}"))
    *place, message, mend = house.only()
    assert place == ["segments.yaml", 3, "warning"]
    assert message == "rule 'vip' can never match: 'all' before it takes every such payer"
    assert mend == "move it up, or delete it"


@pytest.mark.parametrize(
    "rules",
    [
        ["{vip: true}", "{vip: true, country: [FR]}"],
        ["{country: [FR, BE]}", "{country: [BE]}"],
        ["{country: [FR]}", "{country: [BE]}", "{country: [BE, FR], vip: false}"],
        ["{vip: true}", "{vip: false}", "{segment: [small]}"],
        ['{overdue_over: ["100.00 EUR"]}', '{overdue_over: ["200.00 EUR"]}'],
        ['{outstanding_over: ["100.00 EUR"]}', '{overdue_over: ["100.00 EUR"]}'],
        ["{region: [fr]}", "{entity: [FR01], vip: true}"],
        ["{entity: [FR01]}", "{region: [fr]}"],
        ["{entity: [FR01]}", "{region: [de]}", "{payment_method: [card]}"],
        ["{signal: [negotiation, churn_risk]}", "{signal: [churn_risk]}"],
        ["{entity: [FR01], region: [de]}"],
        ["{country: []}"],
    ],
)
def test_rule_that_can_never_match_warns(house, rules):
    write_rules(house, *((f"r{number}", when) for number, when in enumerate(rules)))
    *place, message, _ = house.only()
    assert place == ["segments.yaml", len(rules) + 1, "warning"]
    assert message.startswith(f"rule 'r{len(rules) - 1}' can never match: ")


@pytest.mark.parametrize(
    "rules",
    [
        ["{vip: true, country: [FR]}", "{vip: true}"],
        ["{country: [FR]}", "{country: [FR, BE]}"],
        ["{vip: true}", "{segment: [small]}", "{}"],
        ['{overdue_over: ["100.00 EUR"]}', '{overdue_over: ["50.00 EUR"]}'],
        ['{overdue_over: ["100.00 EUR"]}', '{overdue_over: ["200.00 GBP"]}'],
        ['{overdue_over: ["100.00 EUR"]}', '{outstanding_over: ["100.00 EUR"]}'],
        ['{overdue_over: ["100.00 EUR"]}', '{overdue_over: ["200.00 EUR", "9.00 GBP"]}'],
        ["{entity: [FR01]}", "{region: [de]}"],
        ["{profile: [bad]}", "{risk: [high]}"],
        ["{payment_method: [card]}", "{}"],
    ],
)
def test_rule_that_can_match_is_left_alone(house, rules):
    write_rules(house, *((f"r{number}", when) for number, when in enumerate(rules)))
    assert house.problems() == []


@pytest.mark.parametrize(
    ("when", "what", "mend"),
    [
        ("{entity: [FR01, FR1]}", "rule 'r': there is no entity 'FR1'", "write FR01"),
        ("{region: [fr, xx]}", "rule 'r': there is no region 'xx'", "write one of de, fr"),
    ],
)
def test_name_in_a_condition_that_does_not_exist_warns(house, when, what, mend):
    write_rules(house, ("r", when))
    assert house.only() == ("segments.yaml", 2, "warning", what, mend)


def test_rule_of_an_unknown_entity_alone_never_matches(house):
    write_rules(house, ("r", "{entity: [ZZ]}"))
    assert [problem.message for problem in house.problems()] == [
        "rule 'r' can never match: no entity fits its entity",
        "rule 'r': there is no entity 'ZZ'",
    ]


def test_very_long_conditions_stay_quick_and_sound(house):
    many = ", ".join(f"s{number}" for number in range(300))
    write_rules(house, ("a", "{vip: true, segment: [x]}"), ("b", f"{{segment: [{many}], risk: [{many}]}}"))
    assert house.problems() == []
