"""One PostgreSQL for everything: SQLAlchemy Core for rows, ADBC for bulk reads as Arrow, COPY for bulk writes."""

from __future__ import annotations

import io
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from relance.errors import StoreError
from relance.settings import Settings
from relance.store import embedded

Prepare = Callable[[pl.DataFrame], pl.DataFrame]
APPLICATION = "relance"
_KEPT = 8
_BY_KEY = (
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; "
    "SET enable_mergejoin = off; SET jit = off"
)


def normalise_url(url: str) -> str:
    """Any common spelling of a PostgreSQL URL (`postgres://`, with a driver) as plain `postgresql://`.

    Raises:
        StoreError: for another database.
    """
    scheme, _, rest = url.partition("://")
    if scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise StoreError(
            f"Relance needs PostgreSQL, not {scheme!r}.", hint="Set RELANCE_DATABASE_URL to postgresql://…"
        )
    return f"postgresql://{rest}"


class Database:
    """A PostgreSQL database by its URL; opens connections when they are needed and keeps none in the background.

    Bulk work keeps them for as long as it runs (`keeping`).
    """

    def __init__(self, url: str) -> None:
        self.url = normalise_url(url)
        self._readers: dict[tuple[int, int], tuple[Any, weakref.finalize[..., Database]]] = {}
        self._kept: sa.Engine | None = None
        self._keepers = 0
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """The configured server, or the embedded one, started when it isn't running."""
        return cls(settings.database_url or embedded.start(settings.home))

    @cached_property
    def engine(self) -> sa.Engine:
        """Lazy SQLAlchemy engine (psycopg 3); no pool, so that forked task processes share no socket."""
        return self._engine(poolclass=NullPool)

    def connect(self) -> sa.Connection:
        """A connection for one unit of work; inside `keeping` one that another unit has given back."""
        return (self._kept or self.engine).connect()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep the connections of units of work for the next ones while the block runs: a new one costs as much as ten units.

        Whoever forks inside the block must not work with this database in the child.
        """
        with self._lock:
            self._keepers += 1
            self._kept = self._kept or self._engine(pool_size=_KEPT, max_overflow=-1, pool_pre_ping=True)
        try:
            yield
        finally:
            with self._lock:
                self._keepers -= 1
                over, self._kept = (None, self._kept) if self._keepers else (self._kept, None)
            if over is not None:
                # what another thread still works with is closed when it gives it back
                sa.event.listen(over, "checkin", lambda _, record: record.invalidate())
                over.dispose()

    @contextmanager
    def by_key(self) -> Iterator[psycopg.Connection]:
        """A connection for few statements, run by the thousand, that find each of their rows by its key.

        Each is a transaction of its own, planned once and never anew: the planner would take tables that were empty a moment
        ago for small ones, and read them whole.
        """
        with psycopg.connect(
            self.url, autocommit=True, prepare_threshold=0, application_name=APPLICATION
        ) as opened:
            opened.execute(_BY_KEY, prepare=False)
            yield opened

    def _engine(self, **pool: Any) -> sa.Engine:
        return sa.create_engine(
            self.url.replace("postgresql://", "postgresql+psycopg://", 1),
            hide_parameters=True,  # an error in a log names the statement, never what a payer is called
            connect_args={"application_name": APPLICATION},
            **pool,
        )

    def read(self, query: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """Rows of a query as a frame, read as Arrow in a connection of its own; placeholders are `$1`, `$2` ….

        A connection that was lost since the last read (the server was started anew) is replaced, and the query asked again.
        """
        try:
            return _rows(self._reader(), query, parameters)
        except Exception:
            if not self._drop_lost_reader():
                raise
        return _rows(self._reader(), query, parameters)

    def _reader(self) -> Any:
        """This thread's own connection for reads: two threads on one would wait for each other, a fork would share it."""
        import adbc_driver_postgresql.dbapi as adbc

        owner = (os.getpid(), threading.get_ident())
        if owner not in self._readers:
            self._drop_readers_of_ended_threads()
            opened = adbc.connect(self.url, autocommit=True)
            self._readers[owner] = (opened, weakref.finalize(self, _close, opened, os.getpid()))
        return self._readers[owner][0]

    def _drop_readers_of_ended_threads(self) -> None:
        """Whoever asks from a thread of a pool that comes and goes would open connections without end."""
        living = {thread.ident for thread in threading.enumerate()}
        for pid, thread in list(self._readers):
            if pid == os.getpid() and thread not in living:
                self._drop_reader((pid, thread))

    def _drop_lost_reader(self) -> bool:
        """Forget this thread's connection when it answers no more; gives whether there was such a one."""
        owner = (os.getpid(), threading.get_ident())
        if owner not in self._readers or _answers(self._readers[owner][0]):
            return False
        self._drop_reader(owner)
        return True

    def _drop_reader(self, owner: tuple[int, int]) -> None:
        known = self._readers.pop(owner, None)
        if known is not None:
            with suppress(Exception):  # there may be nothing left to close on the other side
                known[1]()

    def migrate(self) -> None:
        """Bring the schema to the newest revision; does nothing when it is there already."""
        if self._revision() == newest_revision():
            return
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = self.engine
        command.upgrade(config, "head")

    def _revision(self) -> str | None:
        """The revision that the database says it is at."""
        with self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return revision


def _rows(connection: Any, query: str, parameters: Sequence[Any]) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters) if parameters else None)
        # batch by batch: a table fetched whole takes several times its size while it is put together
        return pl.DataFrame(cursor.fetch_record_batch())


def _answers(connection: Any) -> bool:
    """Whether a reading connection still reaches its server."""
    try:
        return not _rows(connection, "SELECT 1", ()).is_empty()
    except Exception:  # noqa: BLE001 - the driver and Arrow have many words for it
        return False


def _close(connection: Any, opener: int) -> None:
    """Close a reading connection in the process that opened it; a forked child must not end its parent's."""
    if os.getpid() == opener:
        connection.close()


def newest_revision() -> str:
    """The last of the migrations, by its file's name; spares loading Alembic where nothing is to be done."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(path.name[:4] for path in versions.glob("[0-9]*.py"))


def copy_frame(
    connection: sa.Connection, table: str, frame: pl.DataFrame, prepare: Prepare | None = None
) -> int:
    """Write the rows of `frame` into `table` by COPY, in the connection's own transaction; gives their number.

    `prepare`, where given, turns rows into what is written of them, whatever rows they come with; large frames pass through it
    in parts. Columns are matched by name. Booleans, integers, dates and text only; JSON and arrays come as their text form.
    An empty string stays an empty string, null stays null.
    """
    if frame.is_empty():
        return 0
    driver: Any = connection.connection.driver_connection
    written = prepare(frame.head(0)) if prepare else frame
    columns = ", ".join(f'"{name}"' for name in written.columns)
    # JSON is full of quotation marks: with another quote they need not be doubled
    options = f"FORMAT csv, NULL '\\N', QUOTE E'\\x{ord(_QUOTE):02x}'"
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN ({options})") as copy,
    ):
        for part in _as_csv(frame, prepare):
            copy.write(part)
    return frame.height


_QUOTE = "\x01"
_PART = 25_000
"""Rows written in one piece."""


def _as_csv(frame: pl.DataFrame, prepare: Prepare | None) -> Iterator[memoryview]:
    """The frame in parts; the next one is made while the server takes in the last."""
    parts = frame.iter_slices(_PART)
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(_csv, next(parts), prepare)
        for part in parts:
            ready, coming = coming, ahead.submit(_csv, part, prepare)
            yield ready.result()
        yield coming.result()


def _csv(frame: pl.DataFrame, prepare: Prepare | None) -> memoryview:
    buffer = io.BytesIO()
    (prepare(frame) if prepare else frame).write_csv(
        buffer, include_header=False, null_value="\\N", quote_char=_QUOTE, quote_style="non_numeric"
    )
    return buffer.getbuffer()
