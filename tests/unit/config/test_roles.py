"""roles.yaml: who may decide what; unsound, it allows nothing and stops no plan."""

from __future__ import annotations

import pytest

from relance.config import load_policy
from relance.config.roles import Roles

TABLE = """
roles:
  finance_lead: {people: [Lead@lumen.example], next: management}
  management: {people: [boss@lumen.example]}
permissions:
  - {role: finance_lead, may: [approve], up_to: ["500.00 EUR"], entity: [FR01]}
  - {role: management, may: [approve, waive]}
"""


def _policy(house, text: str = TABLE):
    house.write("roles.yaml", text)
    return load_policy(house.config)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("roles:\n  lead: {people: [a@b.example], next: boss}\n", 2, "there is no role 'boss'"),
        ("roles: {}\npermissions:\n  - {role: lead, may: [waive]}\n", 3, "there is no role 'lead'"),
        (
            "roles:\n  lead: {people: [a@b.example]}\npermissions:\n  - {role: lead, may: [waive], entity: [FR99]}\n",
            4,
            "there is no entity 'FR99'",
        ),
        ("roles:\n  lead: {persons: [a@b.example]}\n", 2, "unknown key"),
        (
            "roles: {lead: {people: [a@b.example]}}\napprovals:\n  snooze: boss\n",
            3,
            "there is no role 'boss'",
        ),
        (
            "roles: {lead: {people: [a@b.example]}}\napprovals:\n  write_off:\n    - {role: lead}\n    - {role: boss}\n",
            5,
            "there is no role 'boss'",
        ),
    ],
)
def test_an_unsound_table_is_found_by_the_check_and_stops_no_plan(house, text: str, line: int, message: str):
    house.write("roles.yaml", text)
    found = [one for one in house.problems() if one.severity == "error"]
    assert [(one.file.endswith("/roles.yaml"), one.line) for one in found] == [(True, line)]
    assert message in found[0].message
    load_policy(house.config)


def test_a_step_that_asks_a_role_nobody_has_is_warned_of(house) -> None:
    house.write("roles.yaml", "roles: {managment: {people: [boss@lumen.example]}}\n")
    said = [str(one) for one in house.problems()]
    assert any("nobody has the role 'management' in roles.yaml; write managment" in one for one in said)


def test_who_may_decide_is_no_part_of_the_policys_version(house) -> None:
    before = load_policy(house.config).version
    assert _policy(house).version == before


def test_questions_that_go_round_come_to_an_end() -> None:
    roles = Roles.model_validate({"roles": {"a": {"next": "b"}, "b": {"next": "a"}}})
    assert roles.onward("a") == ("a", "b")
