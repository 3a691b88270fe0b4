"""What people ask for: four eyes, tiers by amount, two people, one no, the next role, and what a yes does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance import cases
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.store.database import Database
from tests.integration.cases.people import (
    BOSS,
    COLLECTOR,
    DAY,
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
from tests.integration.cases.world import World

pytestmark = pytest.mark.integration
LONG = DAY + timedelta(days=40)


@pytest.fixture
def world(database: Database) -> World:
    return late_payer(database)


def _ask(world: World, by: str = SALES) -> int:
    return act(world, cases.snooze, by, until=LONG, reason="a large order is coming").case_id


def _write_off(world: World, by: str = LEAD, **what: object) -> cases.Case:
    return act(world, cases.write_off, by, **{"reason": "bankrupt", **what})


def test_a_yes_to_a_longer_rest_lets_it_rest(world: World) -> None:
    asked = _ask(world)
    done = act(world, cases.approve, LEAD, DAY + timedelta(days=1), case_id=asked)
    assert (done.state, done.closed_reason) == ("closed", "approved")
    one = case_of(world)
    assert one.snoozed_until == LONG
    assert (one.details["snooze"]["by"], one.details["snooze"]["approved_by"]) == (SALES, LEAD)
    assert holds_on(world, DAY + timedelta(days=1)) == [(None, "snoozed", LONG)]
    assert verbs_of(world) == ["open", "ask", "snooze"]


def test_the_requester_can_not_approve(world: World) -> None:
    asked = _write_off(world).case_id
    for by in (LEAD, LEAD.upper()):
        with pytest.raises(NotAllowedError, match="asked for it and may not approve it"):
            act(world, cases.approve, by, case_id=asked)
    assert case_of(world, asked).state == "open"
    act(world, cases.approve, LEAD_2, case_id=asked)


def test_a_no_by_one_ends_it_and_nothing_rests(world: World) -> None:
    asked = _ask(world)
    assert act(world, cases.reject, LEAD, case_id=asked, reason="no").closed_reason == "rejected"
    assert holds_on(world, DAY) == []
    assert last_of(world) == (
        "answer", LEAD, {"asks": "snooze", "answer": "rejected", "why": "no", "approval": asked},
    )  # fmt: skip


def test_who_asked_takes_it_back(world: World) -> None:
    asked = _ask(world)
    assert act(world, cases.reject, SALES, case_id=asked, reason="paid soon").closed_reason == "withdrawn"
    assert _ask(world) != asked


def test_the_second_person_is_told_who_answered_and_when(world: World) -> None:
    asked = _ask(world)
    act(world, cases.approve, LEAD, case_id=asked)
    for verb, what in ((cases.approve, {}), (cases.reject, {"reason": "too late"})):
        with pytest.raises(AlreadyDoneError, match=rf"answered already: approved by {LEAD} on {DAY}"):
            act(world, verb, BOSS, case_id=asked, **what)


def test_the_same_question_is_asked_once(world: World) -> None:
    asked = _ask(world)
    with pytest.raises(
        AlreadyDoneError, match=rf"{SALES} asked for it already on {DAY}: case {asked} waits for"
    ):
        _ask(world, COLLECTOR)


def test_amount_tiers_name_the_role(database: Database) -> None:
    small = late_payer(database, 100_000)
    assert _write_off(small).facts["role"] == "finance_lead"
    small.ledger(invoices=[{"item_id": "F9", "invoice_id": "F9", "due_date": DAY, "amount": 3_000_000}])
    act(small, cases.reject, LEAD, case_id=2, reason="wrong")
    with pytest.raises(NotAllowedError, match=r"only up to 5000\.00 EUR"):
        _write_off(small)
    large = _write_off(small, BOSS)
    assert large.facts["role"] == "management"
    with pytest.raises(NotAllowedError, match="It takes management"):
        act(small, cases.approve, LEAD, case_id=large.case_id)


def test_amount_tiers_count_what_waits_or_is_approved_already(world: World) -> None:
    """A lead writes off up to 5,000.00 EUR: of F1 (1,000.00) and G (4,500.00) one or the other, on whichever case."""
    world.ledger(invoices=[{"item_id": "G", "invoice_id": "G", "due_date": DAY, "amount": 450_000}])
    other = world.promise("10.00 EUR", DAY + timedelta(days=5), DAY, by=SALES)
    asked = _write_off(world, invoices=["G"])
    with pytest.raises(NotAllowedError, match=r"only up to 5000\.00 EUR"):
        _write_off(world, case_id=other, invoices=["F1"])
    act(world, cases.approve, BOSS, case_id=asked.case_id)
    with pytest.raises(NotAllowedError, match=r"only up to 5000\.00 EUR"):
        _write_off(world, case_id=other, invoices=["F1"])
    small = _write_off(world, BOSS, case_id=other, invoices=["F1"])
    assert small.facts["demanded"] == [{"currency": "EUR", "amount": 100_000}]
    world.work(DAY)
    assert (
        act(world, cases.approve, LEAD, case_id=small.case_id).state == "open"
    )  # two leads, as for more than 5,000.00
    act(world, cases.wake, LEAD, what="write_off")  # what was approved is dunned again, and counts no more
    act(world, cases.reject, BOSS, case_id=small.case_id, reason="no")
    assert "beside" not in _write_off(world, case_id=other, invoices=["F1"]).facts


def test_two_different_people_where_the_policy_says_so(database: Database) -> None:
    world = late_payer(database, 900_000)  # more than one finance lead may approve alone
    asked = _write_off(world, BOSS).case_id
    first = act(world, cases.approve, LEAD, case_id=asked)
    assert (first.state, [vote["by"] for vote in first.details["votes"]]) == ("open", [LEAD])
    assert last_of(world, asked) == ("vote", LEAD, {"votes": 1, "of": 2})
    assert holds_on(world, DAY) == []
    with pytest.raises(AlreadyDoneError, match=rf"{LEAD} said yes to case {asked} already on {DAY}"):
        act(world, cases.approve, LEAD, case_id=asked)
    done = act(world, cases.approve, LEAD_2, case_id=asked)
    assert done.closed_reason == "approved"
    assert last_of(world, asked)[2]["people"] == [LEAD, LEAD_2]


def test_a_yes_counts_for_what_was_asked_only(database: Database) -> None:
    world = late_payer(database, 900_000)
    asked = _write_off(world, BOSS).case_id
    act(world, cases.approve, LEAD, case_id=asked)
    world.pay("P1", DAY + timedelta(days=1), 1_000, "F1")
    world.work(DAY + timedelta(days=1))
    now = case_of(world, asked)
    assert now.details["votes"] == []
    assert now.facts["demanded"] == [{"currency": "EUR", "amount": 906_000}]
    assert "ask_anew" in verbs_of(world, asked)
    assert act(world, cases.approve, LEAD, DAY + timedelta(days=1), case_id=asked).state == "open"


def test_unanswered_it_goes_to_the_next_role_and_the_first_may_still_answer(world: World) -> None:
    asked = _ask(world)
    world.work(DAY + timedelta(days=4))
    assert case_of(world, asked).facts["role"] == "finance_lead"
    world.work(DAY + timedelta(days=5))
    assert case_of(world, asked).facts["role"] == "management"
    assert last_of(world, asked)[0] == "escalate"
    with pytest.raises(NotAllowedError):
        act(world, cases.approve, COLLECTOR, DAY + timedelta(days=6), case_id=asked)
    act(world, cases.approve, LEAD, DAY + timedelta(days=6), case_id=asked)


def test_what_nobody_answered_in_time_expires(world: World) -> None:
    asked = act(world, cases.snooze, SALES, until=DAY + timedelta(days=15), reason="x").case_id
    world.work(DAY + timedelta(days=15))
    assert case_of(world, asked).state == "open"
    world.work(DAY + timedelta(days=16))
    assert case_of(world, asked).closed_reason == "expired"


def test_it_is_withdrawn_with_the_case_it_is_about(world: World) -> None:
    asked = _ask(world)
    act(world, cases.resolve, LEAD, reason="being_handled")
    with pytest.raises(CaseError, match="was closed meanwhile: being_handled"):
        act(world, cases.approve, LEAD, case_id=asked)
    world.work(DAY + timedelta(days=1))
    assert case_of(world, asked).closed_reason == "withdrawn"


def test_without_a_role_to_ask_nothing_is_asked(world: World) -> None:
    roles = world.policy.roles
    bare = roles.model_copy(update={"approvals": type(roles.approvals)()})
    world.policy = world.policy.model_copy(update={"roles": bare})
    with pytest.raises(NotAllowedError, match=r"nobody is named to approve it\. Name a role in roles\.yaml"):
        _ask(world)
    assert len(world.cases()) == 1


def test_an_approved_write_off_rests_until_the_ledger_says_so(world: World) -> None:
    asked = _write_off(world, invoices=["F1"])
    assert (asked.facts["what"], asked.facts["invoices_asked"]) == ("write_off", ["F1"])
    assert holds_on(world, DAY) == []
    act(world, cases.approve, LEAD_2, case_id=asked.case_id)
    assert holds_on(world, DAY + timedelta(days=100)) == [("F1", "commercial_hold", None)]
    assert last_of(world)[0] == "write_off"
    world.ledger(
        extract=DAY + timedelta(days=2),
        invoices=[{"item_id": "F1", "invoice_id": "F1", "due_date": DAY - timedelta(days=91), "amount": 100_000,
                   "status": "written_off"}],
    )  # fmt: skip
    world.work(DAY + timedelta(days=2))
    one = case_of(world)
    assert (one.closed_reason, "written_off" in one.details) == ("written_off", False)
    assert last_of(world) == ("end_write_off", "relance", {"how": "written_off", "invoices": ["F1"]})
    assert holds_on(world, DAY + timedelta(days=3)) == []


def test_a_write_off_is_taken_back_by_hand(world: World) -> None:
    act(world, cases.approve, LEAD_2, case_id=_write_off(world).case_id)
    assert {item for item, _, _ in holds_on(world, DAY)} == {"F1", "F2"}
    with pytest.raises(NotAllowedError, match="may not ask for a write-off"):
        act(world, cases.wake, SALES, what="write_off")
    act(world, cases.snooze, SALES, until=DAY + timedelta(days=2), reason="away")
    act(world, cases.wake, SALES)
    assert {reason for _, reason, _ in holds_on(world, DAY)} == {"commercial_hold"}
    act(world, cases.wake, BOSS, reason="they found a buyer", what="write_off")
    assert holds_on(world, DAY) == []
    assert "written_off" not in case_of(world).details
    assert last_of(world)[:2] == ("end_write_off", BOSS)
    with pytest.raises(AlreadyDoneError, match=rf"not to be written off already, by {BOSS} on {DAY}"):
        act(world, cases.wake, LEAD, what="write_off")


def test_waking_twice_never_ends_an_approved_write_off(world: World) -> None:
    act(world, cases.approve, LEAD_2, case_id=_write_off(world).case_id)
    act(world, cases.snooze, SALES, until=DAY + timedelta(days=2), reason="away")
    act(world, cases.wake, SALES)
    with pytest.raises(AlreadyDoneError, match=rf"awake already, by {SALES} on {DAY}"):
        act(world, cases.wake, BOSS)
    assert {reason for _, reason, _ in holds_on(world, DAY)} == {"commercial_hold"}
    assert case_of(world).details["written_off"]["invoices"] == ["F1", "F2"]


def test_only_who_may_asks_for_a_write_off_of_what_is_open(world: World) -> None:
    with pytest.raises(NotAllowedError, match="may not ask for a write-off"):
        _write_off(world, COLLECTOR)
    with pytest.raises(CaseError, match="G1 is not open for C1"):
        _write_off(world, invoices=["G1"])
