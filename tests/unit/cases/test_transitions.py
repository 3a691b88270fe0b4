"""Transitions as tables."""

from __future__ import annotations

import pytest

from relance.cases.transitions import CASE, DAYS_WORK, INSTALMENT_PLAN, PROMISE, move
from relance.errors import CaseError


@pytest.mark.parametrize("table", [CASE, PROMISE, INSTALMENT_PLAN])
def test_every_inverse_is_in_the_table(table: dict) -> None:
    assert {row.inverse for row in table.values() if row.inverse} <= set(table)


def test_every_action_of_a_person_has_its_inverse() -> None:
    assert {verb for verb, row in CASE.items() if row.inverse is None} <= DAYS_WORK
    assert set(CASE) >= DAYS_WORK


def test_an_inverse_can_be_done_where_its_verb_leads() -> None:
    # what is withdrawn is asked anew in another case; the outcome that ends a call closes its case
    elsewhere = {"withdraw", "call"}
    for verb, row in CASE.items():
        if row.inverse is not None and "open" in row.sources and verb not in elsewhere:
            assert (row.target or "open") in CASE[row.inverse].sources, verb


def test_closing_and_reopening_undo_each_other() -> None:
    assert move(CASE, "reopen", move(CASE, "close", "open")) == "open"
    assert CASE["close"].inverse == "reopen"


def test_a_comment_leaves_the_state_as_it_is() -> None:
    assert [move(CASE, "comment", state) for state in ("open", "closed")] == ["open", "closed"]


@pytest.mark.parametrize(
    ("table", "verb", "state"),
    [
        (CASE, "close", "closed"),
        (CASE, "update", "closed"),
        (PROMISE, "keep", "broken"),
        (INSTALMENT_PLAN, "replace", "broken"),
        (CASE, "shout", "open"),
    ],
)
def test_what_the_table_does_not_have_is_refused(table: dict, verb: str, state: str) -> None:
    with pytest.raises(CaseError, match=r"can't be done while it is .*Possible now:"):
        move(table, verb, state)
