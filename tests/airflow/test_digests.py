"""The digests' DAGs: one an entity and kind of slack.yaml, in the entity's time zone; past runs and backfills tell nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.trigger import CronTriggerTimetable

from relance.config.load import load_policy
from relance.orchestration.digests import dag_id, digest_dags
from relance.store import schema
from relance.store.database import Database
from tests.integration.cases.world import World, invoice

pytestmark = pytest.mark.airflow
REPOSITORY = Path(__file__).resolve().parents[2]
ENTITIES = sorted(path.stem for path in (REPOSITORY / "config" / "entities").glob("*.yaml"))


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = Path(shutil.copytree(REPOSITORY / "config", tmp_path / "config"))
    monkeypatch.setenv("RELANCE_CONFIG", str(config))
    return config


def test_one_dag_an_entity_and_kind_in_the_entitys_time_zone(policy: Path) -> None:
    dags = {dag.dag_id: dag for dag in digest_dags()}
    assert sorted(dags) == sorted(dag_id(entity, kind) for entity in ENTITIES for kind in ("daily", "weekly"))
    weekly = dags["digest_weekly_uk01"]
    assert isinstance(weekly.timetable, CronTriggerTimetable)
    assert (weekly.timetable.summary, str(weekly.timezone)) == ("0 8 * * 1", "Europe/London")
    assert (weekly.catchup, weekly.max_active_runs) == (False, 1)
    assert [task.task_id for task in weekly.tasks] == ["tell"]
    after = DagSerialization.from_dict(DagSerialization.to_dict(weekly))
    assert after.timetable.serialize() == weekly.timetable.serialize()


def test_a_kind_that_slack_yaml_has_not_has_no_dags(policy: Path) -> None:
    rules = (policy / "slack.yaml").read_text(encoding="utf-8")
    (policy / "slack.yaml").write_text(
        "\n".join(line for line in rules.splitlines() if "weekly:" not in line), encoding="utf-8"
    )
    assert {dag.dag_id for dag in digest_dags()} == {dag_id(entity, "daily") for entity in ENTITIES}
    (policy / "slack.yaml").unlink()
    assert list(digest_dags()) == []


def test_a_task_builds_only_the_dag_it_belongs_to(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "digest_daily_fr01")
    assert [dag.dag_id for dag in digest_dags()] == ["digest_daily_fr01"]


@pytest.mark.parametrize("run_type", ["backfill", "manual", "scheduled"])
def test_a_run_of_a_past_day_never_posts(
    run_type: str, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relance import digesting

    def post(*_: object) -> None:
        raise AssertionError("posted")

    moment = datetime.now(UTC) - timedelta(days=2)
    run = type("Run", (), {"run_type": run_type, "logical_date": moment, "run_after": moment})
    _in_a_run(monkeypatch, run)
    monkeypatch.setattr(digesting, "post", post)
    assert _tell()("FR01", "daily") == {}


def test_a_run_of_today_posts_and_a_backfill_of_today_does_not(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relance import digesting
    from relance.slack import SlackReport

    posted: list[tuple[str, str]] = []

    def post(_: object, entity: str, kind: str, __: object) -> tuple[digesting.DigestReport, SlackReport]:
        posted.append((entity, kind))
        return digesting.DigestReport(told=1), SlackReport()

    monkeypatch.setattr(digesting, "post", post)
    now = datetime.now(UTC)
    for run_type in ("backfill", "scheduled"):
        run = type("Run", (), {"run_type": run_type, "logical_date": now, "run_after": now})
        _in_a_run(monkeypatch, run)
        _tell()("FR01", "weekly")
    assert posted == [("FR01", "weekly")]


def _in_a_run(monkeypatch: pytest.MonkeyPatch, run: type) -> None:
    monkeypatch.setattr("relance.orchestration.digests.get_current_context", lambda: {"dag_run": run})


def _tell() -> Callable[[str, str], object]:
    from relance.orchestration import digests

    return digests.tell.function  # type: ignore[attr-defined,no-any-return]


@pytest.mark.slow
@pytest.mark.integration
def test_the_real_dag_posts_today_and_keeps_what_it_told(
    database: Database, airflow_database: None, policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path / "home"))
    today = datetime.now(ZoneInfo("Europe/Paris"))
    world = World(database, load_policy(policy))
    world.ledger(
        customers=[{"customer_id": "C1"}],
        invoices=[invoice("F1", today.date() - timedelta(days=100), 100_000)],
    )
    world.work(today.date())
    dag = DagBag(str(REPOSITORY / "dags")).dags["digest_daily_fr01"]
    assert str(dag.test(logical_date=today.astimezone(UTC)).state) == "success"
    (kept,) = world.rows(schema.digest)
    assert (kept["as_of"], kept["told"], kept["channel"]) == (today.date(), True, "#direction-credit")
    assert [row["verb"] for row in world.rows(schema.slack_outbox)] == ["digest"]
