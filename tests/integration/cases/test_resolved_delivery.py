"""Resolving a `delivery` case: what is right to lift is lifted, and a message in doubt is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance.cases.resolving import reopen, resolve
from relance.errors import CaseError
from relance.store import contacts, inbound
from relance.store.database import Database
from relance.store.schema import claim_entry, outbox, reach_mark, timeline
from relance.store.uow import UnitOfWork
from tests.integration.cases.calls_world import DAY, ENTITY, case_of, do, people_world, state_of
from tests.integration.cases.world import World
from tests.integration.delivery.conftest import add_contacts

pytestmark = pytest.mark.integration
TO = "c1@client.example"


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


def lost(world: World, state: str) -> str:
    (key,) = add_contacts(world.database, ["C1"], state="sent", acted_on=DAY)
    with UnitOfWork(world.database) as uow:
        contacts.set_state(uow, [key], state, "relance", None, "5.1.1")
        uow.commit()
    return key


def mark(world: World, kind: Any, key: str | None = None) -> None:
    with UnitOfWork(world.database) as uow:
        inbound.put_mark(
            uow,
            entity=ENTITY,
            channel="email",
            address=TO,
            mark=kind,
            on_date=DAY,
            source="bounce 5.1.1",
            key=key,
        )
        uow.commit()


def doubtful(world: World) -> str:
    key = lost(world, "in_doubt")
    row = {
        "key": key, "entity": ENTITY, "payer_id": "C1", "channel": "email", "on_date": DAY, "recipient": TO, "copies": [],
        "message_id": "<x@lumen.example>", "media": "eml", "body": b"", "digest": "", "state": "in_doubt", "error": "lost",
        "claims": [{"invoice_id": "F1", "kind": "interest", "amount": 100, "currency": "EUR"}],
    }  # fmt: skip
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.insert(outbox).values(row))
        uow.commit()
    world.work(DAY + timedelta(days=2))
    return key


def standing(world: World) -> set[str]:
    return {row["mark"] for row in world.rows(reach_mark) if row["lifted_on"] is None}


def test_fixed_lets_the_address_be_used_again_and_leaves_a_wish_for_no_more(world: World) -> None:
    key = lost(world, "bounced")
    mark(world, "bounced", key)
    mark(world, "opted_out")
    world.work(DAY)
    do(world, resolve, case_id=case_of(world, "delivery").case_id, reason="fixed")
    assert standing(world) == {"opted_out"}


def test_sent_otherwise_leaves_the_mark(world: World) -> None:
    mark(world, "bounced", lost(world, "bounced"))
    world.work(DAY)
    do(world, resolve, case_id=case_of(world, "delivery").case_id, reason="sent_otherwise")
    assert standing(world) == {"bounced"}
    world.work(DAY + timedelta(days=1))
    assert case_of(world, "delivery").state == "closed"


def test_reopened_the_mark_stands_again(world: World) -> None:
    mark(world, "bounced", lost(world, "bounced"))
    world.work(DAY)
    number = case_of(world, "delivery").case_id
    do(world, resolve, case_id=number, reason="fixed")
    assert standing(world) == set()
    assert do(world, reopen, case_id=number).state == "open"
    assert standing(world) == {"bounced"}


@pytest.mark.parametrize(("reason", "state"), [("arrived", "sent"), ("not_sent", "failed")])
def test_in_doubt_resolving_says_whether_it_was_sent(world: World, reason: str, state: str) -> None:
    key = doubtful(world)
    case = case_of(world, "delivery")
    assert case.facts["undelivered"]["key"] == key
    do(world, resolve, case_id=case.case_id, reason=reason, on_date=DAY + timedelta(days=2))
    assert state_of(world, key)[0] == state
    assert world.rows(outbox)[0]["state"] == state
    assert [row["kind"] for row in world.rows(timeline)].count(f"contact.{state}") == 1
    assert len(world.rows(claim_entry)) == (state == "sent")


@pytest.mark.parametrize("reason", ["fixed", "sent_otherwise", "not_needed"])
def test_a_doubt_is_not_resolved_without_saying_so(world: World, reason: str) -> None:
    key = doubtful(world)
    with pytest.raises(CaseError, match="say whether"):
        do(world, resolve, case_id=case_of(world, "delivery").case_id, reason=reason)
    assert state_of(world, key)[0] == "in_doubt"


def test_nothing_in_doubt_is_nothing_to_settle(world: World) -> None:
    mark(world, "bounced", lost(world, "bounced"))
    world.work(DAY)
    with pytest.raises(CaseError, match="in doubt"):
        do(world, resolve, case_id=case_of(world, "delivery").case_id, reason="arrived")
