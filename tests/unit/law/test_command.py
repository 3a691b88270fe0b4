"""`relance interest`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from relance.cli.interest import interest
from relance.errors import UsageError
from relance.law import LawError

Run = Callable[..., Result]
CLAIM = ["--country", "FR", "--amount", "10000.00", "--currency", "EUR", "--due", "2024-12-01"]
GOLDEN = [*CLAIM, "--until", "2025-02-28"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in a folder without a policy; refusals come out as exceptions, for `main` to print."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELANCE_CONFIG", raising=False)
    app = typer.Typer()
    app.command("interest")(interest)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    return call


def _json(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_json_has_the_keys_of_the_specification(run: Run) -> None:
    found = _json(run(*GOLDEN, "--json"))
    assert {"country", "interest", "compensation", "currency", "rate_periods", "provisional"} <= set(found)
    assert (found["country"], found["interest"], found["compensation"]) == ("FR", 32_968, 4_000)
    assert (found["currency"], found["compensation_currency"], found["provisional"]) == ("EUR", "EUR", False)
    assert found["rate_periods"] == [
        {
            "from": "2024-12-02",
            "to": "2024-12-31",
            "days": 30,
            "rate": 14.25,
            "base": 1_000_000,
            "interest": 11_712,
        },
        {
            "from": "2025-01-01",
            "to": "2025-02-28",
            "days": 59,
            "rate": 13.15,
            "base": 1_000_000,
            "interest": 21_256,
        },
    ]


def test_payments_may_be_repeated(run: Run) -> None:
    payments = ["--payment", "2024-12-31:4000.00", "--payment", "2025-01-10:6000"]
    found = _json(run(*GOLDEN, *payments, "--json"))
    # 117.1232… + 6,000 × 13.15 % × 10 / 365 = 21.6164…
    assert found["interest"] == 13_874


def test_public_buyer(run: Run) -> None:
    assert _json(run(*GOLDEN, "--public", "--json"))["interest"] == 29_870


def test_contract_rate_is_raised_to_the_floor(run: Run) -> None:
    found = _json(run(*GOLDEN, "--contract-rate", "12", "--json"))
    assert [period["rate"] for period in found["rate_periods"]] == [14.76, 12]


def test_other_kind_of_debtor(run: Run) -> None:
    arguments = [*GOLDEN, "--country", "AT", "--debtor", "not_at_fault", "--json"]
    assert _json(run(*arguments))["interest"] == 9_753  # 10,000 × 4 % × 89 / 365 = 97.5342…


def test_own_law_of_a_policy_comes_first(run: Run, folder: Any) -> None:
    arguments = [
        "--country",
        "XX",
        "--amount",
        "365",
        "--currency",
        "EUR",
        "--config",
        str(folder.root.parent),
    ]
    found = _json(run(*arguments, "--due", "2024-01-01", "--until", "2024-01-11", "--json"))
    assert found["interest"] == 120  # 365 × 12 % × 10 / 365


def test_table_for_people_names_law_sums_and_doubts(run: Run) -> None:
    result = run(*GOLDEN, "--country", "PL", "--currency", "PLN")
    assert "384.04 PLN" in result.output
    assert "Compensation  unknown" in result.output
    assert "nbp_reference 2024-H2" in result.output


@pytest.mark.parametrize(
    "wrong",
    [
        ["--amount", "10.001"],
        ["--currency", "EURO"],
        ["--due", "01/12/2024"],
        ["--payment", "2025-01-01"],
        ["--payment", "2025-01-01:x"],
        ["--contract-rate", "a lot"],
        ["--contract-rate", "NaN"],
        ["--public", "--debtor", "private"],
        ["--config", "nowhere"],
    ],
)
def test_what_cannot_be_read_is_wrong_usage(run: Run, wrong: list[str]) -> None:
    with pytest.raises(UsageError):
        run(*GOLDEN, *wrong)


def test_missing_rate_is_refused(run: Run) -> None:
    with pytest.raises(LawError, match="2026-H2"):
        run(*CLAIM, "--until", "2026-07-01")
