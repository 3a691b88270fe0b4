"""`relance bench delivery`: planned contacts worded, sent and proved, beside a bare `smtplib` loop to the same sink."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import sqlalchemy as sa

from relance import delivering
from relance.errors import RelanceError
from relance.services import Services
from relance.settings import REPOSITORY, Settings, Smtp
from relance.store import embedded
from relance.store.database import Database
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork

ENTITY = "FR01"
DAY = date(2026, 3, 10)
PARALLEL, BATCH = 4, 500
_BARE = 1000
_SERVICES: Services | None = None
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Figures:
    """Messages a second of bare `smtplib`, and of ours (worded, stored, sent, proved) to the same sink.

    By one process, and as the DAG does it, whose batches of 500 run in processes of their own; None where one process sent
    all. Bare: before and after those of the DAG, and the mean counts. `memory_mb`: peak memory of the one process after a
    tenth of the messages, after half, and after all where it sent all.
    """

    messages: int
    sink: str
    bytes_each: int
    bare_per_s: float
    one_process_per_s: float
    dag_per_s: float | None
    memory_mb: list[int]

    def as_dict(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return asdict(self) | {"ratio": (self.dag_per_s or self.one_process_per_s) / self.bare_per_s}


def bench_delivery(*, messages: int, disk: bool, alone: bool = False) -> Figures:
    """Send `messages` e-mails of one to three invoices to a sink of our own, on a server of its own, and bare.

    `alone`: one process sends all. The measured part runs in a process of its own, so that its memory is its own.
    """
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        Path(folder).chmod(0o755)
        command = [
            sys.executable,
            "-m",
            "relance.bench.delivery",
            folder,
            str(messages),
            str(int(disk)),
            str(int(alone)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — our own module
        if done.returncode:
            raise RelanceError(f"the bench ended with {done.returncode}: {done.stderr[-2000:]}")
        return Figures(**json.loads(done.stdout.splitlines()[-1]))


def measured(folder: Path, messages: int, *, disk: bool, alone: bool) -> Figures:
    """One run, in this process."""
    url = embedded.start(folder)
    try:
        with _sink(folder / "mail" if disk else None) as port:
            services = _services(folder, url, port)
            tenth, half = max(messages // 10, 1), max(messages // 2, 2)
            _by_one(services, range(tenth))
            memory = [_peak_mb()]
            rate = _by_one(services, range(tenth, half))
            memory.append(_peak_mb())
            together, bare = None, []
            if alone:
                rate = _by_one(services, range(half, messages))
                memory.append(_peak_mb())
            else:
                bare.append(_bare(port, _bodies(services.database)))
                _contacts(services.database, range(half, messages))
                together = _as_the_dag(folder, url, port, [_key(number) for number in range(half, messages)])
            bodies = _bodies(services.database)
            bare.append(_bare(port, bodies))
        sink = "disk" if disk else "memory"
        return Figures(messages, sink, len(bodies[0][2]), fmean(bare), rate, together, memory)
    finally:
        embedded.stop(folder)


def _by_one(services: Services, numbers: range) -> float:
    """Messages a second of what is planned for the day, as `relance deliver` does it."""
    _contacts(services.database, numbers)
    begun = time.perf_counter()
    delivering.deliver(services, ENTITY, DAY)
    return len(numbers) / (time.perf_counter() - begun)


def _as_the_dag(folder: Path, url: str, port: int, keys: list[str]) -> float:
    """Messages a second by as many processes as there are cores, at most the DAG's four; they are warm before it counts."""
    number = min(os.cpu_count() or 1, PARALLEL)
    context = multiprocessing.get_context("spawn")
    warm, rest = keys[: number * 50], keys[number * 50 :]
    batches = [rest[at : at + BATCH] for at in range(0, len(rest), BATCH)]
    with ProcessPoolExecutor(
        number, mp_context=context, initializer=_begin, initargs=(folder, url, port)
    ) as pool:
        list(pool.map(_deliver, [warm[at : at + 50] for at in range(0, len(warm), 50)]))
        begun = time.perf_counter()
        list(pool.map(_deliver, batches))
        return len(rest) / (time.perf_counter() - begun)


def _begin(folder: Path, url: str, port: int) -> None:
    global _SERVICES  # noqa: PLW0603 - what a worker process works with
    _SERVICES = _services(folder, url, port)


def _deliver(keys: list[str]) -> None:
    assert _SERVICES is not None
    delivering.deliver(_SERVICES, ENTITY, DAY, keys)


def _bare(port: int, bodies: list[tuple[str, str, bytes]]) -> float:
    """Messages a second of the standard library's client, over one connection, with nothing around it."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        begun = time.perf_counter()
        for sender, recipient, body in bodies:
            client.sendmail(sender, [recipient], body)
        return len(bodies) / (time.perf_counter() - begun)


def _bodies(database: Database) -> list[tuple[str, str, bytes]]:
    query = sa.select(outbox.c.sender, outbox.c.recipient, outbox.c.body).limit(_BARE)
    with UnitOfWork(database) as uow:
        rows = uow.execute(query).all()
        unsent = uow.execute(sa.select(sa.func.count()).where(outbox.c.state != "sent")).scalar_one()
    if not rows or unsent:
        raise RelanceError("messages were not sent")
    return [(row.sender, row.recipient, bytes(row.body)) for row in rows]


def _services(folder: Path, url: str, port: int) -> Services:
    smtp = Smtp(host="127.0.0.1", port=port, starttls=False)
    settings = Settings(
        home=folder, database_url=url, config=REPOSITORY / "config", templates=REPOSITORY / "include" / "templates",
        smtp=smtp, slack_token=None, slack_base_url="http://127.0.0.1:9/",
    )  # fmt: skip
    services = Services(settings=settings, clock=lambda: NOW, only=ENTITY)
    free = services.policy.channels.model_copy(update={"channels": {}, "providers": {}})
    services.__dict__["policy"] = services.policy.model_copy(update={"channels": free})  # no paces here
    return services


def _contacts(database: Database, numbers: range) -> None:
    with UnitOfWork(database) as uow:
        for start in range(0, len(numbers), 500):
            uow.execute(sa.insert(contact), [_contact(one) for one in numbers[start : start + 500]])
        uow.commit()


def _key(number: int) -> str:
    return hashlib.sha256(f"bench {number}".encode()).hexdigest()[:32]


def _contact(number: int) -> dict[str, Any]:
    """A planned e-mail of level 1 about one to three invoices, one not due yet beside them."""
    rows = [_item(number, place) for place in range(2 + number % 3)]
    columns = list(rows[0])
    payer = f"C{number:06d}"
    content = {
        "totals": [{"currency": "EUR", "amount": sum(row["demand"] or 0 for row in rows)}], "score": None,
        "template": "first", "tone": "neutral", "cc": [], "attach": [], "charges": [], "credit": [],
        "payer": {
            "customer_id": payer, "name": f"Client {number}", "country": "FR", "language": "fr", "vat_no": None,
            "legal_form": "company", "timezone": None,
        },
        "person": {"contact_id": f"K{number}", "name": "Comptabilité", "role": "accounts_payable"},
        "items": {"columns": columns, "rows": [list(row.values()) for row in rows]},
    }  # fmt: skip
    return {
        "key": _key(number), "entity": ENTITY, "payer_id": payer, "as_of": DAY, "plan_id": 1, "kind": "message",
        "channel": "email", "contact_id": f"K{number}", "recipient": f"compta@c{number}.example", "language": "fr",
        "scenario": "standard", "step": "first", "level": "level_1", "approval": None, "content": content,
        "state": "planned", "acted_on": None,
    }  # fmt: skip


def _item(number: int, place: int) -> dict[str, Any]:
    late = 10 - place if place else -8
    due = DAY - timedelta(days=late)
    amount = 10_000 + (number * 7919 + place * 104_729) % 900_000
    return {
        "invoice_id": f"F-2026-{number:06d}-{place}", "level": "level_1", "demand": amount if late > 0 else None,
        "issue_date": (due - timedelta(days=30)).isoformat(), "due_date": due.isoformat(), "days_late": late,
        "amount": amount, "open": amount, "currency": "EUR", "po_number": f"PO-{number}", "description": "Luminaires",
        "document": None, "state": "due" if late >= 0 else "not_due",
    }  # fmt: skip


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def _sink(folder: Path | None) -> Iterator[int]:
    command = [sys.executable, "-m", "relance.bench.sink"]
    if folder:
        folder.mkdir()
        command += ["--disk", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 — our own module
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    found = measured(Path(sys.argv[1]), int(sys.argv[2]), disk=sys.argv[3] == "1", alone=sys.argv[4] == "1")
    sys.stdout.write(json.dumps({name: getattr(found, name) for name in Figures.__slots__}) + "\n")
