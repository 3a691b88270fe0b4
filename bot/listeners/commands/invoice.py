"""`/relance invoice`: an invoice as the ledger has it, and what was decided for it today."""

from __future__ import annotations

from typing import Any

import polars as pl

from bot.asking import Ask
from bot.explaining import explained, in_words
from relance.money import Money
from relance.planning.explanation import Explanation
from relance.slack import answers
from relance.slack.answers import InvoiceAnswer
from relance.slack.cards.model import Card

STATES = {
    "paid": "paid",
    "zero": "paid",
    "cancelled": "cancelled",
    "credit_note": "cancelled",
    "written_off": "written_off",
}


def answer(ask: Ask) -> Card:
    """The invoice that was named."""
    entity, item_id = ask.invoice(ask.needed())
    found = explained(ask, entity, item_id)
    row, facts = _row(ask, entity, item_id), found.invoice
    payer_id = facts.payer_id if facts is not None else str(row["payer_id"] or row["customer_id"])
    said = InvoiceAnswer(
        invoice_id=item_id, entity=entity, company=ask.company(entity), as_of=found.as_of,
        payer=_name(ask, entity, payer_id), payer_id=payer_id, issue_date=row["issue_date"], due_date=row["due_date"],
        amount=Money(row["currency"], row["amount"]), open=facts.open.minor if facts is not None else 0,
        days_late=facts.days_late if facts is not None else 0, po_number=row.get("po_number"), state=_state(found),
        told=[line for one in in_words(ask, found)[:1] for line in one.lines],
    )  # fmt: skip
    return answers.invoice(said, ask.voice)


def _row(ask: Ask, entity: str, item_id: str) -> dict[str, Any]:
    invoices = ask.desk.ledgers.versions(entity).tables["invoices"]
    return invoices.filter(pl.col("item_id") == item_id).sort("extract_date", "import_id").row(-1, named=True)


def _name(ask: Ask, entity: str, payer_id: str) -> str:
    customers = ask.desk.ledgers.of(entity).customers.filter(pl.col("customer_id") == payer_id)
    return str(customers["name"][0] or payer_id) if customers.height else payer_id


def _state(found: Explanation) -> str | None:
    return STATES.get(found.not_open.why, "gone") if found.not_open is not None else None
