"""`make demo`: one working day of two sample entities through their real DAGs, without reaching the outside.

The day is fixed, so that everybody sees the same. What it makes lies in `demo` under RELANCE_HOME, apart from
an installation's own data; no server, token or connection of the environment is used. Played again, it does
nothing twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from relance.errors import RelanceError
from relance.orchestration import local
from relance.settings import REPOSITORY
from relance.store import embedded

DAY = date(2026, 6, 16)
"""The Tuesday that scripts/make_sample.py makes its ledgers for."""
ENTITIES = ("FR01", "DE01")
REASON = "demo: the day that the sample ledgers are made for"
PROMISE = ("FR01", "C0010", "600.00 EUR", date(2026, 6, 17))
"""Entity, payer, amount and date of the promise that is taken down: its card speaks on the eve."""
_OUTSIDE = ("RELANCE_DATABASE_URL", "RELANCE_SMTP_", "RELANCE_SLACK_", "AIRFLOW_CONN_", "AIRFLOW__DATABASE__")
out = Console(highlight=False, soft_wrap=True)


def demo() -> None:
    """Play the day and show what came of it.

    Raises:
        RelanceError: something went wrong; names the log to read.
    """
    started = perf_counter()
    home = local.folders()[0] / "demo"
    for name in [name for name in os.environ if name.startswith(_OUTSIDE)]:
        del os.environ[name]
    os.environ["RELANCE_HOME"] = str(home)
    was_running = embedded.running_url(home) is not None
    out.print(f"Playing {' and '.join(ENTITIES)} on {DAY:%A %-d %B %Y} through their DAGs …")
    local.enter_environment()
    try:
        _play_in_a_process_of_its_own(home)
        entity, payer, amount, due = PROMISE
        _relance(
            "case", "promise", entity, payer, "--amount", amount, "--due", str(due),
            "--on", str(DAY), "--by", "collector.1@lumen.example",
        )  # fmt: skip
        # The day once more, without Airflow: it sends nothing twice, and now there is the promise's card.
        _relance("run", entity, "--as-of", str(DAY), "--force", "--reason", REASON)
        page = _relance("slack", "preview").strip()
        _show(home, page)
    finally:
        if not was_running:
            embedded.stop(home)
    out.print(f"\n{perf_counter() - started:.0f} s. Again: make demo. From nothing: rm -rf {_relative(home)}")


def play(report: Path) -> None:
    """Run both DAGs for the day in this process; writes each task's state to `report`."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    from relance.orchestration import tasks
    from relance.orchestration.factory import dag_id

    initdb()
    bag = DagBag(str(REPOSITORY / "dags"))
    states: dict[str, dict[str, str]] = {}
    for entity in ENTITIES:
        dag = bag.dags.get(dag_id(entity))
        if dag is None:
            raise RelanceError(f"There is no DAG of {entity}: {bag.import_errors}")
        for task in dag.tasks:
            task.retries = 0  # nobody waits minutes for a demo: what is wrong shows at once
        at = datetime.combine(DAY, time(7), ZoneInfo(str(dag.timezone)))
        run = dag.test(logical_date=at, run_conf={"force": True, "reason": REASON})
        found = {one.task_id: str(one.state) for one in run.get_task_instances()}
        states[entity] = {name: found[name] for name in tasks.ORDER}
    report.write_text(json.dumps(states), encoding="utf-8")


def _play_in_a_process_of_its_own(home: Path) -> None:
    """Airflow writes much and leaves much in a process: so it gets its own, and a log."""
    report, log = home / "demo.json", home / "demo.log"
    report.unlink(missing_ok=True)
    with log.open("wb") as file:
        subprocess.run(  # noqa: S603 — our own
            [sys.executable, "-m", "relance.orchestration.demo", "play", str(report)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    states = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    # A day played before leaves nothing to deliver: Airflow skips a task that is mapped over nothing.
    fine = {("deliver", "skipped")}
    wrong = [
        f"{entity} {task}: {state}"
        for entity, tasks in states.items()
        for task, state in tasks.items()
        if state != "success" and (task, state) not in fine
    ]
    if not states or wrong:
        raise RelanceError(f"The day did not end well ({'; '.join(wrong) or 'no run'}).", hint=f"Read {log}.")
    for entity, tasks in states.items():
        done = (name if state == "success" else f"({name}: nothing left)" for name, state in tasks.items())
        out.print(f"  {entity}: {' → '.join(done)}")


def _relance(*arguments: str) -> str:
    """What a `relance` command prints."""
    command = Path(sys.executable).with_name("relance")
    done = subprocess.run([str(command), *arguments], check=False, capture_output=True, text=True)  # noqa: S603 — ours
    if done.returncode:
        raise RelanceError(f"relance {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    return done.stdout


def _show(home: Path, page: str) -> None:
    from relance import day
    from relance.cases import list_cases
    from relance.orchestration.connections import environment_settings
    from relance.services import Services

    services = Services(settings=environment_settings())
    out.print()
    _table("Outcomes of every open invoice", ("", *ENTITIES), _outcomes(services))
    messages = [
        (entity, *row) for entity in ENTITIES for row in day.messages_by_channel(services, entity, DAY)
    ]
    _table("Contacts and tasks", ("entity", "channel", "level", "state", ""), messages)
    with services.unit_of_work() as uow:
        cases = [(one.entity, one.kind) for entity in ENTITIES for one in list_cases(uow, entity=entity)]
    _table("Open cases", ("entity", "kind", ""), [(*kind, cases.count(kind)) for kind in sorted(set(cases))])
    where = {
        "messages, one file each": _relative(home / "outbox"),
        "cards, as Slack shows them": _relative(Path(page)),
        "Airflow with these runs": f"make up RELANCE_HOME={_relative(home)}",
        "the day as JSON": f"RELANCE_HOME={_relative(home)} .venv/bin/relance plan FR01 --as-of {DAY} --json",
    }
    out.print("Where to look", style="italic")
    for what, place in where.items():
        out.print(f"{what:<27} {place}")


def _outcomes(services: Any) -> list[tuple[Any, ...]]:
    """Number of invoices by outcome and reason, of each entity's newest plan of the day."""
    from relance.store.schema import outcome, plan

    newest = (
        sa.select(plan.c.entity, sa.func.max(plan.c.plan_id).label("plan_id"))
        .where(plan.c.as_of == DAY)
        .group_by(plan.c.entity)
        .subquery()
    )
    query = (
        sa.select(outcome.c.outcome, outcome.c.reason, newest.c.entity, sa.func.count())
        .join(newest, newest.c.plan_id == outcome.c.plan_id)
        .group_by(outcome.c.outcome, outcome.c.reason, newest.c.entity)
    )
    with services.unit_of_work() as uow:
        found = {(row[0], row[1] or "", row[2]): row[3] for row in uow.execute(query)}
    kinds = sorted({(kind, reason) for kind, reason, _ in found})
    return [
        (f"{kind} {reason}".strip(), *(found.get((kind, reason, entity), 0) for entity in ENTITIES))
        for kind, reason in kinds
    ]


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=any(columns))
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*(str(value) for value in row))
    out.print(table, "")


def _relative(path: Path) -> str:
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)


def main(arguments: list[str]) -> int:
    """Without arguments the demo; `play FILE` is its part inside Airflow."""
    try:
        if arguments[:1] == ["play"]:
            play(Path(arguments[1]))
        else:
            demo()
    except RelanceError as error:
        Console(stderr=True, highlight=False).print(str(error), markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
