"""A broken law folder says every problem with its file and line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from relance import law
from relance.errors import PolicyError


def _problems(folder: Any) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as error:
        folder.load()
    return tuple(line.replace(f"{folder.root}/", "") for line in error.value.problems)


def test_small_folder_loads(folder: Any) -> None:
    rule = folder.load().rule("XX", date(2024, 1, 1))
    assert (rule.margin, rule.day_count, rule.compounding) == (Decimal(8), "actual/365", "simple")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("  margin: 8", "  margn: 8", 7, "the nearest is margin"),
        ("  margin: 8", "  margin: much", 7, "margin"),
        ("  fixing: floating", "  fixing: fixed", 3, "write `fixing: fixed` with a `rate`"),
        ("40.00 EUR", "40.00", 9, "is not money"),
        ("40.00 EUR}", "40.00 EUR, below: 5.00 EUR}", 9, "upper bound"),
        ("  reference: base", "  reference: nowhere", 6, "no series 'nowhere'; write one of base"),
        ("country: XX", "country: YY", 1, "write country: XX"),
        ("name: Testland", "title: Testland", 2, "'title' is not a key here"),
        ("  may_waive: true", "  may_waive: true\n  margin: 9", 11, "'margin' is written twice"),
        ("  may_waive: true", "  may_waive: true\nchanges: [{margin: 9}]", 11, "write from: 2020-01-01"),
        (
            "  may_waive: true",
            "  may_waive: true\nchanges: [{from: 2020-01-01, margn: 9}]",
            11,
            "the nearest is margin",
        ),
        ("  may_waive: true", "  may_waive: true\ndebtors: {public: 8}", 11, "not a mapping"),
        ("  may_waive: true", "  may_waive: true\ndebtors: [public]", 11, "debtors is not a mapping"),
    ],
)
def test_problem_in_a_country_file_names_its_line(
    folder: Any, old: str, new: str, line: int, says: str
) -> None:
    folder.replace("XX.yaml", old, new)
    problems = _problems(folder)
    assert any(says in problem for problem in problems), problems
    assert any(f"line {line}:" in p or p.startswith(f"XX.yaml:{line}:") for p in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2024-H1,4.00", "2024-3,4.00", "rates/base.csv:3: '2024-3' is not a half-year"),
        ("2024-H1,4.00", "2024-H1,four", "rates/base.csv:3: 'four' is not a number"),
        ("4.00,confirmed", "4.00,sure", "rates/base.csv:3: status 'sure' is unknown"),
        ("4.00,confirmed,gazette.example", "4.00,confirmed,", "rates/base.csv:3: no source"),
        ("4.00,confirmed,gazette.example", "4.00,confirmed", "rates/base.csv:3: 3 cells"),
        ("2024-H2", "2024-H1", "rates/base.csv:4: 2024-H1 stands twice"),
        ("half_year,rate", "half,rate", "rates/base.csv:2: unknown header"),
    ],
)
def test_problem_in_a_rate_table_names_its_line(folder: Any, old: str, new: str, says: str) -> None:
    folder.replace("rates/base.csv", old, new)
    assert any(problem.startswith(says) for problem in _problems(folder))


def test_exchange_rate_of_the_due_month_itself_is_refused(folder: Any) -> None:
    folder.write(
        "exchange/nbp.csv", "due_month,published,rate,status,source\n2024-06,2024-06-03,4.28,confirmed,made\n"
    )
    assert "month before 2024-06" in _problems(folder)[0]


def test_all_problems_are_told_at_once(folder: Any) -> None:
    folder.replace("rates/base.csv", "4.00", "four")
    folder.replace("XX.yaml", "margin: 8", "margin: eight")
    assert len(_problems(folder)) == 2


def test_missing_folder_is_said(folder: Any) -> None:
    with pytest.raises(PolicyError, match="no law folder"):
        law.load(folder.root / "elsewhere")


def test_debtor_lines_lie_on_top_of_dated_changes(folder: Any) -> None:
    folder.replace(
        "XX.yaml",
        "  may_waive: true",
        "  may_waive: true\nchanges:\n  - {from: 2024-07-01, margin: 10}\ndebtors:\n  public: {margin: 5}",
    )
    book = folder.load()
    assert [book.rule("XX", date(2024, month, 1)).margin for month in (6, 7)] == [8, 10]
    assert [book.rule("XX", date(2024, month, 1), debtor="public").margin for month in (6, 7)] == [5, 5]
