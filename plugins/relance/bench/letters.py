"""Letters set a second on one core: from a view to the PDF/A, beside a bare Typst page; and the memory that many take."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import typst

from relance.config.models import Entity
from relance.delivery import letter
from relance.delivery.envelopes import Seller
from relance.delivery.pdf_facts import facts_of
from relance.delivery.templates import Templates
from relance.delivery.view import View, build
from relance.settings import REPOSITORY

DAY = date(2026, 3, 2)
ROWS = {"one_page": 3, "three_pages": 60}
_COLUMNS = (
    "invoice_id", "level", "demand", "issue_date", "due_date", "days_late", "amount", "open", "currency", "po_number",
    "description", "document", "state",
)  # fmt: skip
_MANY = 2000
_PAGE_BYTES = 4096


def letters(*, seconds: float = 3.0, many: int = _MANY, templates: Path | None = None) -> dict[str, float]:
    """Figures, measured for about `seconds` in all and for the `many` letters whose memory is looked at.

    `letters_per_s_one_page`, `letters_per_s_three_pages`: a view of its own each, with a code to scan, to PDF/A-2b;
    `pages_<name>` and `bytes_<name>`: of one of them; `bare_hello_per_s`: Typst's own compiler, kept, with "Hello" and
    nothing else, to plain PDF; `memory_growth_mb`: of this process over `many` letters, after 100 to warm up.
    """
    language = Templates(templates or REPOSITORY / "include" / "templates").language("fr", "first")
    seller = _seller()
    where = Seller.of(seller, "FR")
    figures: dict[str, float] = {}
    numbers = count()

    def write(rows: int) -> bytes:
        return letter.pdf(view_of(next(numbers), rows, seller), language, seller=where)

    for name, rows in ROWS.items():
        figures[f"letters_per_s_{name}"] = _rate(lambda: write(rows), seconds / 3)  # noqa: B023 - called at once
        one = write(rows)
        figures[f"pages_{name}"] = float(facts_of(one).pages or 0)
        figures[f"bytes_{name}"] = float(len(one))
    hello = typst.Compiler(ignore_system_fonts=True)
    figures["bare_hello_per_s"] = _rate(
        lambda: hello.compile(input=b"Hello %d" % next(numbers), format="pdf"), seconds / 3
    )
    if many:
        figures["memory_growth_mb"] = _growth(write, many)
    return figures


def view_of(number: int, rows: int, seller: Entity) -> View:
    """The view of a contact that nobody else has: names, numbers and amounts of its own."""
    due = DAY - timedelta(days=20)
    lines = [
        [
            f"F-{number:06d}-{place:03d}", "level_1", 10000 + number + place, (due - timedelta(days=30)).isoformat(),
            due.isoformat(), 20, 10000 + number + place, 10000 + number + place, "EUR", f"PO-{number}", "Maintenance",
            None, "due",
        ]
        for place in range(rows)
    ]  # fmt: skip
    content = {
        "template": "first", "tone": "neutral", "cc": [], "attach": [], "charges": [], "credit": [],
        "payer": {"customer_id": f"C-{number}", "name": f"Client {number} SARL", "country": "FR", "vat_no": None},
        "person": {"contact_id": "P1", "name": "Comptabilité", "role": "accounts_payable"},
        "items": {"columns": list(_COLUMNS), "rows": lines},
    }  # fmt: skip
    contact: dict[str, Any] = {
        "key": f"{number:064x}", "as_of": DAY, "level": "level_1", "channel": "letter", "language": "fr",
        "payer_id": f"C-{number}", "recipient": f"{number % 90} rue du Lac, 75002 Paris", "content": content,
    }  # fmt: skip
    return build(contact, seller)


def _seller() -> Entity:
    address = {
        "street": "Rue du Lac",
        "house_no": "12",
        "postcode": "75002",
        "city": "Paris",
        "country": "FR",
    }
    return Entity.model_validate(
        {
            "entity": "BENCH", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard", "bank": {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
            "sender": {"email": "accounts@lumen.example", "name": "Lumen", "address": address},
        }
    )  # fmt: skip


def _rate(action: Callable[[], object], seconds: float) -> float:
    """How often a second of processor time, after one for nothing (the first one reads the fonts)."""
    action()
    begun = time.process_time()
    done = 0
    while time.process_time() - begun < seconds:
        action()
        done += 1
    return done / (time.process_time() - begun)


def _growth(write: Callable[[int], bytes], many: int) -> float:
    for _ in range(100):
        write(ROWS["one_page"])
    before = _resident_mb()
    for _ in range(many):
        write(ROWS["one_page"])
    return _resident_mb() - before


def _resident_mb() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES / 2**20
