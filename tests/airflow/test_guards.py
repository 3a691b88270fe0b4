"""Airflow runs every file of the plugins folder as a module of its own, unless told otherwise: it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "plugins" / "relance"

pytestmark = pytest.mark.airflow


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_the_ignore_file_is_in_place() -> None:
    lines = (REPOSITORY / "plugins" / ".airflowignore").read_text(encoding="utf-8").split()
    assert "relance/" in lines


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    """A process after Airflow has loaded its plugins, on the server's side and on the task's."""
    code = (
        "import json, sys\n"
        "from airflow import plugins_manager as server\n"
        "from airflow.sdk import plugins_manager as worker\n"
        "plugins, errors = server._get_plugins()\n"
        "more, task_errors = worker._get_plugins()\n"
        "files = {n: getattr(m, '__file__', None) for n, m in sys.modules.items()}\n"
        "print(json.dumps({'modules': files, 'errors': [str(e) for e in (*errors, *task_errors)],\n"
        "  'names': sorted({p.name for p in (*plugins, *more)} & {'relance'}),\n"
        "  'timetables': [t.__module__ for p in plugins for t in p.timetables]}))"
    )
    answer: dict[str, Any] = json.loads(python(code))
    return answer


def test_no_module_of_ours_runs_twice(loaded: dict[str, Any]) -> None:
    """A second run under its bare name would make two of each class, or replace the standard library's."""
    ours = {name for name, file in loaded["modules"].items() if file and Path(file).is_relative_to(PACKAGE)}
    assert "relance.orchestration.timetable" in ours
    assert {name for name in ours if name.split(".")[0] != "relance"} == set()


def test_plugins_load_without_error_and_once(loaded: dict[str, Any]) -> None:
    assert loaded["errors"] == []
    assert loaded["names"] == ["relance"]
    assert "relance.orchestration.timetable" in loaded["timetables"]


def test_nothing_but_orchestration_imports_airflow() -> None:
    names = sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
        if "orchestration" not in path.parts and "migrations" not in path.parts and path.name != "__main__.py"
    )
    bot = REPOSITORY / "bot"
    names += sorted(
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        for path in bot.rglob("*.py")
    )
    assert {"relance.slack", "bot.app", "bot.__main__"} <= {*names}
    code = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] == 'airflow'))"
    )
    assert python(code) == "[]"
