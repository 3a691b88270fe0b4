"""One DAG for each entity file: quick to parse, whatever a single file holds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from relance import errors
from relance.orchestration.factory import PREFIX, dag_id
from relance.orchestration.retries import by_kind_of_error
from relance.orchestration.timetable import RegionBusinessDays

pytestmark = pytest.mark.airflow

REPOSITORY = Path(__file__).resolve().parents[2]
ENTITIES = sorted(path.stem for path in (REPOSITORY / "config" / "entities").glob("*.yaml"))
TASKS = [
    "import_ledger", "read_mailbox", "plan", "delivery_batches", "deliver", "delivered", "deliver_waiting", "cases",
    "publish", "erase_expired", "complete",
]  # fmt: skip


@pytest.fixture
def bag(airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], DagBag]:
    """Parses the repository's DAG files against a policy directory."""

    def parse(config: Path) -> DagBag:
        monkeypatch.setenv("RELANCE_CONFIG", str(config))
        return DagBag(str(REPOSITORY / "dags"))

    return parse


@pytest.fixture
def shipped(bag: Callable[[Path], DagBag]) -> DagBag:
    return bag(REPOSITORY / "config")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A copy of the shipped policy, to be spoilt."""
    return Path(shutil.copytree(REPOSITORY / "config", tmp_path / "config"))


def test_one_dag_an_entity_and_no_import_error(shipped: DagBag) -> None:
    assert shipped.import_errors == {}
    assert _days(shipped) == [dag_id(entity) for entity in ENTITIES]
    assert len(ENTITIES) >= 4
    digests = [name for name in shipped.dags if name.startswith("digest_")]
    assert len(digests) == 2 * len(ENTITIES), "Airflow skips files that it takes for none of its own"


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_dag_is_what_its_entity_file_says(entity: str, shipped: DagBag) -> None:
    import yaml

    said = yaml.safe_load((REPOSITORY / "config" / "entities" / f"{entity}.yaml").read_text(encoding="utf-8"))
    dag = shipped.dags[dag_id(entity)]
    assert isinstance(dag.timetable, RegionBusinessDays)
    assert dag.timetable.summary == said["schedule"]
    assert str(dag.timezone) == said["timezone"]
    assert [task.task_id for task in dag.topological_sort()] == TASKS
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert {entity, said["currency"], said["region"]} <= dag.tags
    assert said["name"] in str(dag.doc_md)
    assert {task.owner for task in dag.tasks} == {"collections"}
    assert (dag.params["force"], dag.params["reason"]) == (False, None)


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_dag_survives_its_serialisation(entity: str, shipped: DagBag) -> None:
    before = shipped.dags[dag_id(entity)]
    after = DagSerialization.from_dict(DagSerialization.to_dict(before))
    assert isinstance(after.timetable, RegionBusinessDays)
    assert after.timetable.serialize() == before.timetable.serialize()
    assert sorted(after.task_dict) == sorted(TASKS)


def test_two_hundred_entities_parse_in_under_five_seconds(
    bag: Callable[[Path], DagBag], policy: Path
) -> None:
    _multiply(policy, 200)
    start = time.process_time()  # its own: whoever else keeps the machine busy makes no DAG file slow
    parsed = bag(policy)
    took = time.process_time() - start
    assert parsed.import_errors == {}
    assert len(_days(parsed)) == 200
    assert took < 5, f"{took:.1f} s"


def test_a_task_builds_only_the_dag_it_belongs_to(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relance.orchestration.factory import dunning_dags

    monkeypatch.setenv("RELANCE_CONFIG", str(policy))
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "dunning_fr01")
    (policy / "entities" / "DE01.yaml").unlink()
    (policy / "entities" / "DE01.yaml").mkdir()  # reading it would fail
    assert [dag.dag_id for dag in dunning_dags()] == ["dunning_fr01"]


def _spoil_entity(policy: Path) -> tuple[str, set[str]]:
    _replace(policy / "entities" / "DE01.yaml", "schedule:", "shedule:")
    return "entities/DE01.yaml:7", {"DE01"}


def _spoil_yaml(policy: Path) -> tuple[str, set[str]]:
    _replace(policy / "entities" / "FR01.yaml", "name: Lumen SAS", "name: [Lumen SAS")
    return "entities/FR01.yaml:", {"FR01"}


def _spoil_region(policy: Path) -> tuple[str, set[str]]:
    (policy / "regions" / "uk.yaml").write_text(
        "region: uk\ncountry: Narnia\nlanguages: [en]\n", encoding="utf-8"
    )
    return "regions/uk.yaml:2", {"UK01"}


def _spoil_name(policy: Path) -> tuple[str, set[str]]:
    (policy / "entities" / "ES01.yaml").rename(policy / "entities" / "ES02.yaml")
    return "entities/ES02.yaml:", {"ES01"}


def _spoil_scenario(policy: Path) -> tuple[str, set[str]]:
    _replace(policy / "scenarios" / "standard.yaml", "level: level_1", "level: level_9")
    return "scenarios/standard.yaml:", set()


def _drop_region(policy: Path) -> tuple[str, set[str]]:
    (policy / "regions" / "de.yaml").unlink()
    return "entities/DE01.yaml:", {"DE01"}


@pytest.mark.parametrize(
    "spoil", [_spoil_entity, _spoil_yaml, _spoil_region, _spoil_name, _spoil_scenario, _drop_region]
)
def test_a_broken_file_is_an_import_error_and_the_others_load(
    spoil: Callable[[Path], tuple[str, set[str]]], bag: Callable[[Path], DagBag], policy: Path
) -> None:
    place, lost = spoil(policy)
    parsed = bag(policy)
    assert _days(parsed) == [dag_id(entity) for entity in ENTITIES if entity not in lost]
    assert list(parsed.import_errors) == [str(REPOSITORY / "dags" / "policy_problems.py")] or [
        *parsed.import_errors
    ] == ["policy_problems.py"]
    (message,) = parsed.import_errors.values()
    assert place in message


def test_a_broken_file_does_not_take_the_others_off_the_schedule(
    airflow_database: None, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow stops scheduling all DAGs of a file with an import error: problems have a file of their own."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    monkeypatch.setenv("RELANCE_CONFIG", str(policy))
    _spoil_entity(policy)
    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    (bundle,) = manager.get_all_dag_bundles()
    sync_bag_to_db(
        BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name),
        bundle.name,
        None,
    )
    with create_session() as session:
        stopped = {row.dag_id: row.has_import_errors for row in session.query(DagModel)}
    assert not any(stopped.values())
    assert {dag_id(entity) for entity in ENTITIES if entity != "DE01"} <= stopped.keys()
    assert dag_id("DE01") not in stopped


def test_dag_files_hold_wiring_only() -> None:
    assert all(
        len(path.read_text(encoding="utf-8").splitlines()) < 80 for path in (REPOSITORY / "dags").glob("*.py")
    )


@pytest.mark.parametrize(
    ("error", "action", "minutes"),
    [
        (errors.TransientError("451"), "retry", 10),
        (errors.BusyError("held"), "retry", 2),
        (errors.StoreError("down"), "retry", 1),
        (errors.PolicyError("broken"), "fail", None),
        (errors.LedgerError("unreadable"), "fail", None),
        (errors.ImportRefusedError("empty"), "fail", None),
        (errors.UsageError("which"), "fail", None),
        (errors.PermanentError("550"), "fail", None),
        (ConnectionResetError(), "default", None),
    ],
)
def test_retries_differ_by_kind_of_error(error: Exception, action: str, minutes: int | None) -> None:
    decision = by_kind_of_error().evaluate(error, 1, 6)
    assert decision.action.value == action
    assert (decision.retry_delay.total_seconds() / 60 if decision.retry_delay else None) == minutes


def test_every_task_has_the_retry_policy(shipped: DagBag) -> None:
    dag: DAG = shipped.dags["dunning_fr01"]
    assert all(task.retry_policy is not None and task.retries == 6 for task in dag.tasks)


def _days(bag: DagBag) -> list[str]:
    """The DAGs of days: digests have DAGs of their own."""
    return sorted(name for name in bag.dags if name.startswith(PREFIX))


def _replace(path: Path, old: str, new: str) -> None:
    text: str = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _multiply(policy: Path, count: int) -> None:
    entities = policy / "entities"
    originals: list[tuple[str, Any]] = [
        (path.stem, path.read_text(encoding="utf-8")) for path in sorted(entities.glob("*.yaml"))
    ]
    for number in range(count - len(originals)):
        stem, text = originals[number % len(originals)]
        name = f"{stem[:2]}{number + 1000}"
        (entities / f"{name}.yaml").write_text(
            text.replace(f"entity: {stem}", f"entity: {name}"), encoding="utf-8"
        )
