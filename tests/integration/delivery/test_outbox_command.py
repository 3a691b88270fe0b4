"""`relance outbox`: what waits, failed or is in doubt, and settling a doubt by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from relance.cli import outbox as command
from relance.delivery import intend
from relance.delivery.resolve import resolve
from relance.errors import UsageError
from relance.settings import REPOSITORY
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import DAY, TEMPLATES, World, add_contacts, make_policy

pytestmark = pytest.mark.integration
WHO = {"by": "credit@lumen.example", "reason": "found in the server's log"}


@pytest.fixture
def doubtful(database, world: World) -> list[str]:
    """One message in doubt, one failed, one that waits, one sent."""
    keys = add_contacts(database, ["A", "B", "C", "D"])
    with UnitOfWork(database) as uow:
        intend(uow, policy=make_policy(), templates=TEMPLATES, entity="FR01", as_of=DAY)
        uow.commit()
    for key, state in zip(keys, ("in_doubt", "failed", "intended", "sent"), strict=True):
        world.change(sa.update(outbox).where(outbox.c.key == key).values(state=state, provider="smtp"))
        if state != "intended":
            world.change(sa.update(contact).where(contact.c.key == key).values(state=state))
    return keys


@pytest.fixture
def run(database, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    return lambda *arguments: CliRunner().invoke(command.app, list(arguments))


def test_the_list_shows_what_waits_failed_or_is_in_doubt(run, doubtful: list[str]):
    for arguments in (["FR01", "--json"], ["list", "FR01", "--json"]):
        result = run(*arguments)
        assert result.exit_code == 0, result.output
        rows = json.loads(result.stdout)
        assert rows[0]["state"] == "in_doubt"
        assert {row["key"]: row["state"] for row in rows} == dict(
            zip(doubtful[:3], ("in_doubt", "failed", "intended"), strict=True)
        )
    shown = run("FR01").stdout
    assert "in_doubt" in shown
    assert "relance outbox resolve KEY" in shown
    assert "Nothing waits" in run("DE01").stdout


def test_an_unknown_entity_is_refused(run):
    assert isinstance(run("XX01").exception, UsageError)


@pytest.mark.parametrize(("flag", "state"), [("--sent", "sent"), ("--failed", "failed")])
def test_a_doubt_is_settled_by_a_person_with_a_reason(run, doubtful, world: World, flag: str, state: str):
    result = run("resolve", doubtful[0][:10], flag, "--by", WHO["by"], "--reason", WHO["reason"], "--json")
    assert json.loads(result.stdout)["state"] == state
    assert world.states()[doubtful[0]] == world.states(outbox)[doubtful[0]] == state
    assert world.events(doubtful[0])[-1] == (state, f"settled by hand: {WHO['reason']}")
    assert world.row(contact, doubtful[0])["acted_on"] == (DAY if state == "sent" else None)
    assert world.told("A") == [f"contact.{state}"]


def test_only_a_message_in_doubt_can_be_settled_and_only_by_somebody(database, doubtful: list[str]):
    with UnitOfWork(database) as uow:
        for wrong in (doubtful[1], doubtful[3], "0" * 64):
            with pytest.raises(UsageError, match="No message in doubt"):
                resolve(uow, key=wrong, sent=True, **WHO)
        for missing in ({"by": "nobody"}, {"reason": " "}):
            with pytest.raises(UsageError, match="by somebody, for a reason"):
                resolve(uow, key=doubtful[0], sent=True, **(WHO | missing))


def test_whether_it_has_gone_must_be_said(run, doubtful: list[str]):
    result = run("resolve", doubtful[0], "--by", WHO["by"], "--reason", WHO["reason"])
    assert isinstance(result.exception, UsageError)
