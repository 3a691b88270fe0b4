"""Statements of account: what a spreadsheet reads back, and what it does not take for a formula."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from relance.delivery import statement
from relance.money import Money
from tests.unit.delivery.examples import LANGUAGES, contact, item, packed
from tests.unit.delivery.letters.examples import Made, made, texts


def sheet_of(made_: Made) -> openpyxl.worksheet.worksheet.Worksheet:
    attachment = statement.xlsx(made_.view, made_.language)
    return openpyxl.load_workbook(io.BytesIO(attachment.content)).active


def rows_of(sheet) -> dict[str, tuple]:
    return {str(row[0]): row for row in sheet.iter_rows(min_row=5, values_only=True) if row[0]}


def test_a_workbook_holds_every_row_with_its_dates_and_numbers():
    made_ = made()
    rows = rows_of(sheet_of(made_))
    view = made_.view
    for row in (*view.lead, *view.lower, *view.announced, *view.mentioned):
        read = rows[row.invoice_id]
        assert read[3:5] == (
            datetime.combine(row.issue_date, datetime.min.time()),
            datetime.combine(row.due_date, datetime.min.time()),
        )
        assert read[6] == row.amount.currency
        for value, money in ((read[7], row.amount), (read[8], row.open), (read[9], row.demand)):
            assert value == (None if money is None else pytest.approx(money.minor / 100, abs=1e-9))
    assert rows["F-1"][1:3] == ("PO-77", "Maintenance T3")
    assert rows["F-5"][10] == "contestée – en cours d’examen"


def test_totals_are_values_a_currency():
    sheet = sheet_of(made())
    totals = {row[6]: row[8:10] for row in sheet.iter_rows(values_only=True) if row[0] == "Total restant dû"}
    assert totals == {"EUR": (19239.5, 13190.5), "USD": (300, 300)}
    credit = [row for row in sheet.iter_rows(values_only=True) if row[0] == "Avoir figurant à votre compte"]
    assert [row[8] for row in credit] == [-50]


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "http://x.example", "\t=1", "'=1"]
)
def test_no_text_becomes_a_formula_or_a_link(text: str):
    content = contact()["content"]
    content["payer"]["name"] = text
    items = {text: item(38, 10000, description=text, po_number=text)}
    demands = {text: 10000}
    content["items"] = packed(items, demands, dict.fromkeys(demands, "level_1"))
    made_ = made(content=content)
    attachment = statement.xlsx(made_.view, made_.language)
    with zipfile.ZipFile(io.BytesIO(attachment.content)) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in xml
        assert "<hyperlink" not in xml
    sheet = openpyxl.load_workbook(io.BytesIO(attachment.content)).active
    shown = text.strip()
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == shown]
    assert len(cells) >= 3
    assert {cell.data_type for cell in cells} == {"s"}


def test_amounts_have_their_currency_s_decimals():
    content = contact()["content"]
    items = {"J-1": item(38, 12345, currency="JPY"), "K-1": item(38, 12345, currency="KWD")}
    content["items"] = packed(items, {"J-1": 12345, "K-1": 12345}, dict.fromkeys(items, "level_1"))
    sheet = sheet_of(made(content=content))
    by_name = {row[0].value: row for row in sheet.iter_rows(min_row=5)}
    assert (by_name["J-1"][7].value, by_name["J-1"][7].number_format) == (12345, "#,##0")
    assert Decimal(str(by_name["K-1"][7].value)) == Decimal("12.345")
    assert by_name["K-1"][7].number_format == "#,##0.000"


def test_the_header_stays_in_view_and_speaks_the_language():
    sheet = sheet_of(made("DE", "de"))
    assert sheet.freeze_panes == "B5"
    assert [cell.value for cell in sheet[4]][:2] == ["Rechnung", "Bestellung"]
    assert sheet.column_dimensions["C"].width > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_forms_say_the_same_in_every_language(language: str):
    made_ = made("FR", language)
    (text,) = texts(statement.pdf(made_.view, made_.language, seller=made_.seller).content)
    sheet = sheet_of(made_)
    assert str(sheet["A1"].value) in text
    for name in rows_of(sheet):
        if name.startswith("F-"):
            assert name in text
    assert " ".join(made_.language.formats.money(Money("EUR", 1923950)).split()) in text


def test_the_same_view_gives_the_same_bytes():
    first, second = (made() for _ in range(2))
    for write in (statement.xlsx, statement.pdf):
        assert write(first.view, first.language) == write(second.view, second.language)


def test_files_have_names_that_every_disk_takes():
    content = contact()["content"]
    content["payer"]["customer_id"] = "../C é/42"
    made_ = made(content=content)
    assert statement.xlsx(made_.view, made_.language).name == "releve-de-compte_C-e-42_2026-03-02.xlsx"
    assert statement.pdf(made_.view, made_.language).media_type == "application/pdf"
