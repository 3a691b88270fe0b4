"""E-mails rendered a second on one core: from a stored contact to the bytes that leave, beside bare Jinja of the HTML alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import jinja2

from relance.config.models import Entity
from relance.delivery import mime, render
from relance.delivery.intend import BLOCK
from relance.delivery.templates import Language, Templates
from relance.delivery.view import View, build
from relance.settings import REPOSITORY

DAY = date(2026, 3, 2)
_CONTACTS = 1500
_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
_COLUMNS = (
    "invoice_id", "level", "demand", "issue_date", "due_date", "days_late", "amount", "open", "currency", "po_number",
    "description", "document", "state",
)  # fmt: skip


def rendering(
    *,
    seconds: float = 3.0,
    invoices: Sequence[int] = (1, 3, 10),
    language: str = "fr",
    template: str = "first",
    templates: Path | None = None,
) -> dict[str, float]:
    """Figures by number of invoices, measured for `seconds` of processor time in all.

    `emails_per_s_<n>`: contact → view → subject, HTML and text → MIME; each contact has names and amounts of its own.
    `bare_html_per_s_<n>`: stock Jinja, without checks, for the HTML of one such contact, its words and amounts looked up in
    a table; `bytes_<n>`: of one e-mail.
    """
    spoken = Templates(templates or REPOSITORY / "include" / "templates").language(language, template)
    seller = _seller()
    figures: dict[str, float] = {}
    share = seconds / (2 * len(invoices))
    for count in invoices:
        contacts = [_contact(number, count) for number in range(_CONTACTS)]
        waiting = cycle([contacts[at : at + BLOCK] for at in range(0, _CONTACTS, BLOCK)])
        rate = _rate(lambda: write_together(next(waiting), seller, spoken), share)  # noqa: B023 - at once
        figures[f"emails_per_s_{count}"] = round(rate * BLOCK, 1)
        figures[f"bare_html_per_s_{count}"] = _rate(_bare(contacts[0], seller, spoken), share)
        figures[f"bytes_{count}"] = len(write(contacts[0], seller, spoken))
    return figures


def write(contact: Mapping[str, Any], seller: Entity, language: Language) -> bytes:
    """One e-mail as the outbox keeps it."""
    return write_together([contact], seller, language)[0]


def write_together(contacts: Sequence[Mapping[str, Any]], seller: Entity, language: Language) -> list[bytes]:
    """E-mails as the outbox keeps them, step by step side by side, as they are when a day is delivered."""
    views = [build(one, seller) for one in contacts]
    words = [render.email(one, language) for one in views]
    return [_composed(*pair, seller, language) for pair in zip(views, words, strict=True)]


def _composed(view: View, email: render.Email, seller: Entity, language: Language) -> bytes:
    address = seller.sender.email if seller.sender else ""
    headers = mime.Headers(
        key=view.key,
        sender=address,
        sender_name=view.sender,
        reply_to=view.reply_to,
        recipient=view.recipient,
        recipient_name=view.person,
        copies=(),
        date=_AT,
        language=language.folder,
    )
    return mime.compose(email, headers)


def _rate(work: Callable[[], object], seconds: float) -> float:
    """How often a second of this process's processor time does the work; others on the machine don't count."""
    work()
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        work()
        done += 1
    return round(done / spent, 2)


def _bare(contact: Mapping[str, Any], seller: Entity, language: Language) -> Callable[[], str]:
    """Stock Jinja on the same layout, every word and amount ready."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(_folder(language))), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    layout = environment.get_template("_layout/email.html.j2")
    view = build(contact, seller)
    names = dict(render.names_for(view, language.formats, "email")) | language.constants
    said: dict[tuple[Any, ...], Any] = {}

    def kept(speak: Callable[..., Any]) -> Callable[..., Any]:
        def say(*asked: Any) -> Any:
            if (speak, *asked) not in said:
                said[speak, *asked] = speak(*asked)
            return said[speak, *asked]

        return say

    speaker = language.speaker(names)
    names |= {"say": kept(speaker.say), "paragraphs": kept(speaker.paragraphs)}
    return lambda: layout.render(names)


def _folder(language: Language) -> str:
    loader = language.environments[True].loader
    if not isinstance(loader, jinja2.FileSystemLoader):
        raise TypeError("templates come from a folder")
    return loader.searchpath[0]


def _seller() -> Entity:
    return Entity.model_validate(
        {
            "entity": "BENCH", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard", "ledger": {"source": "files", "path": "x"},
            "bank": {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
            "sender": {"email": "credit@lumen.example", "name": "Lumen", "signatory": "Service recouvrement"},
        }
    )  # fmt: skip


def _contact(number: int, invoices: int) -> dict[str, Any]:
    """A contact as planning stores it, with amounts and names of its own."""
    rows = [_item(number, place) for place in range(invoices)]
    content = {
        "template": "first", "tone": "neutral", "cc": [], "attach": [], "charges": [],
        "payer": {"customer_id": f"C{number:06}", "name": f"Société Client {number}", "country": "FR", "vat_no": None},
        "person": {"contact_id": f"P{number}", "name": f"Comptabilité {number}", "role": "accounts_payable"},
        "items": {"columns": list(_COLUMNS), "rows": [[row[name] for name in _COLUMNS] for row in rows]},
        "credit": [],
    }  # fmt: skip
    return {
        "key": f"{number:064x}", "as_of": DAY, "level": "level_1", "channel": "email", "language": "fr",
        "payer_id": f"C{number:06}", "recipient": f"accounts@client{number}.example", "content": content,
    }  # fmt: skip


def _item(number: int, place: int) -> dict[str, Any]:
    late = 8 + (number + 3 * place) % 20
    amount = 10_000 + (number * 7_919 + place * 104_729) % 900_000
    due = DAY - timedelta(days=late)
    return {
        "invoice_id": f"FA{number:05}{place:02}", "level": "level_1", "demand": amount,
        "issue_date": (due - timedelta(days=30)).isoformat(), "due_date": due.isoformat(), "days_late": late,
        "amount": amount, "open": amount, "currency": "EUR", "po_number": f"PO-{number}" if place % 3 == 0 else None,
        "description": f"Maintenance {number}", "document": None, "state": "due",
    }  # fmt: skip
