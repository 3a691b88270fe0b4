"""Rows that were turned away: kept with their place and reason until an import brings them right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.ledger.tables import TABLES, Table
from relance.store.database import Database
from relance.store.schema import quarantine
from relance.store.uow import UnitOfWork

_OPEN = sa.and_(quarantine.c.cleared_by.is_(None), quarantine.c.replaced_by.is_(None))


@dataclass(frozen=True, slots=True, order=True)
class Quarantined:
    """A bad row: its table, id (None where it can't be read), place, and reason."""

    table: str
    file: str
    line: int
    key: str | None
    column: str
    value: str | None
    reason: str

    @property
    def place(self) -> str:
        """Where it is and what is wrong, in one line."""
        value = "" if self.value is None else f" {self.value[:60]!r}"
        return f"{self.file}:{self.line} {self.column}{value} {self.reason}"


def list_quarantine(database: Database, entity: str) -> list[Quarantined]:
    """The rows of an entity that are still turned away, by table, file and line."""
    columns = "table_name, file, line, row_key, column_name, value, reason"
    rows = database.read(
        f"SELECT {columns} FROM quarantine WHERE entity = $1 AND cleared_by IS NULL AND replaced_by IS NULL",
        [entity],
    )
    order = list(TABLES)
    return sorted(
        (Quarantined(*row) for row in rows.iter_rows()),
        key=lambda one: (order.index(one.table), one.file, one.line),
    )


def update_quarantine(
    uow: UnitOfWork,
    *,
    entity: str,
    import_id: int,
    bad: Sequence[Quarantined],
    good: Mapping[str, pl.DataFrame],
) -> bool:
    """Bring the list up to date with an import: what is right is cleared, what is bad again is listed once.

    A row without a readable id can't be followed: it stays only as long as the same stands in the same
    place. Gives whether anything changed.
    """
    listed = uow.execute(sa.select(quarantine).where(quarantine.c.entity == entity, _OPEN)).mappings().all()
    again = {_identity(row) for row in listed}
    fresh = [
        one
        for one in bad
        if (one.table, one.key, one.file, one.line, one.column, one.value, one.reason) not in again
    ]
    cleared, replaced = _settled(listed, bad, good)
    for column, ids in (("cleared_by", cleared), ("replaced_by", replaced)):
        if ids:
            uow.execute(
                sa.update(quarantine).where(quarantine.c.quarantine_id.in_(ids)).values({column: import_id})
            )
    rows = [
        {
            "entity": entity,
            "import_id": import_id,
            "table_name": one.table,
            "row_key": one.key,
            "file": one.file,
            "line": one.line,
            "column_name": one.column,
            "value": None if one.value is None else one.value[:1000],
            "reason": one.reason,
        }
        for one in fresh
    ]
    if rows:
        uow.copy(quarantine, pl.DataFrame(rows, infer_schema_length=None))
    return bool(rows or cleared or replaced)


def _identity(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(
        row[name] for name in ("table_name", "row_key", "file", "line", "column_name", "value", "reason")
    )


def _settled(
    listed: Sequence[Mapping[Any, Any]], bad: Sequence[Quarantined], good: Mapping[str, pl.DataFrame]
) -> tuple[list[int], list[int]]:
    """Ids of listed rows that are right now, and of those that are bad in another way or place."""
    same = {(one.table, one.key, one.file, one.line, one.column, one.value, one.reason) for one in bad}
    bad_keys = {(one.table, one.key) for one in bad}
    right = {
        (name, key)
        for name, frame in good.items()
        for key in _keys_among(
            TABLES[name], frame, [row["row_key"] for row in listed if row["table_name"] == name]
        )
    }
    cleared, replaced = [], []
    for row in listed:
        key = row["table_name"], row["row_key"]
        if _identity(row) in same:
            continue
        if row["row_key"] is not None and key in bad_keys:
            replaced.append(row["quarantine_id"])
        elif key in right or (row["row_key"] is None and row["table_name"] in good):
            cleared.append(row["quarantine_id"])
    return cleared, replaced


def _keys_among(table: Table, good: pl.DataFrame, keys: Sequence[str | None]) -> list[str]:
    """Those of `keys` that good rows have."""
    wanted = [key for key in keys if key is not None]
    if not wanted:
        return []
    parts = ["item_id"] if table.name == "invoices" else list(table.identity)
    key = pl.concat_str([pl.col(part).cast(pl.String) for part in parts], separator="|")
    return good.select(key.alias("key")).filter(pl.col("key").is_in(wanted))["key"].to_list()
