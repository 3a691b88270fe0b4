"""Contacts to render: rows as `day.decide` stores them, with any text in them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from relance.config.models import LEVELS, Entity
from relance.settings import REPOSITORY

DAY = date(2026, 3, 2)
DIRECTORY = REPOSITORY / "include" / "templates"
LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "pt")
TEMPLATES = {
    "preventive": ("preventive", "friendly"),
    "due": ("preventive", "neutral"),
    "first": ("level_1", "neutral"),
    "second": ("level_2", "firm"),
    "call": ("level_2", "neutral"),
    "formal_notice": ("level_3", "formal"),
    "final": ("level_3", "firm"),
    "handover": ("litigation", "formal"),
}
CHANNELS = ("sms", "whatsapp", "voice", "letter", "registered", "call", "internal")


def entity(**changes: Any) -> Entity:
    return Entity.model_validate(
        {
            "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard", "ledger": {"source": "files", "path": "x"},
            "bank": {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
            "sender": {"email": "compta@lumen.example", "name": "Lumen", "signatory": "Service recouvrement"},
        }
        | changes
    )  # fmt: skip


def item(
    days_late: int, amount: int, *, paid: int = 0, currency: str = "EUR", **changes: Any
) -> dict[str, Any]:
    due = DAY - timedelta(days=days_late)
    return {
        "issue_date": (due - timedelta(days=30)).isoformat(), "due_date": due.isoformat(), "days_late": days_late,
        "amount": amount, "open": amount - paid, "currency": currency, "po_number": None,
        "description": None, "document": None, "state": "due" if days_late >= 0 else "not_due",
    } | changes  # fmt: skip


def packed(
    items: dict[str, dict[str, Any]], demands: dict[str, int], levels: dict[str, str]
) -> dict[str, Any]:
    """Items as a stored content has them: the names once, a row each; those without a level are only mentioned."""
    columns = ("invoice_id", "level", "demand", *item(0, 0))
    facts = [
        {"invoice_id": one, "level": levels.get(one), "demand": demands.get(one)} | facts
        for one, facts in items.items()
    ]
    return {"columns": list(columns), "rows": [[one[name] for name in columns] for one in facts]}


def contact(
    template: str = "first",
    *,
    channel: str = "email",
    name: str = "Client SARL",
    items: dict[str, dict[str, Any]] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A contact whose lead invoices are F-1 (part paid, PO) and F-2 (partly covered by credit); F-3 is of a lower level,
    F-4 coming due, F-5 disputed, F-6 in dollars; `items` replaces or adds some."""
    level, tone = TEMPLATES[template]
    lower = LEVELS[max(0, LEVELS.index(level) - 1)]
    shown = {
        "F-1": item(38, 1234567, paid=234567, po_number="PO-77", description="Maintenance T3"),
        "F-2": item(31, 84050),
        "F-3": item(9, 240000),
        "F-4": item(-6, 99900),
        "F-5": item(60, 500000, state="disputed"),
        "F-6": item(31, 30000, currency="USD"),
    } | (items or {})
    demands = {"F-1": 1000000, "F-2": 79050, "F-3": 240000, "F-6": 30000}
    content = {
        "template": template, "tone": tone, "cc": [], "attach": [],
        "charges": ["interest", "compensation"] if level == "level_3" else [],
        "payer": {"customer_id": "C-42", "name": name, "country": "FR", "vat_no": None},
        "person": {"contact_id": "P1", "name": "Comptabilité", "role": "accounts_payable"},
        "items": packed(shown, demands, dict.fromkeys(demands, level) | {"F-3": lower, "F-4": "preventive"}),
        "credit": [{"currency": "EUR", "amount": 5000}],
    }  # fmt: skip
    row = {
        "key": "ab" * 32, "as_of": DAY, "level": level, "channel": channel, "language": "fr", "payer_id": "C-42",
        "recipient": "compta@client.example", "content": content,
    }  # fmt: skip
    return row | changes
