"""The reference against values worked out by hand: words, and which step (rules 1 to 7 of the page)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.reference.build import (
    STEPS,
    brief,
    customer,
    d,
    hold,
    invoice,
    outcome,
    past,
    payment,
    person,
    planned,
    reasons,
    signal,
    step,
)

SECOND_DONE = [past("first", "level_1", d(3, 10)), past("second", "level_1", d(3, 13))]


# --- words --------------------------------------------------------------------------------------------


def test_payer_is_the_invoices_else_the_customers_else_the_customer() -> None:
    customers = [customer("P1", payer_id="P2"), customer("P2", payer_id="P3"), customer("P3")]
    invoices = [invoice("A"), invoice("B", payer_id="P1"), invoice("C", customer_id="P3")]
    rows = planned(d(3, 4), customers=customers, invoices=invoices)["outcomes"]
    assert [row["payer_id"] for row in rows] == ["P2", "P1", "P3"]


@pytest.mark.parametrize(("on", "late"), [(d(2, 27), -4), (d(3, 3), 0), (d(3, 4), 1), (d(4, 3), 31)])
def test_days_late_counts_calendar_days(on: date, late: int) -> None:
    assert outcome(on)["days_late"] == late


def test_history_is_what_was_planned_before_the_day() -> None:
    assert outcome(d(3, 10), history=[past("first", "level_1", d(3, 10))])["level_reached"] is None
    assert outcome(d(3, 11), history=[past("first", "level_1", d(3, 10))])["level_reached"] == "level_1"


def test_every_open_invoice_has_one_outcome_and_closed_ones_none() -> None:
    invoices = [invoice("A"), invoice("B", status="cancelled"), invoice("C", status="written_off")]
    invoices += [invoice("D", status="assigned"), invoice("E", amount="0"), invoice("F", issue_date=d(3, 11))]
    assert [row["invoice_id"] for row in planned(d(3, 10), invoices=invoices)["outcomes"]] == ["A"]


# --- segment table ------------------------------------------------------------------------------------

OTHER = {"other": {"steps": [step("other", "level_1", 1)]}}


def scenario_under(when: dict[str, object], **changes: object) -> str:
    rules = [{"name": "rule", "when": when, "scenario": "other"}]
    return outcome(d(3, 10), rules=rules, others=OTHER, **changes)["scenario"]


@pytest.mark.parametrize(
    ("when", "payer", "expected"),
    [
        ({"vip": True}, {"vip": "yes"}, "other"),
        ({"vip": True}, {}, "standard"),
        ({"vip": False}, {}, "other"),
        ({"vip": False}, {"vip": "1"}, "standard"),
        ({"segment": ["small", "large"]}, {"segment": "large"}, "other"),
        ({"segment": ["small"]}, {}, "standard"),
        ({"country": ["FR"], "vip": True}, {"vip": "no"}, "standard"),
        ({"region": ["home"], "entity": ["FR01"]}, {}, "other"),
        ({"entity": ["DE01"]}, {}, "standard"),
        ({"payment_method": ["cheque"]}, {"payment_method": "cheque"}, "other"),
        ({"profile": ["good"]}, {}, "standard"),
        ({"risk": ["high"]}, {}, "standard"),
        ({}, {}, "other"),
    ],
)
def test_segment_conditions_all_hold(when: dict[str, object], payer: dict[str, str], expected: str) -> None:
    assert scenario_under(when, customers=[customer(**payer)]) == expected


def test_segment_first_rule_that_holds_wins() -> None:
    rules = [
        {"name": "one", "when": {"vip": True}, "scenario": "standard"},
        {"name": "two", "when": {"country": ["FR"]}, "scenario": "other"},
        {"name": "three", "when": {}, "scenario": "standard"},
    ]
    assert outcome(d(3, 10), rules=rules, others=OTHER)["scenario"] == "other"


def test_segment_signal_stands_from_its_day_until_its_last() -> None:
    when = {"signal": ["churn_risk"]}
    assert scenario_under(when, signals=[signal("churn_risk", d(3, 10), d(3, 10))]) == "other"
    assert scenario_under(when, signals=[signal("churn_risk", d(3, 11))]) == "standard"
    assert scenario_under(when, signals=[signal("churn_risk", d(3, 1), d(3, 9))]) == "standard"


def test_segment_totals_are_delivered_undisputed_open_less_all_credit() -> None:
    invoices = [
        invoice("A"),
        invoice("B", due_date=d(4, 3)),
        invoice("C", delivery_status="draft", amount="1000.00"),
        invoice("D", delivery_status="refused", amount="1000.00"),
        invoice("E", amount="1000.00"),
    ]
    known = {
        "invoices": invoices,
        "payments": [payment("30.00", d(2, 5))],
        "holds": [hold("disputed", None, "E")],
    }
    # Outstanding 100 + 100 − 30 = 170; overdue 100 − 30 = 70.
    assert scenario_under({"outstanding_over": ["169.99 EUR"]}, **known) == "other"
    assert scenario_under({"outstanding_over": ["170.00 EUR"]}, **known) == "standard"
    assert scenario_under({"overdue_over": ["69.99 EUR"]}, **known) == "other"
    assert scenario_under({"overdue_over": ["70.00 EUR", "1.00 USD"]}, **known) == "standard"


# --- rule 1 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "country", "day", "moved"),
    [
        (d(3, 3), "FR", 7, d(3, 10)),
        (d(3, 1), "FR", 7, d(3, 10)),  # Saturday 8 → Monday 10
        (d(4, 14), "FR", 7, d(4, 22)),  # Easter Monday 21 → Tuesday
        (d(9, 26), "DE", 7, d(10, 6)),  # the payer's 3 October, a Friday → Monday
        (d(9, 26), "FR", 7, d(10, 3)),
        (d(3, 7), "SA", 7, d(3, 17)),  # Friday: closed there; Saturday: both; Sunday: here
        (d(3, 1), "ZZ", 7, d(3, 10)),  # a country the package does not know rests on Saturday and Sunday
    ],
)
def test_rule_1_a_step_moves_to_the_next_business_day_of_both(
    due: date, country: str, day: int, moved: date
) -> None:
    steps = [step("first", "level_1", day)]
    row = outcome(due, invoices=[invoice(due_date=due)], customers=[customer(country=country)], steps=steps)
    assert brief(row) == ("wait", "first", moved.isoformat())


def test_rule_1_a_preventive_step_moves_to_the_business_day_before() -> None:
    # Due Friday 7 March; 5 days before is Sunday 2 March, so Friday 28 February.
    row = outcome(d(2, 28), invoices=[invoice(due_date=d(3, 7))])
    assert (brief(row), row["step_date"]) == (("act", "before"), "2025-02-28")


def test_rule_1_extra_holidays_and_business_days_of_the_region() -> None:
    assert brief(outcome(d(3, 4), region={"extra_holidays": [d(3, 10)]})) == ("wait", "first", "2025-03-11")
    assert brief(outcome(d(3, 4), region={"business_days": ["thu"]})) == ("wait", "second", "2025-03-13")


# --- rule 2 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "kind", "reached"),
    [
        *[(state, "message", "level_1") for state in ("sent", "confirmed")],
        *[(state, "message", None) for state in ("planned", "sending", "in_doubt", "awaiting_approval")],
        *[(state, "message", None) for state in ("failed", "cancelled", "rejected", "bounced")],
        *[(state, "call", "level_1") for state in ("completed", "not_made")],
        *[(state, "call", None) for state in ("awaiting_approval", "cancelled", "rejected")],
        ("completed", "internal", "level_1"),
        ("completed", "handoff", "level_1"),
        *[(state, "internal", None) for state in ("open", "cancelled", "rejected", "awaiting_approval")],
    ],
)
def test_rule_2_a_step_is_done_when_its_contact_was(state: str, kind: str, reached: str | None) -> None:
    row = outcome(d(3, 12), history=[past("first", "level_1", d(3, 10), state, kind)])
    assert row["level_reached"] == reached


def test_rule_2_done_steps_are_read_from_the_acts_and_not_from_the_contact() -> None:
    contact = past(
        "formal", "level_3", d(3, 10), acts=[{"invoice_id": "A", "step": "first", "level": "level_1"}]
    )
    assert outcome(d(3, 12), history=[contact])["level_reached"] == "level_1"


def test_rule_2_contacts_are_dated_by_when_they_were_sent() -> None:
    late = past("second", "level_1", d(3, 10), acted_on=d(3, 14))
    assert brief(outcome(d(3, 17), history=[late])) == ("wait", "call", "2025-03-21")


def test_a_call_not_completed_within_its_patience_becomes_not_made() -> None:
    # Monday 17 March and five business days: over on Monday 24.
    call = past("call", "level_2", d(3, 17), "open", "call")
    before, after = (outcome(on, history=[*SECOND_DONE, call]) for on in (d(3, 23), d(3, 24)))
    assert (before["level_reached"], reasons(before)) == (
        "level_1",
        [("call_open", None), ("non_business_day", "2025-03-23")],
    )
    assert (after["level_reached"], reasons(after)) == ("level_2", [])


# --- rule 3 -------------------------------------------------------------------------------------------


def test_rule_3_a_preventive_step_is_no_candidate_past_the_due_date() -> None:
    assert brief(outcome(d(3, 3))) == ("act", "before")
    assert brief(outcome(d(3, 4))) == ("wait", "first", "2025-03-10")


@pytest.mark.parametrize(
    ("least", "expected"),
    [
        (["100.00 EUR"], ("act", "first")),
        (["100.01 EUR"], ("exhausted",)),
        (["100.01 EUR", "1.00 USD"], ("exhausted",)),
        (["500.00 USD"], ("act", "first")),
    ],
)
def test_rule_3_min_overdue_is_reached_or_the_step_passed_over(
    least: list[str], expected: tuple[str, ...]
) -> None:
    row = outcome(d(3, 10), steps=[step("first", "level_1", 7, min_overdue=least)])
    assert brief(row) == expected
    assert row["passed_over"] == (["first"] if expected == ("exhausted",) else [])


def test_rule_3_a_passed_over_step_does_not_block() -> None:
    steps = [step("first", "level_1", 7, min_overdue=["500.00 EUR"]), step("firm", "level_2", 14)]
    row = outcome(d(3, 17), steps=steps)
    assert (brief(row), row["passed_over"]) == (("act", "firm"), ["first"])


def test_rule_3_the_overdue_total_is_the_payers_without_disputed_undelivered_and_covered() -> None:
    steps = [step("first", "level_1", 7, min_overdue=["150.00 EUR"])]
    two = {"steps": steps, "invoices": [invoice("A"), invoice("B", amount="50.00", due_date=d(3, 4))]}
    assert brief(outcome(d(3, 10), **two)) == ("act", "first")
    assert brief(outcome(d(3, 10), **two, holds=[hold("promised", d(3, 20), "B")])) == ("act", "first")
    assert brief(outcome(d(3, 10), **two, holds=[hold("disputed", None, "B")])) == ("exhausted",)
    assert brief(outcome(d(3, 10), **two, payments=[payment("1.00", d(3, 1))])) == ("exhausted",)
    draft = [invoice("A"), invoice("B", amount="50.00", due_date=d(3, 4), delivery_status="draft")]
    assert brief(outcome(d(3, 10), steps=steps, invoices=draft)) == ("exhausted",)
    due_today = [invoice("A"), invoice("B", amount="50.00", due_date=d(3, 10))]
    assert brief(outcome(d(3, 10), steps=steps, invoices=due_today)) == ("exhausted",)


# --- rule 4 -------------------------------------------------------------------------------------------


def test_rule_4_a_level_is_never_skipped() -> None:
    # 91 days late and never chased: all steps are due; the lowest level's latest is taken.
    assert brief(outcome(d(6, 2))) == ("act", "second")
    assert brief(outcome(d(6, 2), history=SECOND_DONE)) == ("act", "call")


# --- rule 5 -------------------------------------------------------------------------------------------


def test_rule_5_a_higher_level_waits_for_the_days_between_levels() -> None:
    assert brief(outcome(d(3, 17), history=SECOND_DONE)) == ("wait", "call", "2025-03-20")
    assert brief(outcome(d(3, 19), history=SECOND_DONE)) == ("wait", "call", "2025-03-20")
    assert brief(outcome(d(3, 20), history=SECOND_DONE)) == ("act", "call")


def test_rule_5_a_step_of_the_same_level_does_not_wait() -> None:
    assert brief(outcome(d(3, 13), history=[past("first", "level_1", d(3, 10))])) == ("act", "second")


def test_rule_5_level_1_does_not_wait() -> None:
    history = [past("before", "preventive", d(3, 3))]
    assert brief(outcome(d(3, 4), steps=[STEPS[0], step("first", "level_1", 1)], history=history)) == (
        "act",
        "first",
    )


def test_rule_5_preventive_contacts_are_left_aside() -> None:
    steps = [STEPS[0], step("firm", "level_2", 1)]
    history = [past("before", "preventive", d(3, 3))]
    assert brief(outcome(d(3, 4), steps=steps, history=history)) == ("act", "firm")


@pytest.mark.parametrize(
    ("called_on", "next_on"),
    [
        (d(3, 20), "2025-04-02"),  # on time: S of the formal notice is 2 April
        (d(3, 23), "2025-04-02"),  # 6 days after its S
        (d(3, 24), "2025-04-09"),  # 7 days after its S: a catch-up, 30 − 14 = 16 days
        (d(6, 10), "2025-06-26"),
    ],
)
def test_rule_5_after_a_catch_up_the_wait_is_the_steps_difference(called_on: date, next_on: str) -> None:
    history = [*SECOND_DONE, past("call", "level_2", called_on, "completed", "call")]
    assert brief(outcome(max(called_on + timedelta(days=1), d(4, 1)), history=history)) == (
        "wait",
        "formal",
        next_on,
    )


def test_rule_5_after_a_catch_up_the_wait_is_never_less_than_the_minimum() -> None:
    # 14 − 10 = 4 days are less than 7; Monday 9 June is a holiday.
    history = [past("second", "level_1", d(6, 2))]
    assert brief(outcome(d(6, 3), history=history)) == ("wait", "call", "2025-06-10")


def test_rule_5_the_last_contact_counts_whatever_its_level() -> None:
    history = [past("call", "level_2", d(3, 20), "completed", "call"), past("first", "level_1", d(4, 1))]
    # The last one came 22 days after its S: the wait is 30 − 7 = 23 days from 1 April.
    assert brief(outcome(d(4, 2), history=history)) == ("wait", "formal", "2025-04-24")


def test_rule_5_nothing_acts_soon_after_a_reversal_that_opened_the_invoice_again() -> None:
    payments = [payment("100.00", d(3, 5), "A"), payment("-100.00", d(3, 11), "A")]
    assert brief(outcome(d(3, 12), payments=payments)) == ("wait", "second", "2025-03-18")
    assert brief(outcome(d(3, 18), payments=payments)) == ("act", "second")


def test_rule_5_a_reversal_of_an_invoice_that_was_open_does_not_wait() -> None:
    payments = [payment("50.00", d(3, 5), "A"), payment("-50.00", d(3, 9), "A")]
    assert brief(outcome(d(3, 10), payments=payments)) == ("act", "first")


# --- rule 6 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "expected", "reached"),
    [
        (past("first", "level_1", d(3, 10)), ("act", "second"), "level_1"),
        (past("first", "level_1", d(3, 10), scenario="old"), ("act", "call"), "level_1"),
        (past("gone", "level_1", d(3, 10)), ("act", "call"), "level_1"),
        (past("x", "level_2", d(3, 10), scenario="old"), ("act", "formal"), "level_2"),
        (past("x", "preventive", d(2, 26), scenario="old"), ("act", "second"), "preventive"),
    ],
)
def test_rule_6_a_done_step_keeps_its_place_or_counts_as_the_last_of_its_level(
    done: dict[str, object], expected: tuple[str, str], reached: str
) -> None:
    row = outcome(d(6, 2), history=[done])
    assert (brief(row), row["level_reached"]) == (expected, reached)


def test_rule_6_where_the_level_is_missing_the_last_one_below_counts() -> None:
    steps = [step("first", "level_1", 7), step("formal", "level_3", 30)]
    history = [past("x", "level_2", d(3, 20), scenario="old")]
    row = outcome(d(4, 2), steps=steps, history=history)
    # It counts as "first", whose S is 10 March: 10 days later is a catch-up, 23 days from 20 March.
    assert (brief(row), row["level_reached"]) == (("wait", "formal", "2025-04-14"), "level_1")


def test_rule_6_where_nothing_is_of_its_level_or_below_nothing_is_reached_but_the_wait_stays() -> None:
    history = [past("x", "level_1", d(4, 1), scenario="old")]
    row = outcome(d(4, 2), steps=[step("formal", "level_3", 30)], history=history)
    assert (brief(row), row["level_reached"]) == (("wait", "formal", "2025-04-08"), None)


def test_rule_6_the_furthest_counts() -> None:
    history = [past("call", "level_2", d(3, 17), "completed", "call"), past("first", "level_1", d(3, 31))]
    row = outcome(d(6, 2), history=history)
    assert (brief(row), row["level_reached"]) == (("act", "formal"), "level_2")


def test_rule_6_a_reopened_invoice_goes_on_from_where_it_was() -> None:
    payments = [payment("100.00", d(3, 14), "A"), payment("-100.00", d(4, 1), "A")]
    assert brief(outcome(d(4, 8), payments=payments, history=SECOND_DONE)) == ("act", "call")


# --- rule 7 -------------------------------------------------------------------------------------------


def test_rule_7_wait_names_the_next_step_and_its_first_business_day() -> None:
    assert brief(outcome(d(2, 10))) == ("wait", "before", "2025-02-26")
    late = [past("second", "level_1", d(3, 15))]  # and seven days: Saturday 22
    assert brief(outcome(d(3, 17), history=late)) == ("wait", "call", "2025-03-24")


def test_rule_7_wait_names_the_step_that_will_be_chosen_by_then() -> None:
    steps = [step("first", "level_1", 7), step("one", "level_2", 8), step("two", "level_2", 12)]
    history = [past("first", "level_1", d(3, 10))]
    assert brief(outcome(d(3, 11), steps=steps, history=history)) == ("wait", "two", "2025-03-17")


def test_rule_7_wait_does_not_look_at_holds() -> None:
    row = outcome(d(3, 4), holds=[hold("snoozed", d(5, 1))])
    assert (brief(row), reasons(row)) == (("wait", "first", "2025-03-10"), [("snoozed", "2025-05-01")])


def test_rule_7_for_a_task_too_a_business_day_though_it_acts_on_any() -> None:
    steps = [step("first", "level_1", 7), step("file", "level_2", 8, "internal")]
    history = [past("first", "level_1", d(3, 15))]
    assert brief(outcome(d(3, 17), steps=steps, history=history)) == ("wait", "file", "2025-03-24")
    assert brief(outcome(d(3, 22), steps=steps, history=history)) == ("act", "file")


def test_rule_7_exhausted_when_no_step_is_left() -> None:
    row = outcome(d(3, 12), steps=STEPS[:2], history=[past("first", "level_1", d(3, 10))])
    assert brief(row) == ("exhausted",)
    assert brief(outcome(d(3, 4), steps=STEPS[:1])) == ("exhausted",)


def test_rule_7_passed_over_lists_the_steps_still_to_come_for_every_outcome() -> None:
    high = ["500.00 EUR"]
    steps = [
        step("before", "preventive", -5, min_overdue=high),
        step("first", "level_1", 7),
        step("firm", "level_2", 14, min_overdue=high),
        step("formal", "level_3", 30, min_overdue=high),
    ]
    assert outcome(d(3, 3), steps=steps)["passed_over"] == ["before", "firm", "formal"]
    assert outcome(d(3, 4), steps=steps)["passed_over"] == ["firm", "formal"]
    assert outcome(d(3, 10), steps=steps)["outcome"] == "act"
    assert outcome(d(3, 10), steps=steps)["passed_over"] == ["firm", "formal"]
    done = outcome(d(6, 2), steps=steps, history=[past("firm", "level_2", d(3, 17))])
    assert (brief(done), done["passed_over"]) == (("exhausted",), ["formal"])


# --- the table of commands.md -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "changes", "wanted"),
    [
        (d(3, 10), {}, {"step", "level", "step_date", "contact_key"}),
        (d(3, 10), {"contacts": []}, {"step", "level", "step_date", "reason"}),
        (d(3, 4), {"customers": [customer(status="insolvency")]}, {"next_step", "next_on"}),
        (d(3, 4), {"steps": STEPS[:1], "contacts": [person()]}, set()),
    ],
)
def test_what_is_set_and_what_is_null(on: date, changes: dict[str, object], wanted: set[str]) -> None:
    row = outcome(on, **changes)
    nullable = ("reason", "step", "level", "step_date", "next_step", "next_on", "contact_key")
    assert {name for name in nullable if row[name] is not None} == wanted
