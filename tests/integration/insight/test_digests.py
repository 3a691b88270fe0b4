"""Digests from a real ledger and real cases: what they tell, what they compare with, and that each is told once."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest

from relance import cases
from relance.cases.disputing import dispute
from relance.config.policy import Policy
from relance.config.slack import DigestKind, SlackRules
from relance.insight.alerts import queue_alerts
from relance.insight.digests import digests
from relance.insight.kept import Message, keep
from relance.ledger.loading import load_versions
from relance.store.database import Database
from relance.store.schema import digest, slack_outbox
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import BY, ENTITY, World, invoice, policy

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 9)
RULES = {
    "digests": {"daily": {"at": "0 8 * * 1-5"}, "weekly": {"at": "0 8 * * 1", "channel": "#management"}},
    "management": {"channel": "#management", "over": ["500.00 EUR"]},
}


def with_rules(base: Policy, **rules: Any) -> Policy:
    return base.model_copy(update={"slack": SlackRules.model_validate({**RULES, **rules})})


@pytest.fixture
def world(database: Database) -> World:
    one = World(database, with_rules(policy(channel="#collections", overdue_90="#credit")))
    one.ledger(
        customers=[
            {"customer_id": "C1", "collector": BY},
            {"customer_id": "C2", "name": "=HYPERLINK(1)", "collector": None},
        ],
        invoices=[
            invoice("F1", DAY - timedelta(days=100), 100_000),
            invoice("F2", DAY - timedelta(days=120), 40_000, customer_id="C2"),
            invoice("F3", DAY + timedelta(days=10), 30_000),
        ],
    )
    one.work(DAY)
    return one


def drawn(world: World, kind: DigestKind, day: date) -> dict[str, Message]:
    with UnitOfWork(world.database) as uow:
        made = digests(
            uow, policy=world.policy, entity=ENTITY, kind=kind, as_of=day,
            ledger=lambda: (load_versions(world.database, ENTITY), world.snapshot(day)),
        )  # fmt: skip
    return {one.channel: one for one in made}


def told(world: World, kind: DigestKind, day: date) -> list[str]:
    """Keep the day's digests; gives the channels that are told something."""
    messages = drawn(world, kind, day).values()
    with UnitOfWork(world.database) as uow:
        kept = [one.channel for one in messages if keep(uow, one) and one.is_news]
        uow.commit()
    return kept


def said(message: Message) -> str:
    return json.dumps(message.payload, ensure_ascii=False)


def outbox(world: World, verb: str = "digest") -> list[dict[str, Any]]:
    return [row for row in world.rows(slack_outbox) if row["verb"] == verb]


def test_each_channel_is_told_of_its_own_cases(world: World) -> None:
    world.promise("300.00 EUR", DAY + timedelta(days=3), DAY)
    channels = drawn(world, "daily", DAY)
    assert sorted(channels) == ["#collections", "#credit"]
    assert "2 open cases" in said(channels["#credit"])
    assert "*New (2)*" in said(channels["#credit"])
    assert "*promise noted* (collector@lumen.example" in said(channels["#collections"])


def test_a_digest_is_told_once_a_channel_and_day(world: World) -> None:
    assert told(world, "daily", DAY) == ["#credit"]
    assert told(world, "daily", DAY) == []
    assert len(outbox(world)) == 1
    assert outbox(world)[0]["state"] == "pending"


def test_it_is_silent_when_nothing_is_new(world: World) -> None:
    told(world, "daily", DAY)
    next_day = DAY + timedelta(days=1)
    world.work(next_day)
    assert told(world, "daily", next_day) == []
    rows = [(row["as_of"], row["told"]) for row in world.rows(digest)]
    assert rows == [(DAY, True), (next_day, False)]
    assert len(outbox(world)) == 1


def test_what_happened_after_the_last_digest_of_the_same_day_is_in_the_next(world: World) -> None:
    told(world, "daily", DAY)
    with UnitOfWork(world.database) as uow:
        number = cases.list_cases(uow, entity=ENTITY, kind="overdue_90", payer_id="C1")[0].case_id
        cases.comment(uow, policy=world.policy, case_id=number, text="called", by=BY, on_date=DAY)
        uow.commit()
    world.promise("1000.00 EUR", DAY + timedelta(days=3), DAY)
    channels = drawn(world, "daily", DAY + timedelta(days=1))
    assert channels["#collections"].is_news
    assert not channels["#credit"].is_news, "a comment alone is no news"


def test_what_is_closed_since_is_told_with_its_reason_and_the_deltas(world: World) -> None:
    told(world, "daily", DAY)
    next_day = DAY + timedelta(days=1)
    world.pay("P1", DAY, 100_000, "F1")
    world.work(next_day)
    message = drawn(world, "daily", next_day)["#credit"]
    assert "*Closed (1)*" in said(message)
    assert "· paid" in said(message)
    assert "1 open case (−1)" in said(message)
    assert "€400.00 (−€1,000.00)" in said(message)


@pytest.mark.parametrize(("days", "words"), [(3, "*promised*, today"), (4, "*promised*, 1 day late")])
def test_a_promise_is_told_on_its_day_and_when_it_is_late(world: World, days: int, words: str) -> None:
    world.promise("300.00 EUR", DAY + timedelta(days=3), DAY)
    told(world, "daily", DAY + timedelta(days=2))
    day = DAY + timedelta(days=days)
    world.work(day)
    message = drawn(world, "daily", day)["#collections"]
    assert words in said(message)
    assert message.is_news


def test_cases_without_an_owner_are_told(world: World) -> None:
    message = drawn(world, "daily", DAY)["#credit"]
    assert "*Nobody has these (1)*" in said(message)


def test_the_long_list_comes_as_a_file_in_the_thread_that_no_spreadsheet_reads_as_formulas(
    world: World,
) -> None:
    many = [{"customer_id": f"D{n}", "name": ["=1+1", "+x", "-x", "@x", "Été"][n % 5]} for n in range(30)]
    world.ledger(
        extract=date(2026, 1, 2), customers=many,
        invoices=[invoice(f"G{n}", DAY - timedelta(days=95), 1_000 + n, customer_id=f"D{n}") for n in range(30)],
    )  # fmt: skip
    world.work(DAY)
    told(world, "daily", DAY)
    message, file = outbox(world)
    assert file["under"] == message["row_id"]
    assert file["file_name"] == "FR01-2026-03-09-credit.csv"
    assert bytes(file["file"]).startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(bytes(file["file"]).decode("utf-8-sig"))))
    assert {row["Payer"] for row in rows} >= {f"D{n}" for n in range(30)}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert {"'=1+1", "'+x", "'-x", "'@x", "Été"} <= {row["Name"] for row in rows}


def test_the_week_tells_totals_and_has_a_picture_with_words_for_it(world: World) -> None:
    assert told(world, "weekly", DAY) == ["#management"]
    row, picture = outbox(world)
    assert (row["channel"], picture["under"]) == ("#management", row["row_id"])
    assert bytes(picture["file"]).startswith(b"\x89PNG")
    assert 5_000 < len(picture["file"]) < 100_000
    assert "91–120 days late" in picture["payload"]["alt"]
    text = json.dumps(row["payload"], ensure_ascii=False)
    assert "*Open*: €1,700.00" in text
    assert "*More than 90 days late*: €1,400.00" in text
    assert "*More than 90 days late (2)*" in text


def test_the_week_after_says_what_changed(world: World) -> None:
    told(world, "weekly", DAY)
    later = DAY + timedelta(days=7)
    world.pay("P1", DAY + timedelta(days=2), 100_000, "F1")
    world.work(later)
    message = drawn(world, "weekly", later)["#management"]
    assert message.is_news
    assert "*Open*: €700.00 (−€1,000.00)" in said(message)
    assert "Money in since" in said(message)
    assert "€1,000.00" in said(message)


def test_a_week_in_which_nothing_happened_is_silent(world: World) -> None:
    told(world, "weekly", DAY)
    later = DAY + timedelta(days=7)
    world.work(later)
    message = drawn(world, "weekly", later)["#management"]
    # F2 moves from one bucket to the next, which is a change of the ageing
    assert message.is_news
    told(world, "weekly", later)
    assert told(world, "weekly", later + timedelta(days=1)) == []


def test_management_is_told_once_of_a_large_debt_that_is_long_overdue(world: World) -> None:
    def queue(day: date) -> int:
        with UnitOfWork(world.database) as uow:
            count = queue_alerts(uow, policy=world.policy, entity=ENTITY, as_of=day)
            uow.commit()
        return count

    assert queue(DAY) == 1, "C2 owes less than slack.yaml's `over`"
    assert queue(DAY) == 0
    world.work(DAY + timedelta(days=1))
    assert queue(DAY + timedelta(days=1)) == 0, "not every day"
    (row,) = outbox(world, "notice")
    assert row["channel"] == "#management"
    text = json.dumps(row["payload"], ensure_ascii=False)
    assert "100 days late" in text
    assert "€1,000.00" in text


def test_a_payer_who_crosses_again_after_the_case_has_ended_is_told_again(world: World) -> None:
    with UnitOfWork(world.database) as uow:
        queue_alerts(uow, policy=world.policy, entity=ENTITY, as_of=DAY)
        uow.commit()
    later = DAY + timedelta(days=5)
    world.pay("P1", DAY, 100_000, "F1")
    world.work(later)
    world.ledger(extract=date(2026, 1, 3), invoices=[invoice("F9", DAY - timedelta(days=95), 90_000)])
    world.work(later)
    with UnitOfWork(world.database) as uow:
        assert queue_alerts(uow, policy=world.policy, entity=ENTITY, as_of=later) == 1
        uow.commit()
    assert len(outbox(world, "notice")) == 2


def test_no_alert_where_the_card_itself_stands_in_managements_channel(world: World) -> None:
    own = with_rules(policy(channel="#collections", overdue_90="#management"))
    with UnitOfWork(world.database) as uow:
        assert queue_alerts(uow, policy=own, entity=ENTITY, as_of=DAY) == 0
        assert queue_alerts(uow, policy=policy(), entity=ENTITY, as_of=DAY) == 0, (
            "without a rule nobody is told"
        )


def test_a_week_counts_each_dispute_once_as_new_and_once_as_resolved(world: World) -> None:
    def note(invoice_id: str, day: date) -> int:
        with UnitOfWork(world.database) as uow:
            case = dispute(
                uow, policy=world.policy, entity=ENTITY, payer_id="C1", by=BY, on_date=day, reason="price", invoices=[invoice_id],
            )  # fmt: skip
            uow.commit()
        return case.case_id

    def week(day: date) -> dict[str, Any]:
        world.work(day)
        figures = drawn(world, "weekly", day)["#management"].figures["figures"]["disputes"]
        told(world, "weekly", day)
        return {name: figures[name] for name in ("open", "new", "resolved")}

    first = note("F1", DAY - timedelta(days=2))
    assert week(DAY) == {"open": 1, "new": 1, "resolved": 0}
    note("F3", DAY)  # after the digest of that day
    with UnitOfWork(world.database) as uow:
        cases.resolve(
            uow, policy=world.policy, case_id=first, by=BY, on_date=DAY + timedelta(days=3), reason="rejected"
        )
        uow.commit()
    assert week(DAY + timedelta(days=7)) == {"open": 1, "new": 1, "resolved": 1}
    assert week(DAY + timedelta(days=14)) == {"open": 1, "new": 0, "resolved": 0}


def test_the_books_currency_goes_first(world: World) -> None:
    world.ledger(
        extract=date(2026, 1, 4),
        invoices=[invoice("A1", DAY - timedelta(days=5), 5_000, currency="AED", customer_id="C2")],
    )
    message = drawn(world, "weekly", DAY)["#management"]
    assert [row["currency"] for row in message.figures["figures"]["currencies"]] == ["EUR", "AED"]
    assert "*AED*: open" in said(message)
