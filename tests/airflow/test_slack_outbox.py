"""The DAG that sends where no bot does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relance.orchestration import slack_outbox
from relance.orchestration.connections import environment_settings
from relance.slack.presence import Presence
from relance.store import schema
from relance.store.database import Database
from tests.integration.cases.world import World

pytestmark = pytest.mark.airflow


def _send() -> dict[str, object]:
    run: Callable[[], dict[str, object]] = slack_outbox.send.function  # type: ignore[attr-defined]
    return run()


@pytest.fixture
def world(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    for name, value in {
        "RELANCE_HOME": str(tmp_path), "RELANCE_DATABASE_URL": database.url, "RELANCE_SLACK_TOKEN": "xoxb-1",
        "RELANCE_SLACK_BASE_URL": "http://127.0.0.1:9/api/",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("relance.orchestration.connections.task_settings", environment_settings)
    return World(database)


def test_it_runs_every_ten_minutes_one_at_a_time() -> None:
    dag = slack_outbox.slack_outbox_dag()
    assert (dag.timetable.summary, dag.catchup, dag.max_active_runs) == ("*/10 * * * *", False, 1)
    assert [task.task_id for task in dag.tasks] == ["send"]


def test_an_empty_outbox_asks_slack_nothing(world: World) -> None:
    assert _send()["pending"] == 0


def test_it_leaves_the_outbox_to_a_bot_that_runs(world: World) -> None:
    from relance.store.uow import UnitOfWork

    row = {
        "entity": "FR01",
        "channel": "#x",
        "verb": "notice",
        "payload": {"text": "x"},
        "digest": "d",
        "state": "pending",
    }
    with UnitOfWork(world.database) as uow:
        uow.execute(schema.slack_outbox.insert().values(row))
        uow.commit()
    with Presence(world.database):
        assert _send()["pending"] == 1
    assert world.rows(schema.slack_outbox)[0]["attempts"] == 0
