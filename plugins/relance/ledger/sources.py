"""An extract: where its tables are, and each of them under the house's names.

A folder holds a file a table; a single file feeds every table that its mapping names; SQL brings frames.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import polars as pl

from relance.config.values import nearest
from relance.errors import LedgerError
from relance.ledger.cells import Formats
from relance.ledger.formats import OVERFLOW, ROW, SUFFIXES, RawFile, from_frame, read_file
from relance.ledger.mapping import ColumnSource, Condition, Mapping, TableMapping
from relance.ledger.parse import RawTable
from relance.ledger.tables import TABLES, Table

Frames = Dictionary[str, Any]
"""Tables of a SQL source by name: rows as a polars frame, an Arrow table or reader, or a call that gives one."""

_REQUIRED = ("customers", "invoices")


@dataclass
class Extract:
    """What an import reads; `tables` are those still to take, each with its file (or query)."""

    source: str
    digest: str
    tables: dict[str, str]
    mapping: Mapping
    entity: str
    _read: Callable[[str], RawFile]
    _kept: dict[str, RawFile] = field(default_factory=dict)

    def take(self, name: str) -> RawTable:
        """A table's cells; a file is let go with the last table that it feeds.

        Raises:
            LedgerError: when the file can't be read or lacks a column that every row must have.
        """
        place = self.tables.pop(name)
        raw = self._kept.pop(place, None) or self._read(place)
        if place in self.tables.values():
            self._kept[place] = raw
        return _shape(raw, TABLES[name], self.mapping, self.entity)


def open_extract(source: Path | Frames, *, mapping: Mapping, entity: str) -> Extract:
    """Look at a source without reading its rows.

    Raises:
        LedgerError: when it isn't there, or customers or invoices are missing.
    """
    if not isinstance(source, Path):
        return _open_frames(source, mapping, entity)
    if source.is_dir():
        tables = _files_of(source, mapping)
    elif source.is_file():
        if not mapping.tables:
            raise LedgerError(
                f"{source} is one file for five tables.",
                hint="Give a folder, or say how to split it with --mapping FILE.",
            )
        tables = dict.fromkeys(mapping.tables, source.as_posix())
    else:
        raise LedgerError(f"There is no {source}.", hint="Name the folder or file of the extract.")
    missing = [name for name in _REQUIRED if name not in tables]
    if missing:
        raise LedgerError(
            f"{source} lacks {' and '.join(missing)}.", hint=f"Put {missing[0]}.csv there, or map it."
        )
    return Extract(
        source=source.as_posix(),
        digest=_digest(sorted(set(tables.values())), mapping),
        tables=tables,
        mapping=mapping,
        entity=entity,
        _read=lambda place: read_file(Path(place), delimiter=mapping.delimiter),
    )


def _open_frames(frames: Frames, mapping: Mapping, entity: str) -> Extract:
    missing = [name for name in _REQUIRED if name not in frames]
    if missing:
        raise LedgerError(f"There is no query for {' and '.join(missing)}.", hint=f"Write {missing[0]}.sql.")
    return Extract(
        source="sql",
        digest="",
        tables={name: name for name in TABLES if name in frames},
        mapping=mapping,
        entity=entity,
        _read=lambda place: from_frame(_as_frame(frames[place]), name=f"{place}.sql"),
    )


def _as_frame(rows: Any) -> pl.DataFrame:
    given = rows() if callable(rows) else rows
    if isinstance(given, pl.DataFrame):
        return given
    return pl.DataFrame(given.read_all() if hasattr(given, "read_all") else given)


def _files_of(folder: Path, mapping: Mapping) -> dict[str, str]:
    """The file of each table that has one: by the mapping's pattern, else by the table's name."""
    names = sorted(
        path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES)
    )
    found: dict[str, str] = {}
    for table in TABLES:
        pattern = (mapping.table(table)).file
        patterns = [pattern] if pattern else [table + suffix for suffix in SUFFIXES]
        files = [path for path in names if any(fnmatch(path.name.lower(), one.lower()) for one in patterns)]
        if len(files) > 1:
            listed = ", ".join(path.name for path in files)
            raise LedgerError(f"{folder} has more than one file for {table}: {listed}.", hint="Leave one.")
        if files:
            found[table] = files[0].as_posix()
    return found


def _digest(files: list[str], mapping: Mapping) -> str:
    total = hashlib.sha256(mapping.model_dump_json().encode())
    for name in files:
        with Path(name).open("rb") as file:
            total.update(Path(name).name.encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


# ---------------------------------------------------------------- under the house's names


def _shape(raw: RawFile, table: Table, mapping: Mapping, entity: str) -> RawTable:
    how = mapping.table(table.name)
    sources = {
        column.name: how.columns.get(column.header, _own(column.header, raw)) for column in table.columns
    }
    if raw.columns:  # a file without a byte has no rows, and lacks nothing
        _refuse_missing(raw, table, how, sources)
    frame = raw.frame
    for column, condition in how.where.items() if raw.columns else ():
        frame = frame.filter(_holds(pl.col(column.strip().lower()), condition, entity))
    kept = [
        pl.col(ROW),
        *([pl.col(OVERFLOW)] if OVERFLOW in frame.columns and frame[OVERFLOW].count() else []),
    ]
    frame = frame.select(*kept, *(_cell(one).alias(name) for name, one in sources.items() if one is not None))
    if how.distinct:
        identity = [name for name in table.identity if name in frame.columns]
        frame = frame.filter(
            pl.struct(identity).is_first_distinct() | pl.any_horizontal(pl.col(identity).is_null())
        )
    known = {column.header for column in table.columns}
    unknown = () if table.name in mapping.tables else tuple(one for one in raw.columns if one not in known)
    formats = Formats.of(mapping, typed=raw.typed)
    return RawTable(
        table, frame, raw.name, raw.lines, formats, tuple(one for one in unknown if one[:2] != "__")
    )


def _own(header: str, raw: RawFile) -> ColumnSource | None:
    return ColumnSource.model_validate({"column": header}) if header in raw.columns else None


def _refuse_missing(
    raw: RawFile, table: Table, how: TableMapping, sources: dict[str, ColumnSource | None]
) -> None:
    """Refuse a file that lacks a column that every row must have, or that its mapping names."""
    lacking = [column.header for column in table.columns if column.required and sources[column.name] is None]
    named = [one.column for one in sources.values() if one is not None and one.column is not None]
    lacking += [one for one in (*named, *how.where) if one.strip().lower() not in raw.columns]
    if lacking:
        near = {one: nearest(one, raw.columns) for one in lacking}
        guess = "".join(f" Is {found!r} meant for {one!r}?" for one, found in near.items() if found)
        raise LedgerError(
            f"{raw.name} lacks {', '.join(dict.fromkeys(lacking))} ({table.name}).",
            hint=f"Add the column or map it with --mapping FILE.{guess}",
        )


def _cell(source: ColumnSource) -> pl.Expr:
    if source.constant is not None:
        return pl.lit(source.constant or None, pl.String)
    cell = pl.col((source.column or "").strip().lower())
    if source.values:
        cell = cell.replace({value: meant or None for value, meant in source.values.items()})
    return pl.lit(source.prefix) + cell if source.prefix else cell


def _holds(cell: pl.Expr, condition: Condition, entity: str) -> pl.Expr:
    holds = pl.lit(value=True)
    if condition.blank is not None:
        holds &= cell.is_null() if condition.blank else cell.is_not_null()
    if condition.in_ is not None:
        holds &= cell.is_in(condition.in_).fill_null(value=False)
    if condition.not_in is not None:
        holds &= ~cell.is_in(condition.not_in).fill_null(value=False)
    if condition.by_entity is not None and entity in condition.by_entity:
        holds &= cell.is_in(condition.by_entity[entity]).fill_null(value=False)
    return holds
