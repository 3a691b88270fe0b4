"""Row versions out of the store: on a connection of its own, or within an import's transaction."""

from __future__ import annotations

import io
from datetime import date, datetime

import polars as pl
import sqlalchemy as sa

from relance.ledger.corrections import given_on, with_given
from relance.ledger.reach import without_marked
from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.ledger.tables import TABLES, Table
from relance.ledger.versions import LedgerVersions
from relance.store.database import Database
from relance.store.inbound import marks_on
from relance.store.schema import LEDGER_TABLES, import_run
from relance.store.uow import UnitOfWork


def load_versions(database: Database, entity: str) -> LedgerVersions:
    """Every version of every row of an entity, as committed; read as Arrow.

    Raises:
        StoreError: when the database can't be reached.
    """
    dates = database.read(
        "SELECT DISTINCT extract_date FROM import_run WHERE entity = $1 AND status = 'done'", [entity]
    )
    tables = {
        name: database.read(
            f"SELECT {_columns(table)} FROM {LEDGER_TABLES[name].name} WHERE entity = $1", [entity]
        ).select(pl.col(column).cast(dtype) for column, dtype in table.version_schema.items())
        for name, table in TABLES.items()
    }
    return LedgerVersions(entity, tables, tuple(dates["extract_date"].cast(pl.Date).sort()))


def read_stored(uow: UnitOfWork, table: Table, entity: str) -> pl.DataFrame:
    """All versions of one table's rows, in the unit's own transaction: columns of `Table.version_schema`."""
    buffer = io.BytesIO()
    rows = f"SELECT {_columns(table)} FROM {LEDGER_TABLES[table.name].name} WHERE entity = %s"
    driver = uow.connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY ({rows}) TO STDOUT (FORMAT csv)", [entity]) as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return pl.DataFrame(schema=table.version_schema)
    buffer.seek(0)
    booleans = [name for name, dtype in table.version_schema.items() if dtype == pl.Boolean]
    schema = {
        name: pl.String() if name in booleans else dtype for name, dtype in table.version_schema.items()
    }
    frame = pl.read_csv(buffer, has_header=False, schema=schema)
    return frame.with_columns(pl.col(name) == "t" for name in booleans)


def _columns(table: Table) -> str:
    return ", ".join(f'"{name}"' for name in table.version_schema)


def later_extracts(uow: UnitOfWork, entity: str, extract_date: object) -> dict[str, list[object]]:
    """By table, the dates of extracts taken that are newer than `extract_date` and brought that table."""
    rows = uow.execute(
        sa.select(import_run.c.extract_date, import_run.c.counts).where(
            import_run.c.entity == entity,
            import_run.c.status == "done",
            import_run.c.extract_date > extract_date,
        )
    )
    found: dict[str, list[object]] = {name: [] for name in TABLES}
    for day, counts in rows:
        for name in counts["tables"]:
            found[name].append(day)
    return found


def snapshot_on(
    database: Database, versions: LedgerVersions, as_of: date, *, moment: datetime | str = "infinity"
) -> Snapshot:
    """The ledger as of a day, with persons that people had given by `moment`, without addresses known to take no more."""
    given = given_on(database, versions.entity, as_of, moment=moment)
    marks = marks_on(database, versions.entity, as_of, moment=moment)
    return without_marked(with_given(take_snapshot(versions, as_of), given), marks)
