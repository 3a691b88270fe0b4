"""Hand-overs, risks and data: what opens a case, what it says, and what closes it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance import cases
from relance.cases import Case
from relance.store import contacts
from relance.store.database import Database
from relance.store.plans import history_frames
from relance.store.schema import contact, import_run, payer_profile, profile_week, quarantine
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import act
from tests.integration.cases.world import BY, ENTITY, World, invoice
from tests.integration.delivery.conftest import add_contacts

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def world(database: Database) -> World:
    one = World(database)
    one.ledger(
        customers=[{"customer_id": "C1", "collector": BY}, {"customer_id": "C2"}],
        invoices=[invoice("F1", DAY - timedelta(days=10), 12_000), invoice("F2", DAY, 500)],
    )
    return one


def opened(world: World, kind: str) -> list[Case]:
    return world.cases(kind, "open")


def resolve(world: World, case: Case, reason: str, on: date) -> None:
    act(world, cases.resolve, BY, on, case_id=case.case_id, reason=reason)


# ---------------------------------------------------------------- handover


def hand_over(world: World, on: date, *invoices: str) -> str:
    (key,) = add_contacts(world.database, ["C1"], day=on, state="open")
    with UnitOfWork(world.database) as uow:
        uow.execute(
            sa.update(contact)
            .where(contact.c.key == key)
            .values(
                kind="handoff",
                invoices=list(invoices),
                steps=["agency"] * len(invoices),
                levels=["litigation"] * len(invoices),
            )
        )
        contacts.set_state(uow, [key], "completed", BY, on, note="done")
        uow.commit()
    return key


def in_litigation(world: World, on: date) -> bool:
    """Whether planning finds a hand-over whose case is not closed."""
    frame = history_frames(world.database, ENTITY, on)[0]
    return bool((~frame["settled"]).any())


def test_a_hand_over_that_is_completed_opens_a_case_and_one_that_is_paid_closes_it(world: World) -> None:
    hand_over(world, DAY, "F1")
    assert in_litigation(world, NEXT)
    world.work(DAY)
    (case,) = opened(world, "handover")
    assert case.facts["handed_over"] == {"on": "2026-03-02", "last_on": "2026-03-02", "invoices": 1}
    assert [one["invoice_id"] for one in case.facts["items"]] == ["F1"]
    before = world.everything()
    world.work(DAY)
    assert world.everything() == before
    world.pay("P1", NEXT, 12_000, "F1")
    world.work(NEXT)
    assert [one.closed_reason for one in world.cases("handover")] == ["paid"]
    assert not in_litigation(world, NEXT + timedelta(days=1))


def test_a_person_closes_a_hand_over_and_it_stays_closed(world: World) -> None:
    hand_over(world, DAY, "F1")
    world.work(DAY)
    resolve(world, opened(world, "handover")[0], "returned", NEXT)
    assert not in_litigation(world, NEXT)
    world.work(NEXT)
    world.work(NEXT + timedelta(days=1))
    assert opened(world, "handover") == []


def test_what_came_back_from_the_agency_is_alerted_of_again(world: World) -> None:
    hand_over(world, DAY, "F1")
    late = DAY + timedelta(days=100)
    world.work(DAY)
    world.work(late)
    assert [item["invoice_id"] for case in opened(world, "overdue_90") for item in case.facts["items"]] == [
        "F2"
    ]
    resolve(world, opened(world, "handover")[0], "returned", late)
    world.work(late + timedelta(days=1))
    assert [item["invoice_id"] for case in opened(world, "overdue_90") for item in case.facts["items"]] == [
        "F1",
        "F2",
    ]


def test_a_hand_over_of_which_nothing_is_open_does_not_hold_its_payer_for_ever(world: World) -> None:
    world.pay("P1", DAY, 12_000, "F1")
    hand_over(world, DAY, "F1")
    assert in_litigation(world, NEXT)
    world.work(DAY)
    assert [one.closed_reason for one in world.cases("handover")] == ["paid"]
    assert not in_litigation(world, NEXT)
    assert world.work(NEXT).opened == 0


def test_a_second_hand_over_after_the_first_was_closed_opens_another_case(world: World) -> None:
    hand_over(world, DAY, "F1")
    world.work(DAY)
    resolve(world, opened(world, "handover")[0], "settled", DAY)
    hand_over(world, NEXT, "F2")
    world.work(NEXT)
    (case,) = opened(world, "handover")
    assert [one["invoice_id"] for one in case.facts["items"]] == ["F2"]
    assert in_litigation(world, NEXT + timedelta(days=1))


# ---------------------------------------------------------------- risk


def look(world: World, on: date, **profiles: str | None) -> None:
    """A week's look at the payers."""
    week = on - timedelta(days=on.weekday())
    with UnitOfWork(world.database) as uow:
        uow.execute(
            sa.insert(profile_week).values(entity=ENTITY, week=week, as_of=on, policy_version="x", counts={})
        )
        for payer, profile in profiles.items():
            row = {
                "entity": ENTITY,
                "week": week,
                "payer_id": payer,
                "candidate": profile,
                "weeks": 3,
                "profile": profile,
                "figures": {},
            }
            uow.execute(sa.insert(payer_profile).values(row))
        uow.commit()


def signal(
    world: World, on: date, kind: str = "churn_risk", until: date | None = None, customer: str = "C1"
) -> None:
    row = {
        "customer_id": customer,
        "kind": kind,
        "from_date": on,
        "ordinal": 1,
        "until": until,
        "owner": "sales@lumen.example",
        "note": "asks for a rebate",
    }
    world.ledger(on, signals=[row])


@pytest.mark.parametrize(("was", "now", "opens"), [
    ("good", "bad", True), ("automatic", "litigious", True), ("good", "automatic", False), ("bad", "insolvent", False),
    ("bad", "good", False),
])  # fmt: skip
def test_a_good_payer_that_drifts_opens_a_risk(world: World, was: str, now: str, opens: bool) -> None:
    look(world, DAY, C1=was, C2=None)
    look(world, DAY + timedelta(days=7), C1=now, C2="bad")
    world.work(DAY + timedelta(days=7))
    signs = [case.facts["risk"] for case in opened(world, "risk")]
    assert signs == ([[{"what": "drift", "on": "2026-03-09", "was": was, "now": now}]] if opens else [])


def test_a_drift_that_was_seen_opens_no_other_case(world: World) -> None:
    look(world, DAY, C1="good")
    later = DAY + timedelta(days=7)
    look(world, later, C1="bad")
    world.work(later)
    (case,) = opened(world, "risk")
    resolve(world, case, "seen", later)
    for after in (0, 1, 7):
        assert world.work(later + timedelta(days=after)).opened == 0
    look(world, later + timedelta(days=7), C1="good")
    look(world, later + timedelta(days=14), C1="negligent")
    world.work(later + timedelta(days=14))
    assert [one["now"] for one in opened(world, "risk")[0].facts["risk"]] == ["negligent"]


def test_a_customer_at_risk_opens_a_case_that_says_who_knows_of_it(world: World) -> None:
    signal(world, DAY, "negotiation")
    world.work(DAY)
    assert opened(world, "risk") == []
    signal(world, NEXT)
    world.work(NEXT)
    (case,) = opened(world, "risk")
    assert case.facts["risk"] == [
        {
            "what": "churn_risk",
            "on": "2026-03-03",
            "owner": "sales@lumen.example",
            "note": "asks for a rebate",
        }
    ]
    assert (case.payer_id, case.owner) == ("C1", BY)
    before = world.everything()
    world.work(NEXT)
    assert world.everything() == before


def test_what_shows_more_risk_is_added_to_the_open_case(world: World) -> None:
    signal(world, DAY, until=DAY)
    world.work(DAY)
    signal(world, NEXT)
    assert world.work(NEXT).updated == 1
    (case,) = opened(world, "risk")
    assert [one["on"] for one in case.facts["risk"]] == ["2026-03-02", "2026-03-03"]


# ---------------------------------------------------------------- data


def import_of(world: World, on: date, status: str = "done") -> int:
    run = {"entity": ENTITY, "extract_date": on, "source": "x", "digest": "", "status": status, "counts": {},
           "message": "12 of 20 rows are bad" if status == "refused" else None}  # fmt: skip
    with UnitOfWork(world.database) as uow:
        number: int = uow.execute(
            sa.insert(import_run).values(run).returning(import_run.c.import_id)
        ).scalar_one()
        uow.commit()
    return number


def turned_away(world: World, number: int, key: str | None, line: int, **ended: int) -> None:
    row: dict[str, Any] = {
        "entity": ENTITY, "import_id": number, "table_name": "invoices", "row_key": key, "file": "invoices.csv",
        "line": line, "column_name": "amount", "reason": "no number", **ended,
    }  # fmt: skip
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.insert(quarantine).values(row))
        uow.commit()


def test_an_import_that_was_refused_opens_a_case_of_the_entity_and_a_sound_one_closes_it(
    world: World,
) -> None:
    import_of(world, DAY, "refused")
    assert world.work(DAY).opened == 1
    (case,) = opened(world, "data")
    assert (case.payer_id, case.facts["payer"]["name"], case.owner) == ("", "Lumen SAS", None)
    assert case.facts["data"]["refused"]["message"] == "12 of 20 rows are bad"
    assert "12 of 20 rows are bad" in case.details["text"]
    before = world.everything()
    world.work(DAY)
    assert world.everything() == before
    import_of(world, NEXT)
    assert world.work(NEXT).closed == 1
    assert [one.closed_reason for one in world.cases("data")] == ["fixed"]


def test_rows_in_quarantine_open_a_case_when_they_lie_there_for_long(world: World) -> None:
    first = import_of(world, DAY)
    turned_away(world, first, "F9", 12)
    turned_away(world, first, None, 13)
    for after in range(4):
        assert world.work(DAY + timedelta(days=after)).opened == 0
    on = DAY + timedelta(days=4)
    assert world.work(on).opened == 1
    (case,) = opened(world, "data")
    assert case.facts["data"]["quarantine"] == {"rows": 2, "since": "2026-03-02", "first": "invoices.csv:12"}
    with UnitOfWork(world.database) as uow:
        uow.execute(sa.update(quarantine).values(cleared_by=first))
        uow.commit()
    assert world.work(on).closed == 1


def test_a_row_that_is_bad_again_in_another_place_lies_there_since_its_first_day(world: World) -> None:
    numbers = [import_of(world, DAY + timedelta(days=after)) for after in range(5)]
    for after, (number, following) in enumerate(zip(numbers, [*numbers[1:], None], strict=True)):
        turned_away(world, number, "F9", 12 + after, **({"replaced_by": following} if following else {}))
    assert world.work(DAY + timedelta(days=3)).opened == 0
    assert world.work(DAY + timedelta(days=4)).opened == 1
    assert opened(world, "data")[0].facts["data"]["quarantine"]["first"] == "invoices.csv:16"


def test_a_data_case_that_a_person_closed_comes_back_with_something_new_only(world: World) -> None:
    import_of(world, DAY, "refused")
    world.work(DAY)
    resolve(world, opened(world, "data")[0], "not_needed", DAY)
    assert world.work(NEXT).opened == 0
    import_of(world, NEXT, "refused")
    assert world.work(NEXT).opened == 1
    assert json.dumps(opened(world, "data")[0].as_dict())
