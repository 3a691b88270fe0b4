"""`relance reach` and `relance inbox read`: addresses out of use, and what came back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from relance.cli import main
from relance.errors import CaseError, UsageError
from relance.settings import REPOSITORY
from relance.store import inbound, timeline
from relance.store.database import Database
from relance.store.inbound import Mark
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import DAY, add_contacts

pytestmark = pytest.mark.integration
BY = "credit@lumen.example"
Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    monkeypatch.delenv("RELANCE_MAILBOX_HOST", raising=False)
    return lambda *arguments: CliRunner().invoke(main.app, list(arguments))


def mark(
    database: Database, address: str, kind: Mark = "bounced", channel: str = "email", key: str | None = None
) -> None:
    with UnitOfWork(database) as uow:
        inbound.put_mark(
            uow, entity="FR01", channel=channel, address=address, mark=kind, on_date=DAY, source="bounce 5.1.1", key=key
        )  # fmt: skip
        uow.commit()


def told(database: Database, payer: str) -> list[tuple[str, str]]:
    with UnitOfWork(database) as uow:
        return [(row["kind"], row["actor"]) for row in timeline.read(uow, "FR01", payer)]


def test_marks_are_listed_with_what_put_them(database: Database, run: Run) -> None:
    assert "Every address is in use" in run("reach", "FR01").stdout
    mark(database, "P1@Client.example")
    for arguments in (["FR01"], ["list", "FR01"], ["FR01", "list"]):
        (row,) = json.loads(run("reach", *arguments, "--json").stdout)
        assert row == {
            "channel": "email", "address": "p1@client.example", "mark": "bounced", "on_date": DAY.isoformat(),
            "source": "bounce 5.1.1", "key": None,
        }  # fmt: skip
    assert "bounced" in run("reach", "FR01").stdout


@pytest.mark.parametrize("words", [["clear", "FR01"], ["FR01", "clear"]])
def test_a_lifted_mark_is_told_on_the_payers_timeline(database: Database, run: Run, words: list[str]) -> None:
    (key,) = add_contacts(database, ["P1"])
    mark(database, "p1@client.example", key=key)
    done = run("reach", *words, "P1@client.example", "--by", BY)
    assert done.exit_code == 0, done.output
    assert "payers: P1" in done.stdout
    assert told(database, "P1") == [("reach.cleared", BY)]
    with UnitOfWork(database) as uow:  # the subject is hashed and stays; the address must be erasable
        (entry,) = timeline.read(uow, "FR01", "P1")
    assert (entry["subject"], entry["body"]["address"]) == ("reach:email", "p1@client.example")
    assert json.loads(run("reach", "FR01", "--json").stdout) == []


def test_nothing_to_lift_is_said(database: Database, run: Run) -> None:
    mark(database, "+33612345678", channel="sms")
    wrong = run("reach", "clear", "FR01", "+33612345678", "--by", BY)
    assert isinstance(wrong.exception, UsageError)
    nobody = run("reach", "clear", "FR01", "+33612345678", "--channel", "sms", "--by", "me")
    assert isinstance(nobody.exception, CaseError)
    done = run("reach", "clear", "FR01", "+33 6 12 34 56 78", "--channel", "sms", "--by", BY, "--json")
    assert json.loads(done.stdout) == {"lifted": 1, "payers": []}


def test_an_opt_out_is_lifted_only_by_its_owners_wish(database: Database, run: Run) -> None:
    mark(database, "p1@client.example", "opted_out")
    refused = run("reach", "clear", "FR01", "p1@client.example", "--by", BY)
    assert isinstance(refused.exception, UsageError)
    assert "--opted-out" in str(refused.exception)
    assert run("reach", "clear", "FR01", "p1@client.example", "--by", BY, "--opted-out").exit_code == 0


def test_without_a_mailbox_reading_says_so(run: Run) -> None:
    assert "No mailbox is set" in run("inbox", "read", "FR01").stdout
    assert json.loads(run("inbox", "read", "FR01", "--json").stdout)["configured"] is False
