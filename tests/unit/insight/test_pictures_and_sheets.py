"""The chart and the lists: small, legible in every language, and nothing in them that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.insight.chart import BEFORE, NOW, ageing_chart
from relance.insight.sheets import payers_csv
from relance.ledger.balance import BUCKETS
from relance.slack.digest import Line
from relance.slack.digest_weekly import ALT_TEXT
from relance.slack.limits import length
from relance.slack.speech import Voice
from relance.slack.words import WORDS
from tests.unit.slack.scenes import TEXT


def figures(currency: str, amounts: list[int], day: str = "2026-03-09") -> dict[str, Any]:
    row = {"currency": currency, "open": sum(amounts), "ageing": dict(zip(BUCKETS, amounts, strict=True))}
    return {"as_of": day, "currencies": [row]}


@pytest.mark.parametrize("locale", sorted(WORDS))
@pytest.mark.parametrize("currency", ["EUR", "JPY", "TND"])
def test_a_chart_is_a_small_png_with_words_in_each_language(locale: str, currency: str) -> None:
    now = figures(currency, [10**12, 0, 123_456, 7, 99_999_999, 5])
    before = figures(currency, [0, 1, 2, 3, 4, 5], "2026-03-02")
    drawn = ageing_chart(now, before, Voice(locale))
    assert drawn is not None
    assert drawn.content.startswith(b"\x89PNG")
    assert len(drawn.content) < 100_000
    width, height = struct.unpack(">II", drawn.content[16:24])
    assert (width, height) == (800, 420)
    assert currency in drawn.alt
    assert length(drawn.alt) <= ALT_TEXT


def test_the_first_weeks_chart_has_one_bar_a_bucket_and_nothing_open_has_none() -> None:
    assert ageing_chart(figures("EUR", [1] * 6), None, Voice("en")) is not None
    assert ageing_chart({"as_of": "2026-03-09", "currencies": []}, None, Voice("en")) is None


def test_the_two_colours_differ_in_lightness_too() -> None:
    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert abs(lightness(NOW) - lightness(BEFORE)) > 0.2


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5), st.sampled_from(sorted(WORDS)))
def test_no_cell_of_a_list_is_a_formula_and_each_payer_is_one_row(
    rows: list[tuple[str, ...]], locale: str
) -> None:
    lines = [
        Line(1, "overdue_90", name, ident, ((-5, "EUR"),), owner, days_late=3) for name, ident, owner in rows
    ]
    content = payers_csv(lines, Voice(locale))
    assert content.startswith(b"\xef\xbb\xbf")
    delimiter = "," if locale == "en" else ";"
    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    assert len(found) == len(rows) + 1
    for row in found[1:]:
        text_cells = [row[0], row[1], row[3], row[5]]
        assert not [cell for cell in text_cells if cell.lstrip(" \u2068").startswith(tuple("=+-@\t\r"))]
        assert row[2] == ("-0.05" if locale == "en" else "-0,05")


def test_amounts_are_written_as_the_languages_spreadsheet_reads_them() -> None:
    line = Line(1, "overdue_90", "Été SARL", "C1", ((123_450, "EUR"), (7, "JPY")), None, days_late=120)
    assert payers_csv([line], Voice("fr")).decode("utf-8-sig").splitlines()[1:] == [
        "C1;Été SARL;1234,50;EUR;120;", "C1;Été SARL;7;JPY;120;",
    ]  # fmt: skip
