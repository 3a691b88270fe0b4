"""Lists as CSV that a spreadsheet opens with a double click and reads as text, never as a formula (CWE-1236). Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from relance.money import to_decimal
from relance.slack.digest import Daily, Line
from relance.slack.limits import clean
from relance.slack.speech import Voice

_COMMA_DECIMALS = frozenset({"fr", "de", "es"})
"""Where a spreadsheet takes "1234,50" for a number, and so a semicolon between cells."""
_STARTS_FORMULA = tuple("=+-@\t\r＝＋－＠")
_LONGEST = 300


def cases_csv(digest: Daily, voice: Voice) -> bytes:
    """All cases of a daily digest, a row for each amount: what happened, the case, the payer, what is overdue, who has it."""
    happened: list[tuple[str, Line, str]] = [
        *(("deadline", one.line, one.on.isoformat()) for one in digest.deadlines),
        *(("opened", one, "") for one in digest.opened),
        *(("closed", one, "") for one in digest.closed),
        *(("decided", one.line, one.on.isoformat()) for one in digest.decided),
        *(("open", one, "") for one in digest.unassigned),
    ]
    names = ("what", "on", "case", "kind", "payer_id", "payer", "amount", "currency", "days_late", "owner")
    rows = (
        [voice(f"digest.what.{what}"), on, str(one.case_id), voice.named("digest.kind", one.kind), *cells]
        for what, one, on in happened
        for cells in _cells(one, voice)
    )
    return sheet([voice(f"digest.column.{name}") for name in names], rows, voice)


def payers_csv(lines: Iterable[Line], voice: Voice) -> bytes:
    """Long overdue payers, a row for each currency."""
    names = ("payer_id", "payer", "amount", "currency", "days_late", "owner")
    rows = (cells for one in lines for cells in _cells(one, voice))
    return sheet([voice(f"digest.column.{name}") for name in names], rows, voice)


def sheet(header: Sequence[str], rows: Iterable[Sequence[str]], voice: Voice) -> bytes:
    """UTF-8 with a mark at its beginning, so that Excel knows; commas or semicolons as the locale's Excel expects."""
    out = io.StringIO(newline="")
    separator = ";" if voice.locale in _COMMA_DECIMALS else ","
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow([text(cell) for cell in header])
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def text(value: str | None) -> str:
    """A cell of text: one line, and with an apostrophe before what a spreadsheet would take for a formula."""
    cell = clean(value or "", _LONGEST).strip()
    return f"'{cell}" if cell.lstrip("\u2068 ").startswith(_STARTS_FORMULA) else cell


def _cells(one: Line, voice: Voice) -> Iterable[list[str]]:
    """Payer, name, amount, currency, lateness and owner, once for each amount."""
    for minor, currency in one.amounts or ((0, ""),):
        amount = ""
        if currency:
            amount = format(to_decimal(minor, currency), "f")
            amount = amount.replace(".", ",") if voice.locale in _COMMA_DECIMALS else amount
        yield [
            text(one.payer_id), text(one.payer), amount, text(currency), str(one.days_late), text(one.owner),
        ]  # fmt: skip
