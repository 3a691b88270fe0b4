"""What people let rest, as planning has it; what they resolved, as the day's work leaves it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from relance import cases, day
from relance.cases import Case
from tests.integration.day.conftest import TODAY, Company

pytestmark = pytest.mark.integration
LEAD, BOSS = "lead@lumen.example", "boss@lumen.example"
ROLES = """
roles:
  finance_lead: {people: [lead@lumen.example], next: management}
  management: {people: [boss@lumen.example]}
permissions:
  - {role: everybody, may: [resolve]}
  - {role: finance_lead, may: [snooze, write_off, approve]}
  - {role: management, may: [approve]}
approvals: {write_off: management}
"""
ONLY = [{"id": "only", "level": "level_1", "day": 7, "template": "first"}]


@pytest.fixture
def late(company: Company) -> Company:
    """A payer with two invoices more than the alert's days late, whose case is number 1."""
    company.policy(
        entity={"max_ledger_age_days": 400, "overdue_alert_days": 10}, steps=ONLY, review_hold_after_days=5
    )
    (company.folder / "config" / "roles.yaml").write_text(ROLES, encoding="utf-8")
    company.payer("C1", ("F1", date(2026, 2, 20), "120.00"), ("F2", date(2026, 2, 20), "80.50"))
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    day.work_cases(company.services, "FR01", TODAY)
    return company


def _run(company: Company, on: date) -> dict[str, Any]:
    company.moment = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    company.write()
    return day.run(company.services, "FR01", on)


def _act(company: Company, verb: Any, by: str = LEAD, on: date = TODAY, case_id: int = 1, **how: Any) -> Case:
    services = company.services
    with services.unit_of_work() as uow:
        done: Case = verb(uow, policy=services.policy, case_id=case_id, by=by, on_date=on, **how)
        uow.commit()
    return done


def _reasons(company: Company, on: date) -> dict[str, str | None]:
    made, _ = day.decided(company.services, "FR01", on)
    return dict(made.outcomes.select("invoice_id", "reason").iter_rows())


def _open(company: Company, kind: str) -> list[int]:
    with company.services.unit_of_work() as uow:
        return [one.case_id for one in cases.list_cases(uow, entity="FR01", kind=kind)]


def test_what_is_snoozed_is_not_dunned_until_the_day_is_over(late: Company) -> None:
    until = TODAY + timedelta(days=1)
    _act(late, cases.snooze, until=until, reason="away")
    assert _reasons(late, TODAY) == {"F1": "snoozed", "F2": "snoozed"}
    assert _run(late, until)["sent"] == 0
    assert _run(late, until + timedelta(days=1))["sent"] == 1
    with late.services.unit_of_work() as uow:
        verbs = [(event.verb, event.body.get("how")) for event in cases.read_events(uow, 1)]
    assert ("wake", "time") in verbs


def test_of_named_invoices_only_these_rest_and_waking_ends_it_the_same_day(late: Company) -> None:
    _act(late, cases.snooze, until=TODAY + timedelta(days=5), reason="away", invoices=["F1"])
    assert _reasons(late, TODAY) == {"F1": "snoozed", "F2": None}
    _act(late, cases.wake)
    assert _reasons(late, TODAY) == {"F1": None, "F2": None}


def test_what_is_to_be_written_off_is_held_as_a_commercial_matter(late: Company) -> None:
    asked = _act(late, cases.write_off, reason="bankrupt", invoices=["F1"])
    assert _reasons(late, TODAY) == {"F1": None, "F2": None}
    _act(late, cases.approve, BOSS, case_id=asked.case_id)
    assert _reasons(late, TODAY) == {"F1": "commercial_hold", "F2": None}


def test_the_end_of_a_scenario_that_a_person_resolved_comes_back_with_another_invoice_only(
    late: Company,
) -> None:
    for after in (0, 1):
        _run(late, TODAY + timedelta(days=after))
    (number,) = _open(late, "exhausted")
    _act(late, cases.resolve, on=TODAY + timedelta(days=1), case_id=number, reason="legal_action")
    _run(late, TODAY + timedelta(days=2))
    assert _open(late, "exhausted") == []
    late.add(
        "invoices", invoice_id="F3", customer_id="C1", issue_date=date(2026, 1, 20), due_date=date(2026, 2, 20),
        amount="9.00", currency="EUR",
    )  # fmt: skip
    for after in (6, 7):
        _run(late, TODAY + timedelta(days=after))
    assert len(_open(late, "exhausted")) == 1


def test_a_hold_that_a_person_looked_at_is_not_asked_about_again(late: Company) -> None:
    late.tables["contacts"][0]["active"] = "false"
    for after in (0, 6):
        _run(late, TODAY + timedelta(days=after))
    (number,) = _open(late, "no_contact")
    _act(late, cases.resolve, on=TODAY + timedelta(days=6), case_id=number, reason="not_needed")
    _run(late, TODAY + timedelta(days=7))
    assert _open(late, "no_contact") == []
