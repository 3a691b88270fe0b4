"""Migrations: from nothing to the models exactly, and over a database that holds data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from relance.store import embedded, migrations, plans, timeline
from relance.store.database import Database, newest_revision
from relance.store.schema import APPEND_ONLY, metadata
from relance.store.uow import UnitOfWork

pytestmark = pytest.mark.integration
AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def bare(postgres_home: Path) -> Iterator[Database]:
    """A database that no migration has seen."""
    server = embedded.start(postgres_home, database="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
    yield Database(server.replace("/postgres?", "/bare?"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE bare WITH (FORCE)")


def _upgrade(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.attributes["engine"] = database.engine
    command.upgrade(config, revision)


def test_migrated_database_is_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_append_only_table_refuses_changes(database: Database) -> None:
    found = database.read(
        "SELECT event_object_table AS name FROM information_schema.triggers WHERE trigger_name = 'append_only'"
    )
    assert set(found["name"]) == set(APPEND_ONLY)


def test_a_database_with_data_is_upgraded_and_keeps_it(bare: Database) -> None:
    _upgrade(bare, "0001")
    with UnitOfWork(bare) as uow:
        uow.execute(
            sa.text(
                "INSERT INTO import_run (entity, extract_date, source, digest, status, counts) "
                "VALUES ('FR01', '2026-03-02', 'x', 'x', 'done', '{}')"
            )
        )
        uow.execute(
            sa.text(
                "INSERT INTO customer_version (entity, extract_date, import_id, customer_id, name, country) "
                "VALUES ('FR01', '2026-03-02', 1, 'C1', 'Été', 'FR')"
            )
        )
        uow.execute(
            sa.text(
                "INSERT INTO contact (key, entity, payer_id, as_of, plan_id, kind, scenario, step, level, content, state) "
                "VALUES ('k1', 'FR01', 'C1', '2026-03-02', 1, 'message', 'standard', 'first', 'level_1', '{}', 'sent')"
            )
        )
        uow.execute(
            sa.text(
                "INSERT INTO contact_act VALUES ('k1', 'F2', 'first', 'level_1'), ('k1', 'F1', 'due', 'preventive')"
            )
        )
        entry = timeline.Entry("C1", AT, date(2026, 3, 2), "contact.sent", "relance", "k1", {"amount": 1})
        timeline.append(uow, "FR01", [entry])
        uow.commit()
    bare.migrate()
    assert bare.read("SELECT version_num AS v FROM alembic_version")["v"][0] == newest_revision()
    assert bare.read("SELECT name FROM customer_version")["name"][0] == "Été"
    _, acts, _ = plans.history_frames(bare, "FR01", date(2026, 3, 3))
    assert acts.rows() == [("k1", "F1", "due", "preventive"), ("k1", "F2", "first", "level_1")]
    with UnitOfWork(bare) as uow:
        assert timeline.verify(timeline.read(uow, "FR01", "C1")) is None
        timeline.append(uow, "FR01", [entry])
        uow.commit()


def test_two_processes_may_migrate_an_empty_database_at_once(bare: Database) -> None:
    work = "import sys; from relance.store.database import Database; Database(sys.argv[1]).migrate()"
    started = [subprocess.Popen([sys.executable, "-c", work, bare.url]) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert bare.read("SELECT version_num AS v FROM alembic_version")["v"].to_list() == [newest_revision()]
