"""Promises: taken down, held, measured, kept, broken, replaced."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from relance import cases
from relance.cases.answering import PAYER
from relance.cases.promising import take_down
from relance.config.roles import Roles
from relance.config.slack import Route
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.money import Money
from relance.store import schema, timeline
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import BY, ENTITY, World, invoice

pytestmark = pytest.mark.integration
MADE, DUE = date(2026, 3, 2), date(2026, 3, 12)  # a Monday, a Thursday
GRACE = DUE + timedelta(days=2)
OVER = GRACE + timedelta(days=1)


@pytest.fixture
def world(database: Database) -> World:
    one = World(database)
    one.ledger(
        customers=[{"customer_id": "C1"}, {"customer_id": "C2", "payer_id": "C1"}, {"customer_id": "C3"}],
        invoices=[
            invoice("F1", date(2026, 2, 1), 100_000),
            invoice("F2", date(2026, 2, 10), 50_000),
            invoice("F3/1", date(2026, 2, 10), 1_000, term=1),
            invoice("F3/2", date(2026, 3, 10), 1_000, term=2),
            invoice("F9", date(2026, 2, 1), 5_000, customer_id="C3"),
        ],
    )
    return one


def case_of(world: World) -> cases.Case:
    return world.cases("promise")[-1]


def test_a_promise_opens_a_case_and_holds_the_payer_until_date_and_grace(world: World) -> None:
    number = world.promise("1000.00 EUR", DUE, MADE)
    (made,) = world.promises()
    assert (made.case_id, made.amount, made.state, made.grace_until, made.by) == (
        number,
        100_000,
        "open",
        GRACE,
        BY,
    )
    (held,) = world.rows(schema.hold)
    assert (held["payer_id"], held["invoice_id"], held["reason"]) == ("C1", None, "promised")
    assert (held["from_date"], held["until"], held["ended_on"]) == (MADE, DUE, None)
    assert held["source"] == f"{BY}, {MADE}"
    one = case_of(world)
    assert (one.kind, one.state, one.payer_id) == ("promise", "open", "C1")
    assert one.facts["promises"][0]["amount"] == 100_000


def test_a_promise_on_invoices_holds_these_by_item(world: World) -> None:
    world.promise("20.00 EUR", DUE, MADE, invoices=["F3", "F1"], grace_days=5)
    assert [row["invoice_id"] for row in world.rows(schema.hold)] == ["F1", "F3/1", "F3/2"]
    assert {row["until"] for row in world.rows(schema.hold)} == {DUE}
    assert world.promises()[0].grace_until == DUE + timedelta(days=5)


def test_the_same_promise_twice_changes_nothing(world: World) -> None:
    number = world.promise("1000.00 EUR", DUE, MADE)
    before = world.everything()
    assert world.promise("1000.00 EUR", DUE, MADE) == number
    assert world.everything() == before


def test_the_same_promise_noted_by_two_people_stands_once_and_the_second_is_told(world: World) -> None:
    number = world.promise("1000.00 EUR", DUE, MADE)
    before = world.everything()
    with pytest.raises(AlreadyDoneError, match=rf"already by {BY} on {MADE}: case {number}"):
        world.promise("1000.00 EUR", DUE, MADE + timedelta(days=1), by="second@lumen.example")
    assert world.everything() == before
    with UnitOfWork(world.database) as uow:  # the payer is never refused
        says = {"policy": world.policy, "entity": ENTITY, "payer_id": "C1", "by": PAYER}
        assert take_down(uow, **says, amount=Money("EUR", 100_000), due_on=DUE, on_date=MADE) == number
        uow.commit()
    assert world.everything() == before


def test_a_promise_case_is_its_routes_owners_and_watchers(world: World) -> None:
    wanted = {"owner": "lead@lumen.example", "watch": ["sales@lumen.example"]}
    route = Route.model_validate({"name": "x", "when": {"kind": ["promise"]}, **wanted})
    slack = world.policy.slack.model_copy(update={"routes": (route,)})
    world.policy = world.policy.model_copy(update={"slack": slack})
    world.promise("1000.00 EUR", DUE, MADE)
    assert (case_of(world).owner, list(case_of(world).watchers)) == (
        "lead@lumen.example",
        ["sales@lumen.example"],
    )


def test_a_new_promise_replaces_an_earlier_one_whose_invoices_it_covers(world: World) -> None:
    first = world.promise("1000.00 EUR", DUE, MADE, invoices=["F1"])
    world.promise("500.00 EUR", DUE, MADE, invoices=["F2"])
    assert (
        world.promise("900.00 EUR", DUE + timedelta(days=7), MADE + timedelta(days=1), invoices=["F1"])
        == first
    )
    assert [one.state for one in world.promises()] == ["replaced", "open", "open"]
    ended = [(row["invoice_id"], row["ended_on"]) for row in world.rows(schema.hold)]
    assert ended == [("F1", MADE + timedelta(days=1)), ("F2", None), ("F1", None)]
    world.promise("1500.00 EUR", DUE, MADE + timedelta(days=2))
    assert [one.state for one in world.promises()] == ["replaced", "replaced", "replaced", "open"]


@pytest.mark.parametrize("share", [95, 100])
def test_paid_by_date_and_grace_is_kept_the_case_closes_and_the_hold_is_lifted(
    world: World, share: int
) -> None:
    world.promise("1000.00 EUR", DUE, MADE, invoices=["F1"])
    world.pay("B1", GRACE, share * 1000, "F1")
    assert world.work(GRACE).closed == 1
    (made,) = world.promises()
    assert (made.state, made.paid, made.concluded_on) == ("kept", share * 1000, GRACE)
    assert (case_of(world).state, case_of(world).closed_reason) == ("closed", "kept")
    assert world.rows(schema.hold)[0]["ended_on"] == GRACE + timedelta(days=1)


def test_some_money_by_the_end_of_grace_is_partly_kept(world: World) -> None:
    world.promise("1000.00 EUR", DUE, MADE)
    world.pay("B1", DUE, 40_000, "F1")
    assert world.work(DUE).updated == 1
    assert world.promises()[0].paid == 40_000
    world.work(OVER)
    assert world.promises()[0].state == "partly_kept"
    assert case_of(world).closed_reason == "partly_kept"


def test_nothing_by_the_end_of_grace_is_broken_and_the_case_stays_until_it_is_dealt_with(
    world: World,
) -> None:
    world.promise("1000.00 EUR", DUE, MADE)
    world.work(GRACE)
    assert world.promises()[0].state == "open"
    world.work(OVER)
    assert world.promises()[0].state == "broken"
    assert (case_of(world).state, case_of(world).facts["speak"]) == ("open", "broken")
    world.pay("B1", OVER + timedelta(days=3), 100_000, "F1")
    world.work(OVER + timedelta(days=3))
    assert (case_of(world).state, case_of(world).closed_reason) == ("closed", "paid_late")
    assert (world.promises()[0].state, world.promises()[0].dealt_on) == ("broken", OVER + timedelta(days=3))


def test_money_after_grace_does_not_keep_a_promise_that_was_worked_late(world: World) -> None:
    world.promise("1000.00 EUR", DUE, MADE)
    world.pay("B1", OVER, 100_000, "F1")
    world.work(OVER + timedelta(days=5))
    assert world.promises()[0].state == "broken"
    assert case_of(world).closed_reason == "paid_late"


def test_a_new_promise_deals_with_a_broken_one(world: World) -> None:
    number = world.promise("1000.00 EUR", DUE, MADE)
    world.work(OVER)
    assert world.promise("1000.00 EUR", OVER + timedelta(days=7), OVER) == number
    assert [(one.state, one.dealt_on) for one in world.promises()] == [("broken", OVER), ("open", None)]
    assert case_of(world).facts["speak"] is None


def test_the_card_speaks_on_the_eve_on_the_day_and_when_broken(world: World) -> None:
    world.promise("1000.00 EUR", DUE, MADE)
    said = []
    for day in (DUE - timedelta(days=2), DUE - timedelta(days=1), DUE, GRACE, OVER):
        world.work(day)
        said.append(case_of(world).facts["speak"])
    assert said == [None, "eve", "today", None, "broken"]


def test_working_a_day_twice_changes_nothing(world: World) -> None:
    world.promise("1000.00 EUR", DUE, MADE)
    for day in (DUE - timedelta(days=1), DUE, OVER):
        world.work(day)
        before = world.everything()
        assert world.work(day).as_dict() == {"opened": 0, "updated": 0, "closed": 0}
        assert world.everything() == before


def test_money_of_a_customer_that_the_payer_pays_for_counts_and_others_money_does_not(world: World) -> None:
    world.promise("1000.00 EUR", DUE, MADE)
    world.pay("B1", DUE, 60_000, None, customer="C2")
    world.pay("B2", DUE, 50_000, "F9", customer="C1")
    world.pay("B3", DUE, 5_000, "unknown", customer="C1")
    world.work(DUE)
    assert world.promises()[0].paid == 65_000


def test_money_dated_before_the_promise_does_not_count(world: World) -> None:
    world.pay("B1", MADE - timedelta(days=1), 40_000, "F1")
    world.promise("1000.00 EUR", DUE, MADE)
    world.work(OVER)
    assert world.promises()[0].state == "broken"


def test_what_is_credited_away_leaves_nothing_to_break(world: World) -> None:
    world.promise("500.00 EUR", DUE, MADE, invoices=["F2"])
    note = invoice("N1", DUE, 50_000, kind="credit_note", credits_invoice_id="F2", issue_date=DUE)
    world.ledger(invoices=[note])
    world.work(DUE)
    assert world.promises()[0].state == "kept"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": "0.00 EUR"}, "above 0"),
        ({"amount": "-5.00 EUR"}, "above 0"),
        ({"amount": "10.00 USD"}, "nothing open in USD. What is open is in EUR"),
        ({"due": MADE - timedelta(days=1)}, "has passed"),
        ({"due": MADE + timedelta(days=91)}, "more than 90 days ahead"),
        ({"payer_id": "C404"}, "no payer 'C404'"),
        ({"payer_id": "C2"}, "payer is C1"),
        ({"by": "the collector"}, "not a person"),
        ({"invoices": ["F1", "F9"]}, "F9 is not open for C1"),
    ],
)
def test_what_cannot_be_promised_is_refused_with_what_would_do(
    world: World, change: dict[str, object], message: str
) -> None:
    values = {"amount": "10.00 EUR", "due": DUE, "on": MADE, **change}
    with pytest.raises(CaseError, match=message):
        world.promise(**values)
    assert world.cases() == []
    assert world.rows(schema.hold) == []


def test_no_more_can_be_promised_than_is_open_of_what_is_meant(world: World) -> None:
    with pytest.raises(CaseError, match=r"more than what is open: 500\.00 EUR"):
        world.promise("500.01 EUR", DUE, MADE, invoices=["F2"])
    with pytest.raises(CaseError, match="more than what is open"):
        world.promise("1520.01 EUR", DUE, MADE)
    assert world.promise("1520.00 EUR", DUE, MADE)


def test_a_promise_in_one_currency_is_about_invoices_of_that_currency(world: World) -> None:
    world.ledger(invoices=[invoice("U1", date(2026, 2, 1), 5_000, currency="USD")])
    with pytest.raises(CaseError, match=r"U1 is not in EUR\. Give invoices of one currency"):
        world.promise("10.00 EUR", DUE, MADE, invoices=["F1", "U1"])


def test_who_may_take_down_a_promise_stands_in_the_table(world: World) -> None:
    row = {"role": "sales", "may": ["promise"], "up_to": ["100.00 EUR"]}
    table = {"roles": {"sales": {"people": [BY]}}, "permissions": [row]}
    world.policy = world.policy.model_copy(update={"roles": Roles.model_validate(table)})
    with pytest.raises(NotAllowedError):
        world.promise("100.01 EUR", DUE, MADE)
    with pytest.raises(NotAllowedError):
        world.promise("1.00 EUR", DUE, MADE, by="somebody@lumen.example")
    assert world.promise("100.00 EUR", DUE, MADE)


@pytest.mark.parametrize("due", [MADE, MADE + timedelta(days=90)])
def test_today_and_ninety_days_ahead_can_be_promised(world: World, due: date) -> None:
    world.promise("10.00 EUR", due, MADE)
    assert world.promises()[0].due_on == due


def test_two_people_promise_at_once_and_share_one_case(world: World) -> None:
    numbers: list[int] = []

    def promise(name: str) -> None:
        numbers.append(world.promise("10.00 EUR", DUE, MADE, invoices=[name], by=f"{name}@lumen.example"))

    threads = [threading.Thread(target=promise, args=(name,)) for name in ("F1", "F2")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(numbers)) == 1
    assert [len(world.cases("promise")), len(world.promises())] == [1, 2]
    assert len(case_of(world).facts["promises"]) == 2


def test_each_event_is_told_once_to_the_case_and_to_the_timeline(world: World) -> None:
    number = world.promise("1000.00 EUR", DUE, MADE)
    world.pay("B1", DUE, 100_000, "F1")
    world.work(DUE)
    with UnitOfWork(world.database) as uow:
        verbs = [event.verb for event in cases.read_events(uow, number)]
        rows = timeline.read(uow, ENTITY, "C1")
    assert verbs == ["open", "promise", "keep", "close"]
    assert [row["kind"] for row in rows] == [f"case.{verb}" for verb in verbs]
    assert timeline.verify(rows) is None


def test_a_comment_is_kept_and_raises_the_revision(world: World) -> None:
    number = world.promise("1000.00 EUR", DUE, MADE)
    with UnitOfWork(world.database) as uow:
        before = cases.read_case(uow, number).revision
        cases.comment(uow, policy=world.policy, case_id=number, text=" called back ", by=BY, on_date=MADE)
        assert cases.read_case(uow, number).revision == before + 1
        assert cases.read_events(uow, number)[-1].body == {"comment": 1, "text": "called back"}
        for text, by in (("", BY), ("x" * 3001, BY), ("x", "somebody")):
            with pytest.raises(CaseError):
                cases.comment(uow, policy=world.policy, case_id=number, text=text, by=by, on_date=MADE)
        with pytest.raises(CaseError, match="no case 404"):
            cases.comment(uow, policy=world.policy, case_id=404, text="x", by=BY, on_date=MADE)
