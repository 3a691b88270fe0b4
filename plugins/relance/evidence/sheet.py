"""Claims as a workbook for people and as JSON for the agency's or lawyer's own system."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from relance.evidence.debt import Debt, Line
from relance.evidence.words import Words
from relance.money import Money, digits, to_decimal


def claims_xlsx(debt: Debt, words: Words) -> bytes:
    """One sheet with the invoices that are claimed, one with the interest by rate; text is never read as a formula."""
    out = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        day = debt.as_of
        created = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - XLSX knows no zone
        book.set_properties({"title": words.say("handover.title"), "created": created})
        _write(book, words.say("handover.claims"), _claims(debt, words))
        _write(book, words.say("handover.interest"), _rates(debt, words))
        _write(book, words.say("handover.totals"), _totals(debt, words))
    return out.getvalue()


def claims_json(debt: Debt) -> dict[str, Any]:
    """Everything that is reckoned: minor units beside a currency, ISO dates, per cent a year."""
    return {
        "entity": debt.entity,
        "payer_id": debt.payer_id,
        "as_of": debt.as_of,
        "debtor": dict(debt.customer),
        "contacts": [dict(one) for one in debt.contacts],
        "totals": debt.totals(),
        "insolvent": debt.is_insolvent,
        "credits": [{"currency": one.currency, "amount": one.minor} for one in debt.credits],
        "invoices": [_line(line) for line in debt.lines],
        "payments": [dict(one) for one in debt.payments],
        "disputes": [one.as_dict() for one in debt.disputes],
        "promises": [one.as_dict() for one in debt.promises],
        "instalment_plans": [one.as_dict() for one in debt.plans],
    }


def _line(line: Line) -> dict[str, Any]:
    def plain(amounts: tuple[Money, ...] | None) -> list[dict[str, Any]] | None:
        return (
            None if amounts is None else [{"currency": one.currency, "amount": one.minor} for one in amounts]
        )

    return {
        "invoice_id": line.invoice_id,
        "issue_date": line.issue_date,
        "due_date": line.due_date,
        "currency": line.amount.currency,
        "amount": line.amount.minor,
        "open": line.open.minor,
        "standing": line.standing,
        "interest": plain(line.interest),
        "compensation": plain(line.compensation),
        "missing": line.missing,
        "compensation_missing": line.compensation_missing,
        "law": line.law,
        "document": line.document,
        "reckoned": line.found.as_dict() if line.found else None,
    }


Cell = Any


def _claims(debt: Debt, words: Words) -> list[list[Cell]]:
    rows: list[list[Cell]] = [words.columns("handover.claim_columns")]
    rows += [
        [
            line.invoice_id, line.issue_date, line.due_date, line.amount, line.paid, line.open,
            _sum(line.interest), _sum(line.compensation),
        ]
        for line in debt.of("claimed")
    ]  # fmt: skip
    return rows


def _rates(debt: Debt, words: Words) -> list[list[Cell]]:
    rows: list[list[Cell]] = [words.columns("handover.rate_columns")]
    for line in debt.of("claimed"):
        given = line.found.accrual.given if line.found else None
        if line.interest is None or given is None:
            continue
        for one in given.rate_periods:
            base, interest = Money(given.currency, one.base), Money(given.currency, one.interest)
            rows.append([line.invoice_id, one.start, one.end, one.days, f"{one.rate} %", base, interest])
    return rows


def _totals(debt: Debt, words: Words) -> list[list[Cell]]:
    rows: list[list[Cell]] = [words.columns("handover.total_columns")]
    for one in debt.totals():
        amounts = [
            Money(one["currency"], one[name]) for name in ("principal", "interest", "compensation", "total")
        ]
        rows.append([one["currency"], *amounts])
    return rows


def _sum(amounts: tuple[Money, ...] | None) -> Cell:
    """One sum as a number; sums of several currencies as text; nothing where it is not known."""
    if amounts is None:
        return None
    return amounts[0] if len(amounts) == 1 else " + ".join(map(str, amounts)) or None


def _write(book: xlsxwriter.Workbook, title: str, rows: Sequence[Sequence[Cell]]) -> None:
    sheet = book.add_worksheet(title[:31].replace("/", " "))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    formats: dict[str, Any] = {}
    for column, text in enumerate(rows[0]):
        sheet.write_string(0, column, text, head)
        sheet.set_column(column, column, 18)
    sheet.freeze_panes(1, 1)
    for place, row in enumerate(rows[1:], start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, Money):
                if cell.currency not in formats:
                    formats[cell.currency] = book.add_format({"num_format": _pattern(cell.currency)})
                number = to_decimal(cell.minor, cell.currency)
                sheet.write_number(place, column, number, formats[cell.currency])
            elif isinstance(cell, int):
                sheet.write_number(place, column, cell)
            elif isinstance(cell, str):
                sheet.write_string(place, column, cell)
            elif cell is not None:
                sheet.write_datetime(place, column, cell, day)


def _pattern(currency: str) -> str:
    decimals = digits(currency)
    return f'#,##0{"." + "0" * decimals if decimals else ""} "{currency}"'
