"""Answers to a step's approval: two people where the policy says so, and taken back as long as nothing has left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance import cases, day
from relance.cases import Case
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.store.schema import contact
from tests.integration.day.conftest import TODAY, Company

pytestmark = pytest.mark.integration
LEAD, LEAD_2, BOSS = "lead@lumen.example", "lead.two@lumen.example", "boss@lumen.example"
ROLES = """
roles:
  finance_lead: {people: [lead@lumen.example, lead.two@lumen.example], next: management}
  management: {people: [boss@lumen.example]}
permissions:
  - {role: everybody, may: [reopen]}
  - {role: finance_lead, may: [approve], people: 2}
  - {role: finance_lead, may: [reject]}
  - {role: management, may: [approve, reject]}
"""
STEPS = [
    {"id": "first", "level": "level_1", "day": 7, "template": "first", "approval": {"role": "finance_lead"}}
]


@pytest.fixture
def asking(company: Company) -> Company:
    company.policy(entity={"max_ledger_age_days": 400}, steps=STEPS, approval_expires_days=5)
    (company.folder / "config" / "roles.yaml").write_text(ROLES, encoding="utf-8")
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    _run(company)
    return company


def _run(company: Company, on: date = TODAY) -> dict[str, Any]:
    company.moment = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    company.write()
    return day.run(company.services, "FR01", on)


def _act(company: Company, verb: Any, by: str, on: date = TODAY, **how: Any) -> Case:
    services = company.services
    with services.unit_of_work() as uow:
        done: Case = verb(uow, policy=services.policy, case_id=1, by=by, on_date=on, **how)
        uow.commit()
    return done


def _state(company: Company) -> str:
    with company.services.unit_of_work() as uow:
        return str(uow.execute(sa.select(contact.c.state)).scalar_one())


def test_a_step_that_takes_two_goes_out_with_the_second_yes(asking: Company) -> None:
    assert _act(asking, cases.approve, LEAD).state == "open"
    assert _state(asking) == "awaiting_approval"
    with pytest.raises(AlreadyDoneError, match="said yes to case 1 already"):
        _act(asking, cases.approve, LEAD)
    assert _act(asking, cases.approve, LEAD_2).closed_reason == "approved"
    assert _run(asking)["sent"] == 1


def test_whose_row_takes_one_is_enough(asking: Company) -> None:
    assert _act(asking, cases.approve, BOSS).closed_reason == "approved"


def test_after_a_first_yes_one_no_ends_it(asking: Company) -> None:
    _act(asking, cases.approve, LEAD)
    assert _act(asking, cases.reject, LEAD_2, reason="not now").closed_reason == "rejected"
    assert _state(asking) == "rejected"


def test_a_first_yes_outlives_the_days_work_and_the_question_that_goes_on(asking: Company) -> None:
    _act(asking, cases.approve, LEAD)
    later = TODAY + timedelta(days=7)
    _run(asking, later)
    with asking.services.unit_of_work() as uow:
        one = cases.read_case(uow, 1)
    assert (one.facts["role"], len(one.details["votes"])) == ("management", 1)
    assert _act(asking, cases.approve, LEAD_2, later).closed_reason == "approved"


def test_a_yes_is_taken_back_until_its_message_is_made(asking: Company) -> None:
    _act(asking, cases.approve, BOSS)
    with pytest.raises(NotAllowedError):
        _act(asking, cases.reopen, "somebody@lumen.example")
    again = _act(asking, cases.reopen, BOSS, reason="wrong one")
    assert (again.state, again.details["votes"], _state(asking)) == ("open", [], "awaiting_approval")
    assert _run(asking)["sent"] == 0
    _act(asking, cases.approve, BOSS)
    assert _run(asking)["sent"] == 1
    with pytest.raises(CaseError, match="can't be taken back"):
        _act(asking, cases.reopen, BOSS)


def test_a_no_is_taken_back_and_its_invoices_rest_no_longer(asking: Company) -> None:
    _act(asking, cases.reject, LEAD, reason="not this one")
    _act(asking, cases.reopen, LEAD)
    assert _state(asking) == "awaiting_approval"
    made, _ = day.decided(asking.services, "FR01", TODAY + timedelta(days=1))
    assert set(made.outcomes["reason"]) == {"awaiting_approval"}
