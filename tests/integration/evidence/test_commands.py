"""The commands of evidence, as they are called."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from relance.cli.main import app
from relance.errors import UsageError
from relance.evidence import verify
from relance.settings import REPOSITORY
from relance.store import schema
from tests.integration.evidence.conftest import Scene

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def environment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELANCE_DATABASE_URL", scene.database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_an_archive_is_written_checked_and_noted(scene: Scene, tmp_path: Path) -> None:
    key = scene.say()
    scene.answer(key)
    out = tmp_path / "p1.zip"
    made = call("evidence", "export", "FR01", "P1", out, "--language", "de", "--json")
    figures = json.loads(made.stdout)
    assert (figures["file"], figures["messages"], figures["entries"]) == (str(out), 1, 2)
    assert figures["head"] == verify.check(out.read_bytes()).head
    assert (
        call("evidence", "verify", out, "--head", figures["head"], "--seal", figures["seal"]).exit_code == 0
    )
    assert call("evidence", "verify", out, "--head", "00" * 32).exit_code == 1
    assert [path.name for path in tmp_path.glob("p1*")] == ["p1.zip"]


def test_the_database_is_checked_and_a_forgery_found(scene: Scene) -> None:
    scene.say()
    good = call("evidence", "check", "FR01", "P1")
    assert (good.exit_code, "1 chains with 1 entries hold" in good.stdout) == (0, True)
    scene.run(sa.update(schema.outbox).values(body=b"forged"))
    bad = call("evidence", "check", "FR01", "--json")
    assert (bad.exit_code, json.loads(bad.stdout)["intact"]) == (1, False)


def test_what_expired_is_erased_by_the_region_s_years_and_never_ahead_of_time(scene: Scene) -> None:
    scene.say(day=date(2020, 3, 2))
    scene.say(day=date(2026, 3, 2))
    dry = json.loads(call("evidence", "erase", "FR01", "--as-of", "2026-11-01", "--dry-run", "--json").stdout)
    done = json.loads(call("evidence", "erase", "FR01", "--as-of", "2026-11-01", "--json").stdout)
    assert (dry["messages"], done["messages"], done["before"]) == (1, 1, "2020-11-01")
    with pytest.raises(UsageError, match="still to come"):
        raise call("evidence", "erase", "FR01", "--as-of", "2090-01-01").exception or AssertionError


def test_a_hand_over_is_written(scene: Scene, tmp_path: Path) -> None:
    scene.ledger(customers=[{"customer_id": "P1"}])
    scene.say()
    out = tmp_path / "p1.zip"
    made = call("handover", "FR01", "P1", "--out", out, "--as-of", "2026-03-02", "--json")
    assert json.loads(made.stdout)["messages"] == 1
    assert verify.check(out.read_bytes()).problems == []
