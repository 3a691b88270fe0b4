"""Migrations: from nothing to the models exactly, and over a database that holds data."""

from __future__ import annotations

import hashlib
import json
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
        _tell_as_before(uow)
        uow.commit()
    bare.migrate()
    assert bare.read("SELECT version_num AS v FROM alembic_version")["v"][0] == newest_revision()
    assert bare.read("SELECT name FROM customer_version")["name"][0] == "Été"
    _, acts, _ = plans.history_frames(bare, "FR01", date(2026, 3, 3))
    assert acts.rows() == [("k1", "F1", "due", "preventive"), ("k1", "F2", "first", "level_1")]
    with UnitOfWork(bare) as uow:
        assert timeline.verify(timeline.read(uow, "FR01", "C1")) is None
        entry = timeline.Entry("C1", AT, date(2026, 3, 2), "contact.sent", "relance", "k1", {"amount": 1})
        timeline.append(uow, "FR01", [entry])
        uow.commit()
        rows = [dict(row) for row in timeline.read(uow, "FR01", "C1")]
        assert [row["format"] for row in rows] == [1, 2]
        assert timeline.verify(rows) is None
        assert timeline.verify([{**rows[0], "body": {"amount": 2}}, rows[1]]) == 1
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):  # its hash would no longer hold
            uow.execute(
                sa.text(
                    "UPDATE timeline SET body = '{}', salt = NULL, erased_on = '2033-01-01' WHERE seq = 1"
                )
            )


def _tell_as_before(uow: UnitOfWork) -> None:
    """An entry as it was chained before bodies could be erased: its hash covers the body itself."""
    fields = {
        "entity": "FR01", "payer_id": "C1", "seq": 1, "at": AT.timestamp(), "on_date": "2026-03-02", "kind": "contact.sent",
        "actor": "relance", "subject": "k1", "body": {"amount": 1},
    }  # fmt: skip
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(timeline.GENESIS + text.encode()).digest()
    row = {
        **fields,
        "at": AT,
        "body": json.dumps(fields["body"]),
        "previous": timeline.GENESIS,
        "hash": digest,
    }
    names = ", ".join(row)
    uow.execute(sa.text(f"INSERT INTO timeline ({names}) VALUES (:{names.replace(', ', ', :')})"), row)
    head = {"entity": "FR01", "payer_id": "C1", "seq": 1, "hash": digest}
    uow.execute(sa.text("INSERT INTO timeline_head VALUES (:entity, :payer_id, :seq, :hash)"), head)


def test_two_processes_may_migrate_an_empty_database_at_once(bare: Database) -> None:
    work = "import sys; from relance.store.database import Database; Database(sys.argv[1]).migrate()"
    started = [subprocess.Popen([sys.executable, "-c", work, bare.url]) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert bare.read("SELECT version_num AS v FROM alembic_version")["v"].to_list() == [newest_revision()]
