"""`make up` as its user has it: answers on this machine only, shows DAGs and plugin; a backfill sends nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from relance.store import embedded
from relance.store.database import Database
from relance.store.schema import contact, outbox, plan

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REPOSITORY = Path(__file__).resolve().parents[2]
ENTITIES = sorted(path.stem for path in (REPOSITORY / "config" / "entities").glob("*.yaml"))


@dataclass
class Server:
    """What `make up` started."""

    url: str
    home: Path
    airflow_home: Path
    environment: dict[str, str]
    token: str = ""

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def serve(verb: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relance.orchestration.serve", verb]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=250)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("up")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "RELANCE"))
    }
    environment |= {
        "RELANCE_HOME": str(folder / "relance"),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__API__PORT": str(port),
    }
    made = Server(f"http://127.0.0.1:{port}", folder / "relance", folder / "airflow", environment)
    try:
        done = serve("up", environment)
        assert done.returncode == 0, done.stdout + done.stderr
        assert made.url in done.stdout
        kept = made.airflow_home / "simple_auth_manager_passwords.json.generated"
        assert kept.stat().st_mode & 0o077 == 0, "the password is for its owner only"
        passwords = json.loads(kept.read_text())
        assert passwords["admin"] in done.stdout
        made.token = made.ask("/auth/token", {"username": "admin", "password": passwords["admin"]})[
            "access_token"
        ]
        yield made
    finally:
        done = serve("down", environment)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Airflow has stopped." in done.stdout
    assert embedded.running_url(made.home) is None
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        pass


def test_the_page_and_all_parts_answer(server: Server) -> None:
    with urllib.request.urlopen(server.url, timeout=30) as page:
        assert page.status == 200
        assert b"<html" in page.read().lower()
    health = server.ask("/api/v2/monitor/health")
    assert {part: state["status"] for part, state in health.items()} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )


def test_every_entity_has_its_dag_and_the_plugin_is_loaded(server: Server) -> None:
    dags = wait_for(lambda: (found := _days(server)) and len(found) == len(ENTITIES) and found)
    assert sorted(dag["dag_id"] for dag in dags) == [f"dunning_{entity.lower()}" for entity in ENTITIES]
    assert all("business days of" in dag["timetable_description"] for dag in dags)
    assert [plugin["name"] for plugin in server.ask("/api/v2/plugins")["plugins"]] == ["relance"]
    assert server.ask("/api/v2/plugins/importErrors")["import_errors"] == []
    assert server.ask("/api/v2/importErrors")["import_errors"] == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_it_listens_on_the_loopback_address_only(server: Server) -> None:
    supervisor = json.loads((server.airflow_home / "serve.pid").read_text(encoding="utf-8"))["pid"]
    inodes = {inode for pid in family(supervisor) for inode in sockets_of(pid)}
    listening = [
        (fields[1].split(":")[0], int(fields[1].split(":")[1], 16))
        for table in ("tcp", "tcp6")
        for fields in (line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in inodes
    ]
    assert int(server.url.rsplit(":", 1)[1]) in [port for _, port in listening]
    assert {address for address, _ in listening} == {"0100007F"}


def test_starting_again_only_says_where_it_runs(server: Server) -> None:
    done = serve("up", server.environment)
    assert done.returncode == 0
    assert server.url in done.stdout


def test_a_backfill_over_days_plans_each_and_sends_nothing(server: Server) -> None:
    days = [date(2026, 6, day) for day in (11, 12, 15)]  # a daysend between them
    server.ask("/api/v2/dags/dunning_fr01", {"is_paused": False}, "PATCH")
    made = server.ask(
        "/api/v2/backfills",
        {
            "dag_id": "dunning_fr01",
            "from_date": "2026-06-10T23:00:00Z",
            "to_date": "2026-06-15T23:00:00Z",
            "max_active_runs": 1,
            "dag_run_conf": {"force": True, "reason": "not even so"},
        },
    )
    assert made["dag_id"] == "dunning_fr01"
    path = "/api/v2/dags/dunning_fr01/dagRuns?run_type=backfill&limit=20"

    def ended() -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = server.ask(path)["dag_runs"]
        return runs if runs and all(run["state"] in {"success", "failed"} for run in runs) else []

    runs = wait_for(ended, patience=240)
    assert sorted(date.fromisoformat(run["logical_date"][:10]) for run in runs) == days
    assert {run["state"] for run in runs} == {"success"}
    url = embedded.running_url(server.home)
    assert url is not None
    database = Database(url.replace("/postgres?", "/relance?"))
    with database.engine.connect() as connection:
        plans = connection.execute(
            sa.select(plan.c.as_of, plan.c.live).where(plan.c.as_of <= days[-1]).order_by(plan.c.as_of)
        ).all()
        assert [tuple(row) for row in plans] == [(day, False) for day in days]
        for table in (contact.c.as_of, outbox.c.on_date):
            assert connection.scalar(sa.select(sa.func.count()).where(table <= days[-1])) == 0
    assert not list(server.home.glob("outbox/*/2026-06-*/**/*.*"))


def wait_for(condition: Any, *, patience: float = 60) -> Any:
    until = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(1)
    return found


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def sockets_of(pid: int) -> set[str]:
    links = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            links.add(str(entry.readlink()))
    except OSError:
        pass
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}


def _days(server: Server) -> list[dict[str, Any]]:
    """The DAGs of entities' days, beside which digests and the outbox have their own."""
    found = server.ask("/api/v2/dags?limit=100")["dags"]
    return [dag for dag in found if dag["dag_id"].startswith("dunning_")]
