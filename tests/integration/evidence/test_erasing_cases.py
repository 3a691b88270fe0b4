"""What people said on cases closed longer ago than the region keeps it is erased; the case keeps what it was."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from relance import cases, slack
from relance.cases.commenting import comment, edit_comment
from relance.cases.disputing import dispute
from relance.cases.reading import read_case, read_events, read_timeline
from relance.cases.resolving import reopen, resolve
from relance.cli.main import app
from relance.config.models import Region
from relance.evidence.checking import check
from relance.evidence.erasing import EraseReport, erase_expired
from relance.settings import REPOSITORY
from relance.slack.cards import KINDS, Scene, card
from relance.slack.preview import page, read_messages
from relance.slack.samples.cases import a_case
from relance.slack.speech import Voice
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import act
from tests.integration.cases.world import BY, ENTITY, World, invoice, policy

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 2)
LATER = date(2032, 3, 3)
"""Six years and a day after DAY: what is dated DAY has expired."""
SAID = (
    "Anne Moreau",
    "+33 6 12 34",
    "two pallets",
    "she calls back",
    "settled by phone",
    "note.pdf",
    "Brasserie",
)
TABLES = (
    schema.dunning_case, schema.case_event, schema.case_comment, schema.slack_outbox, schema.slack_direct, schema.timeline,
)  # fmt: skip
_REGION = {"region": "fr", "country": "FR", "languages": ["fr", "en"], "retention": {"messages_years": 6}}


@pytest.fixture
def world(database: Database) -> World:
    """C1 contested F1, people wrote about it, it was settled and paid: all on DAY. C2 has nothing."""
    region = {"fr": Region.model_validate(_REGION)}
    one = World(database, policy().model_copy(update={"regions": region}))
    one.ledger(
        customers=[{"customer_id": "C1", "collector": BY}, {"customer_id": "C2"}],
        invoices=[invoice("F1", DAY - timedelta(days=20), 100_000)],
    )
    with UnitOfWork(database) as uow:
        dispute(
            uow, policy=one.policy, by=BY, on_date=DAY, entity=ENTITY, payer_id="C1", reason="quantity", invoices=["F1"],
            text="Anne Moreau, +33 6 12 34: two pallets short", evidence=["note.pdf"],
        )  # fmt: skip
        uow.commit()
    act(one, comment, BY, DAY, case_id=1, text="Anne Moreau says she calls back", source="C1:1.0")
    act(one, comment, BY, DAY, case_id=1, text="Anne")
    queue(one, DAY)
    act(one, resolve, BY, DAY, case_id=1, reason="rejected", note="settled by phone")
    queue(one, DAY)
    one.pay("P", DAY, 100_000, "F1")
    run(one, sa.insert(schema.slack_direct).values(person=BY, case_id=1, on_date=DAY))
    sent(one)
    return one


def run(world: World, statement: sa.Executable) -> None:
    with UnitOfWork(world.database) as uow:
        uow.execute(statement)
        uow.commit()


def queue(world: World, on: date) -> int:
    with UnitOfWork(world.database) as uow:
        written = slack.queue(uow, policy=world.policy, entity=ENTITY, as_of=on)
        uow.commit()
    return written


def sent(world: World, on: date = DAY) -> None:
    """Slack has what was queued, since a day."""
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    run(world, sa.update(schema.slack_outbox).values(state="sent", created_at=at, done_at=at))


def erase(world: World, as_of: date = LATER, **other: Any) -> EraseReport:
    return erase_expired(world.database, policy=world.policy, entity=ENTITY, as_of=as_of, **other)


def figures(report: EraseReport) -> tuple[int, ...]:
    return report.left, report.cases, report.comments, report.events, report.slack, report.directs


NOTHING = (0, 0, 0, 0, 0, 0)


def everything(world: World) -> str:
    return repr([world.rows(table) for table in TABLES])


def left_of_it(world: World) -> list[str]:
    return [words for words in SAID if words in everything(world)]


def test_what_people_said_on_a_closed_case_is_erased_after_the_years(world: World) -> None:
    assert left_of_it(world) == list(SAID)
    (before,) = world.cases()
    messages = len(world.rows(schema.slack_outbox))
    assert figures(erase(world)) == (0, 1, 2, 4, messages, 1)
    assert left_of_it(world) == []
    (case,) = world.cases()
    assert case.erased_on == LATER
    for kept in ("kind", "state", "revision", "owner", "opened_on", "closed_on", "closed_reason", "due_on"):
        assert getattr(case, kept) == getattr(before, kept)
    for kept in ("reason", "amounts", "whole", "currency", "currencies"):
        assert case.details[kept] == before.details[kept]
    assert (case.details["text"], case.details["evidence"]) == (None, None)
    for kept in ("totals", "items", "oldest_due", "disputed"):
        assert case.facts[kept] == before.facts[kept]
    assert (case.facts["payer"]["customer_id"], case.facts["payer"]["name"]) == ("C1", None)


def test_who_wrote_a_comment_stays_and_its_words_go(world: World) -> None:
    erase(world)
    for row in world.rows(schema.case_comment):
        assert (row["author"], row["text"], row["erased_on"], row["on_date"]) == (BY, "", LATER, DAY)


def test_what_has_not_expired_is_kept(world: World) -> None:
    kept = everything(world)
    assert figures(erase(world, date(2032, 3, 2))) == NOTHING
    assert everything(world) == kept


def test_a_case_closed_within_the_years_is_kept_though_it_was_opened_before(world: World) -> None:
    run(world, sa.update(schema.dunning_case).values(closed_on=DAY + timedelta(days=2)))
    assert figures(erase(world)) == NOTHING
    assert world.rows(schema.case_comment)[1]["text"] == "Anne"
    assert "two pallets" in str(world.cases())


def test_words_written_later_on_a_case_closed_long_ago_are_kept_until_their_own_years_are_over(
    world: World,
) -> None:
    act(world, comment, BY, DAY + timedelta(days=30), case_id=1, text="a late word")
    assert erase(world).comments == 2
    assert world.rows(schema.case_comment)[2]["text"] == "a late word"
    assert (erase(world, LATER + timedelta(days=30)).comments, "a late word" in everything(world)) == (
        1,
        False,
    )


def test_everything_is_kept_while_the_payer_has_a_case_open(world: World) -> None:
    other = {
        "entity": ENTITY,
        "payer_id": "C1",
        "kind": "question",
        "state": "open",
        "opened_on": DAY,
        "facts": {},
    }
    run(world, sa.insert(schema.dunning_case).values(**other, facts_on=DAY))
    kept = everything(world)
    assert figures(erase(world)) == (1, 0, 0, 0, 0, 0)
    assert everything(world) == kept
    run(
        world,
        sa.update(schema.dunning_case)
        .where(schema.dunning_case.c.case_id == 2)
        .values(state="closed", closed_on=DAY),
    )
    assert erase(world).cases == 2


def test_everything_is_kept_while_the_payer_owes_something(world: World) -> None:
    world.ledger(invoices=[invoice("F9", DAY, 500)])
    assert figures(erase(world)) == (1, 0, 0, 0, 0, 0)
    assert left_of_it(world) == list(SAID)


def test_events_are_still_there_and_in_order(world: World) -> None:
    with UnitOfWork(world.database) as uow:
        before = read_events(uow, 1)
    erase(world)
    with UnitOfWork(world.database) as uow:
        after = read_timeline(uow, 1)
        assert check(uow, ENTITY).problems == []
    assert [one.verb for one in after] == ["open", "comment", "comment", "resolve"]
    for was, now in zip(before, after, strict=True):
        for kept in ("event_id", "case_id", "verb", "actor", "on_date", "at"):
            assert getattr(was, kept) == getattr(now, kept)
        assert set(was.body) == set(now.body)
    assert after[3].body["reason"] == "rejected"
    assert after[3].body["note"] is None


def test_an_event_can_only_be_erased(world: World) -> None:
    erased = "body = relance_without_words(body), erased_on = '2032-03-03'"
    changes = ("body = '{}'", "erased_on = '2032-03-03'", "body = '{}', erased_on = '2032-03-03'", f"{erased}, actor = 'x'",
               f"{erased}, on_date = '2020-01-01'", "body = relance_without_words(body)")  # fmt: skip
    for change in changes:
        with UnitOfWork(world.database) as uow, pytest.raises(sa.exc.DBAPIError, match="append-only"):
            uow.execute(sa.text(f"UPDATE case_event SET {change}"))
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.text(f"UPDATE case_event SET {erased}"))


def test_an_erased_event_stays_as_it_is(world: World) -> None:
    erase(world)
    for statement in ("UPDATE case_event SET erased_on = '2040-01-01'", "DELETE FROM case_event"):
        with UnitOfWork(world.database) as uow, pytest.raises(sa.exc.DBAPIError, match="append-only"):
            uow.execute(sa.text(statement))


def test_erasing_cases_again_does_nothing(world: World) -> None:
    erase(world)
    kept = everything(world)
    for as_of in (LATER, LATER.replace(year=2050)):
        report = erase(world, as_of)
        assert (report.payers, *figures(report)) == (0, *NOTHING)
    assert everything(world) == kept


def test_a_dry_run_counts_cases_and_changes_nothing(world: World) -> None:
    kept = everything(world)
    told = erase(world, dry_run=True)
    assert everything(world) == kept
    assert figures(told) == figures(erase(world))


def test_an_erased_case_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELANCE_DATABASE_URL", world.database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    erase(world)
    shown = CliRunner().invoke(app, ["case", "show", "1"])
    assert shown.exit_code == 0, shown.output
    assert "Case 1: dispute · C1 (C1)" in shown.output
    assert f"{BY}: (erased on {LATER})" in shown.output
    assert "words erased on 2032-03-03" in shown.output
    assert not [words for words in SAID if words in shown.output]
    whole = json.loads(CliRunner().invoke(app, ["case", "show", "1", "--json"]).output)
    assert (whole["erased_on"], [one["verb"] for one in whole["events"]][-1]) == ("2032-03-03", "resolve")
    assert CliRunner().invoke(app, ["case", "list", ENTITY, "--all"]).exit_code == 0


def test_the_card_of_an_erased_case_is_not_drawn_again(world: World) -> None:
    erase(world)
    rows = len(world.rows(schema.slack_outbox))
    run(
        world, sa.update(schema.slack_card).values(revision=None)
    )  # as an upgrade leaves it: everything is drawn anew
    act(world, comment, BY, LATER, case_id=1, text="who was that?")
    assert queue(world, LATER) == 0
    with UnitOfWork(world.database) as uow:
        slack.queue_case(uow, policy=world.policy, case_id=1, as_of=LATER)
        uow.commit()
    assert len(world.rows(schema.slack_outbox)) == rows
    with UnitOfWork(world.database) as uow:
        assert page(read_messages(uow))


def test_messages_that_still_wait_and_young_ones_are_kept(world: World) -> None:
    young = DAY + timedelta(days=2)
    sent(world, young)
    assert erase(world).slack == 0
    sent(world)
    run(world, sa.update(schema.slack_outbox).values(state="pending"))
    assert erase(world, LATER + timedelta(days=1)).slack == 0


def test_lists_and_digests_of_a_channel_are_erased_too(world: World) -> None:
    values = {
        "entity": ENTITY,
        "channel": "#x",
        "digest": "",
        "payload": {"text": "Anne Moreau owes"},
        "state": "pending",
    }
    run(
        world,
        sa.insert(schema.slack_outbox).values([{**values, "verb": verb} for verb in ("list", "digest")]),
    )
    sent(world)
    run(world, sa.insert(schema.slack_outbox).values(**values | {"verb": "list", "entity": "DE01"}))
    rows = len(world.rows(schema.slack_outbox))
    assert erase(world).slack == rows - 1
    assert world.rows(schema.slack_outbox)[-1]["payload"] == values["payload"]


def test_a_comment_that_was_erased_is_not_filled_again_by_an_edit_of_its_message(world: World) -> None:
    erase(world)
    with UnitOfWork(world.database) as uow:
        edit_comment(uow, policy=world.policy, source="C1:1.0", text="Anne Moreau", by=BY, on_date=LATER)
        uow.commit()
    assert world.rows(schema.case_comment)[0]["text"] == ""


def test_a_case_opened_again_is_drawn_again_and_expires_again(world: World) -> None:
    erase(world)
    act(world, reopen, BY, LATER, case_id=1, reason="Anne Moreau wrote again")
    (case,) = world.cases()
    assert (case.state, case.erased_on) == ("open", None)
    assert queue(world, LATER) > 0
    act(world, resolve, BY, LATER, case_id=1, reason="rejected", note="two pallets")
    sent(world, LATER)
    assert figures(erase(world, LATER + timedelta(days=400))) == NOTHING
    again = erase(world, date(2038, 3, 4))
    assert (again.cases, again.events, again.slack > 0) == (1, 2, True)
    assert "Anne Moreau" not in everything(world)
    with UnitOfWork(world.database) as uow:
        assert read_case(uow, 1).erased_on == date(2038, 3, 4)


_WORDS: list[tuple[Any, Any]] = [
    ({"reason": "partly_accepted", "next_on": "2026-03-02"}, {"reason": "partly_accepted", "next_on": "2026-03-02"}),
    ({"reason": "She is ill"}, {"reason": None}),
    ({"attempts": [{"note": "x", "by": BY, "outcome": "voicemail", "person": {"name": "A"}}]},
     {"attempts": [{"note": None, "by": BY, "outcome": "voicemail", "person": None}]}),
    ({"phone": 336, "unknown": "anne@client.example", "other": "0612345678"},
     {"phone": None, "unknown": None, "other": None}),
    ({"keys": ["9fA/1"], "said": ["a b", "code"], "amounts": {"F 1": 5}, "instalment_plan": 7, "all": True},
     {"keys": ["9fA/1"], "said": ["code"], "amounts": {"F 1": 5}, "instalment_plan": 7, "all": True}),
    ({}, {}),
]  # fmt: skip


def test_words_go_and_codes_dates_amounts_and_numbers_stay(database: Database) -> None:
    query = sa.text("SELECT relance_without_words(CAST(:value AS jsonb))")
    with UnitOfWork(database) as uow:
        for value, left in _WORDS:
            assert uow.execute(query, {"value": json.dumps(value)}).scalar_one() == left
            assert uow.execute(query, {"value": json.dumps(left)}).scalar_one() == left


def test_a_case_of_any_kind_can_be_drawn_and_shown_after_its_words_are_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELANCE_DATABASE_URL", world.database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    ended = {"entity": ENTITY, "payer_id": "C2", "state": "closed", "closed_on": DAY, "closed_reason": "paid"}
    rows = [asdict(a_case(kind, **ended)) for kind in sorted(KINDS)]
    for row in rows:
        del row["case_id"], row["erased_on"]
    run(world, sa.insert(schema.dunning_case).values(rows))
    assert erase(world).cases == len(KINDS) + 1
    for case in world.cases():
        assert case.erased_on == LATER
        for state in ("closed", "open"):  # as it is, and as it would be drawn once it is opened again
            assert card(Scene(replace(case, state=state), "Lumen SAS", Voice("en"), None)).blocks
        shown = CliRunner().invoke(app, ["case", "show", str(case.case_id)])
        assert shown.exit_code == 0, (case.kind, shown.exception)
    kept = str([(case.facts, case.details) for case in world.cases()])
    for words in (
        "port.example",
        "no such user",
        "+33",
        "Accounts payable",
        "delivery note",
        "came broken",
        "call back",
    ):
        assert words not in kept


def test_a_broken_plan_that_was_dealt_with_stays_dealt_with(world: World) -> None:
    """The plan's row has no place for that: the event says it."""
    event = {
        "case_id": 1,
        "verb": "deal_with",
        "actor": BY,
        "on_date": DAY,
        "body": {"instalment_plan": 1, "how": "paid"},
    }
    run(world, sa.insert(schema.case_event).values(event))
    plan = {
        "case_id": 1,
        "entity": ENTITY,
        "payer_id": "C1",
        "currency": "EUR",
        "made_on": DAY,
        "state": "broken",
        "by": BY,
    }
    run(world, sa.insert(schema.instalment_plan).values(plan))
    erase(world)
    with UnitOfWork(world.database) as uow:
        (found,) = cases.reading.read_instalment_plans(uow, entity=ENTITY, payers=["C1"])
    assert (found.dealt_on, found.is_live) == (DAY, False)
