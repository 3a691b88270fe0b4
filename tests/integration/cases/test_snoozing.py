"""Snooze: with a reason, until a day, longest by role, ended by time, by payment, by hand; never for ever."""

from __future__ import annotations

from datetime import date, timedelta

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
WEEK = DAY + timedelta(days=7)


@pytest.fixture
def world(database: Database) -> World:
    return late_payer(database)


def _snooze(world: World, until: date = WEEK, by: str = SALES, on: date = DAY, **what: object) -> cases.Case:
    return act(world, cases.snooze, by, on, **{"until": until, "reason": "the buyer is away", **what})


def test_dunning_of_the_payer_rests_until_the_day_and_the_case_says_so(world: World) -> None:
    one = _snooze(world)
    assert one.snoozed_until == WEEK
    assert one.details["snooze"] == {
        "by": SALES, "on": str(DAY), "until": str(WEEK), "reason": "the buyer is away", "invoices": None,
    }  # fmt: skip
    for on in (DAY, WEEK):
        assert holds_on(world, on) == [(None, "snoozed", WEEK)]
    assert holds_on(world, WEEK + timedelta(days=1)) == []
    assert last_of(world)[:2] == ("snooze", SALES)


def test_named_invoices_rest_and_the_others_go_on(world: World) -> None:
    assert _snooze(world, invoices=["F2"]).details["snooze"]["invoices"] == ["F2"]
    assert holds_on(world, DAY) == [("F2", "snoozed", WEEK)]
    for invoices in (["F9"], ["G1"], [], ["F1", "G1"]):
        with pytest.raises(CaseError, match="is not of C1"):
            _snooze(world, until=DAY + timedelta(days=2), invoices=invoices)


def test_a_rest_needs_a_reason_and_a_day_that_is_to_come_and_never_is_for_ever(world: World) -> None:
    for until in (DAY, DAY - timedelta(days=1)):
        with pytest.raises(CaseError, match="no day to rest until"):
            _snooze(world, until=until)
    with pytest.raises(CaseError, match="reason is empty"):
        _snooze(world, reason=" ")
    with pytest.raises(CaseError, match="nothing rests for ever"):
        _snooze(world, until=DAY + timedelta(days=366), by=BOSS)
    assert _snooze(world, until=DAY + timedelta(days=365), by=BOSS).snoozed_until is not None


def test_who_may_not_snooze_is_refused(world: World) -> None:
    with pytest.raises(NotAllowedError, match="It takes collector, finance_lead, management, sales"):
        _snooze(world, by="somebody@lumen.example")
    assert holds_on(world, DAY) == []


def test_another_rest_takes_the_place_of_the_first_and_the_same_is_told(world: World) -> None:
    _snooze(world)
    with pytest.raises(AlreadyDoneError, match=rf"rests until {WEEK} already, by {SALES} on {DAY}"):
        _snooze(world, by=BOSS)
    shorter = DAY + timedelta(days=2)
    _snooze(world, until=shorter, by=BOSS)
    assert holds_on(world, DAY) == [(None, "snoozed", shorter)]


def test_it_ends_by_time_and_the_timeline_and_the_case_say_so(world: World) -> None:
    _snooze(world)
    world.work(WEEK)
    assert case_of(world).snoozed_until == WEEK
    world.work(WEEK + timedelta(days=1))
    one = case_of(world)
    assert (one.snoozed_until, "snooze" in one.details) == (None, False)
    assert last_of(world) == ("wake", "relance", {"how": "time", "until": str(WEEK)})
    before = world.everything()
    world.work(WEEK + timedelta(days=1))
    assert world.everything() == before


def test_it_ends_by_payment_of_what_rests(world: World) -> None:
    _snooze(world, invoices=["F2"])
    world.pay("P1", DAY + timedelta(days=1), 3_000, "F2")
    world.work(DAY + timedelta(days=1))
    assert case_of(world).snoozed_until == WEEK  # a part does not wake it
    world.pay("P2", DAY + timedelta(days=2), 4_000, "F2")
    world.work(DAY + timedelta(days=2))
    assert case_of(world).snoozed_until is None
    assert last_of(world) == ("wake", "relance", {"how": "payment", "until": str(WEEK)})
    assert holds_on(world, DAY + timedelta(days=3)) == []


def test_it_ends_with_its_case(world: World) -> None:
    _snooze(world)
    world.pay("P1", DAY + timedelta(days=1), 100_000, "F1")
    world.work(DAY + timedelta(days=1))
    assert verbs_of(world) == ["open", "snooze", "close", "wake"]
    assert last_of(world)[2]["how"] == "payment"
    assert holds_on(world, DAY + timedelta(days=1)) == []


def test_it_ends_by_hand_and_the_second_is_told_who_woke_it(world: World) -> None:
    _snooze(world)
    assert act(world, cases.wake, COLLECTOR, reason="they called").snoozed_until is None
    assert last_of(world) == ("wake", COLLECTOR, {"how": "hand", "until": str(WEEK), "reason": "they called"})
    assert holds_on(world, DAY) == []
    with pytest.raises(AlreadyDoneError, match=rf"awake already, by {COLLECTOR} on {DAY}"):
        act(world, cases.wake, BOSS)


def test_a_day_that_is_worked_again_wakes_nothing_put_to_rest_later(world: World) -> None:
    later = DAY + timedelta(days=5)
    _snooze(world, until=later + timedelta(days=5), on=later)
    world.work(DAY + timedelta(days=1))
    assert case_of(world).snoozed_until == later + timedelta(days=5)


def test_longest_by_role_and_beyond_that_an_approval(world: World) -> None:
    for by, days in ((SALES, 14), (COLLECTOR, 30), (LEAD, 60)):
        assert _snooze(world, until=DAY + timedelta(days=days), by=by).case_id == 1
        act(world, cases.wake, by)
        asked = _snooze(world, until=DAY + timedelta(days=days + 1), by=by)
        assert (asked.kind, asked.requested_by, asked.facts["role"]) == ("approval", by, "finance_lead")
        assert asked.details["asks"] == "snooze"
        assert holds_on(world, DAY) == []
        assert case_of(world).snoozed_until is None
        assert last_of(world)[0] == "ask"
        act(world, cases.reject, by, case_id=asked.case_id, reason="tried")


def test_what_waits_for_a_yes_can_not_rest_itself(world: World) -> None:
    asked = _snooze(world, until=DAY + timedelta(days=40))
    with pytest.raises(CaseError, match="can't rest"):
        act(world, cases.snooze, BOSS, until=WEEK, reason="later", case_id=asked.case_id)


def test_longest_by_role_counts_from_the_first_day_of_the_unbroken_rest(world: World) -> None:
    _snooze(world, until=DAY + timedelta(days=14))
    later = DAY + timedelta(days=12)
    assert _snooze(world, until=later + timedelta(days=3), on=later).kind == "approval"
    assert holds_on(world, later) == [(None, "snoozed", DAY + timedelta(days=14))]


def test_neither_waking_it_nor_the_end_of_its_days_begins_the_count_anew(world: World) -> None:
    _snooze(world, until=DAY + timedelta(days=10))
    woken = DAY + timedelta(days=10)
    act(world, cases.wake, SALES, woken)
    assert _snooze(world, until=woken + timedelta(days=5), on=woken).kind == "approval"
    gap = woken + timedelta(days=2)
    assert _snooze(world, until=gap + timedelta(days=14), on=gap).case_id == 1


def test_a_longer_rest_is_cut_short_only_by_who_could_have_given_what_is_left(world: World) -> None:
    _snooze(world, until=DAY + timedelta(days=60), by=LEAD)
    for verb in (
        lambda: act(world, cases.wake, SALES),
        lambda: _snooze(world, until=DAY + timedelta(days=2)),
    ):
        with pytest.raises(NotAllowedError, match=f"It takes finance_lead, management, {LEAD}"):
            verb()
    assert holds_on(world, DAY) == [(None, "snoozed", DAY + timedelta(days=60))]
    act(world, cases.wake, COLLECTOR, DAY + timedelta(days=30))


def test_who_asked_for_a_longer_rest_and_the_role_that_approved_it_may_wake_it(world: World) -> None:
    for by in (SALES, LEAD_2, BOSS):
        asked = _snooze(world, until=DAY + timedelta(days=200)).case_id
        act(world, cases.approve, LEAD, case_id=asked)
        with pytest.raises(NotAllowedError):
            act(world, cases.wake, COLLECTOR)
        act(world, cases.wake, by)
