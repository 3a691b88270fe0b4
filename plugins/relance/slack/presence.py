"""Whether a bot is there that sends: it holds a lock of the database as long as it lives, and loses it when it dies.

PostgreSQL gives an advisory lock back when its connection ends, however that happens, so that no heartbeat has to be
written and none can be left behind. The lock is shared: several bots may hold it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import sqlalchemy as sa

from relance.store.database import Database
from relance.store.uow import UnitOfWork

_KEY = (0x52454C41, 5)
"""Two numbers that no other lock of Relance has: those are single ones."""


class Presence:
    """`with Presence(database) as here: here.keep()`, every some seconds."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        self.keep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def keep(self) -> None:
        """Hold the lock; taken again where the connection was lost.

        Raises:
            OperationalError: the database can't be reached.
        """
        if self._connection is not None:
            try:
                self._connection.execute(sa.text("SELECT 1"))
            except sa.exc.DBAPIError:
                self._leave()
            else:
                return
        connection = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # its own: given back to a pool, it would keep the lock
        connection.execute(sa.select(sa.func.pg_advisory_lock_shared(*_KEY)))
        self._connection = connection

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def is_served(database: Database) -> bool:
    """Whether a bot sends from this database's outbox."""
    query = sa.text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = :one"
        " AND objid::bigint = :two AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    with UnitOfWork(database) as uow:
        return bool(uow.execute(query, {"one": _KEY[0], "two": _KEY[1]}).scalar())
