"""`relance bench import`: an extract taken in, taken in again, and merely read."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from relance.bench.ledgers import write_ledger
from relance.config.models import Entity
from relance.errors import RelanceError
from relance.ledger import import_ledger
from relance.store import embedded
from relance.store.database import Database
from relance.store.uow import UnitOfWork

_ENTITY = {
    "entity": "BENCH",
    "name": "Lumen SAS",
    "region": "fr",
    "currency": "EUR",
    "timezone": "Europe/Paris",
    "default_scenario": "standard",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One process's figures."""

    what: str
    seconds: float
    rows: int
    peak_rss_mb: int

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        rate = round(self.rows / self.seconds) if self.seconds else 0
        return {
            "what": self.what,
            "seconds": round(self.seconds, 2),
            "rows": self.rows,
            "rows_per_s": rate,
            "peak_rss_mb": self.peak_rss_mb,
        }


def bench_import(*, invoices: int) -> list[Run]:
    """Make a ledger, then read it bare, import it, and import it again: each in a process of its own.

    A server of its own is started and thrown away, so that nothing of the user's is touched.

    Raises:
        RelanceError: when one of the processes fails.
    """
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as place:
        home = Path(place)
        home.chmod(0o755)
        write_ledger(home / "extract", invoices=invoices)
        url = embedded.start(home)
        try:
            Database(url).migrate()
            return [_in_a_process(what, home / "extract", url) for what in _WORK]
        finally:
            embedded.stop(home)


def _in_a_process(what: str, extract: Path, url: str) -> Run:
    command = [sys.executable, "-m", "relance.bench.importing", what, str(extract), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — our own module
    if done.returncode:
        raise RelanceError(f"bench import: {what} failed: {done.stderr.strip().splitlines()[-1:]}")
    return Run(**json.loads(done.stdout))


def _read_bare(extract: Path, _: str) -> int:
    return sum(pl.read_csv(path).height for path in sorted(extract.glob("*.csv")))


def _import(extract: Path, url: str) -> int:
    with UnitOfWork(Database(url)) as uow:
        entity = Entity.model_validate(_ENTITY)
        report = import_ledger(uow, entity=entity, source=extract, extract_date=date(2026, 1, 2))
        uow.commit()
    return report.read


_WORK: dict[str, Callable[[Path, str], int]] = {
    "bare polars CSV read": _read_bare,
    "import": _import,
    "unchanged re-import": _import,
}


def _main(what: str, extract: str, url: str) -> None:
    start = time.perf_counter()
    rows = _WORK[what](Path(extract), url)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps({"what": what, "seconds": seconds, "rows": rows, "peak_rss_mb": peak}))


if __name__ == "__main__":
    _main(*sys.argv[1:4])
