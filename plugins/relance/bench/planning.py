"""`relance bench planning`: a day of a large ledger read bare, loaded, planned and stored, in figures of one run."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from relance import day
from relance.config.load import load_policy
from relance.config.models import Entity, LedgerSource
from relance.errors import RelanceError
from relance.ledger.tables import TABLES
from relance.planning.plan import plan
from relance.services import Services
from relance.settings import REPOSITORY, Settings
from relance.store import embedded, plans, schema
from relance.store.database import Database, copy_frame
from relance.store.uow import UnitOfWork

ENTITY = "BENCH"
DAY = date(2026, 3, 17)
PER_PAYER = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of each part and what came of it; `bare_read_s` reads the ledger's columns as Arrow and does nothing more."""

    invoices: int
    payers: int
    bare_read_s: float
    load_s: float
    plan_s: float
    store_s: float
    total_s: float
    peak_rss_mb: int
    outcomes: int
    contacts: int

    def as_dict(self) -> dict[str, float | int]:
        """As `--json` gives it."""
        return asdict(self)


def bench_planning(*, invoices: int) -> Figures:
    """Make a ledger of `invoices` open ones, ten a payer, with history and holds on a third; plan and store a day of it.

    A server of its own is started and thrown away; the measured part runs in a process of its own.

    Raises:
        RelanceError: when that process fails.
    """
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as place:
        home = Path(place)
        home.chmod(0o755)
        url = embedded.start(home)
        try:
            database = Database(url)
            database.migrate()
            _make(database, invoices)
            command = [sys.executable, "-m", "relance.bench.planning", url, str(invoices)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — our own module
            if done.returncode:
                raise RelanceError(f"bench planning failed: {done.stderr.strip().splitlines()[-1:]}")
            return Figures(**json.loads(done.stdout))
        finally:
            embedded.stop(home)


def _services(url: str) -> Services:
    """The shipped policy, with an entity for the bench."""
    services = Services(settings=Settings.from_environment({"RELANCE_DATABASE_URL": url}))
    shipped = load_policy(REPOSITORY / "config")
    seller = Entity(
        entity=ENTITY, name="Lumen SAS", region="fr", currency="EUR", timezone="Europe/Paris",
        default_scenario="standard", ledger=LedgerSource(source="files", path="none"), call_capacity=100_000,
    )  # fmt: skip
    services.policy = shipped.model_copy(update={"entities": {**shipped.entities, ENTITY: seller}})
    return services


def _make(database: Database, invoices: int) -> None:
    """Row versions, a third of the payers with a contact some days ago and one in ten of those with a dispute."""
    random = np.random.default_rng(11)
    payers = max(invoices // PER_PAYER, 1)
    ids = pl.Series(range(payers)).cast(pl.String).str.zfill(8)
    customers = pl.DataFrame({"customer_id": "C" + ids}).with_columns(
        name="Client " + pl.col("customer_id"),
        country=pl.Series(random.choice(["FR", "DE", "GB", "BE", "ES"], payers)),
        collector=pl.Series(random.choice(["one@lumen.example", "two@lumen.example"], payers)),
        segment=pl.Series(random.choice(["small", "large"], payers)),
    )
    persons = customers.select(
        "customer_id", contact_id=pl.col("customer_id").str.replace("C", "K"), role=pl.lit("accounts_payable"),
        email=pl.col("customer_id").str.to_lowercase() + "@payer.example", phone=pl.lit("+33100000000"),
    )  # fmt: skip
    late = pl.Series(random.integers(-29, 200, invoices).astype(np.int32))  # all issued by the day
    number = pl.Series(range(invoices)).cast(pl.String).str.zfill(9)
    due = pl.lit(DAY) - pl.duration(days=pl.lit(late))
    items = pl.DataFrame({"item_id": "I" + number}).select(
        "item_id", invoice_id="item_id", kind=pl.lit("invoice"),
        customer_id="C" + pl.Series(random.integers(0, payers, invoices)).cast(pl.String).str.zfill(8),
        issue_date=(due - pl.duration(days=30)).cast(pl.Date), due_date=due.cast(pl.Date),
        amount=pl.Series(random.integers(1_000, 1_000_000, invoices)), currency=pl.lit("EUR"), closed=pl.lit(value=False),
    )  # fmt: skip
    with UnitOfWork(database) as uow:
        run = {
            "entity": ENTITY, "extract_date": DAY, "source": "bench", "digest": "-", "status": "done", "counts": {},
        }  # fmt: skip
        uow.execute(schema.import_run.insert().values(run))
        for name, frame in (("customers", customers), ("contacts", persons), ("invoices", items)):
            stamped = frame.with_columns(entity=pl.lit(ENTITY), extract_date=pl.lit(DAY), import_id=pl.lit(1))
            copy_frame(uow.connection, schema.LEDGER_TABLES[name].name, stamped)
        _make_history(uow, items, late)
        uow.commit()


def _make_history(uow: UnitOfWork, items: pl.DataFrame, late: pl.Series) -> None:
    """A first reminder five to ten days ago to a third of the payers, for all that was late then; some disputes."""
    third = items.with_columns(late=late).filter(
        pl.col("customer_id").str.tail(1).is_in(["1", "4", "7"]), pl.col("late") > 20
    )
    sent = DAY - timedelta(days=8)
    listed = [
        pl.concat_str(pl.lit("{"), pl.col(name).str.join(","), pl.lit("}"))
        for name in ("item_id", "step", "level")
    ]
    acted = third.with_columns(step=pl.lit("first"), level=pl.lit("level_1")).group_by(
        "customer_id", maintain_order=True
    )
    contacts = acted.agg(invoices=listed[0], steps=listed[1], levels=listed[2]).select(
        "invoices", "steps", "levels",
        key="h" + pl.col("customer_id"), entity=pl.lit(ENTITY), payer_id="customer_id", as_of=pl.lit(sent),
        plan_id=pl.lit(0), kind=pl.lit("message"), channel=pl.lit("email"), scenario=pl.lit("standard"),
        step=pl.lit("first"), level=pl.lit("level_1"), content=pl.lit("{}"), state=pl.lit("sent"), acted_on=pl.lit(sent),
    )  # fmt: skip
    copy_frame(uow.connection, "contact", contacts)
    disputes = third.filter(pl.col("item_id").str.tail(1) == "3").select(
        entity=pl.lit(ENTITY), payer_id="customer_id", invoice_id="item_id", reason=pl.lit("disputed"),
        from_date=pl.lit(sent), source=pl.lit("bench"),
    )  # fmt: skip
    copy_frame(uow.connection, "hold", disputes)


def _measure(url: str, invoices: int) -> Figures:
    services = _services(url)
    database = services.database
    database.read("SELECT 1 AS one")  # what the first read of a process costs is not the ledger's
    marks = [time.perf_counter()]
    for name, table in TABLES.items():
        columns = ", ".join(f'"{column}"' for column in table.version_schema)
        database.read(f"SELECT {columns} FROM {schema.LEDGER_TABLES[name].name} WHERE entity = $1", [ENTITY])
    marks.append(time.perf_counter())
    snapshot = day.snapshot_of(services, ENTITY, DAY)
    history, holds = day.history_before(services, ENTITY, DAY), day.holds_on(services, ENTITY, DAY)
    marks.append(time.perf_counter())
    made = plan(snapshot, services.policy, history, holds, DAY)
    marks.append(time.perf_counter())
    with services.unit_of_work() as uow:
        plans.save(uow, day.record_of(services, made, snapshot, live=True, reason="bench"))
        uow.commit()
    marks.append(time.perf_counter())
    bare, load, planning, store = (after - before for before, after in pairwise(marks))
    return Figures(
        invoices=invoices,
        payers=snapshot.items["payer_id"].n_unique(),
        bare_read_s=round(bare, 3),
        load_s=round(load, 3),
        plan_s=round(planning, 3),
        store_s=round(store, 3),
        total_s=round(load + planning + store, 3),
        peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        outcomes=made.outcomes.height,
        contacts=made.contacts.height,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(sys.argv[1], int(sys.argv[2])).as_dict()))
