"""One small situation for each thing that an explanation can say, told of invoice A of payer P1 on one day."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from relance.ledger.snapshot import take_snapshot
from relance.planning.explaining import explanation_of
from relance.planning.explanation import Explanation
from relance.planning.plan import day_of
from tests.reference import build, fast
from tests.reference.build import customer, d, hold, invoice, note, past, payment, person, signal, step

FIRST = [step("first", "level_1", 7)]
NOTED = "collector@lumen.example, 2025-03-05"


def explained(on: date, invoice_id: str = "A", **changes: Any) -> Explanation:
    """The explanation of an invoice in the plain case with `changes`: tables, history, holds, parts of the policy."""
    history, holds = changes.pop("history", []), changes.pop("holds", [])
    extracts, profiles = changes.pop("extracts", None), changes.pop("profiles", [])
    tables = {name: changes.pop(name) for name in build.LEDGER_WORDS if name in changes}
    ledger = {"entity": "FR01", "extracts": extracts} if extracts else build.ledger(**tables)
    versions = fast.versions_of(ledger)
    day = day_of(
        take_snapshot(versions, on),
        fast.policy_of(build.policy(**changes)),
        fast.history_of(history, on),
        fast.holds_of(holds, on),
        on,
        profiles=pl.DataFrame(profiles, schema={"payer_id": pl.String, "profile": pl.String}, orient="row"),
    )
    return explanation_of(day, invoice_id, versions=versions)


def _extract(day: date, *invoices: dict[str, Any]) -> dict[str, Any]:
    return build.ledger(extract_date=day, invoices=list(invoices))["extracts"][0]


ACT = d(3, 10)
"""The Monday on which the plain case's first step is due."""

THREE = {
    "invoices": [
        invoice("A", customer_id="P2"),
        invoice("B", due_date=d(3, 8), amount="40.00"),
        invoice("C", due_date=d(3, 14), amount="7.50"),
        invoice("D", delivery_status="disputed", amount="1000.00"),
    ]
}
YES = {"role": "finance_lead", "over": ["50.00 EUR"]}

CASES: dict[str, dict[str, Any]] = {
    # outcomes
    "act by a message, alone": {"on": ACT},
    "act by a message, joined, for a third party's payer, with approval": {
        "on": d(3, 17),
        "steps": [step("first", "level_1", 7), step("soon", "level_1", 10, approval=YES)],
        **THREE,
        "customers": [customer(), customer("P2", payer_id="P1")],
        "contacts": [person(name="Service comptable")],
    },
    "act by a call": {"on": d(3, 20), "history": [past("second", "level_1", d(3, 13))]},
    "act by a hand-over": {"on": d(5, 2), "history": [past("formal", "level_3", d(4, 2))]},
    "act by an internal task": {"on": ACT, "steps": [step("look", "level_1", 7, "internal")]},
    "the last step": {"on": ACT, "steps": FIRST},
    "wait for the date": {"on": d(3, 4)},
    "wait moved by a holiday of the payer": {
        "on": d(9, 29), "steps": FIRST, "invoices": [invoice(due_date=d(9, 26))],
        "customers": [customer(country="DE")],
    },
    "wait moved by a holiday of ours": {
        "on": d(7, 10), "steps": FIRST, "invoices": [invoice(due_date=d(7, 7))], "customers": [customer(country="DE")],
    },
    "wait after a level": {"on": d(3, 18), "history": [past("second", "level_1", d(3, 13))]},
    "wait after a catch-up": {
        "on": d(5, 7), "steps": [*FIRST, step("firm", "level_2", 21)], "history": [past("first", "level_1", d(5, 5))],
    },
    "wait after a reversal": {
        "on": d(3, 12), "payments": [payment("100.00", d(3, 1), "A"), payment("-100.00", d(3, 11), "A")],
    },
    "wait with a hold": {"on": d(3, 4), "holds": [hold("disputed", source=NOTED)]},
    "exhausted": {"on": d(3, 18), "steps": FIRST, "history": [past("first", "level_1", d(3, 10))]},
    "exhausted, a step passed over": {
        "on": d(3, 18), "history": [past("first", "level_1", d(3, 10))],
        "steps": [*FIRST, step("last", "level_2", 14, min_overdue=["500.00 EUR"])],
    },
    "another scenario before": {
        "on": d(3, 18), "history": [past("old", "level_1", d(3, 10), scenario="former"),
                                    past("gone", "preventive", d(2, 25))],
    },
    "a rule of the segment table": {
        "on": ACT, "rules": [{"when": {"vip": True}, "scenario": "standard"},
                             {"when": {"country": ["FR"]}, "scenario": "standard"}],
    },
    "a rule by the payer's profile": {
        "on": ACT, "profiles": [("P1", "negligent")],
        "rules": [{"when": {"profile": ["negligent"]}, "scenario": "standard"}],
    },
    "partly covered by credit": {"on": ACT, "payments": [payment("30.00", d(3, 1))]},
    "credit used up by an older invoice": {
        "on": ACT, "payments": [payment("30.00", d(3, 1))], "invoices": [invoice(), invoice("0", due_date=d(2, 20))],
    },
    # holds
    "insolvency by a signal": {
        "on": ACT, "signals": [signal("insolvency_notice", d(3, 1)) | {"owner": "register@lumen.example", "note": "no. 7"}],
    },
    "insolvency by status": {"on": ACT, "customers": [customer(status="insolvency")]},
    "in litigation by status": {"on": ACT, "customers": [customer(status="litigation")]},
    "in litigation by a hand-over": {
        "on": ACT, "history": [past("handover", "litigation", d(3, 3), "completed", "handoff", invoices=["Z"])],
    },
    "stale ledger": {"on": ACT, "entity": {"max_ledger_age_days": 3}},
    "not delivered": {"on": ACT, "invoices": [invoice(delivery_status="rejected")]},
    "disputed by the platform": {"on": ACT, "invoices": [invoice(delivery_status="refused")]},
    "disputed by a person": {"on": ACT, "holds": [hold("disputed", source=NOTED)]},
    "a part disputed": {
        "on": ACT, "holds": [hold("disputed", amount=3000, source=NOTED)], "payments": [payment("20.00", d(3, 1))],
    },
    "all disputed": {"on": ACT, "holds": [hold("disputed", invoice_id=None)]},
    "promised": {"on": ACT, "holds": [hold("promised", d(3, 12), source=NOTED)]},
    "all promised": {"on": ACT, "holds": [hold("promised", d(3, 12), invoice_id=None)]},
    "promised without a date": {"on": ACT, "holds": [hold("promised")]},
    "instalment plan": {"on": ACT, "holds": [hold("instalment_plan")]},
    "instalment plan for all": {"on": ACT, "holds": [hold("instalment_plan", d(6, 1), invoice_id=None)]},
    "snoozed": {"on": ACT, "holds": [hold("snoozed", d(3, 14), source=NOTED)]},
    "payer snoozed": {"on": ACT, "holds": [hold("snoozed", d(3, 14), invoice_id=None)]},
    "payment announced": {"on": ACT, "holds": [hold("payment_announced", d(3, 14))]},
    "payment of all announced": {"on": ACT, "holds": [hold("payment_announced", d(3, 14), invoice_id=None)]},
    "direct debit": {
        "on": d(3, 7), "customers": [customer(payment_method="direct_debit")], "steps": [step("quick", "level_1", 2)],
    },
    "bill of exchange": {
        "on": d(3, 7), "customers": [customer(payment_method="bill_of_exchange")], "steps": [step("quick", "level_1", 2)],
    },
    "covered by credit": {"on": ACT, "payments": [payment("130.00", d(3, 1))]},
    "credit kept off": {
        "on": ACT, "payments": [payment("30.00", d(3, 1))], "holds": [hold("disputed", source=NOTED)],
    },
    "below the minimum": {"on": ACT, "minimum": ["250.00 EUR"]},
    "too recent": {"on": ACT, "invoices": [invoice(issue_date=d(3, 9))]},
    "awaiting approval": {
        "on": ACT, "steps": [step("first", "level_1", 7, approval=YES)],
        "history": [past("first", "level_1", d(3, 7), "awaiting_approval")],
    },
    "a task not done": {"on": ACT, "history": [past("look", "level_1", d(3, 7), "open", "internal")]},
    "a call open": {"on": d(3, 21), "history": [past("call", "level_2", d(3, 19), "open", "call")]},
    "a support ticket": {"on": ACT, "signals": [signal("support_ticket", d(3, 5), d(3, 20))]},
    "a negotiation": {"on": ACT, "signals": [signal("negotiation", d(3, 5)) | {"owner": "sales@lumen.example"}]},
    "a commercial hold by a signal": {"on": ACT, "signals": [signal("commercial_hold", d(3, 5))]},
    "a commercial hold by a person": {"on": ACT, "holds": [hold("commercial_hold", d(3, 20), source=NOTED)]},
    "a commercial hold on the payer": {"on": ACT, "holds": [hold("commercial_hold", d(3, 20), invoice_id=None)]},
    "no business day": {"on": d(3, 15), "history": [past("before", "preventive", d(2, 26))]},
    "a holiday for both": {"on": d(5, 1), "history": [past("formal", "level_3", d(3, 24))], "steps": [
        *FIRST, step("formal", "level_3", 20), step("more", "level_3", 58)]},
    "in flight, planned": {"on": ACT, "history": [past("before", "preventive", d(3, 7), "planned", invoices=["Z"])]},
    "in flight, being sent": {"on": ACT, "history": [past("before", "preventive", d(3, 7), "sending", invoices=["Z"])]},
    "in doubt": {"on": ACT, "history": [past("before", "preventive", d(3, 7), "in_doubt", invoices=["Z"])]},
    "cool-down": {"on": ACT, "history": [past("first", "level_1", d(3, 8), invoices=["Z"])]},
    "frequency cap": {
        "on": ACT, "max_contacts_per_30_days": 1, "history": [past("first", "level_1", d(3, 3), invoices=["Z"])],
    },
    "nobody known": {"on": ACT, "contacts": []},
    "nobody reachable": {"on": ACT, "contacts": [person(email=None), person("C2", email=None)]},
    "no capacity": {
        "on": d(3, 20), "entity": {"call_capacity": 0}, "history": [past("second", "level_1", d(3, 13))],
        "customers": [customer(collector="collector@lumen.example")],
    },
    "no shared capacity": {
        "on": d(3, 20), "entity": {"call_capacity": 0}, "history": [past("second", "level_1", d(3, 13))],
    },
    "address cap": {"on": ACT, "entity": {"max_messages_per_address_per_day": 0}},
    "daily cap": {"on": ACT, "entity": {"max_contacts_per_day": 0}},
    "several holds": {
        "on": d(3, 15), "customers": [customer(status="insolvency")], "contacts": [],
        "holds": [hold("disputed", source=NOTED), hold("promised", d(3, 20), invoice_id=None)],
    },
    # not open
    "paid": {"on": ACT, "payments": [payment("60.00", d(3, 1), "A"), payment("40.00", d(3, 5), "A")]},
    "settled by a credit note": {
        "on": ACT, "payments": [payment("60.00", d(3, 1), "A")],
        "invoices": [invoice(), note("N1", "40.00", "A", issue_date=d(3, 4))],
    },
    "paid, back, and paid again": {
        "on": ACT,
        "payments": [payment("100.00", d(3, 1), "A"), payment("-100.00", d(3, 3), "A"), payment("100.00", d(3, 6), "A")],
    },
    "cancelled": {"on": ACT, "extracts": [
        _extract(d(1, 1), invoice()), _extract(d(3, 7), invoice(status="cancelled"))]},
    "written off": {"on": ACT, "invoices": [invoice(status="written_off")]},
    "assigned": {"on": ACT, "invoices": [invoice(status="assigned")]},
    "closed by the source": {"on": ACT, "extracts": [
        _extract(d(1, 1), invoice(), invoice("B")), _extract(d(3, 7), invoice("B"))]},
    "issued later": {"on": d(2, 1)},
    "a credit note": {"on": ACT, "invoices": [invoice(), note("N1", "40.00", "A", issue_date=d(3, 4))], "invoice_id": "N1"},
    "nothing": {"on": ACT, "invoices": [invoice(amount="0.00")]},
    "unknown": {"on": ACT, "invoices": [invoice("A-17"), invoice("A-18")], "invoice_id": "A17"},
    "a term is wanted": {"on": ACT, "invoices": [invoice("T", term=1), invoice("T", term=2)], "invoice_id": "T"},
}  # fmt: skip


def case(name: str) -> Explanation:
    """The explanation of a named situation."""
    changes = dict(CASES[name])
    return explained(changes.pop("on"), changes.pop("invoice_id", "A"), **changes)
