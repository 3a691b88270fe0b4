"""One payer, one scenario, one invoice: the plain case from which each example of the tests departs by one
thing.

The invoice A of 100.00 EUR is due on Monday 3 March 2025; entity and payer are French. So the 26 February
(Wednesday), 10 March (Monday), 13 March (Thursday), 17 March (Monday), 2 April (Wednesday) and 2 May
(Friday).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reference.planner import plan

Row = dict[str, Any]
LONG_AGO = date(2025, 1, 1)


def d(month: int, day: int) -> date:
    """A day of 2025."""
    return date(2025, month, day)


def step(step_id: str, level: str, day: int, kind: str = "message", **changes: Any) -> Row:
    channels = {"message": ["email"], "call": ["call"]}.get(kind, ["internal"])
    return {
        "id": step_id,
        "level": level,
        "day": day,
        "kind": kind,
        "channels": channels,
        "template": "t",
    } | changes


STEPS = [
    step("before", "preventive", -5),
    step("first", "level_1", 7),
    step("second", "level_1", 10),
    step("call", "level_2", 14, "call"),
    step("formal", "level_3", 30),
    step("handover", "litigation", 60, "handoff"),
]


def invoice(invoice_id: str = "A", **changes: Any) -> Row:
    plain = {
        "customer_id": "P1",
        "issue_date": d(2, 3),
        "due_date": d(3, 3),
        "amount": "100.00",
        "currency": "EUR",
    }
    return {"invoice_id": invoice_id} | plain | changes


def note(invoice_id: str, amount: str, credits: str = "", **changes: Any) -> Row:  # noqa: A002 - the ledger's word
    row = invoice(invoice_id, kind="credit_note", amount=amount, credits_invoice_id=credits)
    return row | changes


def payment(amount: str, on: date, target: str = "", **changes: Any) -> Row:
    row = {"customer_id": "P1", "date": on, "amount": amount, "currency": "EUR", "invoice_id": target}
    return row | {"payment_id": f"{target}{on}{amount}"} | changes


def customer(customer_id: str = "P1", **changes: Any) -> Row:
    return {"customer_id": customer_id, "name": f"Client {customer_id}", "country": "FR"} | changes


def person(contact_id: str = "C1", customer_id: str = "P1", **changes: Any) -> Row:
    plain = {
        "role": "accounts_payable",
        "email": f"{contact_id.lower()}@pay.example",
        "phone": "+33123456789",
    }
    return {"contact_id": contact_id, "customer_id": customer_id} | plain | changes


def signal(kind: str, start: date, until: date | None = None, customer_id: str = "P1") -> Row:
    return {"customer_id": customer_id, "kind": kind, "from": start, "until": until}


def hold(reason: str, until: date | None = None, invoice_id: str | None = "A", **changes: Any) -> Row:
    row = {"reason": reason, "payer_id": "P1", "invoice_id": invoice_id, "from": LONG_AGO, "until": until}
    return row | {"source": "case:1"} | changes


def past(
    step_id: str, level: str, on: date, state: str = "sent", kind: str = "message", **changes: Any
) -> Row:
    """A contact or task of the past that acted for invoice A (or those in `invoices`)."""
    invoices = changes.pop("invoices", ["A"])
    unsettled = state in (
        "planned",
        "sending",
        "awaiting_approval",
        "open",
        "in_doubt",
        "failed",
        "cancelled",
        "rejected",
    )
    row = {
        "key": f"{step_id}-{on}",
        "payer_id": "P1",
        "as_of": on,
        "kind": kind,
        "channel": "email",
        "state": state,
    }
    row |= {"acted_on": None if unsettled else on, "scenario": "standard", "step": step_id, "level": level}
    row["acts"] = [{"invoice_id": one, "step": step_id, "level": level} for one in invoices]
    return row | changes


def ledger(**tables: Any) -> Row:
    extract = {
        "extract_date": tables.pop("extract_date", LONG_AGO),
        "customers": [customer()],
        "contacts": [person()],
        "invoices": [invoice()],
        "payments": [],
        "signals": [],
    }
    return {"entity": "FR01", "extracts": [extract | tables]}


def policy(
    *,
    steps: list[Row] | None = None,
    entity: Row | None = None,
    region: Row | None = None,
    rules: list[Row] | None = None,
    others: dict[str, Row] | None = None,
    **scenario: Any,
) -> Row:
    plain = {"min_days_between_contacts": 3, "max_contacts_per_30_days": 6, "steps": steps or STEPS}
    home = {"region": "home", "default_scenario": "standard", "max_ledger_age_days": 1000}
    return {
        "entities": {"FR01": home | (entity or {})},
        "regions": {"home": {"country": "FR", "languages": ["fr", "en"]} | (region or {})},
        "scenarios": {"standard": plain | scenario} | (others or {}),
        "segments": {"rules": rules or []},
    }


POLICY_WORDS = ("steps", "entity", "region", "rules", "others")
LEDGER_WORDS = ("customers", "contacts", "invoices", "payments", "signals", "extract_date")


def planned(
    as_of: date, *, history: list[Row] | None = None, holds: list[Row] | None = None, **changes: Any
) -> Row:
    """The plan of a day of the plain case with `changes`: tables of the ledger, parts of the policy,
    scenario settings."""
    tables = {name: changes.pop(name) for name in LEDGER_WORDS if name in changes}
    return plan(ledger(**tables), policy(**changes), history or [], holds or [], as_of)


def outcome(as_of: date, invoice_id: str = "A", **changes: Any) -> Row:
    """One invoice's outcome of it."""
    return next(row for row in planned(as_of, **changes)["outcomes"] if row["invoice_id"] == invoice_id)


def brief(row: Row) -> tuple[Any, ...]:
    """What an outcome comes to, in two or three words."""
    if row["outcome"] == "act":
        return "act", row["step"]
    if row["outcome"] == "hold":
        return "hold", row["step"], row["reason"]
    if row["outcome"] == "wait":
        return "wait", row["next_step"], row["next_on"]
    return ("exhausted",)


def reasons(row: Row) -> list[tuple[str, str | None]]:
    return [(one["reason"], one["until"]) for one in row["holds"]]
