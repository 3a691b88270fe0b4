"""The statement of account that goes with a message: every open invoice of the payer, as XLSX and as PDF/A.

No text of a ledger is read as a formula or a link by a spreadsheet (CWE-1236): all text goes in as text, whatever it
begins with. The same view gives the same bytes.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from relance.delivery.envelopes import Seller
from relance.delivery.extras import Attachment
from relance.delivery.formats import Formats
from relance.delivery.letter import FILE, UNKNOWN, frame, sums_of
from relance.delivery.render import names_for
from relance.delivery.templates import Language, Speaker
from relance.delivery.typesetting import breakable, typesetter
from relance.delivery.view import Row, View
from relance.money import Money, digits, to_decimal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"

_COLUMNS = (
    ("columns.invoice", 18), ("statement.columns.po", 16), ("statement.columns.description", 34),
    ("statement.columns.issued", 12), ("statement.columns.due", 12), ("statement.columns.late", 10),
    ("statement.columns.currency", 9), ("statement.columns.amount", 14), ("statement.columns.open", 14),
    ("statement.columns.to_pay", 14), ("statement.columns.state", 30),
)  # fmt: skip
_HEADER_ROW = 3
_RUN = 12  # characters that a narrow column takes without a break
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class _Line:
    """One open invoice; `asked` is what this message asks for of it."""

    row: Row
    asked: Money | None


def xlsx(view: View, language: Language) -> Attachment:
    """The statement as a workbook: one invoice a row, totals a currency below, the header kept in view.

    Raises:
        jinja2.TemplateError: for a word that is missing.
    """
    speaker = language.speaker(names_for(view, language.formats, "letter"))
    out = io.BytesIO()
    options = {
        "in_memory": True, "constant_memory": False, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "default_date_format": _date_format(language),
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        moment = datetime(view.on_date.year, view.on_date.month, view.on_date.day)  # noqa: DTZ001 - XLSX knows no zone
        title = speaker.say("statement.title")
        book.set_properties({"title": title, "author": view.entity, "created": moment})
        sheet = book.add_worksheet(_sheet_name(title))
        _Sheet(book, sheet, view, speaker, language.formats).write(language)
    return Attachment(name=_file_name(view, speaker, "xlsx"), media_type=XLSX, content=out.getvalue())


def pdf(
    view: View, language: Language, *, seller: Seller = UNKNOWN, templates: Path | None = None
) -> Attachment:
    """The statement as PDF/A-2b.

    Raises:
        jinja2.TemplateError: for a word that is missing.
        PermanentError: when the Typst file does not compile.
    """
    speaker = language.speaker(names_for(view, language.formats, "letter"))
    title = speaker.say("statement.title")
    data = frame(view, speaker, language) | {
        "title": title,
        "sender": [breakable(one) for one in (view.entity, *seller.address) if one],
        "blocks": list(_blocks(view, language, speaker)),
    }
    content = typesetter(templates).pdf(FILE, data, on_date=view.on_date)
    return Attachment(name=_file_name(view, speaker, "pdf"), media_type=PDF, content=content)


class _Sheet:
    """One worksheet, written from the top down."""

    def __init__(
        self, book: xlsxwriter.Workbook, sheet: Worksheet, view: View, speaker: Speaker, formats: Formats
    ) -> None:
        self._book = book
        self._sheet = sheet
        self._view = view
        self._say = speaker.say
        self._formats = formats
        self._moneys: dict[tuple[str, bool], Format] = {}

    def write(self, language: Language) -> None:
        """Title, header, invoices, totals."""
        sheet, view = self._sheet, self._view
        bold = self._book.add_format({"bold": True})
        title = self._book.add_format({"bold": True, "font_size": 14})
        as_of = self._say("statement.as_of", language.formats.long_date(view.on_date))
        sheet.write_string(0, 0, f"{self._say('statement.title')} {as_of}", title)
        sheet.write_string(1, 0, f"{view.payer.name} · {view.entity} · {view.payer.customer_id}")
        head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for column, (word, width) in enumerate(_COLUMNS):
            sheet.set_column(column, column, width)
            sheet.write_string(_HEADER_ROW, column, self._say(word), head)
        sheet.freeze_panes(_HEADER_ROW + 1, 1)
        lines = _lines_of(view)
        for place, line in enumerate(lines, _HEADER_ROW + 1):
            self._line(place, line)
        if lines:
            sheet.autofilter(_HEADER_ROW, 0, _HEADER_ROW + len(lines), len(_COLUMNS) - 1)
        self._totals(_HEADER_ROW + 2 + len(lines), lines, bold)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_HEADER_ROW)

    def _line(self, place: int, line: _Line) -> None:
        sheet, row = self._sheet, line.row
        for column, text in ((0, row.invoice_id), (1, row.po_number), (2, row.description)):
            if text:
                sheet.write_string(place, column, text)
        sheet.write_datetime(place, 3, row.issue_date)
        sheet.write_datetime(place, 4, row.due_date)
        sheet.write_number(place, 5, max(row.days_late, 0))
        sheet.write_string(place, 6, row.amount.currency)
        for column, money in ((7, row.amount), (8, row.open), (9, line.asked)):
            if money is not None:
                self._money(place, column, money)
        sheet.write_string(place, 10, _status(row, self._say, self._formats))

    def _totals(self, place: int, lines: Sequence[_Line], bold: Format) -> None:
        asked = {money.currency: money for money in _totals_of(line.asked for line in lines)}
        for total in _totals_of(line.row.open for line in lines):
            self._sheet.write_string(place, 0, self._say("statement.total"), bold)
            self._sheet.write_string(place, 6, total.currency, bold)
            self._money(place, 8, total, bold=True)
            if total.currency in asked:
                self._money(place, 9, asked[total.currency], bold=True)
            place += 1
        for credit in self._view.credit:
            self._sheet.write_string(place, 0, self._say("statement.credit"), bold)
            self._sheet.write_string(place, 6, credit.currency, bold)
            self._money(place, 8, Money(credit.currency, -abs(credit.minor)), bold=True)
            place += 1

    def _money(self, place: int, column: int, money: Money, *, bold: bool = False) -> None:
        """A number with its currency's decimals. A double holds 15 digits: more than any invoice has."""
        form = self._moneys.get((money.currency, bold))
        if form is None:
            decimals = digits(money.currency)
            pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
            form = self._moneys[money.currency, bold] = self._book.add_format(
                {"num_format": pattern, "bold": bold}
            )
        self._sheet.write_number(place, column, float(to_decimal(money.minor, money.currency)), form)


def _lines_of(view: View) -> list[_Line]:
    """Every open invoice that a view shows, the oldest due date first."""
    demanded = [_Line(row, row.demand) for row in (*view.lead, *view.lower)]
    others = [_Line(row, None) for row in (*view.announced, *view.mentioned)]
    return sorted([*demanded, *others], key=lambda line: (line.row.due_date, line.row.invoice_id))


def _totals_of(amounts: Iterator[Money | None]) -> list[Money]:
    """Sums per currency."""
    sums: dict[str, int] = {}
    for money in amounts:
        if money is not None:
            sums[money.currency] = sums.get(money.currency, 0) + money.minor
    return [Money(currency, sums[currency]) for currency in sorted(sums)]


def _blocks(view: View, language: Language, speaker: Speaker) -> Iterator[dict[str, Any]]:
    formats, say = language.formats, speaker.say
    as_of = say("statement.as_of", formats.long_date(view.on_date))
    yield {"kind": "title", "text": f"{say('statement.title')} {as_of}"}
    yield {"kind": "p", "text": breakable(f"{view.payer.name} · {view.payer.customer_id}")}
    lines = _lines_of(view)
    words = ("issued", "due", "amount", "open", "to_pay", "state")
    yield {
        "kind": "statement",
        "head": [say("columns.invoice"), *(say(f"statement.columns.{one}") for one in words)],
        "rows": [_cells(line, language, speaker) for line in lines],
    }  # fmt: skip
    sums = [(say("statement.total"), one, True) for one in _totals_of(line.row.open for line in lines)]
    sums += [(say("statement.credit"), Money(one.currency, -abs(one.minor)), False) for one in view.credit]
    sums += [(say("statement.columns.to_pay"), one, True) for one in view.totals]
    yield from sums_of(sums, formats)


def _cells(line: _Line, language: Language, speaker: Speaker) -> dict[str, Any]:
    row, formats = line.row, language.formats
    number = speaker.say("po", row.po_number) if row.po_number else None
    return {
        "number": breakable(row.invoice_id, _RUN),
        "about": " · ".join(breakable(one, _RUN) for one in (row.description, number) if one) or None,
        "cells": [
            formats.short_date(row.issue_date),
            formats.short_date(row.due_date),
            formats.money(row.amount),
            formats.money(row.open),
            formats.money(line.asked) if line.asked else "",
            _status(row, speaker.say, formats),
        ],
    }


def _status(row: Row, say: Callable[..., str], formats: Formats) -> str:
    """How an invoice stands, and how much of it is in dispute."""
    state = say(f"states.{row.state}")
    return f"{state} ({say('in_dispute', formats.money(row.in_dispute))})" if row.in_dispute else state


def _date_format(language: Language) -> str:
    """Day, month and year in the order and with the signs that the language writes."""
    separator = {"de": ".", "nl": "-"}.get(language.formats.locale.language, "/")
    return separator.join(("dd", "mm", "yyyy"))


def _sheet_name(title: str) -> str:
    """At most 31 characters, none of those that Excel forbids in a sheet's name."""
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "1"


def _file_name(view: View, speaker: Speaker, ending: str) -> str:
    """As in "statement-of-account_C-42_2026-03-02.pdf", in ASCII: a name that every mail program and disk takes."""
    parts = (
        speaker.say("statement.title").replace(" ", "-").lower(),
        view.payer.customer_id,
        view.on_date.isoformat(),
    )
    return "_".join(_NAME.sub("-", _plain(part)).strip("-.") or "x" for part in parts) + f".{ending}"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
