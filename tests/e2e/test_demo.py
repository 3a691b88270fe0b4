"""`make demo` from nothing and again: what it shows, what it leaves, and that it does nothing twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relance.store import embedded

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def play(folder: Path) -> str:
    """What the demo prints, in an environment that would send if it could."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "RELANCE"))
    }
    environment |= {
        "RELANCE_HOME": str(folder / "relance"),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "RELANCE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "RELANCE_SMTP_HOST": "127.0.0.1",
        "RELANCE_SMTP_PORT": "1",
        "RELANCE_SLACK_TOKEN": "xoxb-none",
        "AIRFLOW_CONN_SMTP_DEFAULT": "smtp://127.0.0.1:1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "relance.orchestration.demo"],
        env=environment, cwd=folder, check=False, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    log = folder / "relance" / "demo" / "demo.log"
    assert done.returncode == 0, done.stdout + done.stderr + (log.read_text()[-5000:] if log.exists() else "")
    return done.stdout


def tables(text: str) -> str:
    """The part that must be the same each time: everything from the outcomes to where to look."""
    return text[text.index("Outcomes of every open invoice") : text.index("Where to look")]


def test_the_demo_shows_a_day_and_does_nothing_twice(tmp_path: Path) -> None:
    first = play(tmp_path)
    home = tmp_path / "relance" / "demo"
    files = {path: path.stat().st_mtime_ns for path in home.glob("outbox/**/*.*")}
    for words in (
        "act",
        "hold promised",
        "hold insolvency",
        "hold no_contact",
        "wait",
        "overdue_90",
        "promise",
    ):
        assert re.search(rf"\b{words}\b", tables(first)), words
    told = sum(
        int(number) for number in re.findall(r"^(?:FR|DE)01 .* sent +(\d+) *$", tables(first), re.MULTILINE)
    )
    assert told == len(files) > 80
    assert {path.parents[2].name for path in files} == {"FR01", "DE01"}
    page = (home / "slack" / "preview.html").read_text(encoding="utf-8")
    assert "600" in page
    assert "deliver" in first
    assert "(deliver: nothing left)" not in first

    second = play(tmp_path)
    assert second.count("(deliver: nothing left)") == 2
    assert tables(second) == tables(first)
    assert {path: path.stat().st_mtime_ns for path in home.glob("outbox/**/*.*")} == files
    assert embedded.running_url(home) is None
