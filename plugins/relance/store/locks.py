"""Who works on an entity's day: PostgreSQL advisory locks, freed by the server itself when their holder dies."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

import sqlalchemy as sa

from relance.errors import BusyError
from relance.store.database import Database


@contextmanager
def day_lock(
    database: Database, entity: str, as_of: date, *, what: str, shared: bool = False, scope: str = "stage"
) -> Iterator[None]:
    """Hold the entity's day while the block runs; `shared` lets other shared holders in (parallel delivery batches).

    Locks of different `scope` don't touch each other: a whole run holds "run" and its stages take "stage" in turn.

    Raises:
        BusyError: at once, naming the holder, when another run has it.
    """
    key = _key(entity, as_of, scope)
    name = f"relance {what} {entity} {as_of} on {socket.gethostname()} pid {os.getpid()}"[:63]
    function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SELECT set_config('application_name', :name, false)"), {"name": name})
        if not connection.scalar(sa.text(f"SELECT {function}(:key)"), {"key": key}):
            holder = _holder(connection, key)
            raise BusyError(
                f"{entity} {as_of} is being worked on by: {holder}.",
                hint="Wait until it ends, then run again.",
            )
        try:
            yield
        finally:
            # Closing would free it too, but only when the server gets round to it: a moment too late for the next stage.
            # A connection that broke meanwhile has lost it already.
            with suppress(sa.exc.OperationalError):
                connection.execute(sa.text("SELECT pg_advisory_unlock_all()"))


def _key(entity: str, as_of: date, scope: str) -> int:
    digest = hashlib.sha256(f"relance {scope} {entity} {as_of}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _holder(connection: sa.Connection, key: int) -> str:
    unsigned = key & 0xFFFFFFFFFFFFFFFF
    row = connection.execute(
        sa.text(
            "SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = :high AND l.objid::bigint = :low "
            "ORDER BY a.backend_start LIMIT 1"
        ),
        {"high": unsigned >> 32, "low": unsigned & 0xFFFFFFFF},
    ).first()
    return f"{row[0]}, since {row[1]:%Y-%m-%d %H:%M:%S} UTC" if row else "a run that has just ended"
