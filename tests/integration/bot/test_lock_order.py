"""People and the day's work on the same cases at once: both take them by number, and neither is the other's victim."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bot.job import Job
from relance import cases, day
from relance.cases.reading import read_case
from relance.slack.actions import APPROVE, Target
from relance.slack.intents import Intent
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import BOSS, DAY, LEAD, act, late_payer
from tests.integration.cases.world import ENTITY, World

pytestmark = pytest.mark.integration


def _both(first: Callable[[], None], second: Callable[[], None]) -> list[BaseException]:
    """Do both at once; gives what went wrong."""
    wrong: list[BaseException] = []

    def run(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return wrong


def _waits(world: World) -> bool:
    with UnitOfWork(world.database) as uow:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return bool(uow.execute(sa.text(waiting)).scalar())


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.02)


def test_a_click_on_the_newer_case_and_the_days_work_do_not_wait_for_each_other(database: Database) -> None:
    world = late_payer(database)
    asked = act(world, cases.write_off, LEAD, reason="bankrupt")
    held = threading.Event()
    payload = {"target": str(Target(APPROVE, asked.case_id, asked.revision))}
    intent = Intent(1, APPROVE, "U1", payload, 1, datetime.now(UTC), "worker")

    def click() -> None:
        with UnitOfWork(world.database) as uow:
            job = Job(cast("Any", None), uow, intent, cast("Any", None))
            assert job.case.case_id == asked.case_id
            held.set()
            _until(lambda: _waits(world))
            cases.approve(uow, policy=world.policy, case_id=asked.case_id, by=BOSS, on_date=DAY)
            uow.commit()

    def work() -> None:
        held.wait(10)
        world.work(DAY)

    assert _both(click, work) == []
    assert [one.state for one in world.cases("approval")] == ["closed"]


def test_the_days_work_is_begun_again_when_the_database_gives_it_up(database: Database) -> None:
    world = late_payer(database)
    asked = act(world, cases.write_off, LEAD, reason="bankrupt")
    held = threading.Event()
    services = SimpleNamespace(policy=world.policy, unit_of_work=lambda: UnitOfWork(world.database))

    def other() -> None:
        """Something that takes the newer case first."""
        with UnitOfWork(world.database) as uow:
            read_case(uow, asked.case_id, lock=True)
            held.set()
            _until(lambda: _waits(world))
            read_case(uow, 1, lock=True)

    def work() -> None:
        held.wait(10)
        day._worked_cases(cast("Any", services), ENTITY, DAY, world.snapshot(DAY))

    assert _both(other, work) == []
