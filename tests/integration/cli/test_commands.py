"""The command line as scripts and outside checks use it: its JSON, its exit codes, its one line of error."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relance.cli.main import run
from tests.integration.day.conftest import Company, company

pytestmark = pytest.mark.integration
__all__ = ["company"]

OUTCOME_KEYS = {
    "invoice_id", "payer_id", "outcome", "reason", "holds", "scenario", "step", "level", "step_date", "next_step",
    "next_on", "level_reached", "passed_over", "open", "to_demand", "currency", "days_late", "contact_key",
}  # fmt: skip
CONTACT_KEYS = {
    "key", "payer_id", "kind", "channel", "contact_id", "to", "language", "scenario", "step", "level", "acts",
    "demands", "announces", "mentions", "totals", "approval", "score",
}  # fmt: skip


class Shell:
    """Runs `relance` in this process; gives exit code, output and error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["relance", *arguments])
        with pytest.raises(SystemExit) as end:
            run()
        output, error = self._capsys.readouterr()
        return int(end.value.code or 0), output, error

    def json(self, *arguments: str) -> Any:
        code, output, error = self(*arguments, "--json")
        assert code == 0, error
        return json.loads(output)


@pytest.fixture
def relance(company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"), ("F2", date(2026, 3, 30), "80.50"))
    company.payer("C2", ("F3", date(2026, 2, 26), "10.00"), status="insolvency")
    company.write()
    monkeypatch.setenv("RELANCE_DATABASE_URL", company.database.url)
    monkeypatch.setenv("RELANCE_HOME", str(company.folder / "home"))
    monkeypatch.setenv("RELANCE_CONFIG", str(company.folder / "config"))
    monkeypatch.chdir(company.folder)
    return Shell(monkeypatch, capsys)


def _imported(relance: Shell) -> None:
    relance.json("ledger", "import", "FR01", "ledger", "--extract-date", "2026-03-10")


def test_import_counts_rows_over_all_tables_and_again_changes_nothing(relance: Shell) -> None:
    counts = relance.json("ledger", "import", "FR01", "ledger", "--extract-date", "2026-03-10")
    assert {name: figure for name, figure in counts.items() if name != "messages"} == {
        "read": 7, "inserted": 7, "updated": 0, "unchanged": 0, "closed": 0, "quarantined": 0, "warnings": 0,
    }  # fmt: skip
    again = relance.json("ledger", "import", "FR01", "ledger", "--extract-date", "2026-03-10")
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 7)


def test_balance_has_the_public_form(relance: Shell) -> None:
    _imported(relance)
    assert relance.json("ledger", "balance", "FR01", "--as-of", "2026-03-10") == {
        "entity": "FR01",
        "as_of": "2026-03-10",
        "currencies": [
            {
                "currency": "EUR", "open": 21050, "overdue": 13000, "credit": 0, "invoices": 3, "payers": 2,
                "ageing": {"not_due": 8050, "1-30": 13000, "31-60": 0, "61-90": 0, "91-120": 0, "over_120": 0},
            }
        ],
    }  # fmt: skip


def test_plan_has_the_public_form_and_writes_nothing(relance: Shell, company: Company) -> None:
    _imported(relance)
    made = relance.json("plan", "FR01", "--as-of", "2026-03-10")
    assert set(made) == {"entity", "as_of", "policy_version", "outcomes", "contacts", "tasks"}
    assert [set(row) for row in made["outcomes"]] == [OUTCOME_KEYS] * 3
    assert [set(row) for row in made["contacts"]] == [CONTACT_KEYS]
    by_id = {row["invoice_id"]: row for row in made["outcomes"]}
    assert by_id["F1"]["outcome"] == "act"
    assert by_id["F1"]["contact_key"] == made["contacts"][0]["key"]
    assert (by_id["F2"]["outcome"], by_id["F2"]["next_step"], by_id["F2"]["next_on"]) == (
        "wait",
        "before",
        "2026-03-25",
    )
    assert by_id["F3"]["holds"] == [
        {"reason": "insolvency", "until": None, "source": "customer status insolvency"}
    ]
    assert made["contacts"][0]["demands"] == [{"invoice_id": "F1", "amount": 12000, "currency": "EUR"}]
    assert made["contacts"][0]["mentions"] == ["F2"]
    assert company.database.read("SELECT count(*) AS n FROM plan")["n"][0] == 0


def test_plan_saved_twice_is_stored_once_and_makes_no_contact(relance: Shell, company: Company) -> None:
    _imported(relance)
    for _ in range(2):
        assert relance("plan", "FR01", "--as-of", "2026-03-10", "--save")[0] == 0
    assert company.database.read("SELECT count(*) AS n FROM plan")["n"][0] == 1
    assert company.database.read("SELECT count(*) AS n FROM contact")["n"][0] == 0


def test_play_gives_one_plan_a_line_and_takes_contacts_as_sent(relance: Shell, company: Company) -> None:
    company.policy(entity={"max_ledger_age_days": 100})
    _imported(relance)
    code, output, error = relance("play", "FR01", "--from", "2026-03-10", "--to", "2026-03-20", "--json")
    assert code == 0, error
    days = [json.loads(line) for line in output.splitlines()]
    assert [one["as_of"] for one in days] == [f"2026-03-{number}" for number in range(10, 21)]
    done = [
        (one["as_of"], act["step"]) for one in days for contact in one["contacts"] for act in contact["acts"]
    ]
    assert done == [("2026-03-10", "first"), ("2026-03-18", "second")]
    assert days[1]["outcomes"][0]["level_reached"] == "level_1"
    assert company.database.read("SELECT count(*) AS n FROM plan")["n"][0] == 0


def test_run_forced_on_a_past_day_has_the_public_form(relance: Shell) -> None:
    figures = relance.json("run", "FR01", "--as-of", "2026-03-10", "--force", "--reason", "rehearsal")
    assert set(figures) >= {
        "entity", "as_of", "imported", "outcomes", "contacts", "sent", "failed", "in_doubt", "awaiting_approval",
        "cases_opened", "cases_updated", "slack",
    }  # fmt: skip
    assert (figures["sent"], figures["outcomes"]["act"], figures["imported"]["inserted"]) == (1, 1, 7)
    history = relance.json("history", "FR01", "C1")
    assert history["intact"] is True
    assert [entry["kind"] for entry in history["entries"]] == ["contact.sent"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["plan", "FR1", "--as-of", "2026-03-10"], 2, "FR01"),
        (["plan", "FR01", "--as-of", "10/03/2026"], 2, "does not match"),
        (["plan", "FR01", "--as-of", "2026-03-10"], 1, "Import one: relance ledger import FR01 PATH"),
        (["run", "FR01", "--as-of", "2020-01-01"], 2, "--force --reason TEXT"),
        (["play", "FR01", "--from", "2026-03-10", "--to", "2026-03-01"], 2, "--from is later than --to"),
        (["ledger", "import", "FR01", "nowhere"], 1, "nowhere"),
        (["no-such-command"], 2, "No such command"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(
    relance: Shell, arguments: list[str], code: int, says: str
) -> None:
    got, output, error = relance(*arguments)
    assert (got, output) == (code, "")
    assert says in " ".join(error.split())
    assert "Traceback" not in error
    if code == 1:
        assert len(error.strip().splitlines()) == 1


def test_a_policy_that_does_not_hold_together_is_refused_with_every_place(
    relance: Shell, company: Company
) -> None:
    scenario = company.folder / "config" / "scenarios" / "standard.yaml"
    scenario.write_text(scenario.read_text("utf-8") + "colour: red\n", "utf-8")
    region = company.folder / "config" / "regions" / "fr.yaml"
    region.write_text(region.read_text("utf-8").replace("country: FR", "country: Frankreich"), "utf-8")
    code, _, error = relance("plan", "FR01", "--as-of", "2026-03-10")
    assert code == 1
    assert "standard.yaml:" in error
    assert "colour" in error
    assert "fr.yaml:2" in error


def test_config_is_named_on_the_call_after_the_subcommand(
    relance: Shell, company: Company, tmp_path: Path
) -> None:
    _imported(relance)
    elsewhere = tmp_path / "elsewhere"
    (company.folder / "config").rename(elsewhere)
    assert relance("plan", "FR01", "--as-of", "2026-03-10")[0] != 0
    assert relance("plan", "FR01", "--as-of", "2026-03-10", "--config", str(elsewhere))[0] == 0
