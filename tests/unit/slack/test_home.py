"""The Home tab: what a person finds there, and that Slack takes it whatever the data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.money import Money
from relance.slack import actions
from relance.slack.actions import Target
from relance.slack.home import (
    LISTS,
    PAGE,
    TOP,
    WHOLE,
    HomeData,
    HomeFilter,
    HomeList,
    HomeRow,
    home,
    texts_of,
)
from relance.slack.speech import Voice
from relance.slack.words import WORDS
from tests.unit.slack.judge import view_refusals
from tests.unit.slack.modal_scenes import hostile_homes
from tests.unit.slack.scenes import DAY, TEXT

AT = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
EN = Voice("en")
DECIDE: Any = frozenset({"see", "approve", "reject", "call"})


def row(number: int, kind: str = "overdue_90", **other: Any) -> HomeRow:
    return HomeRow(number, 3, kind, f"Payer {number}", "FR01", (Money("EUR", 1_234_550),), 102, **other)


def full(**other: Any) -> HomeData:
    """A tab with rows in every list, 23 cases among them."""
    lists = {
        name: HomeList(tuple(row(100 * n + m) for m in range(TOP)), 9)
        for n, name in enumerate(LISTS, start=1)
    }
    lists["worklist"] = HomeList(tuple(row(n) for n in range(1, PAGE + 1)), 23)
    lists["approvals"] = HomeList((row(40, "approval", step="formal", may=DECIDE),), 1)
    lists["calls"] = HomeList((row(50, "call", may=DECIDE),), 1)
    data = HomeData(
        DAY, AT, HomeFilter(), lists, ("call", "promise"), {"FR01": "Lumen SAS", "DE01": "Lumen GmbH"}
    )
    return replace(data, **other)


def told(view: dict[str, Any]) -> str:
    return "\n".join(texts_of(view["blocks"]))


def pressable(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for block in view["blocks"]
        for one in [*block.get("elements", []), block.get("accessory")]
        if one is not None and "action_id" in one
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(hostile_homes(), st.sampled_from(sorted(WORDS)))
def test_the_home_tab_stays_inside_slacks_limits_whatever_the_data(data: HomeData, locale: str) -> None:
    view = home(data, Voice(locale))
    assert view_refusals(view) == []
    assert sum(map(len, texts_of(view["blocks"]))) <= WHOLE
    assert HomeFilter.parse(view["private_metadata"]) == data.filter
    for text in texts_of([one for one in view["blocks"] if one["type"] == "section"]):
        assert not re.search(r"[<>]", re.sub(r"<!date\^-?\d+\^\{date_short\}\|[^<>|]*>", "", text))


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_a_full_tab_in_every_language(locale: str) -> None:
    view = home(full(), Voice(locale))
    assert view_refusals(view) == []
    assert len(json.dumps(view["blocks"], ensure_ascii=False)) < 20_000


def test_my_cases_come_first_with_pages_and_the_other_lists_with_the_way_to_all_of_them() -> None:
    view = home(full(), EN)
    text = told(view)
    assert (
        text.index("*My cases* · 23") < text.index("*Waiting for a yes*") < text.index("*To be called today*")
    )
    assert sum("Payer" in one for one in text.split("\n") if "long overdue" in one) >= PAGE
    assert "Page 1 of 3" in text
    assert [one["value"] for one in pressable(view) if one["action_id"] == actions.HOME_PAGE] == ["1"]
    assert not [one for one in pressable(view) if one["action_id"] == actions.HOME_BACK]
    shown = [
        one["value"]
        for one in pressable(view)
        if one["action_id"] == actions.HOME_LIST and one["type"] == "button"
    ]
    assert shown == ["promises_today", "promises_week", "disputes", "unassigned"]


def test_the_last_page_goes_back_only_and_a_page_beyond_it_is_the_last() -> None:
    for page in (2, 99):
        view = home(full(filter=HomeFilter(page=page)), EN)
        assert "Page 3 of 3" in told(view)
        assert [one["value"] for one in pressable(view) if one["action_id"] == actions.HOME_BACK] == ["1"]
        assert not [one for one in pressable(view) if one["action_id"] == actions.HOME_PAGE]


def test_each_row_opens_its_card_by_permalink_or_by_the_bot() -> None:
    rows = (row(1, permalink="https://lumen.example/archives/C1/p1"), row(2))
    view = home(full(lists={"worklist": HomeList(rows, 2)}), EN)
    first, second = (block["accessory"] for block in view["blocks"] if "accessory" in block)
    assert (first["action_id"], first["url"]) == (actions.LINK, "https://lumen.example/archives/C1/p1")
    assert Target.parse(second["value"]) == Target(actions.HOME_OPEN, 2, 3)


def test_a_row_tells_payer_amount_lateness_kind_and_day() -> None:
    one = row(1, "promise", due_on=DAY + timedelta(2), snoozed_until=DAY + timedelta(9))
    text = told(home(full(lists={"worklist": HomeList((one,), 1)}), EN))
    for part in (
        "*Payer 1*",
        "promise",
        "FR01",
        "€12,345.50",
        "102 days late",
        "promised for",
        "rests until",
    ):
        assert part in text


def test_a_day_that_has_passed_is_marked() -> None:
    late = row(1, "question", due_on=DAY - timedelta(1))
    assert ":warning:" in told(home(full(lists={"worklist": HomeList((late,), 1)}), EN))


def test_who_may_answer_finds_the_buttons_and_who_may_not_does_not() -> None:
    decisions = {one["action_id"] for one in pressable(home(full(), EN))}
    assert {actions.APPROVE, actions.REJECT, actions.CALL} <= decisions
    lists = {
        name: HomeList(tuple(replace(one, may=frozenset()) for one in said.rows), said.total)
        for name, said in full().lists.items()
    }
    without = {one["action_id"] for one in pressable(home(full(lists=lists), EN))}
    assert not {actions.APPROVE, actions.REJECT, actions.CALL} & without


def test_the_choices_show_what_is_chosen_and_choices_of_one_are_not_asked() -> None:
    look = HomeFilter(list="disputes", whose="all", kind="call", entity="DE01")
    asked = {
        one["action_id"]: one
        for one in pressable(home(full(filter=look), EN))
        if one["type"] == "static_select"
    }
    chosen = {name: one["initial_option"]["value"] for name, one in asked.items()}
    assert chosen == {
        actions.HOME_LIST: "disputes", actions.HOME_WHOSE: "all", actions.HOME_KIND: "call", actions.HOME_ENTITY: "DE01",
    }  # fmt: skip
    few = {one["action_id"] for one in pressable(home(full(kinds=("call",), entities={"FR01": "x"}), EN))}
    assert not {actions.HOME_KIND, actions.HOME_ENTITY} & few


def test_colleagues_cases_name_their_owner() -> None:
    rows = HomeList((row(1, owner="lead@lumen.example"),), 1)
    assert "lead@lumen.example" not in told(home(full(lists={"worklist": rows}), EN))
    assert "lead@lumen.example" in told(
        home(full(lists={"worklist": rows}, filter=HomeFilter(whose="team")), EN)
    )


@pytest.mark.parametrize(
    ("look", "lists", "part"),
    [
        (HomeFilter(), {}, "Nothing waits for you"),
        (HomeFilter(whose="all"), {}, "no open case"),
        (HomeFilter(kind="call"), {}, "Nothing fits this choice"),
        (HomeFilter(list="approvals"), {"calls": HomeList((row(1),), 1)}, "Nothing waits for your yes"),
        (HomeFilter(), {"calls": HomeList((row(1),), 1)}, "No case is yours"),
    ],
)
def test_an_empty_list_says_why_and_what_to_do(
    look: HomeFilter, lists: dict[str, HomeList], part: str
) -> None:
    view = home(full(filter=look, lists=lists), EN)
    assert view_refusals(view) == []
    assert part in told(view)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("locale", sorted(WORDS))
def test_every_list_has_words_when_it_is_empty(name: Any, locale: str) -> None:
    lists = {one: HomeList((row(1),), 1) for one in LISTS if one != name}
    assert view_refusals(home(full(filter=HomeFilter(list=name), lists=lists), Voice(locale))) == []


def test_what_could_not_be_read_is_said_and_not_shown_as_nothing() -> None:
    text = told(home(full(error="The database is <not> there."), EN))
    assert "The database is &lt;not&gt; there." in text
    assert "Payer" not in text


def test_the_last_refresh_is_shown_in_the_viewers_own_time() -> None:
    assert f"<!date^{int(AT.timestamp())}^{{time}}|08:05 UTC>" in told(home(full(), EN))


@given(st.sampled_from(LISTS), st.integers(0, 10**6))
def test_a_filter_is_the_same_after_slack_has_kept_it(name: Any, page: int) -> None:
    look = HomeFilter(name, "team", "call", "FR01", page)
    assert HomeFilter.parse(str(look)) == look
    assert look.changed(kind="").page == 0
    assert look.changed(page=3).page == 3


@given(TEXT)
def test_metadata_that_is_none_of_ours_is_the_first_look(metadata: str) -> None:
    assert isinstance(HomeFilter.parse(metadata), HomeFilter)
