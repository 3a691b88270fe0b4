"""Internal tasks and hand-overs: work for our own people, done by a person, taken back on its day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from relance.cases.completing import complete
from relance.cases.resolving import reopen
from relance.errors import AlreadyDoneError, CaseError
from relance.planning.model import History
from relance.store.contacts import set_state
from relance.store.database import Database
from relance.store.plans import history_frames
from relance.store.schema import case_comment, timeline
from relance.store.uow import UnitOfWork
from tests.integration.cases.calls_world import (
    BY,
    DAY,
    ENTITY,
    LEAD,
    NEXT,
    add_call,
    case_of,
    do,
    people_world,
    state_of,
)
from tests.integration.cases.world import World
from tests.integration.delivery.conftest import make_content

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


def add_task(world: World, kind: str = "internal", **changes: Any) -> str:
    content = make_content("C1", totals=[{"currency": "EUR", "amount": 10_000}], person=None)
    level = "litigation" if kind == "handoff" else "level_2"
    values = {
        "kind": kind, "channel": "internal", "contact_id": None, "recipient": None, "step": kind, "content": content,
        "level": level, "invoices": ["F1"], "steps": [kind], "levels": [level], "key": f"{kind}-key",
    }  # fmt: skip
    values |= changes
    return add_call(world, values.pop("invoices"), **values)


@pytest.mark.parametrize("kind", ["internal", "handoff"])
def test_a_task_that_is_due_is_a_case_for_who_must_do_it(world: World, kind: str) -> None:
    key = add_task(world, kind)
    world.work(DAY)
    case = case_of(world, "question")
    assert (case.subject, case.owner, case.payer_id) == (f"task:{key}", BY, "C1")
    task = case.facts["task"]
    assert (task["kind"], task["step"], task["invoices"]) == (kind, kind, ["F1"])
    assert task.get("file") == (f"handover/FR01/2026-03-02/{key}.zip" if kind == "handoff" else None)
    assert case.due_on is None
    before = world.everything()
    world.work(DAY)
    assert world.everything() == before


@pytest.mark.parametrize("kind", ["internal", "handoff"])
def test_completing_makes_the_step_done(world: World, kind: str) -> None:
    key = add_task(world, kind)
    world.work(DAY)
    case = do(world, complete, case_id=case_of(world, "question").case_id, note="called the sales owner")
    assert (case.state, case.closed_reason) == ("closed", "completed")
    assert state_of(world, key) == ("completed", DAY)
    history = History(*history_frames(world.database, ENTITY, NEXT))
    assert history.done["invoice_id"].to_list() == ["F1"]
    assert history.handed_over.height == (kind == "handoff")
    assert "task.completed" in [row["kind"] for row in world.rows(timeline)]
    assert [row["text"] for row in world.rows(case_comment)] == ["called the sales owner"]


def test_the_second_to_complete_it_is_told_who_has_done_it(world: World) -> None:
    add_task(world)
    world.work(DAY)
    number = case_of(world, "question").case_id
    do(world, complete, case_id=number)
    with pytest.raises(AlreadyDoneError, match=rf"{BY}.*{DAY}"):
        do(world, complete, case_id=number, by=LEAD)


def test_a_task_has_no_patience(world: World) -> None:
    key = add_task(world)
    world.work(DAY)
    world.work(DAY + timedelta(days=40))
    assert case_of(world, "question").state == "open"
    assert state_of(world, key) == ("open", None)


@pytest.mark.parametrize("kind", ["internal", "handoff"])
def test_taken_back_on_its_day_the_task_waits_again(world: World, kind: str) -> None:
    key = add_task(world, kind)
    world.work(DAY)
    number = case_of(world, "question").case_id
    do(world, complete, case_id=number)
    assert do(world, reopen, case_id=number).state == "open"
    assert state_of(world, key) == ("open", None)
    do(world, complete, case_id=number)
    with pytest.raises(CaseError, match="gone on since"):
        do(world, reopen, case_id=number, on_date=NEXT)
    assert state_of(world, key) == ("completed", DAY)


def test_what_was_paid_needs_no_task(world: World) -> None:
    key = add_task(world)
    world.work(DAY)
    world.pay("B1", NEXT, 10_000, "F1")
    world.work(NEXT)
    assert case_of(world, "question").closed_reason == "paid"
    assert state_of(world, key)[0] == "cancelled"


def test_what_is_promised_is_not_handed_over(world: World) -> None:
    key = add_task(world, "handoff")
    world.work(DAY)
    world.promise("100.00 EUR", DAY + timedelta(days=9), DAY, invoices=["F1"])
    world.work(NEXT)
    assert case_of(world, "question").closed_reason == "withdrawn"
    assert state_of(world, key)[0] == "cancelled"


def test_a_task_that_no_longer_waits_is_not_completed(world: World) -> None:
    key = add_task(world)
    world.work(DAY)
    with UnitOfWork(world.database) as uow:
        set_state(uow, [key], "cancelled", "planning")
        uow.commit()
    with pytest.raises(CaseError, match="no longer waits"):
        do(world, complete, case_id=case_of(world, "question").case_id)


def test_only_a_task_is_completed(world: World) -> None:
    add_call(world)
    world.work(DAY)
    with pytest.raises(CaseError, match="is no task"):
        do(world, complete, case_id=case_of(world, "call").case_id)
