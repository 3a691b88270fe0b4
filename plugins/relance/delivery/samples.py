"""Made contacts of every shape that words must fit: for the check of the policy's words, and for pictures of templates. Pure.

Nothing in them is anybody's: the payer, the person and the invoices are made up, the amounts and dates fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from relance.config.models import LEVELS, Entity
from relance.delivery.extras import Attachment, ChargeLine, Extras
from relance.delivery.view import View, build
from relance.money import Money

DAY = date(2026, 3, 2)
SHAPES = ("one", "many", "announced", "bare", "interest", "compensation")
"""`one` invoice and no more; `many` of every kind, with charges, code, links and files; only `announced` ones; `bare`: no bank,
no person, no sender; `interest`, `compensation`: that charge alone."""

CONFIRMED = "promise_confirmed"
"""The template that confirms to a payer what it has promised; no step sends it."""
_PDF = "application/pdf"
_STATES = (
    "disputed",
    "promised",
    "instalment_plan",
    "payment_announced",
    "direct_debit",
    "covered_by_credit",
    "due",
)
_ADDRESS = "12 rue des Lampes, 75011 Paris"
_LINK = "https://pay.lumen.example/p/Zk3v9QhT2mXw"
_CARD = "https://pay.lumen.example/card/7Hq2"


@dataclass(frozen=True, slots=True)
class Words:
    """What a step wants said: its template, how, and where."""

    template: str
    level: str
    tone: str
    channel: str
    charges: tuple[str, ...] = ()


def view(words: Words, shape: str, entity: Entity) -> View:
    """A made contact of `shape`, as templates see it, from `entity`."""
    seller = entity.model_copy(update={"bank": None, "sender": None}) if shape == "bare" else entity
    row = contact(words, shape, currency=entity.currency)
    return build(row, seller, extras(words, shape, entity.currency))


def contact(words: Words, shape: str, *, currency: str = "EUR") -> dict[str, Any]:
    """A row of `contact` as planning leaves it."""
    promise = _promise(shape, currency) if words.template == CONFIRMED else {}
    items = _promised_items(words.level, shape, currency) if promise else _items(words.level, shape, currency)
    content = {
        "template": words.template, "tone": words.tone, "cc": [], "attach": [], "charges": list(words.charges),
        "payer": {"customer_id": "C-1042", "name": "Atelier Marchand", "country": "FR", "vat_no": None},
        "person": None if shape == "bare" else {"contact_id": "P1", "name": "Camille Durand", "role": "accounts_payable"},
        "items": {"columns": list(items[0]), "rows": [list(one.values()) for one in items]},
        "credit": [{"currency": currency, "amount": 5000}] if shape == "many" and not promise else [],
        **promise,
    }  # fmt: skip
    return {
        "key": "5a" * 32, "as_of": DAY, "level": words.level, "channel": words.channel, "content": content,
        "payer_id": "C-1042", "recipient": _ADDRESS if words.channel in ("letter", "registered") else "x@client.example",
    }  # fmt: skip


def extras(words: Words, shape: str, currency: str) -> Extras:
    """What goes with a made contact of `shape`."""
    if shape == "many":
        lines = tuple(
            ChargeLine(
                number,
                Money(currency, interest) if "interest" in words.charges else None,
                Money(currency, 4000) if "compensation" in words.charges else None,
            )
            for number, interest in (("F-2026-0117", 12345), ("F-2026-0142", 809))
        )
        files = tuple(Attachment(name, _PDF, b"") for name in ("F-2026-0117.pdf", "statement.pdf"))
        return Extras(
            charges=lines if words.charges else (), attachments=files, left_out=("F-2026-0142.pdf",),
            link=_LINK, card_link=_CARD,
        )  # fmt: skip
    if shape == "bare":
        missing = "no rate" if words.charges else None
        return Extras(charges_missing=missing, left_out=("F-2026-0117.pdf",))
    if shape in words.charges:
        asked = Money(currency, 4000)
        line = ChargeLine("F-2026-0117", *((asked, None) if shape == "interest" else (None, asked)))
        return Extras(charges=(line,))
    return Extras()


def _items(level: str, shape: str, currency: str) -> list[Mapping[str, Any]]:
    late = {"preventive": 0, "level_1": 9, "level_2": 24, "level_3": 45}.get(level, 75)
    if shape == "announced":
        return [_item("F-2026-0201", -5, 84050, currency, level=level)]
    first = _item("F-2026-0117", late, 123456, currency, level=level, demand=123456)
    if shape != "many":
        return [first]
    lower = LEVELS[max(0, LEVELS.index(level) - 1)]
    told = {"po_number": "PO-7781", "description": "Maintenance, Q4"}
    return [
        dict(first) | told | {"amount": 200000},
        _item("F-2026-0142", late + 3, 84050, currency, level=level, demand=79050),
        _item("F-2026-0150", 0, 240000, currency, level=lower, demand=240000),
        _item("F-2026-0201", -5, 99900, currency, level="preventive"),
        *(_item(f"F-2026-03{n:02}", 20, 50000, currency, state=state) for n, state in enumerate(_STATES)),
        _item("F-2026-0399", -20, 50000, currency, state="not_due"),
    ]  # fmt: skip


def _promise(shape: str, currency: str) -> dict[str, Any]:
    """What a confirmation confirms: an amount by a day, of many invoices one in three parts."""
    dates = (3, 33, 64) if shape == "many" else (9,)
    parts = [
        {"amount": 120000, "currency": currency, "due_on": (DAY + timedelta(days=days)).isoformat()}
        for days in dates
    ]
    return {"promise": {"what": "instalments" if len(parts) > 1 else "promise", "number": 7, "parts": parts}}


def _promised_items(level: str, shape: str, currency: str) -> list[Mapping[str, Any]]:
    numbers = ("F-2026-0117", "F-2026-0142", "F-2026-0150") if shape == "many" else ("F-2026-0117",)
    state = "instalment_plan" if shape == "many" else "promised"
    return [
        _item(number, 9 + place, 123456, currency, level=level, state=state)
        for place, number in enumerate(numbers)
    ]


def _item(number: str, late: int, amount: int, currency: str, **more: Any) -> Mapping[str, Any]:
    due = DAY - timedelta(days=late)
    return {
        "invoice_id": number, "level": None, "demand": None, "issue_date": (due - timedelta(days=30)).isoformat(),
        "due_date": due.isoformat(), "days_late": late, "amount": amount, "open": amount, "currency": currency,
        "po_number": None, "description": None, "document": None, "state": "due" if late >= 0 else "not_due",
    } | more  # fmt: skip
