"""`call`: one case a payer, its outcomes and what follows from each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance.cases.calling import OUTCOMES, call_outcome, reopen_call
from relance.cases.reading import read_case, read_events
from relance.cases.record import Journal, change_case
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.money import Money
from relance.planning.model import History
from relance.store.contacts import set_state
from relance.store.database import Database
from relance.store.plans import history_frames
from relance.store.schema import case_comment, dunning_case, reach_mark, slack_user, timeline
from relance.store.uow import UnitOfWork
from tests.integration.cases.calls_world import (
    BY,
    DAY,
    ENTITY,
    LEAD,
    NEXT,
    OTHER,
    add_call,
    case_of,
    do,
    people_policy,
    people_world,
    state_of,
)
from tests.integration.cases.world import World

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


def opened(world: World) -> Any:
    world.work(DAY)
    return case_of(world, "call")


def note(world: World, outcome: str, **more: Any) -> Any:
    return do(world, call_outcome, case_id=case_of(world, "call").case_id, outcome=outcome, **more)


def test_a_call_that_is_due_opens_a_case_with_whom_what_for_and_until_when(world: World) -> None:
    key = add_call(world)
    case = opened(world)
    assert (case.payer_id, case.owner, case.subject) == ("C1", BY, "")
    assert {name: case.details[name] for name in ("key", "person", "phone", "language", "attempts")} == {
        "key": key, "person": "Ada", "phone": "+33 1 00 00 00 01", "language": "fr", "attempts": [],
    }  # fmt: skip
    assert case.facts["demanded"] == [{"currency": "EUR", "amount": 30_000}]
    assert (case.facts["step"], case.facts["level"]) == ("call", "level_2")
    assert case.facts["call"]["invoices"] == ["F1", "F2"]
    assert case.facts["call"]["template"] == "call"
    # five business days after Monday the 2nd it counts as not made: Monday the 9th; Friday is the last day
    assert case.due_on == DAY + timedelta(days=4)


def test_the_same_day_twice_changes_nothing(world: World) -> None:
    add_call(world)
    world.work(DAY)
    before = world.everything()
    world.work(DAY)
    assert world.everything() == before


def test_one_open_case_per_payer_whatever_the_number_of_its_calls(world: World) -> None:
    first = add_call(world, ["F1"])
    world.work(DAY)
    second = add_call(world, ["F3"], day=NEXT)
    world.work(NEXT)
    case = case_of(world, "call")
    assert case.details["keys"] == [first, second]
    assert case.due_on == DAY + timedelta(days=4)
    do(world, call_outcome, case_id=case.case_id, outcome="reached", on_date=NEXT)
    assert {state_of(world, key) for key in (first, second)} == {("completed", NEXT)}


def test_reached_completes_the_step_so_that_planning_counts_it_as_done(world: World) -> None:
    key = add_call(world)
    opened(world)
    case = note(world, "reached", note="will look into it")
    assert (case.state, case.closed_reason, case.closed_on) == ("closed", "reached", DAY)
    assert state_of(world, key) == ("completed", DAY)
    contacts, acts, approvals = history_frames(world.database, ENTITY, NEXT)
    done = History(contacts, acts, approvals).done
    assert sorted(done["invoice_id"]) == ["F1", "F2"]
    assert world.rows(case_comment)[0]["text"] == "will look into it"
    kinds = [row["kind"] for row in world.rows(timeline)]
    assert "contact.completed" in kinds
    assert "case.close" in kinds


def test_a_further_call_that_was_agreed_keeps_the_case_until_its_days_are_over(world: World) -> None:
    add_call(world)
    opened(world)
    case = note(world, "reached", next_on=DAY + timedelta(days=7))
    assert (case.state, case.details["next_on"], case.due_on) == (
        "open",
        "2026-03-09",
        DAY + timedelta(days=14),
    )
    world.work(DAY + timedelta(days=8))
    assert case_of(world, "call").state == "open"
    world.work(DAY + timedelta(days=15))
    assert case_of(world, "call").closed_reason == "not_made"


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer"])
def test_nobody_reached_counts_the_attempt_and_proposes_the_next_business_day(
    world: World, outcome: str
) -> None:
    key = add_call(world)
    opened(world)
    case = note(world, outcome, on_date=DAY + timedelta(days=3))
    assert case.state == "open"
    assert [one["outcome"] for one in case.details["attempts"]] == [outcome]
    assert case.details["next_on"] == "2026-03-06"
    assert state_of(world, key) == ("open", None)


def test_tries_end_with_the_policys_number_and_the_call_is_not_made(world: World) -> None:
    key = add_call(world)
    opened(world)
    for day in range(2):
        assert note(world, "no_answer", on_date=DAY + timedelta(days=day)).state == "open"
    case = note(world, "voicemail", on_date=DAY + timedelta(days=2))
    assert (case.state, case.closed_reason) == ("closed", "not_made")
    assert state_of(world, key) == ("not_made", DAY + timedelta(days=2))


def test_the_number_of_tries_is_the_policys(world: World) -> None:
    world.policy = people_policy(call_attempts=1)
    key = add_call(world)
    opened(world)
    note(world, "no_answer")
    assert state_of(world, key)[0] == "not_made"


def test_a_call_whose_patience_is_over_closes_as_not_made_with_an_event(world: World) -> None:
    key = add_call(world)
    case = opened(world)
    with UnitOfWork(world.database) as uow:
        set_state(uow, [key], "not_made", "relance", DAY + timedelta(days=7), "nobody called in time")
        uow.commit()
    world.work(DAY + timedelta(days=7))
    with UnitOfWork(world.database) as uow:
        assert read_events(uow, case.case_id)[-1].body["reason"] == "not_made"
    assert case_of(world, "call").closed_reason == "not_made"


def test_a_wrong_number_is_used_no_more_and_the_next_persons_number_is_shown(world: World) -> None:
    key = add_call(world)
    opened(world)
    case = note(world, "wrong_number")
    assert (case.state, case.details["person"], case.details["phone"]) == ("open", "Ben", "+33100000002")
    assert state_of(world, key)[0] == "open"
    marks = {(row["channel"], row["address"], row["mark"], row["source"]) for row in world.rows(reach_mark)}
    assert marks == {(one, "+33100000001", "wrong", f"{BY}, {DAY}") for one in ("call", "sms", "voice")}


def test_no_number_left_opens_a_no_contact_case_and_planning_may_go_on(world: World) -> None:
    key = add_call(world)
    opened(world)
    note(world, "wrong_number")
    case = note(world, "wrong_number")
    assert (case.state, case.closed_reason) == ("closed", "no_contact")
    assert state_of(world, key)[0] == "cancelled"
    assert (case_of(world, "no_contact").state, case_of(world, "no_contact").subject) == ("open", "call")
    world.work(DAY)
    assert case_of(world, "no_contact").state == "open"


def test_a_promise_on_the_telephone_is_taken_down_and_completes_the_step(world: World) -> None:
    key = add_call(world)
    opened(world)
    case = note(world, "promise", promised=(Money("EUR", 30_000), DAY + timedelta(days=5)))
    assert case.closed_reason == "promise"
    assert state_of(world, key) == ("completed", DAY)
    (promise,) = world.promises()
    assert (promise.amount, promise.invoices, promise.by) == (30_000, ("F1", "F2"), BY)


def test_a_promise_of_more_than_the_call_demands_is_about_all_that_is_owed(world: World) -> None:
    add_call(world)
    opened(world)
    note(world, "promise", promised=(Money("EUR", 60_000), DAY + timedelta(days=5)))
    assert world.promises()[0].invoices is None


def test_a_promise_that_cannot_be_leaves_the_call_as_it_was(world: World) -> None:
    key = add_call(world)
    opened(world)
    before = world.everything()
    with pytest.raises(CaseError, match="has passed"):
        note(world, "promise", promised=(Money("EUR", 30_000), DAY - timedelta(days=1)))
    assert world.everything() == before
    assert state_of(world, key) == ("open", None)


def test_a_dispute_on_the_telephone_is_taken_down_and_completes_the_step(world: World) -> None:
    key = add_call(world)
    opened(world)
    case = note(world, "dispute", disputed={"reason": "quality", "invoices": ["F2"], "text": "broken"})
    assert case.closed_reason == "dispute"
    assert state_of(world, key) == ("completed", DAY)
    made = case_of(world, "dispute")
    assert made.details["reason"] == "quality"
    assert list(made.details["amounts"]) == ["F2"]


def test_a_dispute_on_the_telephone_of_all_is_of_what_is_still_open(world: World) -> None:
    key = add_call(world)
    opened(world)
    world.pay("B1", DAY, 10_000, "F1")
    assert note(world, "dispute", disputed={"reason": "quality"}).closed_reason == "dispute"
    assert state_of(world, key) == ("completed", DAY)
    assert list(case_of(world, "dispute").details["amounts"]) == ["F2"]


def test_a_promise_on_the_telephone_that_somebody_noted_before_completes_the_step_all_the_same(
    world: World,
) -> None:
    key = add_call(world)
    opened(world)
    due = DAY + timedelta(days=5)
    invoices = sorted(item["invoice_id"] for item in case_of(world, "call").facts["items"])
    first = world.promise("300.00 EUR", due, DAY, invoices=invoices, by=OTHER)
    note(world, "promise", promised=(Money("EUR", 30_000), due), by=BY)
    assert state_of(world, key) == ("completed", DAY)
    assert [(one.case_id, one.by) for one in world.promises()] == [(first, OTHER)]


def test_who_refuses_goes_before_the_role_that_decides_and_watchers_are_told(world: World) -> None:
    key = add_call(world)
    case = opened(world)
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.update(dunning_case).values(watchers=["w@lumen.example"]))
        uow.commit()
    note(world, "refuses", note="says no", by=BY)
    assert state_of(world, key) == ("completed", DAY)
    raised = case_of(world, "exhausted")
    assert (raised.owner, raised.subject, raised.details["role"]) == (LEAD, "refuses", "finance_lead")
    assert set(raised.watchers) == {OTHER, "w@lumen.example", BY}
    assert [row["text"] for row in world.rows(case_comment)] == ["says no"]
    world.work(NEXT)
    assert case_of(world, "exhausted").state == "open"
    for number in (1, 2, 3):
        world.pay(f"B{number}", NEXT, 10_000 * number, f"F{number}")
    world.work(NEXT)
    assert case_of(world, "exhausted").closed_reason == "paid"
    assert case.case_id


def test_paid_before_it_was_made_closes_the_call_and_withdraws_it(world: World) -> None:
    key = add_call(world, ["F1"])
    opened(world)
    world.pay("B1", NEXT, 10_000, "F1")
    world.work(NEXT)
    assert case_of(world, "call").closed_reason == "paid"
    assert state_of(world, key)[0] == "cancelled"


def test_a_call_about_what_rests_by_now_is_withdrawn(world: World) -> None:
    key = add_call(world, ["F1", "F2"])
    opened(world)
    world.promise("300.00 EUR", DAY + timedelta(days=9), DAY, invoices=["F1", "F2"])
    world.work(NEXT)
    assert case_of(world, "call").closed_reason == "withdrawn"
    assert state_of(world, key)[0] == "cancelled"


def test_a_call_is_still_to_be_made_for_what_does_not_rest(world: World) -> None:
    key = add_call(world, ["F1", "F2"])
    opened(world)
    world.promise("100.00 EUR", DAY + timedelta(days=9), DAY, invoices=["F1"])
    world.work(NEXT)
    assert state_of(world, key)[0] == "open"


def test_the_second_of_two_people_is_told_what_the_first_did(world: World) -> None:
    add_call(world)
    opened(world)
    note(world, "reached")
    with pytest.raises(AlreadyDoneError, match=rf"{BY}.*{DAY}"):
        note(world, "refuses", by=LEAD)


def test_who_may_not_call_may_not_note_it(world: World) -> None:
    add_call(world)
    opened(world)
    before = world.everything()
    with UnitOfWork(world.database) as uow:
        uow.execute(
            sa.insert(slack_user).values(user_id="U1", email="guest@out.example", kind="guest", groups=[])
        )
        uow.commit()
    with pytest.raises(NotAllowedError):
        note(world, "reached", by="guest@out.example")
    assert world.everything() == before


TOGETHER: list[tuple[str, dict[str, Any]]] = [
    ("hung_up", {}),
    ("promise", {}),
    ("reached", {"promised": (Money("EUR", 1), DAY)}),
    ("dispute", {}),
    ("dispute", {"disputed": {"invoices": ["F1"]}}),
    ("refuses", {"next_on": NEXT}),
    ("voicemail", {"next_on": DAY - timedelta(days=1)}),
    ("voicemail", {"next_on": DAY + timedelta(days=5)}),
    ("reached", {"note": "x" * 3001}),
]


def test_what_does_not_go_together_is_refused(world: World) -> None:
    add_call(world)
    opened(world)
    before = world.everything()
    for outcome, more in TOGETHER:
        with pytest.raises(CaseError):
            note(world, outcome, **more)
    assert world.everything() == before


def reopen(world: World, day: Any = DAY) -> Any:
    case = case_of(world, "call")
    with UnitOfWork(world.database) as uow:
        journal = Journal(uow=uow, entity=ENTITY, on=day, actor=BY, policy=world.policy)
        reopen_call(journal, read_case(uow, case.case_id, lock=True))
        change_case(journal, case, "reopen", {}, closed_on=None, closed_reason=None)
        journal.write()
        uow.commit()
    return case_of(world, "call")


@pytest.mark.parametrize("outcome", ["reached", "refuses", "no_answer"])
def test_taken_back_on_its_day_the_call_waits_again(world: World, outcome: str) -> None:
    if outcome == "no_answer":
        world.policy = people_policy(call_attempts=1)
    key = add_call(world)
    opened(world)
    note(world, outcome)
    case = reopen(world)
    assert (case.state, case.details["attempts"]) == ("open", [])
    assert state_of(world, key) == ("open", None)
    world.work(DAY)
    assert case_of(world, "call").state == "open"


def test_a_further_call_taken_back_leaves_the_step_done(world: World) -> None:
    key = add_call(world)
    opened(world)
    note(world, "reached", next_on=NEXT)
    note(world, "refuses", on_date=NEXT)
    case = reopen(world, NEXT)
    assert (case.state, [one["outcome"] for one in case.details["attempts"]]) == ("open", ["reached"])
    assert state_of(world, key) == ("completed", DAY)
    world.work(NEXT)
    assert case_of(world, "call").state == "open"


def test_two_at_once_have_one_effect_and_the_second_is_told(world: World) -> None:
    key = add_call(world)
    opened(world)
    said: list[Any] = []

    def one(by: str, outcome: str) -> None:
        try:
            said.append(note(world, outcome, by=by).closed_reason)
        except AlreadyDoneError as error:
            said.append(error)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, [BY, LEAD], ["reached", "refuses"]))
    (done,) = [word for word in said if isinstance(word, str)]
    (told,) = [word for word in said if isinstance(word, AlreadyDoneError)]
    assert (BY if done == "reached" else LEAD) in str(told)
    assert len(world.cases("exhausted")) == (done == "refuses")
    assert state_of(world, key) == ("completed", DAY)


def test_a_wrong_number_taken_back_is_used_again(world: World) -> None:
    key = add_call(world)
    opened(world)
    note(world, "wrong_number")
    note(world, "wrong_number")
    case = reopen(world)
    assert case.details["phone"] == "+33100000002"
    assert state_of(world, key) == ("open", None)
    standing = {row["address"] for row in world.rows(reach_mark) if row["lifted_on"] is None}
    assert standing == {"+33100000001"}


def test_a_day_later_a_call_cannot_be_taken_back(world: World) -> None:
    add_call(world)
    opened(world)
    note(world, "reached")
    with pytest.raises(CaseError, match="gone on since"):
        reopen(world, NEXT)


def test_every_outcome_is_known() -> None:
    assert OUTCOMES == ("reached", "voicemail", "no_answer", "wrong_number", "promise", "dispute", "refuses")
