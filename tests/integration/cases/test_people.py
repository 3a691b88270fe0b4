"""What people do with a case: comment, assign, watch; two at once; who gets what."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance import cases
from relance.config.slack import SlackRules
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError, RelanceError
from relance.store import schema, timeline
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import (
    BOSS,
    COLLECTOR,
    DAY,
    LEAD,
    SALES,
    act,
    case_of,
    last_of,
    late_payer,
    verbs_of,
)
from tests.integration.cases.world import ENTITY, World

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database) -> World:
    return late_payer(database)


def _comments(world: World) -> list[tuple[str, str, bool]]:
    with UnitOfWork(world.database) as uow:
        return [(one.author, one.text, one.edited) for one in cases.read_comments(uow, 1)]


def _edit(world: World, text: str, by: str = SALES, source: str = "C1:1.0") -> cases.Case | None:
    with UnitOfWork(world.database) as uow:
        done = cases.edit_comment(uow, policy=world.policy, source=source, text=text, by=by, on_date=DAY)
        uow.commit()
    return done


def _delete(world: World, by: str = SALES, source: str = "C1:1.0") -> cases.Case | None:
    with UnitOfWork(world.database) as uow:
        done = cases.delete_comment(uow, policy=world.policy, source=source, by=by, on_date=DAY)
        uow.commit()
    return done


def test_a_reply_is_a_comment_and_edits_and_deletes_follow(world: World) -> None:
    act(world, cases.comment, SALES, text="they pay on Fridya", source="C1:1.0")
    act(world, cases.comment, COLLECTOR, text="noted")
    _edit(world, "they pay on Friday")
    assert _comments(world) == [(SALES, "they pay on Friday", True), (COLLECTOR, "noted", False)]
    _edit(world, "they pay on Friday")
    _delete(world)
    _delete(world)
    assert _comments(world) == [(COLLECTOR, "noted", False)]
    assert verbs_of(world) == ["open", "comment", "comment", "edit_comment", "delete_comment"]
    with UnitOfWork(world.database) as uow:
        shown = [event.body.get("text") for event in cases.read_timeline(uow, 1)[1:]]
        told = timeline.read(uow, ENTITY, "C1")
        assert cases.reading.last_comments(uow, [1])[1].text == "noted"
    assert shown == ["", "noted", "", None]
    assert [row["kind"] for row in told][1:] == [f"case.{verb}" for verb in verbs_of(world)][1:]
    assert timeline.verify(told) is None


def test_the_same_message_is_one_comment_whatever_slack_repeats(world: World) -> None:
    assert _edit(world, "no comment", source="C9:9.9") is None
    assert _delete(world, source="C9:9.9") is None
    for _ in range(3):
        act(world, cases.comment, SALES, text="once", source="C1:1.0")
    assert len(_comments(world)) == 1
    assert case_of(world).revision == 2


def test_nobody_changes_another_persons_words(world: World) -> None:
    act(world, cases.comment, SALES, text="mine", source="C1:1.0")
    for change in (lambda: _edit(world, "yours", by=LEAD), lambda: _delete(world, by=LEAD)):
        with pytest.raises(NotAllowedError, match=f"may not change the words of {SALES}"):
            change()
    assert _comments(world) == [(SALES, "mine", False)]


def test_a_comment_has_words_and_3000_characters_at_most(world: World) -> None:
    for text in ("", "  ", "\x00", "x" * 3001):
        with pytest.raises(CaseError, match=r"is empty|Write 3000 at most"):
            act(world, cases.comment, SALES, text=text)
    act(world, cases.comment, SALES, text="x" * 3000)


def test_a_case_has_one_owner_and_the_second_is_told_what_the_first_did(world: World) -> None:
    assert case_of(world).owner == COLLECTOR
    assert act(world, cases.assign, SALES, owner=LEAD).owner == LEAD
    with pytest.raises(AlreadyDoneError, match=rf"given to {LEAD} already, by {SALES} on {DAY}"):
        act(world, cases.assign, BOSS, owner=LEAD.upper())
    assert act(world, cases.assign, BOSS, owner=None).owner is None
    with pytest.raises(AlreadyDoneError, match=f"nobody's already, by {BOSS}"):
        act(world, cases.assign, SALES, owner=None)
    assert last_of(world) == ("unassign", BOSS, {"owner": None, "before": LEAD})
    with pytest.raises(CaseError, match="not a person"):
        act(world, cases.assign, SALES, owner="the sales team")


def test_watchers_are_told_once_each(world: World) -> None:
    assert act(world, cases.watch, SALES, person=SALES).watchers == [SALES]
    with pytest.raises(AlreadyDoneError, match=f"watched by {SALES.upper()} already"):
        act(world, cases.watch, BOSS, person=SALES.upper())
    assert act(world, cases.watch, BOSS, person=LEAD).watchers == [SALES, LEAD]
    assert act(world, cases.unwatch, SALES, person=SALES).watchers == [LEAD]
    with pytest.raises(AlreadyDoneError, match="not watched"):
        act(world, cases.unwatch, SALES, person=SALES)


def test_what_is_closed_is_not_assigned(world: World) -> None:
    act(world, cases.resolve, LEAD, reason="being_handled")
    with pytest.raises(AlreadyDoneError, match=rf"closed: being_handled already, by {LEAD} on {DAY}"):
        act(world, cases.assign, SALES, owner=SALES)


def test_the_days_work_loses_neither_owner_nor_watchers_nor_details(world: World) -> None:
    act(world, cases.assign, SALES, owner=LEAD)
    act(world, cases.watch, SALES, person=SALES)
    act(world, cases.snooze, SALES, until=DAY + timedelta(days=9), reason="they moved house")
    world.pay("P1", DAY + timedelta(days=1), 40_000, "F1")
    assert world.work(DAY + timedelta(days=1)).updated == 1
    now = case_of(world)
    assert (now.owner, now.watchers, now.snoozed_until) == (LEAD, [SALES], DAY + timedelta(days=9))
    assert now.details["snooze"]["reason"] == "they moved house"


def test_routes_name_owner_and_watchers_of_new_cases(database: Database) -> None:
    world = late_payer(database)
    assert (case_of(world).owner, case_of(world).watchers) == (COLLECTOR, [])
    routes = {"routes": [{"name": "all", "owner": "sales_owner", "watch": ["collector", BOSS]}]}
    world.policy = world.policy.model_copy(update={"slack": SlackRules.model_validate(routes)})
    world.pay("P1", DAY, 100_000, "F1")
    world.work(DAY + timedelta(days=1))
    world.work(DAY + timedelta(days=30))
    (routed,) = world.cases("overdue_90", "open")
    assert (routed.owner, list(routed.watchers)) == (SALES, [COLLECTOR, BOSS])


def test_cases_are_listed_by_owner_and_kinds_across_entities(world: World) -> None:
    world.promise("10.00 EUR", DAY + timedelta(days=3), DAY)
    with UnitOfWork(world.database) as uow:
        mine = cases.list_cases(uow, owner=COLLECTOR.upper())
        assert [one.kind for one in mine] == ["overdue_90", "promise"]
        assert [one.kind for one in cases.list_cases(uow, kinds=["promise", "call"])] == ["promise"]
        assert cases.list_cases(uow, owner=BOSS) == []


def _at_once(world: World, *doing: Any) -> list[Any]:
    """Each in a thread and a connection of its own; what each gave, or its error."""
    start, results = threading.Barrier(len(doing)), [None] * len(doing)

    def run(place: int, work: Any) -> None:
        start.wait(10)
        try:
            results[place] = work()
        except RelanceError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(doing)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_of_two_who_take_a_case_at_once_one_does_and_the_other_is_told(world: World) -> None:
    results = _at_once(
        world,
        lambda: act(world, cases.assign, SALES, owner=LEAD),
        lambda: act(world, cases.assign, BOSS, owner=LEAD),
    )
    told = [one for one in results if isinstance(one, AlreadyDoneError)]
    assert len(told) == 1
    assert any(who in str(told[0]) for who in (SALES, BOSS))
    assert (verbs_of(world), case_of(world).revision) == (["open", "assign"], 2)


def test_no_two_people_at_once_lose_each_others_changes(world: World) -> None:
    people = [f"watcher{number}@lumen.example" for number in range(6)]
    _at_once(
        world,
        *(lambda person=person: act(world, cases.watch, person, person=person) for person in people),
        lambda: act(world, cases.snooze, SALES, until=DAY + timedelta(days=3), reason="away"),
        lambda: act(world, cases.comment, SALES, text="hello"),
    )
    now = case_of(world)
    assert (sorted(now.watchers), now.snoozed_until) == (people, DAY + timedelta(days=3))
    assert now.revision == 9
    assert len(world.rows(schema.case_event)) == 9
    with UnitOfWork(world.database) as uow:
        assert timeline.verify(timeline.read(uow, ENTITY, "C1")) is None


def test_people_and_the_days_work_wait_for_each_other(world: World) -> None:
    world.promise("500.00 EUR", DAY + timedelta(days=3), DAY)
    asked = act(world, cases.snooze, SALES, until=DAY + timedelta(days=40), reason="long", case_id=2)
    done = _at_once(
        world,
        lambda: world.work(DAY + timedelta(days=1)),
        lambda: act(world, cases.approve, BOSS, DAY + timedelta(days=1), case_id=asked.case_id),
        lambda: world.work(DAY + timedelta(days=1)),
        lambda: act(world, cases.comment, SALES, text="hello", case_id=2),
    )
    assert [one for one in done if isinstance(one, Exception)] == []
    assert case_of(world, 2).snoozed_until == DAY + timedelta(days=40)


def test_the_number_of_a_case_that_is_not_there_is_refused(world: World) -> None:
    with UnitOfWork(world.database) as uow:
        assert uow.execute(sa.select(sa.func.count()).select_from(schema.dunning_case)).scalar() == 1
    with pytest.raises(CaseError, match="no case 77"):
        act(world, cases.wake, SALES, case_id=77)
