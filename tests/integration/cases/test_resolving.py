"""Resolve and reopen: with a reason of the kind, with what the case held, and not opened again while nothing is new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance import cases
from relance.cases.transitions import KINDS
from relance.errors import AlreadyDoneError, CaseError
from relance.store.database import Database
from tests.integration.cases.people import (
    DAY,
    DUE,
    LEAD,
    LEAD_2,
    SALES,
    act,
    case_of,
    holds_on,
    last_of,
    late_payer,
    verbs_of,
)
from tests.integration.cases.world import World, invoice

pytestmark = pytest.mark.integration
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def world(database: Database) -> World:
    return late_payer(database)


def test_each_kind_has_its_reasons_and_a_question_for_a_yes_has_none() -> None:
    assert set(cases.RESOLUTIONS) == set(KINDS)
    assert [kind for kind, codes in cases.RESOLUTIONS.items() if not codes] == ["approval"]


def test_a_case_is_resolved_with_a_reason_of_its_kind(world: World) -> None:
    with pytest.raises(
        CaseError, match=r"no reason to resolve a case of kind overdue_90\. Give one of being_handled"
    ):
        act(world, cases.resolve, LEAD, reason="accepted_credit_note")
    one = act(world, cases.resolve, LEAD, reason="legal_action", note="the lawyer has it")
    assert (one.state, one.closed_on, one.closed_reason) == ("closed", DAY, "legal_action")
    assert last_of(world) == ("resolve", LEAD, {"reason": "legal_action", "note": "the lawyer has it"})
    with pytest.raises(AlreadyDoneError, match=rf"closed: legal_action already, by {LEAD} on {DAY}"):
        act(world, cases.resolve, SALES, reason="clarified")


def test_what_waits_for_a_yes_is_answered_and_not_resolved(world: World) -> None:
    asked = act(world, cases.snooze, SALES, until=DAY + timedelta(days=40), reason="x")
    with pytest.raises(CaseError, match=r"waits for a yes or a no\. Approve or reject it"):
        act(world, cases.resolve, LEAD, case_id=asked.case_id, reason="fixed")


def test_the_days_work_leaves_a_resolved_case_closed_while_nothing_is_new(world: World) -> None:
    act(world, cases.resolve, LEAD, reason="being_handled")
    for after in (1, 2, 9):
        world.work(DAY + timedelta(days=after))
        assert world.cases("overdue_90", "open") == []


def test_another_invoice_that_grows_too_old_is_new(world: World) -> None:
    act(world, cases.resolve, LEAD, reason="being_handled")
    world.work(NEXT)
    world.work(DAY + timedelta(days=20))  # F2 is 91 days late now
    (fresh,) = world.cases("overdue_90", "open")
    assert fresh.case_id != 1
    assert fresh.details["about"] == ["F1", "F2"]


def test_an_invoice_that_was_paid_and_is_open_again_is_new(world: World) -> None:
    act(world, cases.resolve, LEAD, reason="being_handled")
    world.ledger(invoices=[invoice("F3", DUE, 500)])
    world.pay("P1", NEXT, 100_000, "F1")
    world.pay("P2", NEXT, 500, "F3")
    world.work(NEXT)
    world.pay("P3", NEXT + timedelta(days=1), -100_000, "F1")
    world.work(NEXT + timedelta(days=1))
    assert [one.state for one in world.cases("overdue_90")] == ["closed", "open"]


def test_resolving_ends_the_rest_and_reopening_brings_it_back(world: World) -> None:
    until = DAY + timedelta(days=10)
    act(world, cases.snooze, SALES, until=until, reason="away", invoices=["F1"])
    act(world, cases.resolve, LEAD, reason="clarified")
    assert (case_of(world).snoozed_until, holds_on(world, DAY)) == (None, [])
    one = act(world, cases.reopen, SALES, NEXT, reason="not so")
    assert (one.state, one.closed_on, one.closed_reason, one.snoozed_until) == ("open", None, None, until)
    assert one.details["snooze"]["by"] == SALES
    assert holds_on(world, NEXT) == [("F1", "snoozed", until)]
    assert last_of(world)[2] == {"reason": "not so", "was": "clarified"}


def test_a_rest_that_is_over_does_not_come_back(world: World) -> None:
    act(world, cases.snooze, SALES, until=NEXT, reason="away")
    act(world, cases.resolve, LEAD, reason="clarified")
    later = NEXT + timedelta(days=1)
    assert act(world, cases.reopen, SALES, later).snoozed_until is None
    assert holds_on(world, later) == []


def test_what_is_to_be_written_off_rests_on_when_its_case_is_resolved(world: World) -> None:
    asked = act(world, cases.write_off, LEAD, reason="bankrupt", invoices=["F1"])
    act(world, cases.approve, LEAD_2, case_id=asked.case_id)
    act(world, cases.resolve, LEAD, reason="clarified")
    assert holds_on(world, NEXT) == [("F1", "commercial_hold", None)]
    world.work(NEXT)
    act(world, cases.reopen, LEAD, NEXT)
    assert holds_on(world, NEXT) == [("F1", "commercial_hold", None)]
    assert case_of(world).details["written_off"]["approved_by"] == LEAD_2


def test_a_case_is_not_reopened_beside_another_of_its_kind(world: World) -> None:
    act(world, cases.resolve, LEAD, reason="being_handled")
    world.work(DAY + timedelta(days=20))
    (fresh,) = world.cases("overdue_90", "open")
    with pytest.raises(CaseError, match=f"Case {fresh.case_id} of the same kind is open"):
        act(world, cases.reopen, LEAD)
    with pytest.raises(AlreadyDoneError, match="is open: nobody has closed it"):
        act(world, cases.reopen, LEAD, case_id=fresh.case_id)


def test_a_promise_that_is_given_up_counts_no_longer_and_is_taken_up_again(world: World) -> None:
    due = DAY + timedelta(days=5)
    number = world.promise("1000.00 EUR", due, DAY)
    assert holds_on(world, DAY) == [(None, "promised", due)]
    act(world, cases.resolve, SALES, case_id=number, reason="withdrawn")
    assert [one.state for one in world.promises()] == ["replaced"]
    assert holds_on(world, DAY) == []
    world.work(NEXT)
    act(world, cases.reopen, SALES, NEXT, case_id=number)
    assert [(one.state, one.concluded_on) for one in world.promises()] == [("open", None)]
    assert holds_on(world, NEXT) == [(None, "promised", due)]
    world.pay("P1", due, 100_000, "F1")
    world.work(due)
    assert case_of(world, number).closed_reason == "kept"
    assert "restore" in verbs_of(world, number)


def test_a_broken_promise_that_was_dealt_with_is_broken_again(world: World) -> None:
    number = world.promise("1000.00 EUR", NEXT, DAY, grace_days=0)
    later = NEXT + timedelta(days=1)
    world.work(later)
    assert world.promises()[0].state == "broken"
    act(world, cases.resolve, SALES, later, case_id=number, reason="dealt_with")
    assert world.promises()[0].dealt_on == later
    act(world, cases.reopen, SALES, later, case_id=number)
    assert world.promises()[0].dealt_on is None
    world.work(later + timedelta(days=1))
    assert case_of(world, number).state == "open"


def test_a_dispute_ends_its_hold_and_comes_back_with_it(world: World) -> None:
    from relance.cases.disputing import dispute

    with world_uow(world) as uow:
        number = dispute(
            uow,
            policy=world.policy,
            entity="FR01",
            payer_id="C1",
            by=SALES,
            on_date=DAY,
            reason="price",
            invoices=["F1"],
        ).case_id
        uow.commit()
    assert holds_on(world, DAY) == [("F1", "disputed", None)]
    act(world, cases.resolve, SALES, case_id=number, reason="rejected")
    assert holds_on(world, DAY) == []
    act(world, cases.reopen, SALES, case_id=number)
    assert holds_on(world, DAY) == [("F1", "disputed", None)]


def world_uow(world: World) -> cases.reading.UnitOfWork:
    return cases.reading.UnitOfWork(world.database)
