"""`relance case` and `relance slack preview`."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from relance import slack
from relance.cli import case as case_commands
from relance.cli import slack as slack_commands
from relance.config.load import load_policy
from relance.errors import CaseError, UsageError
from relance.settings import REPOSITORY
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import BY, ENTITY, World, invoice

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 12)


@pytest.fixture
def world(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    monkeypatch.delenv("RELANCE_SLACK_TOKEN", raising=False)
    one = World(database, load_policy(REPOSITORY / "config"))
    one.ledger(
        customers=[{"customer_id": "C1", "collector": BY}],
        invoices=[invoice("F1", DAY - timedelta(days=100), 100_000)],
    )
    one.work(DAY)
    return one


def run(app: object, *arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def case(*arguments: str) -> Result:
    return run(case_commands.app, *arguments)


def test_list_and_show_give_cases_as_text_and_as_json(world: World) -> None:
    listed = json.loads(case("list", ENTITY, "--json").stdout)["cases"]
    assert [(one["case_id"], one["kind"], one["payer_id"], one["state"]) for one in listed] == [
        (1, "overdue_90", "C1", "open")
    ]
    assert json.loads(case("list", ENTITY, "--kind", "promise", "--json").stdout)["cases"] == []
    assert "1000.00 EUR" in case("list", ENTITY).stdout
    shown = json.loads(case("show", "1", "--json").stdout)
    assert [event["verb"] for event in shown["events"]] == ["open"]
    assert "overdue 1000.00 EUR; oldest 100 days" in case("show", "1").stdout
    with pytest.raises(UsageError, match="no kind of case 'odd'"):
        case("list", ENTITY, "--kind", "odd")
    with pytest.raises(CaseError, match="no case 99"):
        case("show", "99")


def test_promise_takes_amount_date_and_person(world: World) -> None:
    due = DAY + timedelta(days=10)
    asked = (
        "promise",
        ENTITY,
        "C1",
        "--amount",
        "1000.00 EUR",
        "--due",
        str(due),
        "--by",
        BY,
        "--on",
        str(DAY),
    )
    made = json.loads(case(*asked, "--invoice", "F1", "--json").stdout)
    assert made["promise"]["invoices"] == ["F1"]
    assert (made["promise"]["amount"], made["promise"]["due_on"]) == (100_000, str(due))
    assert "dunning rests until" in case(*asked).stdout
    for change in (("--amount", "1000 euro"), ("--due", "soon")):
        with pytest.raises(UsageError):
            case(*asked, *change)
    with pytest.raises(CaseError, match="not a person"):
        case(*asked, "--by", "nobody")


def test_comment_is_noted(world: World) -> None:
    assert case("comment", "1", "called", "--by", BY, "--on", str(DAY)).stdout == "Case 1: noted.\n"
    assert "called" in case("show", "1").stdout


def test_preview_writes_a_page_and_says_where(world: World, tmp_path: Path) -> None:
    with UnitOfWork(world.database) as uow:
        assert slack.queue(uow, policy=world.policy, entity=ENTITY, as_of=DAY) == 1
        uow.commit()
    path = Path(run(slack_commands.app, "preview", ENTITY).stdout.strip())
    assert path == tmp_path / "slack" / "preview.html"
    assert "Brasserie du Port SARL" in path.read_text(encoding="utf-8")
    out = tmp_path / "page.html"
    told = json.loads(run(slack_commands.app, "preview", "--out", str(out), "--json").stdout)
    assert told == {"path": str(out), "cards": 1}
    with pytest.raises(UsageError):
        run(slack_commands.app, "preview", "FR99")


def test_send_without_a_token_keeps_the_cards_and_says_so(world: World) -> None:
    with UnitOfWork(world.database) as uow:
        slack.queue(uow, policy=world.policy, entity=ENTITY, as_of=DAY)
        uow.commit()
    sent = run(slack_commands.app, "send")
    assert "pending 1" in sent.stdout
    assert "RELANCE_SLACK_TOKEN" in sent.stderr
    assert json.loads(run(slack_commands.app, "send", "--json").stdout)["pending"] == 1
