"""A whole day through the real DAG: the sample, again, past days, a broken export, a SQL ledger."""

from __future__ import annotations

import email
import email.policy
import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from relance.orchestration.factory import dag_id
from relance.orchestration.tasks import ORDER
from relance.store.database import Database
from relance.store.schema import contact, outbox, outcome, plan, quarantine, slack_outbox, timeline

pytestmark = [pytest.mark.airflow, pytest.mark.integration, pytest.mark.slow]

REPOSITORY = Path(__file__).resolve().parents[2]
DAY = date(2026, 6, 16)
FORCED = {"force": True, "reason": "test"}


@dataclass
class Installation:
    """A database, a home, a policy of the test's own, and what the use cases logged."""

    database: Database
    home: Path
    config: Path
    log: list[str] = field(default_factory=list)
    run_state: str = ""

    def play(
        self, entity: str, day: date, *, conf: dict[str, Any] | None = None, retries: bool = True
    ) -> dict[str, str]:
        """Run the entity's DAG for a day; gives the state of each task; `run_state` has the run's."""
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(REPOSITORY / "dags"))
        assert bag.import_errors == {}
        dag = bag.dags[dag_id(entity)]
        if not retries:
            dag.get_task("deliver").partial_kwargs |= {"retries": 0, "retry_policy": None}
        at = datetime.combine(day, time(7), ZoneInfo(str(dag.timezone)))
        run = dag.test(logical_date=at, run_conf=conf)
        self.run_state = str(run.state)
        return {one.task_id: str(one.state) for one in run.get_task_instances()}

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(statement))

    def counts(self) -> dict[str, int]:
        """Rows of every table."""
        from relance.store.schema import metadata

        return {
            table.name: self.rows(sa.select(sa.func.count()).select_from(table))[0][0]
            for table in metadata.sorted_tables
        }

    def messages(self) -> list[Path]:
        return sorted(self.home.glob("outbox/**/*.eml"))


@pytest.fixture(scope="module")
def installation(
    template_url: str, airflow_database: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A fresh one for this module: its tests go on from one another, as days do."""
    name = f"day_{uuid.uuid4().hex[:12]}"
    server = template_url.replace("/template_relance?", "/postgres?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_relance")
    folder = tmp_path_factory.mktemp("day")
    shutil.copytree(REPOSITORY / "config", folder / "config")
    shutil.copytree(REPOSITORY / "include" / "sample", folder / "include" / "sample")
    made = Installation(
        Database(template_url.replace("/template_relance?", f"/{name}?")), folder / "home", folder / "config"
    )
    handler = logging.Handler()
    handler.emit = lambda record: made.log.append(record.getMessage())  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELANCE_DATABASE_URL", made.database.url)
        patch.setenv("RELANCE_HOME", str(made.home))
        patch.setenv("RELANCE_CONFIG", str(made.config))
        patch.chdir(folder)
        log = logging.getLogger("relance")
        patch.setattr(log, "level", logging.INFO)  # whatever the tests before have made of the root's
        patch.setattr(log, "disabled", False)
        logging.Logger.manager._clear_cache()
        log.addHandler(handler)
        yield made
        log.removeHandler(handler)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_past_day_is_planned_and_stored_and_nothing_is_sent(installation: Installation) -> None:
    """Days of a real backfill: tests/e2e/test_serve.py."""
    states = installation.play("FR01", DAY - timedelta(days=1))
    assert states.pop("deliver") == "skipped"
    assert set(states.values()) == {"success"}, states
    assert installation.rows(sa.select(plan.c.as_of, plan.c.live)) == [(DAY - timedelta(days=1), False)]
    counts = installation.counts()
    assert counts["outcome"] > 100
    assert [counts[name] for name in ("contact", "outbox", "slack_outbox", "dunning_case")] == [0, 0, 0, 0]
    assert not installation.messages()
    said = [line for line in installation.log if "is not today" in line]
    assert len(said) == 5


def test_a_day_is_played_whole(installation: Installation) -> None:
    installation.log.clear()
    states = installation.play("FR01", DAY, conf=FORCED)
    assert states == dict.fromkeys(ORDER, "success")
    figures = [line for line in installation.log if line.startswith("FR01")]
    parts = ("imported:", "planned:", "contacts to deliver", "delivered:", "profiles:", "cases:", "slack:")
    assert [sum(part in line for line in figures) for part in parts] == [1] * len(parts)
    assert len(figures) == len(parts)


def test_every_open_invoice_has_an_outcome_that_adds_up(installation: Installation) -> None:
    from relance import day
    from relance.orchestration.composition import services_of_task

    services = services_of_task("FR01")
    items = day.snapshot_of(services, "FR01", DAY).items
    total = dict(items.group_by("currency").agg(pl.col("open").sum()).iter_rows())
    ((number, live, reason),) = installation.rows(
        sa.select(plan.c.plan_id, plan.c.live, plan.c.reason).where(plan.c.as_of == DAY)
    )
    assert (live, reason) == (True, "test")
    stored = installation.rows(
        sa.select(outcome.c.currency, sa.func.sum(outcome.c.open), sa.func.count())
        .where(outcome.c.plan_id == number)
        .group_by(outcome.c.currency)
    )
    assert {row[0]: int(row[1]) for row in stored} == total
    assert sum(row[2] for row in stored) == items.height
    kinds = Counter(
        row[0] for row in installation.rows(sa.select(outcome.c.outcome).where(outcome.c.plan_id == number))
    )
    assert {"act", "hold", "wait"} <= set(kinds)
    reasons = {
        row[0] for row in installation.rows(sa.select(outcome.c.reason).where(outcome.c.plan_id == number))
    }
    assert reasons >= {
        "not_delivered", "disputed", "insolvency", "in_litigation", "commercial_hold", "covered_by_credit",
        "below_minimum", "direct_debit", "too_recent", "no_contact", "address_cap",
    }  # fmt: skip


def test_each_e_mail_is_a_file_and_is_known_as_sent(installation: Installation) -> None:
    sent = installation.rows(
        sa.select(outbox.c.message_id, outbox.c.recipient).where(
            outbox.c.channel == "email", outbox.c.state == "sent"
        )
    )
    files = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in installation.messages()
    ]
    assert len(files) > 20
    assert Counter(str(one["Message-ID"]) for one in files) == Counter(row[0] for row in sent)
    assert all(str(one["To"]).endswith((".example", ".example>")) for one in files)
    states = dict(
        installation.rows(
            sa.select(contact.c.state, sa.func.count())
            .where(contact.c.channel == "email")
            .group_by(contact.c.state)
        )
    )
    assert states == {"sent": len(files)}


def test_cards_are_kept_where_there_is_no_token(installation: Installation) -> None:
    cards = installation.rows(sa.select(slack_outbox.c.state, slack_outbox.c.verb))
    assert len(cards) >= 6
    assert set(cards) == {("pending", "card")}


def test_bad_rows_are_quarantined_with_their_place(installation: Installation) -> None:
    found = installation.rows(sa.select(quarantine.c.file, quarantine.c.line, quarantine.c.column_name))
    assert len(found) == 7
    assert all(Path(file).name.endswith(".csv") and line > 1 and column for file, line, column in found)


def test_the_same_day_again_changes_nothing(installation: Installation) -> None:
    before, files = installation.counts(), {path: path.stat().st_mtime_ns for path in installation.messages()}
    states = installation.play("FR01", DAY, conf=FORCED)
    assert states.pop("deliver") == "skipped"
    assert set(states.values()) == {"success"}, states
    assert installation.counts() == before
    assert {path: path.stat().st_mtime_ns for path in installation.messages()} == files


def test_forcing_without_a_reason_fails_at_once(installation: Installation) -> None:
    before = installation.counts()
    states = installation.play("FR01", DAY, conf={"force": True})
    assert states["import_ledger"] == "failed"
    assert installation.counts() == before


def test_a_broken_export_changes_nothing_and_is_told(installation: Installation) -> None:
    before = installation.counts()
    invoices = installation.config.parent / "include" / "sample" / "FR01" / "invoices.csv"
    invoices.write_text(invoices.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    states = installation.play("FR01", DAY + timedelta(days=1), conf=FORCED)
    assert states.pop("import_ledger") == "failed"  # at once: trying again can't mend an export
    assert (states.pop("delivered"), states.pop("deliver_waiting")) == ("success", "success")
    assert set(states.values()) == {"upstream_failed"}
    after = installation.counts()
    changed = {name for name in before if before[name] != after[name]}
    # why is told by the card of a case of its own
    assert changed <= {
        "import_run", "slack_outbox", "slack_card", "dunning_case", "case_event", "timeline", "timeline_head"
    }  # fmt: skip
    assert after["slack_outbox"] == before["slack_outbox"] + 1
    (told,) = installation.rows(
        sa.select(slack_outbox.c.verb, slack_outbox.c.entity).order_by(slack_outbox.c.row_id.desc()).limit(1)
    )
    assert tuple(told) == ("card", "FR01")


def test_a_ledger_behind_a_connection_is_played_too(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = urlsplit(installation.database.url)
    socket, name = parse_qs(parts.query)["host"][0], parts.path.lstrip("/")
    monkeypatch.setenv("AIRFLOW_CONN_ERP_UK", f"postgres://postgres@/{name}?host={quote(socket, safe='')}")
    with psycopg.connect(installation.database.url) as erp:
        erp.execute(ERP)
        erp.commit()
    states = installation.play("UK01", DAY, conf=FORCED)
    assert states == dict.fromkeys(ORDER, "success")
    ((number,),) = installation.rows(sa.select(plan.c.plan_id).where(plan.c.entity == "UK01"))
    found = installation.rows(
        sa.select(outcome.c.invoice_id, outcome.c.outcome, outcome.c.open, outcome.c.currency)
        .where(outcome.c.plan_id == number)
        .order_by(outcome.c.invoice_id)
    )
    assert [tuple(row) for row in found] == [("INV-1", "act", 100050, "GBP"), ("INV-2", "wait", 20000, "GBP")]
    sent = installation.rows(sa.select(outbox.c.recipient).where(outbox.c.entity == "UK01"))
    assert sent == [("ap@quarry.example",)]


def test_a_mail_server_that_is_down_keeps_nobody_from_the_days_cases_and_the_run_is_red(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://127.0.0.1:1")
    states = installation.play("DE01", DAY, conf=FORCED, retries=False)
    assert states == dict.fromkeys(ORDER, "success") | {"deliver": "failed", "complete": "upstream_failed"}
    assert installation.run_state == "failed"
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    assert installation.play("DE01", DAY, conf=FORCED) == dict.fromkeys(ORDER, "success")


def test_every_act_is_on_the_payers_timeline(installation: Installation) -> None:
    payers = {
        row[0] for row in installation.rows(sa.select(contact.c.payer_id).where(contact.c.state == "sent"))
    }
    known = {row[0] for row in installation.rows(sa.select(timeline.c.payer_id))}
    assert payers <= known


ERP = """
CREATE SCHEMA sales_ledger;
CREATE SCHEMA crm;
CREATE TABLE sales_ledger.accounts (
    account_code text, account_name text, country_code text, language_code text, size_band text,
    is_key_account boolean, invoice_to_account text, group_code text, payment_terms_method text,
    account_manager_email text, credit_controller_email text, insolvent boolean, closed boolean,
    company_number text, vat_number text, credit_limit numeric(18, 2));
CREATE TABLE sales_ledger.documents (
    document_no text, document_type text, account_code text, delivery_account text, document_date date,
    due_date date, gross_amount numeric(18, 2), currency_code text, voided boolean, written_off boolean,
    customer_order_no text, narrative text, pdf_url text, credited_document_no text,
    outstanding_amount numeric(18, 2));
CREATE TABLE sales_ledger.receipt_lines (
    receipt_no text, line_no integer, account_code text, value_date date, amount numeric(18, 2),
    currency_code text, allocated_document_no text, receipt_method text);
CREATE TABLE crm.people (
    person_id text, account_code text, full_name text, job_code text, email text, mobile_e164 text,
    postal_address text, language_code text, left_company boolean);
CREATE TABLE crm.activities (
    account_code text, record_type text, severity integer, opened_on date, closed_on date, owner_email text,
    subject text);
INSERT INTO sales_ledger.accounts (account_code, account_name, country_code, insolvent, closed)
    VALUES ('A1', 'Quarry Ltd', 'GB', false, false);
INSERT INTO crm.people (person_id, account_code, full_name, job_code, email, left_company)
    VALUES ('P1', 'A1', 'Accounts payable', 'AP', 'ap@quarry.example', false);
INSERT INTO sales_ledger.documents (document_no, document_type, account_code, document_date, due_date,
    gross_amount, currency_code, voided, written_off, outstanding_amount) VALUES
    ('INV-1', 'INV', 'A1', '2026-05-01', '2026-05-31', 1500.50, 'GBP', false, false, 1000.50),
    ('INV-2', 'INV', 'A1', '2026-06-01', '2026-07-01', 200.00, 'GBP', false, false, 200.00);
INSERT INTO sales_ledger.receipt_lines
    VALUES ('R1', 1, 'A1', '2026-06-02', 500.00, 'GBP', 'INV-1', 'transfer');
"""
