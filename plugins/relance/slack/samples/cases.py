"""A made-up payer, its people and its cases, and their cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from relance.cases.reading import Case
from relance.slack.cards import Comment, Scene, card
from relance.slack.modals import Item
from relance.slack.speech import Voice

DAY = date(2026, 3, 12)
AT = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
EN = Voice("en")
COMPANY = "Lumen SAS"
COLLECTOR, SALES, LEAD = "collections@lumen.example", "sales@lumen.example", "finance.lead@lumen.example"
ITEMS = (
    Item("F-2025-1187", date(2025, 11, 30), 482_000, "EUR"),
    Item("F-2025-1302", date(2025, 12, 31), 375_550, "EUR"),
    Item("F-2026-0044", date(2026, 1, 31), 377_000, "EUR"),
)
PEOPLE = {COLLECTOR: "collections", SALES: "sales", LEAD: "finance.lead"}


def iso(days: int) -> str:
    """So many days after the samples' day."""
    return (DAY + timedelta(days)).isoformat()


FACTS: Mapping[str, Any] = {
    "payer": {
        "customer_id": "C-1042", "name": "Brasserie du Port SARL", "country": "FR", "collector": COLLECTOR, "sales_owner": SALES,
    },
    "totals": [{"currency": "EUR", "open": 1_234_550, "overdue": 1_234_550, "credit": 0}],
    "oldest_due": "2025-11-30", "invoices": 3, "late_invoices": 3, "about": 3,
    "items": [
        {"invoice_id": one.invoice_id, "due_date": one.due_date.isoformat(), "open": one.open, "currency": one.currency,
         "delivery_status": None}
        for one in ITEMS
    ],
    "level_reached": "level_2",
    "last_contact": {"on": "2026-03-04", "channel": "email", "level": "level_2", "state": "confirmed"},
    "next": {"what": "wait", "step": "final", "on": "2026-03-16"}, "threshold": 90,
}  # fmt: skip
PROMISE = {
    "promise_id": 1, "amount": 482_000, "currency": "EUR", "paid": 0, "made_on": iso(-2), "due_on": iso(8),
    "grace_until": iso(10), "state": "open", "by": COLLECTOR, "speak": None, "invoices": 1,
}  # fmt: skip
ASKED = {
    "role": "finance_lead", "what": "letter", "step": "formal", "level": "level_3", "expires_on": iso(5), "asked_on": iso(0),
    "demanded": [{"amount": 1_234_550, "currency": "EUR"}], "invoices_asked": [one.invoice_id for one in ITEMS],
    "scenario": "standard",
}  # fmt: skip
OF_KIND: Mapping[str, dict[str, Any]] = {
    "promise": {"promises": [PROMISE], "more_promises": 0, "speak": None},
    "approval": ASKED,
    "question": {"asks": "text"},
    "delivery": {
        "undelivered": {
            "what": "bounced", "channel": "email", "address": "ap@port.example", "on": iso(-1), "why": "550 no such user",
        }
    },
}  # fmt: skip
SAID: Mapping[str, dict[str, Any]] = {
    "dispute": {
        "reason": "quality",
        "currency": "EUR",
        "amounts": {"F-2025-1302": 90_000},
        "text": "Two of the eight pallets came broken.",
        "evidence": ["https://files.lumen.example/pallets.jpg"],
    },
    "call": {
        "person": "Accounts payable",
        "phone": "+33 1 23 45 67 89",
        "step": "call",
        "next_on": None,
        "attempts": [{"on": iso(-2), "by": COLLECTOR, "outcome": "voicemail", "note": "asked to call back"}],
    },
    "question": {"text": "Could you send us the delivery note of January once more?"},
}


def a_case(kind: str, **other: Any) -> Case:
    """A case of the made-up payer."""
    values: dict[str, Any] = {
        "case_id": 42,
        "entity": "FR01",
        "payer_id": "C-1042",
        "kind": kind,
        "subject": "",
        "state": "open",
        "revision": 3,
        "owner": COLLECTOR,
        "opened_on": DAY,
        "closed_on": None,
        "closed_reason": None,
        "facts": {**FACTS, **OF_KIND.get(kind, {})},
        "facts_on": DAY,
        "watchers": [SALES],
        "details": SAID.get(kind, {}),
        **other,
    }
    return Case(**values)


def card_blocks(
    kind: str, voice: Voice = EN, comment: Comment | None = None, **other: Any
) -> tuple[Mapping[str, Any], ...]:
    """The card of a case."""
    return card(Scene(a_case(kind, **other), COMPANY, voice, comment)).blocks


COMMENT = Comment(SALES, "Spoke to their new accountant: they pay the oldest one on Friday.", DAY)

CARDS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    **{
        kind: card_blocks(kind)
        for kind in (
            "dispute",
            "promise",
            "approval",
            "call",
            "no_contact",
            "delivery",
            "risk",
            "question",
            "handover",
            "exhausted",
            "data",
        )
    },
    "overdue_90": card_blocks("overdue_90", comment=COMMENT),
    "closed": card_blocks("dispute", state="closed", closed_on=DAY, closed_reason="rejected"),
    "snoozed": card_blocks(
        "overdue_90",
        snoozed_until=DAY + timedelta(12),
        details={"snooze": {"reason": "a large order", "by": SALES}},
    ),
    "overdue_90 fr": card_blocks("overdue_90", Voice("fr")),
}
