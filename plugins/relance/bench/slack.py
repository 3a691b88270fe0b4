"""`relance bench slack`: how soon clicks are answered, that none is lost, and what a night of changed cards costs at Slack.

The clicks go to `python -m bot --http`, a process of its own as in production, on a database server and in front of a Web API
that are made for the run. The night's calls are really made; only the clock of the sender is simulated, so that Slack's rate
tiers cost no real time.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import sqlalchemy as sa
import yaml

from relance import cases, slack
from relance.bench.slack_load import CHANNEL, SECRET, Shot, fire, shots
from relance.cases.commenting import comment
from relance.errors import RelanceError
from relance.ledger.loading import load_versions, snapshot_on
from relance.services import Services
from relance.settings import REPOSITORY, Settings
from relance.slack.queue import queue_case
from relance.store import embedded, schema
from relance.store.database import copy_frame

ENTITY = "FR01"
GOAL_MS = 300
DRAIN_S = 120
"""Seconds within which all that was clicked must be worked after the last click."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of acknowledgements; what became of the clicks; calls and minutes of the first and of a later night."""

    clicks: int
    rate: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    unanswered: int
    done: int
    lost: int
    drained_s: float
    cases: int
    first_calls: int
    first_minutes: float
    changes: int
    calls: int
    minutes: float
    unchanged_calls: int

    def as_dict(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return asdict(self)


def bench_slack(*, seconds: int, rate: float, payers: int) -> Figures:
    """Post and change the cards of so many payers, then click on them at that rate for so many seconds.

    Raises:
        RelanceError: when the bot doesn't come up.
    """
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as place:
        home = Path(place)
        home.chmod(0o755)
        url = embedded.start(home)
        try:
            with _process(["-m", "relance.bench.slack_sink"], {}) as sink:
                port = int(_first_line(sink))
                services = _services(home, url, port)
                _ledger(services, payers)
                with services.database.keeping():
                    night = _night(services)
                clicked = _clicks(services, home, total=int(seconds * rate), rate=rate)
            return Figures(rate=rate, cases=payers, **night, **clicked)
        finally:
            embedded.stop(home)


def _services(home: Path, url: str, port: int) -> Services:
    """The shipped policy, without a daily limit of cards."""
    config = home / "config"
    shutil.copytree(REPOSITORY / "config", config)
    rules = yaml.safe_load((config / "slack.yaml").read_text(encoding="utf-8"))
    rules["noise"] = {"cards_per_channel_per_day": 1_000_000, "direct_messages": False}
    (config / "slack.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    environment = {
        "RELANCE_HOME": str(home), "RELANCE_CONFIG": str(config), "RELANCE_DATABASE_URL": url,
        "RELANCE_SLACK_TOKEN": "xoxb-bench", "RELANCE_SLACK_BASE_URL": f"http://127.0.0.1:{port}/api/",
        "RELANCE_SLACK_SIGNING_SECRET": SECRET,
    }  # fmt: skip
    return Services(settings=Settings.from_environment(environment))


def _ledger(services: Services, payers: int) -> None:
    """A payer a case: one invoice, more than ninety days late yesterday."""
    random = np.random.default_rng(5)
    today = services.today(ENTITY)
    ids = pl.Series(range(payers)).cast(pl.String).str.zfill(6)
    customers = pl.DataFrame({"customer_id": "C" + ids}).with_columns(
        name="Client " + pl.col("customer_id"), country=pl.lit("FR")
    )
    due = pl.lit(today) - pl.duration(
        days=pl.lit(pl.Series(random.integers(95, 400, payers).astype(np.int32)))
    )
    items = pl.DataFrame({"item_id": "I" + ids}).select(
        "item_id", invoice_id="item_id", kind=pl.lit("invoice"), customer_id="C" + ids,
        issue_date=(due - pl.duration(days=30)).cast(pl.Date), due_date=due.cast(pl.Date),
        amount=pl.Series(random.integers(1_000, 1_000_000, payers)), currency=pl.lit("EUR"), closed=pl.lit(value=False),
    )  # fmt: skip
    with services.unit_of_work() as uow:
        run = {
            "entity": ENTITY, "extract_date": today - timedelta(days=1), "source": "bench", "digest": "-",
            "status": "done", "counts": {},
        }  # fmt: skip
        uow.execute(schema.import_run.insert().values(run))
        marks = {
            "entity": pl.lit(ENTITY),
            "extract_date": pl.lit(today - timedelta(days=1)),
            "import_id": pl.lit(1),
        }
        for name, frame in (("customers", customers), ("invoices", items)):
            copy_frame(uow.connection, schema.LEDGER_TABLES[name].name, frame.with_columns(**marks))
        uow.commit()


class _Clock:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.begun = self.time = datetime.now(UTC)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    @property
    def minutes(self) -> float:
        return round((self.time - self.begun).total_seconds() / 60, 1)


def _night(services: Services) -> dict[str, Any]:
    """The first night posts every card; the next one changes each, half of them twice; a third finds nothing changed."""
    today = services.today(ENTITY)
    _work(services, today - timedelta(days=1))
    first, calls = _sent(services)
    _work(services, today)
    changed = _open(services)
    half = changed[: len(changed) // 2]
    for numbers, text in ((changed, "seen"), (half, "called")):
        _change(services, numbers, text)
    second, later = _sent(services)
    with services.unit_of_work() as uow:
        slack.queue(uow, policy=services.policy, entity=ENTITY, as_of=today)
        uow.commit()
    _, nothing = _sent(services)
    return {
        "first_calls": calls, "first_minutes": first.minutes, "changes": len(changed) + len(half), "calls": later,
        "minutes": second.minutes, "unchanged_calls": nothing,
    }  # fmt: skip


def _change(services: Services, numbers: Sequence[int], text: str) -> None:
    """A comment on each, in a transaction of its own as people make them."""
    today = services.today(ENTITY)
    for number in numbers:
        with services.unit_of_work() as uow:
            comment(
                uow, policy=services.policy, case_id=number, by="one@lumen.example", on_date=today, text=text
            )
            queue_case(uow, policy=services.policy, case_id=number, as_of=today)
            uow.commit()


def _work(services: Services, day: date) -> None:
    database = services.database
    snapshot = snapshot_on(database, load_versions(database, ENTITY), day)
    with services.unit_of_work() as uow:
        cases.work(uow, policy=services.policy, entity=ENTITY, snapshot=snapshot, as_of=day)
        slack.queue(uow, policy=services.policy, entity=ENTITY, as_of=day)
        uow.commit()


def _sent(services: Services) -> tuple[_Clock, int]:
    clock = _Clock()
    report = slack.send(services.database, settings=services.settings, policy=services.policy, clock=clock)
    return clock, report.posted + report.updated


def _open(services: Services) -> list[int]:
    table = schema.dunning_case.c
    with services.unit_of_work() as uow:
        return list(uow.execute(sa.select(table.case_id).where(table.state == "open")).scalars())


def _clicks(services: Services, home: Path, *, total: int, rate: float) -> dict[str, Any]:
    card = schema.slack_card.c
    with services.unit_of_work() as uow:
        posted = uow.execute(
            sa.select(card.case_id, card.ts).where(card.ts.is_not(None)).order_by(card.case_id)
        )
        cards = [(int(case_id), str(ts)) for case_id, ts in posted]
        # all in one channel, as the sink knows one
        uow.execute(sa.update(schema.slack_card).values(channel_id=CHANNEL))
        uow.commit()
    rounds = shots(cards, total=total)
    with _bot(services, home) as port:
        seconds = fire(port, rounds, rate=rate)
        begun = time.perf_counter()
        counts = _drained(services, total)
        drained = time.perf_counter() - begun
    told = np.array([one for one in seconds if one != float("inf")]) * 1000
    return {
        "clicks": total, "p50_ms": round(float(np.percentile(told, 50)), 1), "p99_ms": round(float(np.percentile(told, 99)), 1),
        "most_ms": round(float(told.max()), 1), "unanswered": total - len(told), "done": counts["done"],
        "lost": total - _effects(services, rounds), "drained_s": round(drained, 1),
    }  # fmt: skip


def _drained(services: Services, total: int) -> Counter[str]:
    """How the intents ended, once all have."""
    table = schema.slack_intent.c
    end = time.monotonic() + DRAIN_S
    while True:
        with services.unit_of_work() as uow:
            counts = Counter(
                {
                    str(state): int(number)
                    for state, number in uow.execute(
                        sa.select(table.state, sa.func.count()).group_by(table.state)
                    )
                }
            )
        if (counts.total() >= total and not counts["received"]) or time.monotonic() > end:
            return counts
        time.sleep(0.2)


def _effects(services: Services, rounds: Sequence[Shot]) -> int:
    """How many clicks have had their effect: comments that stand, people who watch, cases that were given."""
    event = schema.case_event.c
    query = (
        sa.select(event.verb, sa.func.count())
        .group_by(event.verb)
        .where(event.actor.like("u%@lumen.example"))
    )
    with services.unit_of_work() as uow:
        found = {str(verb): int(number) for verb, number in uow.execute(query)}
    wanted = Counter(one.kind for one in rounds)
    return sum(min(found.get(kind, 0), number) for kind, number in wanted.items())


@contextmanager
def _bot(services: Services, home: Path) -> Iterator[int]:
    """The bot as a process of its own; gives its port."""
    settings = services.settings
    port = _free_port()
    environment = {
        "RELANCE_HOME": str(home), "RELANCE_CONFIG": str(settings.config), "RELANCE_DATABASE_URL": str(settings.database_url),
        "RELANCE_SLACK_TOKEN": str(settings.slack_token), "RELANCE_SLACK_BASE_URL": settings.slack_base_url,
        "RELANCE_SLACK_SIGNING_SECRET": SECRET, "RELANCE_SLACK_PORT": str(port),
    }  # fmt: skip
    with _process(["-m", "bot", "--http"], environment) as process:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(300):
            try:
                opener.open(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
                break
            except OSError as error:
                if process.poll() is not None:
                    raise RelanceError("bench slack: the bot does not come up.") from error
                time.sleep(0.2)
        yield port


@contextmanager
def _process(arguments: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
