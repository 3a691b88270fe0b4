"""The files that ship: complete, contiguous, sourced, and marked as the reference marks them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from relance import law
from relance.law.daycount import Half

REPOSITORY = Path(__file__).parents[3]
REFERENCE = REPOSITORY.parent / "shared" / "reference" / "domain.md"
COUNTRIES = {"FR", "DE", "GB", "ES", "IT", "NL", "BE", "PT", "PL", "SE", "DK", "IE", "AT", "LU", "CH"}
COLUMNS = [
    "ecb_mro",
    "de_basiszins",
    "boe_bank_rate",
    "se_reference",
    "dk_lending",
    "nbp_reference",
    "at_basiszins",
]


def test_every_country_of_the_reference_is_there(book: law.LawBook) -> None:
    assert set(book.countries) == COUNTRIES
    assert book.country("uk").code == "GB"


def test_series_are_the_known_ones(book: law.LawBook) -> None:
    assert set(book.series) == {*COLUMNS, "fr_legal"}


@pytest.mark.parametrize("name", [*COLUMNS, "fr_legal"])
def test_half_years_are_contiguous_from_2019_to_2026(book: law.LawBook, name: str) -> None:
    halves = sorted(book.series[name].rates)
    assert halves[0] == Half(2019, 1)
    assert halves[-1] >= Half(2026, 1)
    assert [half.next() for half in halves[:-1]] == halves[1:]


def test_every_rate_says_where_it_was_read(book: law.LawBook) -> None:
    for series in book.series.values():
        for half, rate in series.rates.items():
            assert len(rate.source) > 5, f"{series.name} {half}"


def test_every_rule_names_its_law_and_source(book: law.LawBook) -> None:
    for country in book.countries.values():
        for rules in country.debtors.values():
            assert all(rule.law and rule.source for _, rule in rules)


def test_files_are_in_order(book: law.LawBook) -> None:
    for path in (REPOSITORY / "config" / "law" / "rates").glob("*.csv"):
        halves = re.findall(r"^\d{4}-H[12]", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert halves == sorted(halves), path.name


def test_rates_and_their_marks_are_those_of_the_reference(book: law.LawBook) -> None:
    if not REFERENCE.exists():
        pytest.skip(f"the reference table is not beside this checkout: {REFERENCE}")
    rows = re.findall(r"^\| (\d{4}) (H[12]) \|(.+)\|$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 16
    for year, half, cells in rows:
        for name, cell in zip(COLUMNS, cells.split("|"), strict=True):
            _agrees(book, name, Half(int(year), int(half[1])), cell.strip())


def _agrees(book: law.LawBook, name: str, half: Half, cell: str) -> None:
    found = book.series[name].rates.get(half)
    if "?" in cell:
        assert found is None, f"{name} {half} is unknown to the reference"
        return
    match = re.fullmatch(r"(-?\d+\.\d+)(?: \([\d.]+\))?(u|d)?", cell)
    assert match is not None, cell
    assert found is not None
    assert found.percent == Decimal(match[1]), f"{name} {half}"
    assert found.status == ("unverified" if match[2] == "u" else "confirmed"), f"{name} {half}"
    assert ("derived" in found.source) == (match[2] == "d"), f"{name} {half}"


@pytest.mark.parametrize(
    ("country", "fixing"),
    [
        *[(c, "floating") for c in ("FR", "DE", "AT", "ES", "IT", "BE", "LU", "PT", "SE", "DK", "PL", "NL")],
        ("GB", "frozen_at_start"),
        ("IE", "frozen_at_payment"),
        ("CH", "fixed"),
    ],
)
def test_fixing_is_that_of_the_reference(book: law.LawBook, country: str, fixing: str) -> None:
    for _, rule in book.country(country).debtors["private"]:
        assert rule.fixing == fixing
        assert rule.compounding == ("yearly" if country == "NL" else "simple")
        assert rule.day_count == ("30E/360" if country == "DK" else "actual/365")
