"""Timelines whose bodies can be erased and whose chain still holds; nothing else of them can be changed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from relance.store import timeline
from relance.store.database import Database
from relance.store.uow import UnitOfWork

pytestmark = pytest.mark.integration
AT = datetime(2026, 3, 2, 7, 0, 0, 123456, tzinfo=UTC)
ERASE = "UPDATE timeline SET body = '{}', salt = NULL, erased_on = '2033-01-01'"
BODY = {
    "name": "Société Générale",
    "digest": "ab" * 32,
    "sum": 1e22,
    "half": 0.5,
    "tiny": 1e-7,
    "list": (1, 2.0),
}


def entry(payer: str = "P1", **body: Any) -> timeline.Entry:
    return timeline.Entry(payer, AT, AT.date(), "contact.sent", "relance", "k1", body or BODY)


@pytest.fixture
def told(database: Database) -> Database:
    with UnitOfWork(database) as uow:
        timeline.append(uow, "FR01", [entry(), entry(number=2), entry(number=3)])
        uow.execute(
            sa.text(
                "INSERT INTO contact (key, entity, payer_id, as_of, plan_id, kind, scenario, step, level, content, state) "
                "VALUES ('k1', 'FR01', 'P1', '2026-03-02', 1, 'message', 'standard', 'first', 'level_1', '{}', 'sent')"
            )
        )
        uow.execute(
            sa.text(
                "INSERT INTO receipt (key, entity, payer_id, provider, event, kind, on_date, detail) "
                "VALUES ('k1', 'FR01', 'P1', 'twilio', 'e1', 'delivered', '2026-03-02', '{\"to\": \"+33\"}')"
            )
        )
        uow.execute(
            sa.text(
                "INSERT INTO reply (entity, payer_id, channel, address, kind, provider, event, on_date, body) "
                "VALUES ('FR01', 'P1', 'sms', '+33', 'text', 'twilio', 'e2', '2026-03-02', '{\"text\": \"no\"}')"
            )
        )
        uow.commit()
    return database


def rows_of(database: Database) -> list[dict[str, Any]]:
    with UnitOfWork(database) as uow:
        return [dict(row) for row in timeline.read(uow, "FR01", "P1")]


def run(database: Database, statement: str) -> None:
    with UnitOfWork(database) as uow:
        uow.execute(sa.text(statement))
        uow.commit()


def test_an_entry_is_given_back_as_it_was_chained_whatever_its_numbers(told: Database) -> None:
    rows = rows_of(told)
    assert timeline.verify(rows) is None
    assert rows[0]["at"] == AT
    assert rows[0]["digest"] == "ab" * 32
    assert rows[1]["digest"] is None


def test_a_body_can_be_erased_and_the_chain_still_holds(told: Database) -> None:
    run(told, f"{ERASE} WHERE seq = 2")
    rows = rows_of(told)
    assert rows[1]["body"] == {}
    assert timeline.verify(rows) is None
    assert timeline.verify([rows[0], {**rows[1], "body_hash": b"\x00" * 32}, rows[2]]) == 2


def test_a_message_s_digest_outlives_the_body_and_is_covered_by_the_hash(told: Database) -> None:
    run(told, f"{ERASE} WHERE seq = 1")
    rows = rows_of(told)
    assert rows[0]["digest"] == "ab" * 32
    assert timeline.verify([{**rows[0], "digest": "cd" * 32}, *rows[1:]]) == 1


FORBIDDEN = (
    "UPDATE timeline SET body = '{}'",
    "UPDATE timeline SET erased_on = '2033-01-01'",
    "UPDATE timeline SET body = '{\"a\": 1}', salt = NULL, erased_on = '2033-01-01'",
    "UPDATE timeline SET body = '{}', erased_on = '2033-01-01'",
    *(
        f"{ERASE}, {change}"
        for change in (
            "actor = 'x'", "kind = 'x'", "subject = 'x'", "seq = seq + 10", "payer_id = 'P2'", "entity = 'X'",
            "at = now()", "on_date = '2020-01-01'", "hash = '\\x00'", "previous = '\\x00'", "digest = NULL",
            "body_hash = NULL", "format = 1",
        )
    ),
    "DELETE FROM timeline",
    "TRUNCATE timeline",
    "UPDATE receipt SET detail = '{}'",
    "UPDATE receipt SET detail = '{}', kind = 'failed', erased_on = '2033-01-01'",
    "DELETE FROM receipt",
    "TRUNCATE receipt",
    "UPDATE reply SET body = '{}', erased_on = '2033-01-01', address = 'x'",
    "UPDATE reply SET kind = 'stop'",
    "DELETE FROM reply",
    "TRUNCATE reply",
)  # fmt: skip


def test_nothing_but_erasing_is_let_through(told: Database) -> None:
    for statement in FORBIDDEN:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            run(told, statement)


def test_what_is_erased_stays_erased(told: Database) -> None:
    run(told, ERASE)
    for statement in (ERASE, "UPDATE timeline SET body = '{\"a\": 1}', erased_on = NULL"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            run(told, statement)


def test_receipts_and_replies_can_be_erased(told: Database) -> None:
    run(told, "UPDATE receipt SET detail = '{}', erased_on = '2033-01-01'")
    run(told, "UPDATE reply SET body = '{}', address = '', erased_on = '2033-01-01'")


def test_the_same_body_has_another_hash_each_time_so_that_nobody_guesses_what_was_erased(
    database: Database,
) -> None:
    with UnitOfWork(database) as uow:
        timeline.append(uow, "FR01", [entry(recipient="x@client.example")] * 2)
        first, second = (row["body_hash"] for row in timeline.read(uow, "FR01", "P1"))
    assert first != second


def test_two_writers_on_the_same_payers_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    payers = ["P1", "P2", "P3"]

    def write(order: list[str]) -> None:
        for _ in range(15):
            with UnitOfWork(database) as uow:
                timeline.append(uow, "FR01", [entry(payer, n=1) for payer in order])
                uow.commit()

    writers = [threading.Thread(target=write, args=(order,)) for order in (payers, payers[::-1])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    with UnitOfWork(database) as uow:
        for payer in payers:
            rows = timeline.read(uow, "FR01", payer)
            assert len(rows) == 30
            assert timeline.verify(rows) is None
