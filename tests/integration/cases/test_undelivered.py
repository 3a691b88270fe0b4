"""`delivery`: opened by a message that did not arrive, closed when one has, or when the mark or the doubt is gone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from relance.cases import CasesReport, resolve
from relance.slack.cards import Scene, card
from relance.slack.speech import Voice
from relance.store import contacts, inbound
from relance.store.database import Database
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice
from tests.integration.delivery.conftest import add_contacts, key_of

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)
TO = "c1@client.example"
OPENED, CLOSED, NOTHING = CasesReport(1, 0, 0), CasesReport(0, 0, 1), CasesReport(0, 0, 0)


@pytest.fixture
def world(database: Database) -> World:
    one = World(database)
    one.ledger(
        customers=[{"customer_id": "C1", "collector": "collector@lumen.example"}],
        invoices=[invoice("F1", DAY - timedelta(days=10), 12_000)],
    )
    return one


def message(world: World, state: str, day: date = DAY, note: str | None = "5.1.1: no such user") -> str:
    (key,) = add_contacts(world.database, ["C1"], day=day, state="sent", acted_on=day)
    with UnitOfWork(world.database) as uow:
        contacts.set_state(uow, [key], state, "relance", None, note)
        uow.commit()
    return key


def mark(world: World, on: date = DAY) -> None:
    with UnitOfWork(world.database) as uow:
        inbound.put_mark(
            uow, entity=ENTITY, channel="email", address=TO, mark="bounced", on_date=on, source="bounce 5.1.1"
        )
        uow.commit()


def test_a_bounce_opens_a_case_as_long_as_the_address_is_marked(world: World) -> None:
    message(world, "bounced")
    assert world.work(DAY) == NOTHING
    mark(world)
    assert world.work(DAY) == OPENED
    (case,) = world.cases("delivery")
    assert (case.payer_id, case.subject, case.owner) == ("C1", "message", "collector@lumen.example")
    assert {name: said for name, said in case.facts["undelivered"].items() if name != "key"} == {
        "what": "bounced", "channel": "email", "address": TO, "on": "2026-03-02", "why": "5.1.1: no such user"
    }  # fmt: skip
    assert [item["invoice_id"] for item in case.facts["items"]] == ["F1"]
    assert world.work(DAY) == NOTHING
    assert world.work(NEXT) == NOTHING


def test_what_a_person_resolved_comes_back_with_another_message_only(world: World) -> None:
    message(world, "bounced")
    mark(world)
    world.work(DAY)
    with UnitOfWork(world.database) as uow:
        resolve(
            uow, policy=world.policy, case_id=1, by="c@lumen.example", on_date=DAY, reason="sent_otherwise"
        )
        uow.commit()
    assert world.work(NEXT) == NOTHING
    later = DAY + timedelta(days=3)
    message(world, "bounced", day=later)
    assert world.work(later) == OPENED


def test_a_lifted_mark_closes_it(world: World) -> None:
    message(world, "bounced")
    mark(world)
    world.work(DAY)
    with UnitOfWork(world.database) as uow:
        inbound.lift_marks(
            uow, entity=ENTITY, channel="email", address=TO, on_date=NEXT, by="c@lumen.example"
        )
        uow.commit()
    assert world.work(NEXT) == CLOSED
    (case,) = world.cases("delivery")
    assert (case.state, case.closed_reason) == ("closed", "fixed")


def test_a_message_that_was_given_up_opens_it_and_one_that_goes_closes_it(world: World) -> None:
    message(world, "failed", note="given up after 6 tries")
    assert world.work(DAY) == OPENED
    message(world, "failed", NEXT)
    assert world.work(NEXT).updated == 1
    message(world, "sent", NEXT + timedelta(days=1))
    assert world.work(NEXT + timedelta(days=1)) == CLOSED
    assert [case.closed_reason for case in world.cases("delivery")] == ["fixed"]


def test_money_closes_it_too(world: World) -> None:
    message(world, "failed")
    world.work(DAY)
    world.pay("B1", NEXT, 12_000, "F1")
    assert world.work(NEXT) == CLOSED
    assert [case.closed_reason for case in world.cases("delivery")] == ["paid"]


def test_a_message_in_doubt_opens_it_after_two_days_and_a_persons_word_closes_it(world: World) -> None:
    key = message(world, "in_doubt")
    row = {
        "key": key, "entity": ENTITY, "payer_id": "C1", "channel": "email", "on_date": DAY, "recipient": TO, "copies": [],
        "message_id": "<x@lumen.example>", "media": "eml", "body": b"", "digest": "", "state": "in_doubt", "error": "lost",
    }  # fmt: skip
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.insert(outbox).values(row))
        uow.commit()
    assert world.work(NEXT) == NOTHING
    assert world.work(DAY + timedelta(days=2)) == OPENED
    assert world.cases("delivery")[0].facts["undelivered"]["what"] == "in_doubt"
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.update(outbox).values(state="sent"))
        uow.execute(sa.update(contact).where(contact.c.key == key).values(state="sent"))
        uow.commit()
    assert world.work(DAY + timedelta(days=3)) == CLOSED


def test_what_was_said_before_a_message_that_went_does_not_count(world: World) -> None:
    message(world, "failed")
    message(world, "sent", NEXT)
    assert world.work(NEXT) == NOTHING
    assert key_of("C1", DAY) != key_of("C1", NEXT)


@pytest.mark.parametrize("locale", ["en", "fr", "de", "es"])
def test_its_card_says_which_message_and_why(world: World, locale: str) -> None:
    message(world, "bounced")
    mark(world)
    world.work(DAY)
    (case,) = world.cases("delivery")
    drawn = str(card(Scene(case, "Lumen SAS", Voice(locale))).payload())
    assert TO in drawn
    assert "5.1.1: no such user" in drawn
    assert "mailbox_with_no_mail" in drawn
