"""`relance ledger` and `relance bench import` as their users call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from relance.cli import bench, ledger
from relance.errors import ImportRefusedError, UsageError
from relance.settings import REPOSITORY
from relance.store.database import Database
from tests.integration.ledger.conftest import customer, invoice, payment, write_csv

pytestmark = pytest.mark.integration


@pytest.fixture
def relance(database: Database, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs `relance ledger …` on this test's database and the shipped policy; what it raises is the caller's."""
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))

    def call(*arguments: object) -> Result:
        result = CliRunner().invoke(ledger.app, [str(one) for one in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    return call


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    rows = [invoice(f"I{number}") for number in range(30)]
    tables = {
        "customers": [customer()],
        "invoices": [*rows, invoice("B", amount="x")],
        "payments": [payment(invoice_id="X")],
    }
    return write_csv(tmp_path / "extract", tables)


def test_import_balance_and_quarantine_speak_json(relance: object, extract: Path) -> None:
    said = json.loads(relance("import", "FR01", extract, "--extract-date", "2026-03-01", "--json").stdout)
    assert list(said)[:7] == ["read", "inserted", "updated", "unchanged", "closed", "quarantined", "warnings"]
    assert [said[name] for name in ("read", "inserted", "quarantined", "warnings")] == [33, 32, 1, 1]
    assert "names invoice X" in said["messages"][0]
    (row,) = json.loads(relance("quarantine", "FR01", "--json").stdout)
    assert [row[name] for name in ("file", "line", "column", "value")] == ["invoices.csv", 32, "amount", "x"]
    assert json.loads(relance("balance", "FR01", "--as-of", "2026-02-15", "--json").stdout) == {
        "entity": "FR01",
        "as_of": "2026-02-15",
        "currencies": [
            {
                "currency": "EUR",
                "open": 300000,
                "overdue": 300000,
                "credit": 1000,
                "invoices": 30,
                "payers": 1,
                "ageing": {"not_due": 0, "1-30": 300000, "31-60": 0, "61-90": 0, "91-120": 0, "over_120": 0},
            }
        ],
    }


def test_people_get_tables(relance: object, extract: Path) -> None:
    shown = relance("import", "FR01", extract, "--extract-date", "2026-03-01").stdout
    assert "quarantined" in shown
    assert "warning: payment P1 names invoice X, which nobody knows" in shown
    assert "invoices.csv:32" in relance("quarantine", "FR01").stdout
    assert "3,000.00" in relance("balance", "FR01", "--as-of", "2026-02-15").stdout


def test_an_entity_without_a_ledger_has_an_empty_balance(relance: object) -> None:
    assert (
        json.loads(relance("balance", "DE01", "--as-of", "2026-02-15", "--json").stdout)["currencies"] == []
    )
    assert "DE01" in relance("balance", "DE01", "--as-of", "2026-02-15").stdout
    assert relance("quarantine", "DE01").stdout == "DE01: no row is turned away\n"


def test_errors_are_those_of_the_house(relance: object, extract: Path) -> None:
    with pytest.raises(UsageError, match="no entity 'FR99'"):
        relance("balance", "FR99", "--as-of", "2026-02-15")
    relance("import", "FR01", extract)
    write_csv(extract, {"invoices": []})
    with pytest.raises(ImportRefusedError, match="holds no invoices"):
        relance("import", "FR01", extract)


@pytest.mark.slow
def test_bench_import_measures_three_processes() -> None:
    result = CliRunner().invoke(bench.app, ["import", "--invoices", "200", "--json"], catch_exceptions=False)
    said = json.loads(result.stdout)
    assert [(run["what"], run["rows"]) for run in said["runs"]] == [
        ("bare polars CSV read", 320),
        ("import", 320),
        ("unchanged re-import", 320),
    ]
    assert all(run["seconds"] > 0 and run["peak_rss_mb"] > 0 for run in said["runs"])
