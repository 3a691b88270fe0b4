"""The reference against values worked out by hand: joining, persons, approvals, caps, tasks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference.build import (
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
    step,
)

DAY = d(3, 17)
# On 17 March: K (due 3 March, first step done) is at level 2, A at level 1, N not due until 20 March.
LADDER = [
    step("before", "preventive", -5),
    step("first", "level_1", 7),
    step("firm", "level_2", 14, channels=["letter", "email"]),
    step("formal", "level_3", 30),
]
THREE = [invoice("K"), invoice("A", due_date=d(3, 10)), invoice("N", due_date=d(3, 20))]
K_DONE = [past("first", "level_1", d(3, 10), invoices=["K"])]


def test_invoices_that_may_act_join_one_contact_led_by_the_highest_level() -> None:
    plan = planned(DAY, steps=LADDER, invoices=THREE, history=K_DONE)
    (contact,) = plan["contacts"]
    assert (contact["step"], contact["level"], contact["channel"]) == ("firm", "level_2", "email")
    assert contact["acts"] == [
        {"invoice_id": "A", "step": "first", "level": "level_1"},
        {"invoice_id": "K", "step": "firm", "level": "level_2"},
        {"invoice_id": "N", "step": "before", "level": "preventive"},
    ]
    assert contact["demands"] == [
        {"invoice_id": "A", "amount": 10000, "currency": "EUR"},
        {"invoice_id": "K", "amount": 10000, "currency": "EUR"},
    ]
    assert contact["announces"] == ["N"]
    assert contact["totals"] == [{"currency": "EUR", "amount": 20000}]
    assert {row["contact_key"] for row in plan["outcomes"]} == {contact["key"]}


def test_the_lead_is_the_latest_step_of_the_highest_level_then_the_lowest_invoice() -> None:
    steps = [step("first", "level_1", 7), step("second", "level_1", 10, channels=["letter"])]
    invoices = [invoice("A", due_date=d(3, 10)), invoice("B")]
    people = [person(address="1 rue du Port")]
    (contact,) = planned(DAY, steps=steps, invoices=invoices, contacts=people)["contacts"]
    assert (contact["step"], contact["channel"], contact["to"]) == ("second", "letter", "1 rue du Port")


def test_an_invoice_due_today_is_demanded() -> None:
    (contact,) = planned(d(3, 3))["contacts"]
    assert (contact["announces"], [row["invoice_id"] for row in contact["demands"]]) == ([], ["A"])
    (contact,) = planned(d(2, 26))["contacts"]
    assert (contact["announces"], contact["demands"], contact["totals"]) == (["A"], [], [])


def test_mentions_are_the_payers_other_open_delivered_items() -> None:
    invoices = [
        invoice("A"),
        invoice("B", delivery_status="draft"),
        invoice("C", delivery_status="rejected"),
        invoice("D", delivery_status="refused"),
        invoice("E", due_date=d(9, 1)),
        invoice("F"),
        invoice("G", customer_id="P2"),
    ]
    known = {"customers": [customer(), customer("P2")], "holds": [hold("promised", d(5, 1), "F")]}
    (contact,) = planned(d(3, 10), invoices=invoices, **known)["contacts"]
    assert contact["mentions"] == ["D", "E", "F"]


def test_totals_are_per_currency_in_minor_units() -> None:
    invoices = [
        invoice("A"),
        invoice("J", amount="1200", currency="JPY"),
        invoice("T", amount="1.234", currency="TND"),
    ]
    (contact,) = planned(d(3, 10), invoices=invoices)["contacts"]
    assert contact["totals"] == [
        {"currency": "EUR", "amount": 10000},
        {"currency": "JPY", "amount": 1200},
        {"currency": "TND", "amount": 1234},
    ]


def test_a_held_invoice_is_in_no_demands() -> None:
    plan = planned(d(3, 10), invoices=[invoice("A"), invoice("B")], holds=[hold("snoozed", d(4, 1), "B")])
    (contact,) = plan["contacts"]
    assert ([row["invoice_id"] for row in contact["demands"]], contact["mentions"]) == (["A"], ["B"])


# --- persons ------------------------------------------------------------------------------------------


def reached(people: list[dict[str, Any]], **changes: Any) -> tuple[str, str, str]:
    """Person, channel and address of the first reminder."""
    changes = {"channels": ["sms", "email"]} | changes
    (contact,) = planned(d(3, 10), contacts=people, steps=[step("first", "level_1", 7, **changes)])[
        "contacts"
    ]
    return contact["contact_id"], contact["channel"], contact["to"]


def test_persons_by_role_in_audience_order() -> None:
    people = [person("C1", role="finance_lead"), person("C2"), person("C3", role="buyer")]
    assert reached(people)[0] == "C2"
    assert reached(people, audience=["buyer", "finance_lead"])[0] == "C3"
    assert reached(people, audience=["legal", "finance_lead"])[0] == "C1"


def test_persons_of_a_role_with_a_preferred_channel_among_the_steps_come_first() -> None:
    people = [person("C1"), person("C2", preferred_channel="email"), person("C3", preferred_channel="letter")]
    # C2 comes first, and receives the first of the step's channels, not the preferred one.
    assert reached(people) == ("C2", "sms", "+33123456789")
    assert reached([people[2], people[0]])[0] == "C1"


def test_persons_without_a_role_come_last() -> None:
    people = [person("C1", role=""), person("C2", role="finance_lead")]
    assert reached(people)[0] == "C2"
    assert reached(people[:1])[0] == "C1"


def test_the_first_of_the_steps_channels_a_person_can_receive() -> None:
    assert reached([person("C1", phone="")]) == ("C1", "email", "c1@pay.example")
    assert reached([person("C1", opt_out="sms")]) == ("C1", "email", "c1@pay.example")
    # A person who can receive any comes before the next person, whatever the channel.
    assert reached([person("C1", phone=""), person("C2")])[0] == "C1"
    assert reached([person("C1", phone="", email=""), person("C2")])[0] == "C2"
    assert reached([person("C1", active="N"), person("C2")])[0] == "C2"


@pytest.mark.parametrize(
    ("channel", "to"),
    [
        ("email", "c1@pay.example"),
        ("sms", "+33123456789"),
        ("voice", "+33123456789"),
        ("whatsapp", "+33600000000"),
        ("letter", "1 rue du Port"),
        ("registered", "1 rue du Port"),
    ],
)
def test_what_a_person_needs_for_a_channel(channel: str, to: str) -> None:
    people = [person(whatsapp="+33600000000", address="1 rue du Port")]
    assert reached(people, channels=[channel]) == ("C1", channel, to)


def test_registered_takes_an_email_where_there_is_no_address() -> None:
    assert reached([person()], channels=["registered"]) == ("C1", "registered", "c1@pay.example")


@pytest.mark.parametrize(
    ("persons", "payers", "languages", "expected"),
    [
        ("fr-BE", "en", ["en", "fr"], "fr"),
        ("de", "fr", ["en", "fr"], "fr"),
        ("", "FR", ["en", "fr"], "fr"),
        ("de", "it", ["en", "fr"], "en"),
        ("", "", ["de"], "de"),
    ],
)
def test_language_is_the_first_the_region_has(
    persons: str, payers: str, languages: list[str], expected: str
) -> None:
    plan = planned(
        d(3, 10),
        contacts=[person(language=persons)],
        customers=[customer(language=payers)],
        region={"languages": languages},
    )
    assert plan["contacts"][0]["language"] == expected


# --- tasks --------------------------------------------------------------------------------------------


def test_tasks_are_joined_per_payer_and_step_apart_from_contacts() -> None:
    steps = [
        step("first", "level_1", 7),
        step("file", "level_2", 14, "internal"),
        step("give", "level_3", 21, "handoff"),
    ]
    invoices = [invoice("A"), invoice("B"), invoice("C", due_date=d(2, 24)), invoice("D", due_date=d(3, 10))]
    history = [past("first", "level_1", d(3, 3), invoices=["A", "B"])]
    history += [past("file", "level_2", d(3, 10), "completed", "internal", invoices=["C"])]
    plan = planned(DAY, steps=steps, invoices=invoices, history=history)
    assert [
        (task["step"], task["kind"], [act["invoice_id"] for act in task["acts"]]) for task in plan["tasks"]
    ] == [
        ("file", "internal", ["A", "B"]),
        ("give", "handoff", ["C"]),
    ]
    (contact,) = plan["contacts"]
    assert ([act["invoice_id"] for act in contact["acts"]], contact["mentions"]) == (["D"], ["A", "B", "C"])
    assert len({row["key"] for row in plan["tasks"] + plan["contacts"]}) == 3


# --- approval -----------------------------------------------------------------------------------------


def approval(over: list[str] | None, **changes: Any) -> str | None:
    wanted = {"role": "finance_lead"} | ({} if over is None else {"over": over})
    (contact,) = planned(d(3, 10), steps=[step("first", "level_1", 7, approval=wanted)], **changes)[
        "contacts"
    ]
    return contact["approval"]


def test_approval_always_or_over_a_total_or_in_a_currency_not_listed() -> None:
    assert approval(None) == "finance_lead"
    assert approval([]) == "finance_lead"
    assert approval(["100.00 EUR"]) is None
    assert approval(["99.99 EUR"]) == "finance_lead"
    assert approval(["500.00 USD"]) == "finance_lead"
    assert approval(["99.99 EUR"], payments=[payment("1.00", d(3, 1))]) is None
    assert planned(d(3, 10))["contacts"][0]["approval"] is None


def test_approval_is_that_of_the_leads_step() -> None:
    ladder = [step("first", "level_1", 7, approval={"role": "sales"}), *LADDER[2:]]
    (contact,) = planned(DAY, steps=ladder, invoices=THREE[:2], history=K_DONE)["contacts"]
    assert contact["approval"] is None


def test_after_approval_its_invoices_are_planned_anew_without_a_second_one_unless_it_grew() -> None:
    agreed = past(
        "first", "level_1", d(3, 7), "approved", acted_on=None, totals=[{"currency": "EUR", "amount": 10000}]
    )
    assert approval(None, history=[agreed]) is None
    assert approval(None, history=[agreed], invoices=[invoice("A"), invoice("B")]) == "finance_lead"
    assert approval(None, history=[agreed | {"level": "preventive"}]) == "finance_lead"


def test_an_unanswered_approval_holds_its_invoices_and_the_payers_others_go_on() -> None:
    waiting = past("first", "level_1", d(3, 7), "awaiting_approval")
    plan = planned(d(3, 10), invoices=[invoice("A"), invoice("B")], history=[waiting])
    assert [brief(row) for row in plan["outcomes"]] == [
        ("hold", "first", "awaiting_approval"),
        ("act", "first"),
    ]


# --- caps ---------------------------------------------------------------------------------------------


def several(count: int, **changes: Any) -> dict[str, Any]:
    """P1, P2 … with an invoice each, all alike."""
    names = [f"P{number}" for number in range(1, count + 1)]
    return {
        "customers": [customer(name, **changes) for name in names],
        "contacts": [person(f"C-{name}", name) for name in names],
        "invoices": [invoice(f"I-{name}", customer_id=name) for name in names],
    }


CALL = [step("first", "level_1", 7, "call")]


def test_capacity_holds_calls_beyond_the_collectors_until_today() -> None:
    plan = planned(
        d(3, 10), **several(3, collector="one@lumen.example"), steps=CALL, entity={"call_capacity": 2}
    )
    assert [contact["payer_id"] for contact in plan["contacts"]] == ["P1", "P2"]
    row = plan["outcomes"][2]
    assert (brief(row), reasons(row)) == (("hold", "first", "capacity"), [("capacity", "2025-03-10")])
    assert row["contact_key"] is None


def test_capacity_is_a_collectors_and_customers_without_one_share_one() -> None:
    parties = several(4)
    parties["customers"][0]["collector"] = "one@lumen.example"
    parties["customers"][1]["collector"] = "two@lumen.example"
    plan = planned(d(3, 10), **parties, steps=CALL, entity={"call_capacity": 1})
    assert [contact["payer_id"] for contact in plan["contacts"]] == ["P1", "P2", "P3"]


def test_capacity_does_not_count_messages() -> None:
    assert len(planned(d(3, 10), **several(3), entity={"call_capacity": 0})["contacts"]) == 3


def test_address_cap_counts_emails_to_one_address() -> None:
    parties = several(3)
    for someone in parties["contacts"]:
        someone["email"] = "shared@pay.example"
    plan = planned(d(3, 10), **parties, entity={"max_messages_per_address_per_day": 2})
    assert [brief(row) for row in plan["outcomes"]] == [
        ("act", "first"),
        ("act", "first"),
        ("hold", "first", "address_cap"),
    ]
    sms = [step("first", "level_1", 7, channels=["sms"])]
    assert (
        len(
            planned(d(3, 10), **parties, steps=sms, entity={"max_messages_per_address_per_day": 2})[
                "contacts"
            ]
        )
        == 3
    )


def test_daily_cap_takes_the_highest_level_then_the_latest_then_the_payer() -> None:
    parties = several(4)
    parties["invoices"][1]["due_date"] = d(2, 28)  # P2 is the latest
    history = [past("first", "level_1", d(2, 28), invoices=["I-P4"], payer_id="P4")]
    steps = [step("first", "level_1", 7), step("firm", "level_2", 8)]
    plan = planned(d(3, 11), **parties, steps=steps, history=history, entity={"max_contacts_per_day": 3})
    assert [contact["payer_id"] for contact in plan["contacts"]] == ["P1", "P2", "P4"]
    assert brief(plan["outcomes"][2]) == ("hold", "first", "daily_cap")


def test_caps_come_one_after_another_each_on_what_the_one_before_left() -> None:
    parties = several(3)
    steps = [step("first", "level_1", 7, "call")]
    entity = {"call_capacity": 2, "max_contacts_per_day": 1}
    plan = planned(d(3, 10), **parties, steps=steps, entity=entity)
    assert [row["reason"] for row in plan["outcomes"]] == [None, "daily_cap", "capacity"]


def test_what_is_cut_is_held_whole() -> None:
    invoices = [invoice("A"), invoice("B", due_date=d(3, 14))]
    plan = planned(d(3, 10), invoices=invoices, entity={"max_contacts_per_day": 0})
    assert [brief(row) for row in plan["outcomes"]] == [
        ("hold", "first", "daily_cap"),
        ("hold", "before", "daily_cap"),
    ]
    assert plan["contacts"] == []


def test_tasks_are_not_capped() -> None:
    row = outcome(
        d(3, 10), steps=[step("file", "level_1", 7, "internal")], entity={"max_contacts_per_day": 0}
    )
    assert brief(row) == ("act", "file")
