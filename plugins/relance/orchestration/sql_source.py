"""A ledger's table, read by a query through an Airflow connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from airflow.sdk import BaseHook

from relance.errors import LedgerError

BATCH_ROWS = 50_000


def fetch(conn_id: str, query: Path) -> pa.RecordBatchReader:
    """Rows of the query in `query`, all columns as text, in batches as the driver gives them.

    Text keeps what the source said: decimals with all their digits, dates as ISO 8601, true and false; null
    stays null. The same rules that read a CSV file then judge it, and a bad row is quarantined alike.

    Raises:
        LedgerError: where there is no such query, or it gives no rows' shape (not a SELECT).
    """
    try:
        statement = query.read_text(encoding="utf-8")
    except OSError as error:
        raise LedgerError(f"the query {query} can't be read: {error.strerror}") from error
    hook = BaseHook.get_hook(conn_id)
    connection = hook.get_conn()
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    except BaseException:
        connection.close()
        raise
    if cursor.description is None:
        connection.close()
        raise LedgerError(f"the query {query} gives no columns", hint="write one SELECT")
    schema = pa.schema([(str(column[0]).lower(), pa.string()) for column in cursor.description])
    return pa.RecordBatchReader.from_batches(schema, _batches(connection, cursor, schema))


def _batches(connection: Any, cursor: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with closing(connection), closing(cursor):
        while rows := cursor.fetchmany(BATCH_ROWS):
            yield _batch(rows, schema)


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        pa.array([_text(value) for value in column], pa.string()) for column in zip(*rows, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.time().min else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)
