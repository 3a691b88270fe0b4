"""Every action has its inverse: done and undone in any order, a case's working state comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance import cases
from relance.cases.transitions import CASE
from relance.errors import CaseError
from relance.store.database import Database
from relance.store.schema import hold
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import BOSS, COLLECTOR, DAY, LEAD, LEAD_2, SALES, late_payer
from tests.integration.cases.world import World

pytestmark = pytest.mark.integration
PEOPLE = (SALES, COLLECTOR, LEAD, LEAD_2, BOSS)


class Desk:
    """One case in one transaction that is never committed: each verb, and what undoes it."""

    def __init__(self, world: World, uow: UnitOfWork) -> None:
        self.world, self.uow, self.said = world, uow, 0

    def do(self, verb: Any, by: str, **what: Any) -> cases.Case:
        done: cases.Case = verb(
            self.uow, policy=self.world.policy, **{"case_id": 1, "by": by, "on_date": DAY, **what}
        )
        return done

    @property
    def case(self) -> cases.Case:
        return cases.read_case(self.uow, 1)

    def state(self) -> dict[str, Any]:
        """What matters of a case for work: not its revision, nor what happened to it on the way."""
        now = self.case
        standing = sa.and_(hold.c.ended_on.is_(None), hold.c.payer_id == "C1")
        columns = (hold.c.invoice_id, hold.c.reason, hold.c.until, hold.c.amount, hold.c.case_id)
        rows = self.uow.execute(sa.select(*columns).where(standing)).all()
        return {
            "state": now.state, "reason": now.closed_reason, "closed": now.closed_on, "owner": now.owner,
            "watchers": sorted(now.watchers), "snoozed": now.snoozed_until, "details": dict(now.details),
            "holds": sorted(map(str, rows)),
            "comments": [(one.author, one.text) for one in cases.read_comments(self.uow, 1)],
        }  # fmt: skip

    # each gives what undoes it, or raises CaseError where it can't be done now

    def comment(self, by: str) -> tuple[str, dict[str, Any]]:
        self.said += 1
        source = f"C1:{self.said}"
        self.do(cases.comment, by, text=f"word {self.said}", source=source)
        return "delete_comment", {"by": by, "source": source}

    def edit_comment(self, by: str) -> tuple[str, dict[str, Any]]:
        mine = [one for one in cases.read_comments(self.uow, 1) if one.author == by and one.source]
        if not mine:
            raise CaseError("nothing said")
        one = mine[-1]
        self.edit(by, one.source or "", one.text + "!")
        return "edit", {"by": by, "source": one.source, "text": one.text}

    def assign(self, by: str) -> tuple[str, dict[str, Any]]:
        before = self.case.owner
        self.do(cases.assign, by, owner=by)
        return "give", {"by": by, "owner": before}

    def unassign(self, by: str) -> tuple[str, dict[str, Any]]:
        before = self.case.owner
        self.do(cases.assign, by, owner=None)
        return "give", {"by": by, "owner": before}

    def watch(self, by: str) -> tuple[str, dict[str, Any]]:
        self.do(cases.watch, by, person=by)
        return "unwatched", {"by": by}

    def unwatch(self, by: str) -> tuple[str, dict[str, Any]]:
        self.do(cases.unwatch, by, person=by)
        return "watched", {"by": by}

    def snooze(self, by: str) -> tuple[str, dict[str, Any]]:
        if self.case.snoozed_until is not None:
            raise CaseError("rests already")
        self.do(cases.snooze, by, until=DAY + timedelta(days=9), reason="away", invoices=["F1"])
        return "woken", {"by": by}

    def wake(self, by: str) -> tuple[str, dict[str, Any]]:
        said = self.case.details.get("snooze")
        if said is None:
            raise CaseError("awake")
        self.do(cases.wake, by)
        return "rested", {"said": said}

    def long_snooze(self, by: str) -> tuple[str, dict[str, Any]]:
        if self.case.snoozed_until is not None:
            raise CaseError("rests already")
        asked = self.do(cases.snooze, SALES, until=DAY + timedelta(days=30), reason="long").case_id
        self.do(cases.approve, LEAD, case_id=asked)
        return "woken", {"by": by}

    def write_off(self, by: str) -> tuple[str, dict[str, Any]]:
        if self.case.snoozed_until is not None or self.case.details.get("written_off"):
            raise CaseError("not now")
        asked = self.do(
            cases.write_off, LEAD, reason="x", invoices=["F1"], snapshot=self.world.snapshot(DAY)
        ).case_id
        self.do(cases.approve, LEAD_2, case_id=asked)
        return "dunned_again", {"by": LEAD}

    def end_write_off(self, by: str) -> tuple[str, dict[str, Any]]:
        said = self.case.details.get("written_off")
        if said is None:
            raise CaseError("nothing is written off")
        self.do(cases.wake, by, what="write_off")
        return "written_off", {"said": said}

    def ask(self, by: str) -> tuple[str, dict[str, Any]]:
        asked = self.do(cases.snooze, SALES, until=DAY + timedelta(days=40), reason="long").case_id
        return "withdraw", {"case_id": asked}

    def resolve(self, by: str) -> tuple[str, dict[str, Any]]:
        self.do(cases.resolve, by, reason="clarified")
        return "opened", {"by": by}

    # what undoes them

    def delete_comment(self, by: str, source: str) -> None:
        cases.delete_comment(self.uow, policy=self.world.policy, source=source, by=by, on_date=DAY)

    def edit(self, by: str, source: str, text: str) -> None:
        cases.edit_comment(self.uow, policy=self.world.policy, source=source, text=text, by=by, on_date=DAY)

    def give(self, by: str, owner: str | None) -> None:
        self.do(cases.assign, by, owner=owner)

    def unwatched(self, by: str) -> None:
        self.do(cases.unwatch, by, person=by)

    def watched(self, by: str) -> None:
        self.do(cases.watch, by, person=by)

    def woken(self, by: str) -> None:
        self.do(cases.wake, by)

    def dunned_again(self, by: str) -> None:
        self.do(cases.wake, by, what="write_off")

    def written_off(self, said: dict[str, Any]) -> None:
        ledger = self.world.snapshot(DAY)
        asked = self.do(
            cases.write_off, said["by"], reason=said["reason"], invoices=said["invoices"], snapshot=ledger
        )
        self.do(cases.approve, said["approved_by"], case_id=asked.case_id)

    def rested(self, said: dict[str, Any]) -> None:
        until = date.fromisoformat(said["until"])
        if "approved_by" in said:
            asked = self.do(cases.snooze, said["by"], until=until, reason=said["reason"]).case_id
            self.do(cases.approve, said["approved_by"], case_id=asked)
        else:
            self.do(cases.snooze, said["by"], until=until, reason=said["reason"], invoices=said["invoices"])

    def withdraw(self, case_id: int) -> None:
        self.do(cases.reject, SALES, case_id=case_id, reason="no more")

    def opened(self, by: str) -> None:
        self.do(cases.reopen, by)


VERBS = (
    "comment", "edit_comment", "assign", "unassign", "watch", "unwatch", "snooze", "wake", "long_snooze", "write_off", "ask",
    "resolve", "end_write_off",
)  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    return late_payer(database)


@contextmanager
def _desk(world: World) -> Iterator[Desk]:
    with UnitOfWork(world.database) as uow:
        yield Desk(world, uow)


def test_all_verbs_of_people_on_one_case_are_tried() -> None:
    tried = {"snooze" if verb == "long_snooze" else verb for verb in VERBS}
    elsewhere = {  # tested with the kinds of case that they belong to
        "promise", "instalments", "dispute", "announce", "end_announcement", "call", "contact", "end_contact", "vote", "answer",
    }  # fmt: skip
    undone_here = {"delete_comment", "reopen", "withdraw", "approve", "reject"}
    people = {verb for verb, row in CASE.items() if row.inverse is not None} - {"open", "close"}
    assert people == tried | elsewhere | undone_here


@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(PEOPLE)), max_size=7))
def test_doing_and_undoing_brings_the_working_state_back(world: World, steps: list[tuple[str, str]]) -> None:
    with _desk(world) as desk:
        undoing = []
        for verb, by in steps:
            before, revision = desk.state(), desk.case.revision
            try:
                with desk.uow.connection.begin_nested():
                    undo = getattr(desk, verb)(by)
            except CaseError:
                assert desk.state() == before, verb
                assert desk.case.revision == revision, verb
                continue
            assert desk.case.revision > revision, verb
            undoing.append((verb, before, undo))
        for verb, before, (name, how) in reversed(undoing):
            getattr(desk, name)(**how)
            assert desk.state() == before, verb
