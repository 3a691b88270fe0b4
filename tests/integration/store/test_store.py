"""The store: transactions, COPY, chains, append-only tables, locks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from relance.errors import BusyError, StoreError
from relance.store import schema, timeline
from relance.store.database import Database, normalise_url
from relance.store.locks import day_lock
from relance.store.uow import UnitOfWork

pytestmark = pytest.mark.integration
AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def _entry(payer: str, kind: str = "contact.sent") -> timeline.Entry:
    return timeline.Entry(
        payer, AT, AT.date(), kind, "relance", "k1", {"amount": 100, "name": "Société Générale"}
    )


def test_a_unit_of_work_rolls_back_unless_committed(database: Database) -> None:
    with UnitOfWork(database) as uow:
        timeline.append(uow, "FR01", [_entry("P1")])
    with UnitOfWork(database) as uow:
        assert timeline.read(uow, "FR01", "P1") == []
        timeline.append(uow, "FR01", [_entry("P1")])
        uow.commit()
    with UnitOfWork(database) as uow:
        assert len(timeline.read(uow, "FR01", "P1")) == 1


def _server_process(database: Database) -> int:
    with UnitOfWork(database) as uow:
        return int(uow.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def test_connections_are_kept_for_the_next_unit_of_work_only_while_somebody_keeps_them(
    database: Database,
) -> None:
    assert _server_process(database) != _server_process(database)
    with database.keeping():
        kept = _server_process(database)
        with database.keeping():
            assert _server_process(database) == kept
        assert _server_process(database) == kept
        with UnitOfWork(database), UnitOfWork(database) as other:
            assert other.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() != kept
    query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    with UnitOfWork(database) as uow:
        for _ in range(100):  # the server takes a moment to see that a connection was closed
            if not uow.execute(query, {"pid": kept}).scalar_one():
                break
            uow.execute(sa.text("SELECT pg_sleep(0.05)"))
            uow.commit()
        assert uow.execute(query, {"pid": kept}).scalar_one() == 0


def test_copy_keeps_nulls_empty_strings_quotes_and_line_breaks(database: Database) -> None:
    frame = pl.DataFrame(
        {
            "version": ["a", "", 'q"uo,te', "line\nbreak", "\\N"],
            "content": ["{}", '{"a": "b\\"c"}', "[]", "1", "null"],
        }
    )
    with UnitOfWork(database) as uow:
        assert uow.copy(schema.policy_version, frame) == 5
        uow.commit()
        stored = set(uow.execute(sa.select(schema.policy_version.c.version)).scalars())
    assert stored == set(frame["version"])
    assert database.read("SELECT count(*) AS n FROM policy_version WHERE version = $1", ["a"])["n"][0] == 1


def test_the_timeline_is_chained_and_a_change_shows(database: Database) -> None:
    with UnitOfWork(database) as uow:
        timeline.append(uow, "FR01", [_entry("P1"), _entry("P2"), _entry("P1", "case.opened")])
        timeline.append(uow, "FR01", [_entry("P1", "case.closed")])
        uow.commit()
        rows = [dict(row) for row in timeline.read(uow, "FR01", "P1")]
    assert [row["seq"] for row in rows] == [1, 2, 3]
    assert timeline.verify(rows) is None
    assert timeline.verify([rows[0], rows[2]]) == 2
    assert timeline.verify([rows[1], rows[0], rows[2]]) == 1
    assert timeline.verify([{**rows[0], "actor": "somebody"}, *rows[1:]]) == 1
    assert timeline.verify([rows[0], {**rows[1], "body": {"amount": 101}}, rows[2]]) == 2


@pytest.mark.parametrize("statement", ["UPDATE timeline SET actor = 'x'", "DELETE FROM timeline"])
def test_history_tables_are_append_only(database: Database, statement: str) -> None:
    with UnitOfWork(database) as uow:
        timeline.append(uow, "FR01", [_entry("P1")])
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            uow.execute(sa.text(statement))


def test_two_runs_on_one_entity_and_day_never_overlap(database: Database) -> None:
    day = date(2026, 3, 2)
    with day_lock(database, "FR01", day, what="run"):
        with (
            pytest.raises(
                BusyError, match=r"FR01 2026-03-02 is being worked on by: relance run FR01 .* pid \d+"
            ),
            day_lock(database, "FR01", day, what="import"),
        ):
            pass
        with (
            day_lock(database, "DE01", day, what="run"),
            day_lock(database, "FR01", date(2026, 3, 3), what="run"),
        ):
            pass
    with day_lock(database, "FR01", day, what="run"):
        pass


def test_a_lock_dies_with_its_holder(database: Database) -> None:
    day = date(2026, 3, 2)
    with day_lock(database, "FR01", day, what="run"), psycopg.connect(database.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'relance run%'"
        )
        with day_lock(database, "FR01", day, what="run again"):
            pass


def test_shared_holders_work_side_by_side_but_not_with_a_run(database: Database) -> None:
    day = date(2026, 3, 2)
    with (
        day_lock(database, "FR01", day, what="deliver", shared=True),
        day_lock(database, "FR01", day, what="deliver", shared=True),
        pytest.raises(BusyError, match="deliver"),
        day_lock(database, "FR01", day, what="run"),
    ):
        pass


def test_any_spelling_of_a_postgresql_url_is_taken_and_others_refused() -> None:
    assert normalise_url("postgres://a/b") == normalise_url("postgresql+psycopg://a/b") == "postgresql://a/b"
    with pytest.raises(StoreError, match="needs PostgreSQL, not 'sqlite'"):
        normalise_url("sqlite:///x.db")


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()
    database.migrate()


def _end_all_connections(database: Database) -> None:
    with UnitOfWork(database) as uow:
        uow.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_reader_comes_back_after_the_server_was_away(database: Database) -> None:
    assert database.read("SELECT 1 AS a").item() == 1
    _end_all_connections(database)
    assert database.read("SELECT $1 + 1 AS a", [1]).item() == 2
    assert len(database._readers) == 1


def test_a_query_that_is_wrong_is_asked_once_and_costs_no_connection(database: Database) -> None:
    pid = database.read("SELECT pg_backend_pid() AS a").item()
    with pytest.raises(Exception, match="nowhere"):
        database.read("SELECT * FROM nowhere")
    assert database.read("SELECT pg_backend_pid() AS a").item() == pid


def test_readers_of_threads_that_ended_are_closed(database: Database) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(1) as other:
            other.submit(database.read, "SELECT 1").result()
    database.read("SELECT 1")
    assert len(database._readers) == 1


def test_a_connection_that_outlives_the_keeping_is_closed_when_it_is_given_back(database: Database) -> None:
    with database.keeping():
        late = database.connect()
    assert late.execute(sa.text("SELECT 1")).scalar_one() == 1
    raw = late.connection.driver_connection
    assert raw is not None
    late.close()
    assert raw.closed
