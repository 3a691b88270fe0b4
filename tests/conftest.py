"""Fixtures for all: one embedded PostgreSQL for the whole run, one fresh database for each test that asks."""

from __future__ import annotations

import os

# Before anything imports Airflow: no example DAGs, and no .pyc-less slow start.
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from relance.store import embedded
from relance.store.database import Database
from relance.store.uow import UnitOfWork


@pytest.fixture(scope="session")
def postgres_home() -> Iterator[Path]:
    """A private server under a short path (a Unix socket's path has 107 bytes)."""
    home = Path(tempfile.mkdtemp(prefix="relance-test-"))
    home.chmod(0o755)
    embedded.start(home)
    yield home
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_url(postgres_home: Path) -> str:
    """A migrated database that each test's own is copied from (40 ms instead of a migration)."""
    url = embedded.start(postgres_home, database="template_relance")
    Database(url).migrate()
    return url


@pytest.fixture
def database(template_url: str) -> Iterator[Database]:
    """An empty, migrated database of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server = template_url.replace("/template_relance?", "/postgres?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_relance")
    yield Database(template_url.replace("/template_relance?", f"/{name}?"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def uow(database: Database) -> Iterator[UnitOfWork]:
    """An open unit of work on this test's database."""
    with UnitOfWork(database) as unit:
        yield unit
