"""A payment said to be on its way: dunning rests until a few business days after its day, and it is told when that is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from relance import cases
from relance.cases import Case
from relance.cases.announcing import announce, end_announcement, end_announcements
from relance.cases.record import Journal
from relance.errors import AlreadyDoneError, CaseError
from relance.money import Money
from relance.store.database import Database
from relance.store.schema import hold
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import COLLECTOR, LEAD, act, holds_on, last_of, verbs_of
from tests.integration.cases.world import BY, ENTITY, World, invoice

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 2)  # a Monday
SAID = date(2026, 3, 5)  # Thursday; three business days on it is Tuesday the 10th
LAST = date(2026, 3, 10)


@pytest.fixture
def world(database: Database) -> World:
    one = World(database)
    one.ledger(
        customers=[{"customer_id": "C1", "collector": BY}],
        invoices=[invoice("F1", date(2025, 11, 1), 100_000), invoice("F2", date(2026, 1, 5), 7_000)],
    )
    one.work(DAY)
    return one


def said(world: World, on: date = DAY, *, by: str = LEAD, **what: Any) -> Case:
    return act(world, announce, by, on, **{"expected_on": SAID, **what})


def morning(world: World, on: date) -> int:
    """What is done before the day is decided."""
    with UnitOfWork(world.database) as uow:
        journal = Journal(uow=uow, entity=ENTITY, on=on)
        ended = end_announcements(journal, snapshot=world.snapshot(on))
        journal.write()
        uow.commit()
    return ended


def states(world: World) -> list[tuple[str, str | None]]:
    with UnitOfWork(world.database) as uow:
        return [(one["state"], one.get("ended_on")) for one in cases.read_case(uow, 1).details["announced"]]


def test_dunning_rests_until_three_business_days_after_the_day_the_money_is_expected(world: World) -> None:
    case = said(world, invoices=["F1"], amount=Money("EUR", 100_000), reference="wire 7")
    assert holds_on(world, LAST) == [("F1", "payment_announced", LAST)]
    assert holds_on(world, LAST + timedelta(days=1)) == []
    (kept,) = case.details["announced"]
    assert (kept["by"], kept["expected_on"], kept["amount"], kept["reference"]) == (
        LEAD, "2026-03-05", 100_000, "wire 7"
    )  # fmt: skip
    verb, actor, body = last_of(world)
    assert (verb, actor, body["until"]) == ("announce", LEAD, "2026-03-10")


def test_without_invoices_all_of_the_payers_rest(world: World) -> None:
    said(world)
    assert holds_on(world, DAY) == [(None, "payment_announced", LAST)]


def test_the_same_again_is_told_who_noted_it_and_changes_nothing(world: World) -> None:
    said(world)
    before = world.everything()
    with pytest.raises(AlreadyDoneError, match=rf"{LEAD} has noted this payment already, on {DAY}"):
        said(world, by=COLLECTOR)
    assert world.everything() == before


def test_another_word_about_the_same_invoices_takes_the_place_of_the_first(world: World) -> None:
    said(world, invoices=["F1"])
    said(world, invoices=["F2"])
    later = SAID + timedelta(days=1)
    said(world, expected_on=later)
    assert [state for state, _ in states(world)] == ["replaced", "replaced", "open"]
    assert holds_on(world, DAY) == [(None, "payment_announced", LAST + timedelta(days=1))]


def test_money_ends_it_and_is_told(world: World) -> None:
    said(world, invoices=["F1"], amount=Money("EUR", 50_000))
    world.pay("P0", DAY + timedelta(days=1), 7_000, "F2")
    world.pay("P1", DAY + timedelta(days=1), 40_000, "F1")
    assert morning(world, DAY + timedelta(days=1)) == 0
    world.pay("P2", DAY + timedelta(days=2), 7_500, "F1")
    assert morning(world, DAY + timedelta(days=2)) == 1  # 95 % of the amount
    assert states(world) == [("paid", "2026-03-04")]
    assert holds_on(world, DAY + timedelta(days=2)) == []
    assert last_of(world)[2]["announcements"] == [{"number": 1, "reason": "paid"}]
    assert morning(world, DAY + timedelta(days=2)) == 0


def test_without_an_amount_any_money_on_it_ends_it(world: World) -> None:
    said(world, invoices=["F1"])
    world.pay("P1", DAY + timedelta(days=1), 1_000, "F1")
    assert morning(world, DAY + timedelta(days=1)) == 1


def test_when_its_days_have_passed_it_is_told_as_over(world: World) -> None:
    said(world)
    assert morning(world, LAST) == 0
    assert morning(world, LAST + timedelta(days=1)) == 1
    assert states(world) == [("passed", "2026-03-11")]
    assert last_of(world)[:2] == ("end_announcement", "relance")


def test_it_is_told_on_a_case_that_was_closed_meanwhile_too(world: World) -> None:
    said(world)
    act(world, cases.resolve, LEAD, case_id=1, reason="being_handled", on=DAY)
    assert morning(world, LAST + timedelta(days=1)) == 1
    assert verbs_of(world)[-2:] == ["resolve", "end_announcement"]


def test_it_is_taken_back_by_hand(world: World) -> None:
    said(world)
    act(world, end_announcement, COLLECTOR, DAY, case_id=1)
    assert (holds_on(world, DAY), states(world)) == ([], [("withdrawn", "2026-03-02")])
    with pytest.raises(CaseError, match="No payment is announced on case 1"):
        act(world, end_announcement, COLLECTOR, DAY, case_id=1)
    assert said(world).details["announced"][-1]["state"] == "open"


def test_what_cannot_be_on_its_way_is_refused(world: World) -> None:
    before = world.everything()
    for what, message in (
        ({"expected_on": DAY - timedelta(days=1)}, "has passed"),
        ({"expected_on": DAY + timedelta(days=31)}, "more than 30 days ahead"),
        ({"amount": Money("EUR", 0)}, "above 0"),
        ({"amount": Money("EUR", 107_001)}, r"1,?070\.00 EUR is open"),
        ({"amount": Money("USD", 1)}, "can't be on its way"),
        ({"invoices": ["X"]}, "X is not open for C1"),
        ({"reference": "x" * 3001}, "3001 characters"),
        ({"case_id": 99}, "no case 99"),
    ):
        with pytest.raises(CaseError, match=message):
            said(world, **what)
    act(world, cases.resolve, LEAD, case_id=1, reason="being_handled", on=DAY)
    with pytest.raises(AlreadyDoneError):
        said(world)
    assert world.rows(hold) == before["hold"]
