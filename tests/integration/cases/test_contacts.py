"""Wrong addresses and given persons: kept beside the ledger, used by the next plan, taken back again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance.cases.addresses import addresses_of, read_phone
from relance.cases.contacting import give_contact, right_contact, withdraw_contact, wrong_contact
from relance.cases.record import Draft, Journal, open_cases
from relance.config.models import ROLES
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.evidence.erasing import erase_expired
from relance.ledger.cells import CellError
from relance.planning.people import persons_for
from relance.store.database import Database
from relance.store.schema import case_event, contact_correction, reach_mark, slack_user, timeline
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
    person,
)
from tests.integration.cases.world import World

pytestmark = pytest.mark.integration
NEW = {"name": "Dee", "role": "finance_lead", "email": "Dee@client.example", "phone": "+33 1 00-00.00 04"}


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


def no_contact(world: World, subject: str = "hold:no_contact") -> int:
    """A case of a payer whom nobody can reach, as the review of holds opens it."""
    facts = {
        "payer": {"customer_id": "C1", "name": "B", "collector": BY, "sales_owner": None}, "items": [], "totals": [],
        "held": "no_contact", "about": 0, "oldest_due": None,
    }  # fmt: skip
    with UnitOfWork(world.database) as uow:
        journal = Journal(uow=uow, entity=ENTITY, on=DAY)
        found = open_cases(journal, [Draft("C1", "no_contact", facts, subject=subject)])
        journal.write()
        uow.commit()
    return found["C1", subject]


def reached(world: World, channel: str, day: date = NEXT) -> list[str]:
    """Whom a step of all roles would reach on a day, in order."""
    return persons_for(world.snapshot(day).contacts, (channel,), ROLES)["contact_id"].to_list()


def test_a_wrong_address_is_planned_for_no_more(world: World) -> None:
    number = no_contact(world)
    assert reached(world, "email") == ["P1"]
    do(world, wrong_contact, case_id=number, contact_id="P1", channel="email", address="ADA@client.example ")
    assert reached(world, "email") == []
    assert reached(world, "call") == ["P1", "P2"]
    (mark,) = world.rows(reach_mark)
    assert (mark["mark"], mark["address"], mark["source"]) == ("wrong", "ada@client.example", f"{BY}, {DAY}")


@pytest.mark.parametrize("channel", ["call", "sms", "voice"])
def test_a_wrong_number_is_wrong_for_calls_and_sms_alike(world: World, channel: str) -> None:
    do(world, wrong_contact, case_id=no_contact(world), channel=channel, address="+33100000002")
    assert [reached(world, one) for one in ("call", "sms", "voice")] == [["P1"]] * 3


def test_taken_back_it_is_used_again_and_other_marks_stand(world: World) -> None:
    number = no_contact(world)
    do(world, wrong_contact, case_id=number, channel="email", address="ada@client.example")
    do(world, right_contact, case_id=number, channel="email", address="ada@client.example")
    assert reached(world, "email") == ["P1"]
    with pytest.raises(CaseError):
        do(world, right_contact, case_id=number, channel="email", address="ada@client.example")


NOT_THEIRS = [
    {"channel": "email", "address": "someone@else.example"},
    {"channel": "email", "address": ""},
    {"channel": "pigeon", "address": "ada@client.example"},
    {"channel": "email", "address": "ada@client.example", "contact_id": "P9"},
]


def test_only_an_address_of_this_payer_can_be_wrong(world: World) -> None:
    number = no_contact(world)
    for given in NOT_THEIRS:
        with pytest.raises(CaseError):
            do(world, wrong_contact, case_id=number, **given)
    assert world.rows(reach_mark) == []


def test_the_second_to_say_so_is_told_of_the_first(world: World) -> None:
    number = no_contact(world)
    do(world, wrong_contact, case_id=number, channel="email", address="ada@client.example")
    with pytest.raises(AlreadyDoneError, match=BY):
        do(world, wrong_contact, case_id=number, channel="email", address="ada@client.example", by=LEAD)


def test_a_call_that_was_to_go_there_is_shown_with_the_next_number(world: World) -> None:
    add_call(world)
    world.work(DAY)
    number = case_of(world, "call").case_id
    do(world, wrong_contact, case_id=number, channel="call", address="+33100000001")
    assert case_of(world, "call").details["phone"] == "+33100000002"
    do(world, wrong_contact, case_id=number, channel="call", address="+33100000002")
    assert case_of(world, "call").details["phone"] is None
    do(world, give_contact, case_id=number, name="Dee", role="buyer", phone="0033100000004")
    assert case_of(world, "call").details["phone"] is None  # the call's step is for other roles
    do(world, give_contact, case_id=number, name="Eve", role="accounts_payable", phone="0033100000005")
    assert case_of(world, "call").details["phone"] == "+33100000005"


def test_a_given_contact_is_used_from_the_next_plan_on_and_closes_the_case(world: World) -> None:
    number = no_contact(world)
    case = do(world, give_contact, case_id=number, **NEW)
    assert (case.state, case.closed_reason) == ("closed", "contact_given")
    (row,) = world.rows(contact_correction)
    assert (row["email"], row["phone"], row["by"], row["on_date"]) == (
        "Dee@client.example",
        "+33100000004",
        BY,
        DAY,
    )
    assert reached(world, "email") == ["P1", f"given:{row['correction_id']}"]
    assert reached(world, "email", DAY - timedelta(days=1)) == ["P1"]
    kinds = [one["kind"] for one in world.rows(timeline)]
    assert "case.contact" in kinds
    assert "case.close" in kinds


def test_addresses_are_kept_out_of_what_outlives_retention(world: World) -> None:
    number = no_contact(world)
    do(world, wrong_contact, case_id=number, channel="email", address="ada@client.example")
    do(world, give_contact, case_id=number, **NEW)
    told = str([row["body"] for row in world.rows(case_event)])
    assert "client.example" not in told
    assert "0004" not in told
    assert "Dee" not in told


def test_the_ledgers_own_contact_with_the_same_address_wins_later(world: World) -> None:
    do(world, give_contact, case_id=no_contact(world), **NEW)
    row = person("P4", "Dee D.", "finance_lead", "+33100000009", email="dee@CLIENT.example")
    world.ledger(extract=NEXT, contacts=[row])
    assert reached(world, "email") == ["P1", "P4"]
    world.ledger(extract=NEXT + timedelta(days=1), contacts=[row | {"active": False}])
    assert reached(world, "email", NEXT + timedelta(days=1)) == ["P1"]


def test_withdrawn_it_no_longer_counts(world: World) -> None:
    number = no_contact(world)
    do(world, give_contact, case_id=number, **NEW)
    (row,) = world.rows(contact_correction)
    given = f"given:{row['correction_id']}"
    with pytest.raises(CaseError):
        do(world, withdraw_contact, case_id=number, contact_id="given:999")
    do(world, withdraw_contact, case_id=number, contact_id=given, on_date=NEXT)
    assert reached(world, "email") == ["P1"]
    assert reached(world, "email", DAY) == ["P1", given]
    with pytest.raises(CaseError):
        do(world, withdraw_contact, case_id=number, contact_id=given)


REFUSED: list[dict[str, Any]] = [
    {"email": None, "phone": None},
    {"email": "dee@client"},
    {"phone": "12 34"},
    {"phone": "+33 1 oo 00 00 04"},
    {"role": "boss"},
    {"name": " "},
    {"name": "x" * 201},
    {"language": "klingonese"},
    {"email": "ada@client.example"},
    {"phone": "+33100000003"},
]


def test_what_cannot_be_a_contact_or_is_known_already_is_refused(world: World) -> None:
    number = no_contact(world)
    before = world.everything()
    for given in REFUSED:
        with pytest.raises(CaseError):
            do(world, give_contact, case_id=number, **(NEW | given))
    assert world.rows(contact_correction) == []
    assert world.everything() == before


def test_who_gives_it_again_is_told_who_gave_it(world: World) -> None:
    number = no_contact(world)
    do(world, give_contact, case_id=number, **NEW)
    again = no_contact(world)
    with pytest.raises(AlreadyDoneError, match=BY):
        do(world, give_contact, case_id=again, **NEW, by=LEAD)


def test_an_address_that_is_marked_is_not_given_anew(world: World) -> None:
    number = no_contact(world)
    do(world, give_contact, case_id=number, **NEW)
    number = no_contact(world)
    do(world, wrong_contact, case_id=number, channel="email", address="dee@client.example")
    (row,) = world.rows(contact_correction)
    do(world, withdraw_contact, case_id=number, contact_id=f"given:{row['correction_id']}")
    with pytest.raises(CaseError, match="marked"):
        do(world, give_contact, case_id=number, **NEW)


def test_who_may_not_correct_contacts_may_not(world: World) -> None:
    number = no_contact(world)
    with UnitOfWork(world.database) as uow:
        uow.execute(
            sa.insert(slack_user).values(user_id="U1", email="g@out.example", kind="guest", groups=[])
        )
        uow.commit()
    for verb, given in (
        (give_contact, NEW),
        (wrong_contact, {"channel": "email", "address": "ada@client.example"}),
    ):
        with pytest.raises(NotAllowedError):
            do(world, verb, case_id=number, by="g@out.example", **given)


def test_a_payers_usable_addresses_are_listed(world: World) -> None:
    number = no_contact(world)
    do(world, wrong_contact, case_id=number, channel="call", address="+33100000002")
    with UnitOfWork(world.database) as uow:
        found = [
            (one["contact_id"], one["channel"], one["address"])
            for one in addresses_of(uow, ENTITY, "C1", DAY)
        ]
    assert found == [("P1", "email", "ada@client.example"), ("P1", "call", "+33 1 00 00 00 01")]


def test_what_people_gave_is_erased_with_its_payers_other_content(world: World) -> None:
    do(world, give_contact, case_id=no_contact(world), **NEW)
    for number in (1, 2, 3):
        world.pay(f"B{number}", NEXT, 10_000 * number, f"F{number}")
    region = world.policy.regions["fr"]
    kept = region.model_validate({**region.model_dump(), "retention": {"messages_years": 1}})
    policy = world.policy.model_copy(update={"regions": {"fr": kept}})
    late = date(DAY.year + 2, 1, 1)
    report = erase_expired(world.database, policy=policy, entity=ENTITY, as_of=late)
    assert report.people == 1
    (row,) = world.rows(contact_correction)
    assert [row[name] for name in ("name", "email", "phone", "whatsapp")] == [None] * 4
    assert reached(world, "email", late) == ["P1"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+33 1 23 45 67 89", "+33123456789"),
        ("0033(1)23.45-67/89", "+33123456789"),
        ("+1 (212) 555-0100", "+12125550100"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, number: str) -> None:
    assert read_phone(text) == number


@pytest.mark.parametrize(
    "text", ["0123456789", "+0123456", "+331234567890123456", "call me", "", "+33 1٢3456789"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        read_phone(text)
