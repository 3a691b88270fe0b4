"""The reference against values worked out by hand: what stands against a step, and credit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.reference.build import (
    STEPS,
    brief,
    customer,
    d,
    hold,
    invoice,
    note,
    outcome,
    past,
    payment,
    person,
    planned,
    reasons,
    signal,
    step,
)

DAY = d(3, 10)  # the day of the first step


def found(on: date = DAY, **changes: Any) -> list[tuple[str, str | None]]:
    return reasons(outcome(on, **changes))


# --- grave --------------------------------------------------------------------------------------------


def test_insolvency_by_status_or_by_a_notice_that_does_not_lapse() -> None:
    assert found(customers=[customer(status="insolvency")]) == [("insolvency", None)]
    assert found(signals=[signal("insolvency_notice", d(2, 1), d(2, 2))]) == [("insolvency", None)]
    assert found(signals=[signal("insolvency_notice", d(3, 11))]) == []


def test_in_litigation_by_status_or_by_a_hand_over_of_ours_until_its_case_is_closed() -> None:
    assert found(customers=[customer(status="litigation")]) == [("in_litigation", None)]
    done = past("handover", "litigation", d(3, 5), "completed", "handoff", invoices=["B"])
    assert found(history=[done]) == [("in_litigation", None)]
    assert found(history=[done | {"handover_closed_on": d(3, 11)}]) == [("in_litigation", None)]
    assert found(history=[done | {"handover_closed_on": d(3, 10)}]) == []
    assert found(history=[done | {"payer_id": "P2"}]) == []


def test_closed_customers_still_owe() -> None:
    assert brief(outcome(DAY, customers=[customer(status="closed")])) == ("act", "first")


def test_stale_ledger_when_the_extract_is_more_days_older_than_allowed() -> None:
    assert found(extract_date=d(3, 7), entity={"max_ledger_age_days": 3}) == []
    assert found(extract_date=d(3, 6), entity={"max_ledger_age_days": 3}) == [("stale_ledger", None)]
    assert found(extract_date=d(3, 20), entity={"max_ledger_age_days": 3}) == []


# --- of the invoice -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("draft", [("not_delivered", None)]),
        ("rejected", [("not_delivered", None)]),
        ("refused", [("disputed", None)]),
        ("disputed", [("disputed", None)]),
        ("sent", []),
        ("approved", []),
        ("", []),
    ],
)
def test_delivery_status_says_not_delivered_or_disputed(
    status: str, expected: list[tuple[str, None]]
) -> None:
    assert found(invoices=[invoice(delivery_status=status)]) == expected


@pytest.mark.parametrize(
    "reason", ["disputed", "snoozed", "payment_announced", "commercial_hold", "instalment_plan"]
)
def test_a_persons_hold_stands_from_its_day_to_its_last(reason: str) -> None:
    assert found(holds=[hold(reason, d(3, 10))]) == [(reason, "2025-03-10")]
    assert found(holds=[hold(reason, None)]) == [(reason, None)]
    assert found(holds=[hold(reason, d(3, 9))]) == []
    assert found(holds=[hold(reason, None, **{"from": d(3, 11)})]) == []
    assert found(holds=[hold(reason, None, "B")]) == []
    assert found(holds=[hold(reason, None, None)]) == [(reason, None)]
    assert found(holds=[hold(reason, None, None, payer_id="P2")]) == []


def test_promised_until_the_promised_date_and_its_grace() -> None:
    assert found(holds=[hold("promised", d(3, 8))]) == [("promised", "2025-03-10")]
    assert found(holds=[hold("promised", d(3, 7))]) == []
    assert found(holds=[hold("promised", d(3, 7), None)], promise_grace_days=3) == [
        ("promised", "2025-03-10")
    ]


def test_instalment_plan_while_every_instalment_due_so_far_is_paid_within_its_grace() -> None:
    def plan_with(due: date, paid_on: date | None) -> dict[str, Any]:
        return hold("instalment_plan", None, instalments=[{"due": due, "paid_on": paid_on}])

    stands = [("instalment_plan", None)]
    assert found(holds=[plan_with(d(3, 8), None)]) == stands
    assert found(holds=[plan_with(d(3, 7), None)]) == []
    assert found(holds=[plan_with(d(3, 1), d(3, 3))]) == stands
    assert found(holds=[plan_with(d(3, 1), d(3, 4))]) == []


def test_direct_debit_until_its_grace_or_until_refused() -> None:
    debit = {"customers": [customer(payment_method="direct_debit")]}
    assert found(**debit, collection_grace_days=7) == [("direct_debit", "2025-03-10")]
    assert found(**debit, collection_grace_days=6) == []
    assert found(customers=[customer(payment_method="bill_of_exchange")], collection_grace_days=7) != []
    refused = [payment("60.00", d(3, 4), "A"), payment("-60.00", d(3, 6), "A")]
    assert found(**debit, collection_grace_days=7, payments=refused) == []


def test_direct_debit_is_the_payers_method() -> None:
    parties = [customer("P1", payer_id="P2"), customer("P2", payment_method="direct_debit")]
    people = [person(customer_id="P2")]
    assert found(customers=parties, contacts=people, collection_grace_days=7) == [
        ("direct_debit", "2025-03-10")
    ]


def test_too_recent_less_than_so_many_days_since_issue() -> None:
    assert found(invoices=[invoice(issue_date=d(3, 8))]) == [("too_recent", "2025-03-10")]
    assert found(invoices=[invoice(issue_date=d(3, 7))]) == []
    assert found(invoices=[invoice(issue_date=d(3, 10))], min_days_after_issue=0) == []


def test_awaiting_approval_of_a_contact_or_task_that_waits_for_a_person() -> None:
    for kind in ("message", "call", "internal", "handoff"):
        waiting = past("first", "level_1", d(3, 7), "awaiting_approval", kind)
        assert found(history=[waiting]) == [("awaiting_approval", None)]
        # "its invoices are held, the payer's others go on"
        assert found(history=[waiting | {"acts": []}]) == []
    assert found(history=[past("first", "level_1", d(3, 7), "open", "internal")]) == [
        ("awaiting_approval", None)
    ]


def test_call_open_for_the_invoices_of_a_call_not_made_yet() -> None:
    call = past("first", "level_1", d(3, 7), "open", "call")
    assert found(history=[call]) == [("call_open", None)]
    assert found(history=[call | {"acts": []}]) == []


# --- of the payer -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["support_ticket", "negotiation", "commercial_hold"])
def test_commercial_hold_by_signals_of_the_payer_or_of_the_invoices_customer(kind: str) -> None:
    parties = {
        "customers": [customer("P1", payer_id="P2"), customer("P2")],
        "contacts": [person(customer_id="P2")],
        "invoices": [invoice("A"), invoice("B", customer_id="P2")],
    }
    for owner, held in (("P1", ["A"]), ("P2", ["A", "B"])):
        rows = planned(DAY, **parties, signals=[signal(kind, d(3, 1), d(3, 10), owner)])["outcomes"]
        assert [row["invoice_id"] for row in rows if row["reason"] == "commercial_hold"] == held
    assert found(signals=[signal(kind, d(3, 1), d(3, 9))]) == []
    assert found(signals=[signal("churn_risk", d(3, 1))]) == []


def test_non_business_day_until_the_last_closed_day() -> None:
    assert found(d(3, 15)) == [("non_business_day", "2025-03-16")]
    # Thursday 1 May is a holiday; from Saturday 19 April Easter Monday is closed too.
    assert found(d(5, 1)) == [("non_business_day", "2025-05-01")]
    assert found(d(4, 19)) == [("non_business_day", "2025-04-21")]


def test_in_flight_while_a_contact_of_the_payer_is_under_way() -> None:
    def of_another(state: str, kind: str = "message") -> list[tuple[str, str | None]]:
        return found(history=[past("first", "level_1", d(3, 3), state, kind, invoices=["B"])])

    for state in ("planned", "sending", "in_doubt"):
        assert of_another(state) == [("in_flight", None)]
    for state in ("sent", "confirmed", "bounced", "failed", "cancelled", "rejected", "awaiting_approval"):
        assert of_another(state) == []
    for state in ("completed", "not_made", "open"):
        assert of_another(state, "call") == []
    assert of_another("planned", "internal") == []


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (past("x", "level_1", d(3, 8), invoices=["B"]), [("cooldown", "2025-03-10")]),
        (past("x", "level_1", d(3, 7), invoices=["B"]), []),
        (past("x", "level_1", d(3, 8), "bounced", invoices=["B"]), [("cooldown", "2025-03-10")]),
        (past("x", "level_1", d(3, 8), "failed", invoices=["B"]), []),
        (past("x", "level_1", d(3, 8), "completed", "call", invoices=["B"]), [("cooldown", "2025-03-10")]),
        (past("x", "level_1", d(3, 8), "not_made", "call", invoices=["B"]), []),
        (past("x", "level_1", d(3, 8), "completed", "internal", invoices=["B"]), []),
        (past("x", "preventive", d(3, 8), invoices=["B"]), []),
        (past("x", "level_1", d(3, 8), scenario="old", invoices=["B"]), [("cooldown", "2025-03-10")]),
        (past("x", "level_1", d(3, 8), payer_id="P2", invoices=["B"]), []),
    ],
)
def test_cooldown_counts_what_was_sent_or_made(contact: dict[str, Any], expected: list[Any]) -> None:
    assert found(history=[contact]) == expected


def test_cooldown_of_a_preventive_step_counts_preventive_contacts_too() -> None:
    contact = past("x", "preventive", d(3, 3), invoices=["B"])
    assert found(d(3, 5), history=[contact], invoices=[invoice(due_date=d(3, 10))]) == [
        ("cooldown", "2025-03-05")
    ]


def test_frequency_cap_counts_thirty_days_with_today() -> None:
    contacts = [past("x", "level_1", on, invoices=["B"]) for on in (d(2, 8), d(2, 10), d(3, 3))]
    assert found(history=contacts, max_contacts_per_30_days=2) == [("frequency_cap", "2025-03-11")]
    assert found(d(3, 11), history=contacts, max_contacts_per_30_days=2) == [("frequency_cap", "2025-03-11")]
    assert found(d(3, 12), history=contacts, max_contacts_per_30_days=2) == []
    assert found(history=contacts, max_contacts_per_30_days=1) == [("frequency_cap", "2025-04-01")]
    assert found(history=contacts, max_contacts_per_30_days=3) == []


def test_no_contact_when_nobody_can_be_reached_for_the_invoices_own_step() -> None:
    assert found(contacts=[]) == [("no_contact", None)]
    assert found(contacts=[person(email="")]) == [("no_contact", None)]
    assert found(contacts=[person(active="no")]) == [("no_contact", None)]
    assert found(contacts=[person(opt_out="sms|email")]) == [("no_contact", None)]
    assert found(contacts=[person(role="buyer")]) == [("no_contact", None)]
    assert found(contacts=[person(customer_id="P2")]) == [("no_contact", None)]


def test_tasks_are_held_by_what_is_grave_and_the_invoices_but_not_by_what_belongs_to_a_contact() -> None:
    steps = [step("file", "level_1", 7, "internal")]
    contacts = [
        past("x", "level_1", d(3, 14), invoices=["B"]),
        past("y", "level_1", d(3, 14), "planned", invoices=["B"]),
    ]
    row = outcome(d(3, 15), steps=steps, history=contacts, contacts=[], max_contacts_per_30_days=1)
    assert brief(row) == ("act", "file")
    assert brief(outcome(DAY, steps=steps, holds=[hold("snoozed", None)])) == ("hold", "file", "snoozed")
    assert brief(outcome(DAY, steps=steps, holds=[hold("commercial_hold", None, None)])) == (
        "hold",
        "file",
        "commercial_hold",
    )


def test_holds_come_in_the_order_of_the_page_then_until_then_source() -> None:
    row = outcome(
        d(3, 15),
        customers=[customer(status="litigation")],
        contacts=[],
        holds=[
            hold("snoozed", None),
            hold("snoozed", d(4, 1)),
            hold("snoozed", d(3, 20)),
            hold("disputed", None),
            hold("commercial_hold", None, None),
        ],
    )
    assert row["reason"] == "in_litigation"
    assert reasons(row) == [
        ("in_litigation", None),
        ("disputed", None),
        ("snoozed", "2025-03-20"),
        ("snoozed", "2025-04-01"),
        ("snoozed", None),
        ("commercial_hold", None),
        ("non_business_day", "2025-03-16"),
        ("no_contact", None),
    ]


def test_wait_and_exhausted_list_the_holds_that_belong_to_no_step() -> None:
    known = {"contacts": [], "holds": [hold("snoozed", d(9, 1)), hold("commercial_hold", None, None)]}
    expected = [("snoozed", "2025-09-01"), ("commercial_hold", None)]
    assert (outcome(d(3, 8), **known)["outcome"], found(d(3, 8), **known)) == ("wait", expected)
    assert (outcome(d(3, 8), **known, steps=STEPS[:1])["outcome"], found(d(3, 8), **known)) == (
        "exhausted",
        expected,
    )


def test_a_dispute_on_one_invoice_never_stops_the_others() -> None:
    plan = planned(DAY, invoices=[invoice("A"), invoice("B")], holds=[hold("disputed", None, "A")])
    assert [brief(row) for row in plan["outcomes"]] == [("hold", "first", "disputed"), ("act", "first")]


# --- credit -------------------------------------------------------------------------------------------


def demands_of(on: date = DAY, **changes: Any) -> dict[str, int]:
    return {row["invoice_id"]: row["to_demand"] for row in planned(on, **changes)["outcomes"]}


def test_of_a_partly_disputed_invoice_the_rest_is_demanded() -> None:
    row = outcome(DAY, holds=[hold("disputed", amount=3000)])
    assert (brief(row), row["open"], row["to_demand"]) == (("act", "first"), 10000, 7000)
    (contact,) = planned(DAY, holds=[hold("disputed", amount=3000)])["contacts"]
    assert contact["totals"] == [{"currency": "EUR", "amount": 7000}]
    assert outcome(DAY, holds=[hold("disputed", d(3, 9), amount=3000)])["to_demand"] == 10000


def test_a_part_that_leaves_nothing_open_holds_the_whole_invoice() -> None:
    assert found(holds=[hold("disputed", amount=10000)]) == [("disputed", None)]
    assert found(holds=[hold("disputed", amount=3000)], payments=[payment("70.00", d(3, 4), "A")]) == [
        ("disputed", None)
    ]
    two = [hold("disputed", amount=6000), hold("disputed", d(3, 20), amount=5000, source="case:2")]
    assert found(holds=two) == [("disputed", "2025-03-20"), ("disputed", None)]
    both = [hold("disputed", amount=6000), hold("disputed", source="case:2")]
    assert found(holds=both) == [("disputed", None)]


def test_credit_covers_the_undisputed_rest_of_an_invoice() -> None:
    parts = {"holds": [hold("disputed", amount=3000)]}
    covered = outcome(DAY, payments=[payment("70.00", d(3, 4))], **parts)
    assert (reasons(covered), covered["to_demand"]) == ([("covered_by_credit", None)], 0)
    assert outcome(DAY, payments=[payment("20.00", d(3, 4))], **parts)["to_demand"] == 5000
    two = [invoice("A"), invoice("B", due_date=d(3, 4))]
    demands = planned(DAY, invoices=two, payments=[payment("90.00", d(3, 4))], **parts)["outcomes"]
    assert [row["to_demand"] for row in demands] == [0, 8000]


def test_credit_covers_in_the_order_of_due_date_issue_date_and_id() -> None:
    invoices = [
        invoice("A", issue_date=d(2, 4)),
        invoice("B"),
        invoice("C"),
        invoice("D", due_date=d(2, 28), issue_date=d(2, 20)),
    ]
    credit = [payment("250.00", d(3, 1))]
    assert demands_of(invoices=invoices, payments=credit) == {"A": 10000, "B": 0, "C": 5000, "D": 0}


def test_credit_covers_overdue_and_coming_due_alike() -> None:
    invoices = [invoice("A"), invoice("B", due_date=d(5, 5))]
    assert demands_of(invoices=invoices, payments=[payment("150.00", d(3, 1))]) == {"A": 0, "B": 5000}


def test_credit_stays_in_its_currency_and_with_its_payer() -> None:
    invoices = [invoice("A"), invoice("B", currency="USD")]
    assert demands_of(invoices=invoices, payments=[payment("30.00", d(3, 1))]) == {"A": 7000, "B": 10000}
    others = [payment("30.00", d(3, 1), customer_id="P2")]
    assert demands_of(customers=[customer(), customer("P2")], payments=others) == {"A": 10000}


@pytest.mark.parametrize(
    "stops",
    [
        {"holds": [hold("promised", d(4, 1), "A")]},
        {"holds": [hold("disputed", None, "A")]},
        {"holds": [hold("snoozed", d(4, 1), "A")]},
        {"history": [past("first", "level_1", d(3, 7), "awaiting_approval")]},
        {"history": [past("first", "level_1", d(3, 7), "open", "call")]},
    ],
)
def test_credit_does_not_cover_what_another_hold_of_the_invoice_stops(stops: dict[str, Any]) -> None:
    invoices = [invoice("A"), invoice("B", due_date=d(3, 4))]
    credit = [payment("30.00", d(3, 1))]
    assert demands_of(invoices=invoices, payments=credit, **stops) == {"A": 10000, "B": 7000}


def test_credit_covers_whatever_holds_of_the_payer_stand() -> None:
    credit = [payment("30.00", d(3, 1))]
    assert demands_of(payments=credit, customers=[customer(status="insolvency")], contacts=[]) == {"A": 7000}
    assert demands_of(payments=credit, holds=[hold("commercial_hold", None, None)]) == {"A": 7000}


def test_covered_by_credit_holds_and_partly_covered_is_chased_for_the_rest() -> None:
    whole = planned(DAY, payments=[payment("100.00", d(3, 1))])
    assert brief(whole["outcomes"][0]) == ("hold", "first", "covered_by_credit")
    part = planned(DAY, payments=[payment("99.99", d(3, 1))])
    assert part["contacts"][0]["demands"] == [{"invoice_id": "A", "amount": 1, "currency": "EUR"}]


def test_below_minimum_is_tested_after_credit_and_does_not_stop_it() -> None:
    known = {"payments": [payment("91.00", d(3, 1))], "minimum": ["10.00 EUR", "50.00 USD"]}
    row = outcome(DAY, **known)
    assert (row["to_demand"], reasons(row)) == (900, [("below_minimum", None)])
    two = [invoice("A"), invoice("B", due_date=d(3, 1))]
    rows = planned(DAY, **{**known, "payments": [payment("191.00", d(3, 1))]}, invoices=two)["outcomes"]
    assert [reasons(row) for row in rows] == [
        [("below_minimum", None)],
        [("covered_by_credit", None), ("below_minimum", None)],
    ]


def test_below_minimum_looks_at_the_payers_outstanding_total_in_that_currency() -> None:
    small = [invoice("A", amount="6.00"), invoice("B", amount="4.00", due_date=d(9, 1))]
    assert found(invoices=small, minimum=["10.00 EUR"]) == []
    assert found(invoices=small, minimum=["10.01 EUR"]) == [("below_minimum", None)]
    assert found(invoices=small, minimum=["10.00 EUR"], holds=[hold("disputed", None, "B")]) == [
        ("below_minimum", None)
    ]
    assert found(invoices=small, minimum=["10.00 EUR"], holds=[hold("promised", d(9, 1), "B")]) == []
    assert found(invoices=small, minimum=["99.00 USD"]) == []


def test_credit_of_an_unlinked_note_covers_too() -> None:
    assert demands_of(invoices=[invoice("A"), note("N", "40.00")]) == {"A": 6000}


def test_credit_before_its_day_covers_nothing() -> None:
    assert demands_of(payments=[payment("30.00", DAY + timedelta(days=1))]) == {"A": 10000}
