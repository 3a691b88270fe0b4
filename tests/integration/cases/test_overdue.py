"""`overdue_90`: opened, followed, closed with its reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from relance import cases
from relance.store import schema, timeline
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice

pytestmark = pytest.mark.integration
DUE = date(2025, 12, 1)
DAY_91 = DUE + timedelta(days=91)


@pytest.fixture
def world(database: Database) -> World:
    one = World(database)
    one.ledger(
        customers=[
            {"customer_id": "C1", "collector": "collector@lumen.example"},
            {"customer_id": "C2", "name": "Atelier Nord", "payer_id": "C1"},
            {"customer_id": "C3", "name": "Garage Est"},
        ],
        invoices=[
            invoice("F1", DUE, 100_000),
            invoice("F2", DUE + timedelta(days=10), 5_000, customer_id="C2"),
            invoice("F3", DAY_91 + timedelta(days=20), 700),
            invoice("F4", DAY_91, 900, customer_id="C3"),
        ],
        payments=[{"payment_id": "B1", "customer_id": "C1", "date": DUE, "amount": 2_500}],
    )
    return one


def test_a_case_opens_when_an_invoice_is_more_than_the_threshold_late(world: World) -> None:
    assert world.work(DAY_91 - timedelta(days=1)).as_dict() == {"opened": 0, "updated": 0, "closed": 0}
    assert world.work(DAY_91).as_dict() == {"opened": 1, "updated": 0, "closed": 0}
    (one,) = world.cases()
    assert (one.payer_id, one.kind, one.state, one.opened_on) == ("C1", "overdue_90", "open", DAY_91)
    assert one.owner == "collector@lumen.example"
    assert one.facts["totals"] == [{"currency": "EUR", "open": 105_700, "overdue": 105_000, "credit": 2_500}]
    assert (one.facts["invoices"], one.facts["late_invoices"], one.facts["about"]) == (3, 2, 1)
    assert [item["invoice_id"] for item in one.facts["items"]] == ["F1"]


def test_the_same_day_twice_changes_nothing(world: World) -> None:
    world.work(DAY_91)
    before = world.everything()
    assert world.work(DAY_91).as_dict() == {"opened": 0, "updated": 0, "closed": 0}
    assert world.everything() == before


def test_a_day_without_news_moves_only_the_date(world: World) -> None:
    world.work(DAY_91)
    assert world.work(DAY_91 + timedelta(days=1)).updated == 0
    (one,) = world.cases()
    assert (one.revision, one.facts_on) == (1, DAY_91 + timedelta(days=1))


def test_a_payment_on_part_updates_the_case_and_raises_its_revision(world: World) -> None:
    world.work(DAY_91)
    world.pay("B2", DAY_91 + timedelta(days=1), 40_000, "F1")
    assert world.work(DAY_91 + timedelta(days=1)).updated == 1
    (one,) = world.cases()
    assert one.revision == 2
    assert one.facts["items"][0]["open"] == 60_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "paid"),
        ({"status": "written_off"}, "written_off"),
        ({"status": "assigned"}, "assigned"),
        ({"status": "cancelled"}, "cancelled"),
        ({"closed": True}, "closed_by_source"),
        ({"payer_id": "C3"}, "moved"),
        ({"due_date": DAY_91}, "no_longer_late"),
    ],
)
def test_it_closes_when_nothing_is_that_late_any_more_with_the_reason(
    world: World, change: dict[str, object], reason: str
) -> None:
    world.work(DAY_91)
    day = DAY_91 + timedelta(days=2)
    if change:
        world.ledger(day, invoices=[{**invoice("F1", DUE, 100_000), **change}])
    else:
        world.pay("B2", day, 100_000, "F1")
    report = world.work(day)
    (one,) = world.cases("overdue_90", "closed")
    assert (report.closed, one.closed_reason, one.closed_on) == (1, reason, day)
    with UnitOfWork(world.database) as uow:
        assert [event.verb for event in cases.read_events(uow, one.case_id)] == ["open", "close"]


def test_a_completed_hand_over_closes_it(world: World) -> None:
    world.work(DAY_91)
    with UnitOfWork(world.database) as uow:
        content = {
            "key": "k1", "entity": ENTITY, "payer_id": "C1", "as_of": DAY_91, "plan_id": 1, "kind": "handoff",
            "channel": "internal", "scenario": "standard", "step": "handover", "level": "litigation", "content": {},
            "invoices": ["F1"], "steps": ["handover"], "levels": ["litigation"],
            "state": "completed", "acted_on": DAY_91,
        }  # fmt: skip
        uow.execute(sa.insert(schema.contact).values(content))
        uow.commit()
    world.work(DAY_91 + timedelta(days=1))
    (one,) = world.cases("overdue_90")
    assert [case.kind for case in world.cases(state="open")] == ["handover"]
    assert one.closed_reason == "handed_over"
    assert one.facts["level_reached"] == "litigation"


def test_a_payer_that_falls_late_again_gets_a_new_case(world: World) -> None:
    world.work(DAY_91)
    world.pay("B2", DAY_91, 100_000, "F1")
    world.work(DAY_91 + timedelta(days=1))
    assert world.work(DAY_91 + timedelta(days=10)).opened == 1
    assert [one.state for one in world.cases()] == ["closed", "open"]


def test_a_past_day_worked_again_neither_reopens_nor_turns_back(world: World) -> None:
    world.work(DAY_91)
    world.pay("B2", DAY_91 + timedelta(days=1), 100_000, "F1")
    world.work(DAY_91 + timedelta(days=1))
    before = world.everything()
    assert world.work(DAY_91).as_dict() == {"opened": 0, "updated": 0, "closed": 0}
    assert world.everything() == before


def test_every_event_is_in_the_payers_chained_timeline(world: World) -> None:
    world.work(DAY_91)
    world.pay("B2", DAY_91, 100_000, "F1")
    world.work(DAY_91 + timedelta(days=1))
    with UnitOfWork(world.database) as uow:
        rows = timeline.read(uow, ENTITY, "C1")
    assert [(row["kind"], row["subject"], row["actor"]) for row in rows] == [
        ("case.open", "case:1", "relance"),
        ("case.close", "case:1", "relance"),
    ]
    assert timeline.verify(rows) is None


def test_last_contact_level_and_next_step_come_from_history_and_the_newest_plan(world: World) -> None:
    day = DAY_91
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.insert(schema.policy_version).values(version="v", content={}))
        plan = {
            "entity": ENTITY,
            "as_of": day,
            "policy_version": "v",
            "snapshot_digest": "s",
            "digest": "d",
            "live": True,
            "counts": {},
        }
        number = uow.execute(
            sa.insert(schema.plan).values(plan).returning(schema.plan.c.plan_id)
        ).scalar_one()
        contact = {
            "key": "k1", "entity": ENTITY, "payer_id": "C1", "as_of": day - timedelta(days=3), "plan_id": number,
            "kind": "message", "channel": "email", "scenario": "standard", "step": "first", "level": "level_1",
            "content": {}, "state": "sent", "invoices": ["F1"], "steps": ["first"],
            "levels": ["level_1"], "acted_on": day - timedelta(days=3),
        }  # fmt: skip
        uow.execute(sa.insert(schema.contact).values(contact))
        outcome = {
            "plan_id": number, "invoice_id": "F1", "payer_id": "C1", "outcome": "wait", "holds": [], "scenario": "standard",
            "next_step": "formal", "next_on": day + timedelta(days=4), "passed_over": [], "open": 1, "to_demand": 1,
            "currency": "EUR", "days_late": 91,
        }  # fmt: skip
        uow.execute(sa.insert(schema.outcome).values(outcome))
        uow.commit()
    world.work(day)
    facts = world.cases()[0].facts
    assert facts["level_reached"] == "level_1"
    assert facts["last_contact"] == {
        "on": (day - timedelta(days=3)).isoformat(),
        "channel": "email",
        "level": "level_1",
        "state": "sent",
    }
    assert facts["next"] == {"what": "wait", "step": "formal", "on": (day + timedelta(days=4)).isoformat()}


@pytest.mark.parametrize(
    ("until", "sent", "told"),
    [
        (None, False, {"what": "act", "step": "formal", "level": "level_3"}),
        (None, True, {"what": "done", "step": "formal", "on": DAY_91.isoformat()}),
        (
            DAY_91 + timedelta(days=9),
            False,
            {"what": "hold", "reason": "snoozed", "until": (DAY_91 + timedelta(days=9)).isoformat()},
        ),
    ],
)
def test_a_card_announces_no_step_that_is_done_or_that_rests_meanwhile(
    world: World, until: date | None, sent: bool, told: dict[str, str]
) -> None:
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.insert(schema.policy_version).values(version="v", content={}))
        made = sa.insert(schema.plan).values(
            entity=ENTITY,
            as_of=DAY_91,
            policy_version="v",
            snapshot_digest="s",
            digest="d",
            live=True,
            counts={},
        )
        number = uow.execute(made.returning(schema.plan.c.plan_id)).scalar_one()
        step = {"scenario": "standard", "step": "formal", "level": "level_3"}
        uow.execute(
            sa.insert(schema.contact).values(
                key="k1", entity=ENTITY, payer_id="C1", as_of=DAY_91, plan_id=number, kind="message", channel="email",
                content={}, state="sent" if sent else "planned", invoices=["F1"], acted_on=DAY_91 if sent else None, **step,
            )
        )  # fmt: skip
        uow.execute(
            sa.insert(schema.outcome).values(
                plan_id=number, invoice_id="F1", payer_id="C1", outcome="act", holds=[], passed_over=[], open=1, to_demand=1,
                currency="EUR", days_late=91, contact_key="k1", **step,
            )
        )  # fmt: skip
        if until:
            held = {
                "entity": ENTITY,
                "payer_id": "C1",
                "reason": "snoozed",
                "from_date": DAY_91,
                "until": until,
            }
            uow.execute(sa.insert(schema.hold).values(source="by hand", **held))
        uow.commit()
    world.work(DAY_91)
    assert world.cases()[0].facts["next"] == told
