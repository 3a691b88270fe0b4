"""Of an invoice that is partly in dispute the rest is demanded and the part shown, on every surface and in every language."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest

from relance.delivery import render, statement, view
from relance.delivery.letter import Writer
from relance.delivery.render import names_for
from relance.delivery.templates import Templates
from relance.money import Money
from tests.unit.delivery.examples import DIRECTORY, LANGUAGES, contact, entity

WORDS = {"en": "disputed", "fr": "contestés", "de": "strittig", "es": "en disputa", "it": "contestati", "nl": "betwist",
         "pt": "contestados"}  # fmt: skip
PARTS = {"F-2": 3000, "F-4": 900}


def contested(**changes: Any) -> view.View:
    """F-2, 840.50, of which 30.00 are in dispute and 20.00 covered; F-4, coming due, of which 9.00 are."""
    row = contact("first", **changes)
    items = row["content"]["items"]
    items["columns"].append("in_dispute")
    for one in items["rows"]:
        one.append(PARTS.get(one[0]))
    return view.build(row, entity())


def test_the_part_is_no_credit_and_is_not_demanded() -> None:
    shown = contested()
    row = shown.lead[1]
    assert (row.open, row.demand) == (Money("EUR", 84050), Money("EUR", 79050))
    assert (row.in_dispute, row.covered) == (Money("EUR", 3000), Money("EUR", 2000))
    assert shown.lead[0].in_dispute is None
    assert view.build(contact("first"), entity()).lead[1].covered == Money("EUR", 5000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_letters_and_statements_say_how_much_is_in_dispute(language: str) -> None:
    spoken = Templates(DIRECTORY).language(language, "first")
    shown = contested(language=language)
    amounts = [spoken.formats.money(Money("EUR", amount)) for amount in PARTS.values()]
    mail = render.email(shown, spoken)
    speaker = spoken.speaker(names_for(shown, spoken.formats, "letter"))
    blocks = Writer(shown, speaker, spoken, names_for(shown, spoken.formats, "letter")).letter()
    letter = json.dumps(blocks, ensure_ascii=False, default=str)
    for text in (mail.text, mail.html, letter):
        said = text.replace("&#160;", "\xa0").replace("&nbsp;", "\xa0")
        assert all(amount in said for amount in amounts)
        assert WORDS[language] in said
    workbook = openpyxl.load_workbook(io.BytesIO(statement.xlsx(shown, spoken).content)).active
    states = {str(row[0]): row[10] for row in workbook.iter_rows(min_row=5, values_only=True) if row[0]}
    assert WORDS[language] in states["F-2"]
    assert WORDS[language] not in states["F-1"]
