"""A ledger through an Airflow connection, from a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import polars as pl
import psycopg
import pytest

from relance.errors import LedgerError
from relance.orchestration import sql_source
from relance.orchestration.connections import task_settings
from relance.store.database import Database

pytestmark = [pytest.mark.airflow, pytest.mark.integration]


@pytest.fixture
def erp(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """A database that stands for an ERP's, under the connection `erp_test`."""
    parts = urlsplit(database.url)
    socket, name = parse_qs(parts.query)["host"][0], parts.path.lstrip("/")
    address = f"postgres://postgres@/{name}?host={quote(socket, safe='')}"
    monkeypatch.setenv("AIRFLOW_CONN_ERP_TEST", address)
    with psycopg.connect(database.url) as connection:
        connection.execute(
            "CREATE TABLE erp"
            " (id text, amount numeric(18, 3), due date, stamp timestamp, vip boolean, note text)"
        )
        connection.execute(
            "INSERT INTO erp VALUES ('A', 1234567890123.450, '2026-06-16', '2026-06-16 00:00', true, NULL),"
            " ('B', 0.1, NULL, '2026-06-16 07:30', false, 'ünï\"cöde, with; all')"
        )
        connection.commit()
        yield connection


def query(folder: Path, text: str) -> Path:
    path = folder / "invoices.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_come_as_text_that_keeps_every_digit(erp: psycopg.Connection, tmp_path: Path) -> None:
    reader = sql_source.fetch("erp_test", query(tmp_path, "SELECT id AS Invoice_Id, * FROM erp ORDER BY id"))
    frame = pl.from_arrow(reader.read_all())
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == ["invoice_id", "id", "amount", "due", "stamp", "vip", "note"]
    assert frame.rows() == [
        ("A", "A", "1234567890123.450", "2026-06-16", "2026-06-16", "true", None),
        ("B", "B", "0.100", None, "2026-06-16 07:30:00", "false", 'ünï"cöde, with; all'),
    ]


def test_rows_come_in_batches(
    erp: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_source, "BATCH_ROWS", 100)
    erp.execute("INSERT INTO erp SELECT 'C' || n, n, %s FROM generate_series(1, 250) n", (date(2026, 1, 1),))
    erp.commit()
    reader = sql_source.fetch("erp_test", query(tmp_path, "SELECT * FROM erp"))
    assert [batch.num_rows for batch in reader] == [100, 100, 52]


def test_an_empty_table_keeps_its_columns(erp: psycopg.Connection, tmp_path: Path) -> None:
    reader = sql_source.fetch("erp_test", query(tmp_path, "SELECT id, due FROM erp WHERE false"))
    table = reader.read_all()
    assert (table.num_rows, table.column_names) == (0, ["id", "due"])


def test_a_query_that_is_not_there_or_gives_nothing_is_said(erp: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="can't be read"):
        sql_source.fetch("erp_test", tmp_path / "missing.sql")
    with pytest.raises(LedgerError, match="gives no columns"):
        sql_source.fetch("erp_test", query(tmp_path, "SET search_path TO public"))


def test_connections_override_the_environment(
    monkeypatch: pytest.MonkeyPatch, airflow_database: None
) -> None:
    monkeypatch.setenv("RELANCE_SMTP_HOST", "mail.old.example")
    monkeypatch.setenv("RELANCE_DATABASE_URL", "postgresql://old.example/relance")
    plain = task_settings()
    assert (plain.smtp.host, plain.database_url) == ("mail.old.example", "postgresql://old.example/relance")
    monkeypatch.setenv("AIRFLOW_CONN_RELANCE_DB", "postgres://user:p%40ss@db.example:5433/ledger")
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT",
        '{"conn_type": "smtp", "host": "mail.example", "port": 2525, "login": "relance",'
        ' "password": "secret", "extra": {"disable_tls": true, "timeout": 5}}',
    )
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", '{"conn_type": "slack", "password": "xoxb-1"}')
    settings = task_settings()
    assert settings.database_url == "postgresql://user:p%40ss@db.example:5433/ledger"
    assert (settings.smtp.host, settings.smtp.port, settings.smtp.user) == ("mail.example", 2525, "relance")
    assert settings.smtp.password == "secret"
    assert (settings.smtp.starttls, settings.smtp.timeout_s) == (False, 5.0)
    assert settings.slack_token == "xoxb-1"
    assert settings.slack_base_url == plain.slack_base_url


def test_an_empty_connection_overrides_nothing(
    monkeypatch: pytest.MonkeyPatch, airflow_database: None
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://")
    monkeypatch.setenv("RELANCE_SMTP_HOST", "mail.example")
    assert task_settings().smtp.host == "mail.example"


def test_connections_of_the_further_channels_override_the_environment(
    monkeypatch: pytest.MonkeyPatch, airflow_database: None
) -> None:
    said = {
        "MSGRAPH_DEFAULT": '{"conn_type": "msgraph", "login": "app", "password": "s1",'
        ' "extra": {"tenant_id": "t", "mailbox": "m@lumen.example"}}',
        "TWILIO_DEFAULT": '{"conn_type": "generic", "login": "AC1", "password": "s2", "extra": {"sms_from": "+33600000000"}}',
        "IMAP_DEFAULT": '{"conn_type": "imap", "host": "imap.example", "login": "u", "password": "s3",'
        ' "extra": {"use_ssl": false}}',
        "RELANCE_LETTERS": '{"conn_type": "sftp", "host": "print.example", "login": "u", "extra": {"folder": "in"}}',
        "RELANCE_REGISTERED": '{"conn_type": "generic", "login": "7", "password": "s4", "extra": {"key": "k"}}',
        "STRIPE_DEFAULT": '{"conn_type": "generic", "password": "sk_test"}',
    }  # fmt: skip
    for name, value in said.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", value)
    settings = task_settings()
    graph, twilio, mailbox = settings.graph, settings.twilio, settings.mailbox
    assert (graph.tenant, graph.client_id, graph.client_secret, graph.mailbox) == (
        "t",
        "app",
        "s1",
        "m@lumen.example",
    )
    assert (twilio.account_sid, twilio.auth_token, twilio.sms_from) == ("AC1", "s2", "+33600000000")
    assert (mailbox.host, mailbox.user, mailbox.password, mailbox.tls) == ("imap.example", "u", "s3", False)
    assert (settings.letters.sftp_host, settings.letters.sftp_folder) == ("print.example", "in")
    assert (settings.registered.user_id, settings.registered.token, settings.registered.key) == (
        "7",
        "s4",
        "k",
    )
    assert settings.stripe.api_key == "sk_test"
    assert not any(secret in repr(settings) for secret in ("s1", "s2", "s3", "s4", "sk_test"))
