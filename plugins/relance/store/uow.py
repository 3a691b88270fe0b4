"""One unit of work: a transaction that rolls back unless it is committed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, Self

import polars as pl
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from relance.store.database import Database, Prepare, copy_frame


def among(column: sa.Column[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a column is one of many values: they travel as one array, where `IN` would write a place for each."""
    array = sa.bindparam(None, sorted(set(values)), type_=ARRAY(sa.Text))
    return column == sa.any_(array)


class UnitOfWork:
    """`with UnitOfWork(database) as uow: …; uow.commit()`. Services take one and never commit by themselves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        self._connection = self.database.connect()
        self._connection.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # closing rolls back what was not committed

    @property
    def connection(self) -> sa.Connection:
        """The open connection, inside its transaction."""
        if self._connection is None:
            raise RuntimeError("the unit of work is not open")
        return self._connection

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[*tuple[Any, ...]]:
        """Run a statement in this transaction."""
        return self.connection.execute(statement, parameters)

    def execute_plain(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Run a statement as the driver takes it (`%(name)s`; `%(name)b` travels in binary) in this transaction."""
        driver: psycopg.Connection = self.connection.connection.driver_connection  # type: ignore[assignment]
        driver.execute(statement, parameters)

    def copy(self, table: sa.Table, frame: pl.DataFrame, prepare: Prepare | None = None) -> int:
        """Bulk-write a frame, or what `prepare` makes of its rows, into a table by COPY in this transaction."""
        return copy_frame(self.connection, table.name, frame, prepare)

    def rollback(self) -> None:
        """Undo what was not committed and open the next transaction."""
        self.connection.rollback()
        self.connection.begin()

    def commit(self) -> None:
        """Make the work durable and open the next transaction."""
        self.connection.commit()
        self.connection.begin()
