"""Disputes: reason codes, part of an amount, evidence, age and deadline; the undisputed rest goes on; the platform's word."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from relance import cases
from relance.cases import Case
from relance.cases.answering import contested
from relance.cases.disputes import NOTE_DAYS, end_awaited
from relance.cases.disputing import LONGEST_TEXT, MOST_EVIDENCE, REASONS, dispute
from relance.cases.record import Journal
from relance.config.roles import Roles
from relance.delivery.templates import Templates
from relance.errors import CaseError, NotAllowedError
from relance.insight.statements import statement
from relance.money import Money
from relance.settings import REPOSITORY
from relance.store.database import Database
from relance.store.schema import dunning_case, hold
from relance.store.uow import UnitOfWork
from tests.integration.cases.people import act
from tests.integration.cases.world import BY, ENTITY, World, invoice

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)
EUR = "EUR"


@pytest.fixture
def world(database: Database) -> World:
    """C1 owes F1 (1,000.00), F2 in two terms, and U1 in dollars; C2 owes G1."""
    one = World(database)
    late = DAY - timedelta(days=20)
    one.ledger(
        customers=[{"customer_id": "C1", "collector": BY}, {"customer_id": "C2"}],
        invoices=[
            invoice("F1", late, 100_000),
            invoice("F2/1", late, 20_000, term=1),
            invoice("F2/2", DAY + timedelta(days=10), 20_000, term=2),
            invoice("U1", late, 5_000, currency="USD"),
            invoice("G1", late, 900, customer_id="C2"),
        ],
    )
    return one


def take(world: World, *invoices: str, on: date = DAY, **other: Any) -> Case:
    with UnitOfWork(world.database) as uow:
        case = dispute(
            uow, policy=world.policy, entity=ENTITY, payer_id=other.pop("payer_id", "C1"), by=other.pop("by", BY),
            on_date=on, reason=other.pop("reason", "price"), invoices=invoices, **other,
        )  # fmt: skip
        uow.commit()
    return case


def say(world: World, *, on: date = DAY, invoices: list[str] | None = None, text: str | None = None) -> int:
    with UnitOfWork(world.database) as uow:
        number = contested(
            uow, policy=world.policy, entity=ENTITY, payer_id="C1", on_date=on, invoices=invoices, text=text
        )
        uow.commit()
    return number


def resting(world: World, on: date = DAY) -> dict[str, tuple[int | None, date | None]]:
    """By invoice the part that rests (None: all of it), and until when."""
    stands = sa.and_(
        hold.c.reason == "disputed", hold.c.from_date <= on,
        sa.or_(hold.c.ended_on.is_(None), hold.c.ended_on > on), sa.or_(hold.c.until.is_(None), hold.c.until >= on),
    )  # fmt: skip
    with UnitOfWork(world.database) as uow:
        rows = uow.execute(sa.select(hold.c.invoice_id, hold.c.amount, hold.c.until).where(stands)).all()
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: (row[1], row[2]) for row in rows}


def case_of(world: World, number: int) -> Case:
    with UnitOfWork(world.database) as uow:
        return cases.read_case(uow, number)


def resolve(world: World, number: int, reason: str, on: date = DAY) -> Case:
    return act(world, cases.resolve, BY, on, case_id=number, reason=reason)


# ---------------------------------------------------------------- taken down


def test_a_dispute_has_a_reason_a_part_of_an_amount_evidence_and_a_deadline(world: World) -> None:
    case = take(
        world, "F1", "F2/1", reason="quantity", amounts={"F1": Money(EUR, 30_000)}, text="two pallets short",
        evidence=["delivery-note.pdf", "https://files.example/1", "delivery-note.pdf"],
    )  # fmt: skip
    assert (case.kind, case.state, case.owner, case.opened_on) == ("dispute", "open", BY, DAY)
    assert case.due_on == DAY + timedelta(days=30)
    assert case.details == {
        "reason": "quantity", "amounts": {"F1": 30_000, "F2/1": 20_000}, "whole": ["F2/1"], "currency": EUR,
        "currencies": {"F1": EUR, "F2/1": EUR}, "evidence": ["delivery-note.pdf", "https://files.example/1"],
        "text": "two pallets short",
    }  # fmt: skip
    assert case.facts["disputed"] == [{"currency": EUR, "amount": 50_000}]
    assert [one["invoice_id"] for one in case.facts["items"]] == ["F1", "F2/1"]
    assert resting(world) == {"F1": (30_000, None), "F2/1": (None, None)}


def test_the_entity_says_in_how_many_days_a_dispute_is_answered(world: World) -> None:
    one = world.policy.entity(ENTITY).model_copy(update={"dispute_days": 10})
    world.policy = world.policy.model_copy(update={"entities": {ENTITY: one}})
    assert take(world, "F1").due_on == DAY + timedelta(days=10)


def test_an_invoice_names_all_its_terms(world: World) -> None:
    assert set(take(world, "F2").details["amounts"]) == {"F2/1", "F2/2"}


def test_a_part_of_all_that_is_open_is_the_whole(world: World) -> None:
    assert take(world, "F1", amounts={"F1": Money(EUR, 100_000)}).details["whole"] == ["F1"]
    assert resting(world) == {"F1": (None, None)}


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"invoices": ["F1"], "reason": "weather"}, r"no reason of a dispute\. Give one of price, quantity"),
    ({"invoices": []}, "No invoice is not open"),
    ({"invoices": ["X9"]}, "X9 is not open for C1"),
    ({"invoices": ["G1"]}, "G1 is not open for C1"),
    ({"invoices": ["F1"], "payer_id": "C9"}, "no payer 'C9'"),
    ({"invoices": ["F1"], "amounts": {"F1": Money(EUR, 100_001)}}, r"at most 1,?000\.00 EUR"),
    ({"invoices": ["F1"], "amounts": {"F1": Money(EUR, 0)}}, "more than 0"),
    ({"invoices": ["F1"], "amounts": {"F1": Money("USD", 100)}}, "F1 is in EUR"),
    ({"invoices": ["F1"], "amounts": {"U1": Money("USD", 100)}}, "U1 is not among the invoices"),
    ({"invoices": ["F2"], "amounts": {"F2": Money(EUR, 100)}}, r"F2 has 2 terms\. Give a part of each"),
    ({"invoices": ["F1"], "text": "x" * (LONGEST_TEXT + 1)}, f"Write {LONGEST_TEXT} at most"),
    ({"invoices": ["F1"], "evidence": [str(n) for n in range(MOST_EVIDENCE + 1)]}, "too much evidence"),
    ({"invoices": ["F1"], "by": "relance"}, "is not a person"),
)


def test_what_cannot_be_disputed_is_refused(world: World) -> None:
    before = world.everything()
    for what, message in REFUSED:
        with pytest.raises(CaseError, match=message):
            take(world, *what["invoices"], **{name: one for name, one in what.items() if name != "invoices"})
    assert world.everything() == before


def test_who_may_dispute_stands_in_the_table_up_to_its_amounts(world: World) -> None:
    table = {
        "roles": {"sales": {"people": [BY]}},
        "permissions": [{"role": "sales", "may": ["dispute"], "up_to": ["500.00 EUR"]}],
    }
    world.policy = world.policy.model_copy(update={"roles": Roles.model_validate(table)})
    with pytest.raises(NotAllowedError):
        take(world, "F1")
    with pytest.raises(NotAllowedError):
        take(world, "F1", by="somebody@lumen.example", amounts={"F1": Money(EUR, 100)})
    assert take(world, "F1", amounts={"F1": Money(EUR, 50_000)}).case_id


def test_every_reason_can_be_given(world: World) -> None:
    for reason in REASONS:
        assert take(world, "F1", reason=reason).details["reason"] == reason


# ---------------------------------------------------------------- one open dispute per set of invoices


def test_the_same_invoices_again_change_only_the_words(world: World) -> None:
    first = take(world, "F1", text="too dear", evidence=["a.pdf"])
    again = take(world, "F1", reason="quality", evidence=["b.pdf"])
    assert (again.case_id, again.revision) == (first.case_id, first.revision + 1)
    assert (again.details["reason"], again.details["text"]) == ("quality", "too dear")
    assert again.details["evidence"] == ["a.pdf", "b.pdf"]
    assert len(world.rows(hold)) == 1
    assert take(world, "F1", reason="quality").revision == again.revision


def test_the_same_invoices_with_another_part_rest_for_that_part(world: World) -> None:
    number = take(world, "F1", amounts={"F1": Money(EUR, 30_000)}).case_id
    case = take(world, "F1", amounts={"F1": Money(EUR, 40_000)}, on=NEXT)
    assert (case.case_id, case.facts["disputed"]) == (number, [{"currency": EUR, "amount": 40_000}])
    assert (resting(world), resting(world, NEXT)) == ({"F1": (30_000, None)}, {"F1": (40_000, None)})


def test_an_invoice_that_is_in_dispute_already_is_refused_with_the_cases_number(world: World) -> None:
    number = take(world, "F1").case_id
    with pytest.raises(CaseError, match=rf"F1 is in dispute already: case {number}\."):
        take(world, "F1", "U1")
    assert take(world, "U1").case_id != number


def test_two_people_at_once_open_one_dispute(world: World) -> None:
    found: list[object] = []
    at_once = threading.Barrier(2)

    def go(*names: str) -> None:
        with UnitOfWork(world.database) as uow:
            at_once.wait()
            try:
                case = dispute(
                    uow, policy=world.policy, entity=ENTITY, payer_id="C1", by=BY, on_date=DAY, reason="price",
                    invoices=names,
                )  # fmt: skip
                uow.commit()
                found.append(case.case_id)
            except CaseError as error:
                found.append(error)

    people = [threading.Thread(target=go, args=names) for names in (("F1",), ("F1", "U1"))]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(isinstance(one, CaseError) for one in found) == [False, True]
    assert len(world.cases("dispute")) == 1


# ---------------------------------------------------------------- the payer's own


def test_what_a_payer_contests_is_a_dispute_with_a_deadline(world: World) -> None:
    case = case_of(world, say(world, invoices=["F1"], text="never ordered"))
    assert (case.details["reason"], case.due_on) == ("not_stated", DAY + timedelta(days=30))
    assert resting(world) == {"F1": (None, None)}


def test_a_payer_is_never_refused_what_is_in_dispute_already_stays_with_its_case(world: World) -> None:
    part = take(world, "F1").case_id
    assert say(world, invoices=["F1"], text="all of it") == part
    assert resting(world) == {"F1": (None, None)}
    rest = say(world, text="and everything else")
    assert rest != part
    assert set(case_of(world, rest).details["amounts"]) == {"F2/1", "F2/2", "U1"}
    assert case_of(world, rest).details["currency"] is None
    assert say(world) == part


def test_a_payer_that_contests_all_of_what_is_in_dispute_in_part_widens_that_case(world: World) -> None:
    parts = {"F1": Money(EUR, 30_000), "F2/1": Money(EUR, 5_000)}
    case = take(world, "F1", "F2/1", amounts=parts, text="too dear")
    assert say(world, invoices=["F1"], on=NEXT, text="all of it") == case.case_id
    assert resting(world, NEXT) == {"F1": (None, None), "F2/1": (5_000, None)}
    after = case_of(world, case.case_id)
    assert after.details["amounts"] == {"F1": 100_000, "F2/1": 5_000}
    assert (after.details["whole"], after.details["reason"], after.due_on) == (["F1"], "price", case.due_on)
    assert after.facts["disputed"] == [{"currency": EUR, "amount": 105_000}]
    with UnitOfWork(world.database) as uow:
        told = [event for event in cases.read_events(uow, case.case_id) if event.verb == "dispute"]
        said = [(event.actor, event.on_date, event.body["amounts"]["F1"]) for event in told]
    assert said == [("payer", NEXT, 100_000)]
    assert after.revision == case.revision + 2  # the dispute, and the payer's words
    say(world, invoices=["F1"], on=NEXT)
    assert case_of(world, case.case_id).revision == after.revision
    assert set(case_of(world, say(world, on=NEXT)).details["amounts"]) == {"F2/2", "U1"}
    assert resting(world, NEXT)["F2/1"] == (None, None)


# ---------------------------------------------------------------- day by day


def test_facts_and_deadline_are_brought_to_the_day(world: World) -> None:
    number = take(world, "F1", amounts={"F1": Money(EUR, 30_000)}).case_id
    assert world.work(NEXT).updated == 0
    world.pay("P1", NEXT, 80_000, "F1")
    world.work(NEXT)
    assert case_of(world, number).facts["disputed"] == [{"currency": EUR, "amount": 20_000}]
    due = DAY + timedelta(days=30)  # a Wednesday
    told = {}
    for on in (due - timedelta(days=2), due - timedelta(days=1), due, due + timedelta(days=1)):
        world.work(on)
        told[on] = case_of(world, number).facts["deadline"]
    assert list(told.values()) == [None, "eve", "today", "passed"]


@pytest.mark.parametrize(
    ("change", "reason"), [({"status": "cancelled"}, "cancelled"), ({"status": "written_off"}, "written_off")]
)
def test_a_dispute_closes_when_its_invoices_are_paid_or_cancelled(
    world: World, change: Mapping[str, Any], reason: str
) -> None:
    paid, other = take(world, "F1").case_id, take(world, "U1").case_id
    world.pay("P1", NEXT, 100_000, "F1")
    world.ledger(NEXT, invoices=[invoice("U1", DAY - timedelta(days=20), 5_000, currency="USD", **change)])
    assert world.work(NEXT).closed == 2
    assert [case_of(world, one).closed_reason for one in (paid, other)] == ["paid", reason]
    assert resting(world, NEXT + timedelta(days=1)) == {}
    before = world.everything()
    world.work(NEXT)
    assert world.everything() == before


def test_the_days_work_gives_an_older_dispute_its_deadline(world: World) -> None:
    number = take(world, "F1").case_id
    with UnitOfWork(world.database) as uow:  # as before disputes had details and deadlines
        uow.execute(sa.update(dunning_case).values(due_on=None, details={}))
        uow.commit()
    due = DAY + timedelta(days=30)
    world.work(due)
    after = case_of(world, number)
    assert (after.due_on, after.facts["deadline"], after.details) == (due, "today", {})


def test_a_dispute_of_several_invoices_stands_while_one_is_open(world: World) -> None:
    number = take(world, "F1", "F2/1").case_id
    world.pay("P1", NEXT, 100_000, "F1")
    world.work(NEXT)
    assert case_of(world, number).state == "open"
    assert [one["invoice_id"] for one in case_of(world, number).facts["items"]] == ["F2/1"]


def test_a_day_worked_again_leaves_what_stands_on_a_later_day(world: World) -> None:
    take(world, "F1", on=NEXT)
    before = world.everything()
    world.work(DAY)
    assert world.everything()["dunning_case"] == before["dunning_case"]


def test_a_statement_asks_for_the_undisputed_rest_and_says_what_is_in_dispute(world: World) -> None:
    take(world, "F1", amounts={"F1": Money(EUR, 30_000)})
    with UnitOfWork(world.database) as uow:
        made = statement(
            uow, policy=world.policy, entity=ENTITY, payer_id="C1", snapshot=world.snapshot(DAY),
            templates=Templates(REPOSITORY / "include" / "templates"), language="en",
        )  # fmt: skip
    sheet = openpyxl.load_workbook(io.BytesIO(made.content)).active
    (row,) = [row for row in sheet.iter_rows(values_only=True) if row[0] == "F1"]
    assert row[8:10] == (1000, 700)
    assert "300.00 of it disputed" in row[10]


# ---------------------------------------------------------------- resolved


def test_a_rejected_dispute_ends_its_hold_the_same_day(world: World) -> None:
    number = take(world, "F1").case_id
    assert resolve(world, number, "rejected", NEXT).closed_reason == "rejected"
    assert (resting(world, DAY), resting(world, NEXT)) == ({"F1": (None, None)}, {})


@pytest.mark.parametrize("reason", ["accepted_credit_note", "partly_accepted"])
def test_what_was_accepted_rests_until_its_credit_note_comes(world: World, reason: str) -> None:
    number = take(world, "F1", amounts={"F1": Money(EUR, 30_000)}).case_id
    case = resolve(world, number, reason)
    until = DAY + timedelta(days=NOTE_DAYS)
    assert case.details["resolved"]["credit_note_until"] == until.isoformat()
    assert resting(world) == {"F1": (30_000, until)}
    note = invoice("N1", NEXT, 30_000, kind="credit_note", credits_invoice_id="F1", issue_date=NEXT)
    world.ledger(NEXT, invoices=[note])
    with UnitOfWork(world.database) as uow:
        journal = Journal(uow=uow, entity=ENTITY, on=NEXT)
        assert (end_awaited(journal), end_awaited(journal)) == (1, 0)
        uow.commit()
    assert resting(world, NEXT) == {}


def test_a_credit_note_that_came_before_the_answer_is_not_awaited(world: World) -> None:
    number = take(world, "F1", amounts={"F1": Money(EUR, 30_000)}).case_id
    note = invoice("N1", NEXT, 30_000, kind="credit_note", credits_invoice_id="F1", issue_date=NEXT)
    world.ledger(NEXT, invoices=[note])
    resolve(world, number, "accepted_credit_note", NEXT)
    assert resting(world, NEXT) == {}


def test_a_credit_note_is_not_awaited_for_ever(world: World) -> None:
    resolve(world, take(world, "F1").case_id, "accepted_credit_note")
    assert resting(world, DAY + timedelta(days=NOTE_DAYS)) == {"F1": (None, DAY + timedelta(days=NOTE_DAYS))}
    assert resting(world, DAY + timedelta(days=NOTE_DAYS + 1)) == {}


def test_reopening_brings_the_hold_back_unless_another_dispute_has_its_invoices(world: World) -> None:
    number = take(world, "F1", amounts={"F1": Money(EUR, 30_000)}).case_id
    resolve(world, number, "accepted_credit_note")
    act(world, cases.reopen, BY, NEXT, case_id=number)
    assert resting(world, NEXT) == {"F1": (30_000, None)}
    resolve(world, number, "rejected", NEXT)
    take(world, "F1", "U1", on=NEXT)
    with pytest.raises(CaseError, match="contests the same invoices by now"):
        act(world, cases.reopen, BY, NEXT, case_id=number)


# ---------------------------------------------------------------- the platform


def platform(world: World, on: date, **status: str) -> None:
    rows = {
        "F1": invoice("F1", DAY - timedelta(days=20), 100_000),
        "G1": invoice("G1", DAY - timedelta(days=20), 900, customer_id="C2"),
    }
    world.ledger(on, invoices=[rows[name] | {"delivery_status": said} for name, said in status.items()])


def test_a_refusal_by_the_platform_opens_a_dispute_at_once_and_closes_it_when_it_clears(world: World) -> None:
    platform(world, DAY, F1="refused", G1="disputed")
    assert world.work(DAY).opened == 2
    own, other = world.cases("dispute")
    assert (own.payer_id, own.details["reason"], own.due_on) == ("C1", "platform", DAY + timedelta(days=30))
    assert (own.facts["platform"], other.facts["platform"]) == ({"refused": 1}, {"disputed": 1})
    assert own.facts["disputed"] == [{"currency": EUR, "amount": 100_000}]
    before = world.everything()
    world.work(DAY)
    assert world.everything() == before
    platform(world, NEXT, F1="approved")
    world.work(NEXT)
    assert {one.payer_id: one.closed_reason for one in world.cases("dispute")} == {
        "C1": "status_cleared", "C2": None
    }  # fmt: skip


def test_what_the_platform_contests_and_somebody_has_answered_opens_no_second_case(world: World) -> None:
    platform(world, DAY, F1="refused")
    world.work(DAY)
    (case,) = world.cases("dispute")
    resolve(world, case.case_id, "rejected", NEXT)
    for after in (1, 2, 40):
        assert world.work(DAY + timedelta(days=after)).opened == 0
    platform(world, NEXT + timedelta(days=40), F1="approved")
    world.work(NEXT + timedelta(days=40))
    platform(world, NEXT + timedelta(days=41), F1="refused")
    assert world.work(NEXT + timedelta(days=41)).opened == 1  # it had cleared: this is another refusal


def test_a_person_can_say_why_the_platform_refuses_and_nothing_is_opened_twice(world: World) -> None:
    platform(world, DAY, F1="refused")
    world.work(DAY)
    (case,) = world.cases("dispute")
    told = take(world, "F1", reason="missing_po", text="no order number")
    assert (told.case_id, told.details["reason"]) == (case.case_id, "missing_po")
    with pytest.raises(CaseError, match="all of it is contested"):
        take(world, "F1", amounts={"F1": Money(EUR, 1)})
    with pytest.raises(CaseError, match=f"in dispute already: case {case.case_id}"):
        take(world, "F1", "U1")
    world.work(NEXT)
    assert len(world.cases("dispute")) == 1


def test_what_a_person_disputed_first_stays_with_that_case(world: World) -> None:
    number = take(world, "F1", amounts={"F1": Money(EUR, 100)}).case_id
    platform(world, NEXT, F1="refused")
    world.work(NEXT)
    assert [one.case_id for one in world.cases("dispute")] == [number]
