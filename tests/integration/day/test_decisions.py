"""What planning leaves to people: approvals asked and answered, ends of scenarios, holds that nobody ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance import cases, day
from relance.cases import Case
from relance.cases.agreeing import agree
from relance.errors import CaseError, NotAllowedError
from relance.money import Money
from relance.replay import replay
from relance.store.contacts import set_state
from relance.store.plans import yeses
from relance.store.schema import contact
from tests.integration.day.conftest import TODAY, Company

pytestmark = pytest.mark.integration
LEAD, BOSS = "lead@lumen.example", "boss@lumen.example"
ROLES = """
roles:
  finance_lead: {people: [lead@lumen.example], next: management}
  management: {people: [boss@lumen.example]}
permissions:
  - {role: finance_lead, may: [approve, reject], up_to: ["1000.00 EUR"]}
  - {role: management, may: [approve, reject]}
"""
ASKING = [
    {"id": "first", "level": "level_1", "day": 7, "template": "first", "approval": {"role": "finance_lead"}},
    {"id": "second", "level": "level_2", "day": 60, "template": "second"},
]


@pytest.fixture
def asking(company: Company) -> Company:
    """A first reminder that needs a yes; one payer with 200.50 EUR late."""
    company.policy(entity={"max_ledger_age_days": 400}, steps=ASKING, approval_expires_days=5)
    (company.folder / "config" / "roles.yaml").write_text(ROLES, encoding="utf-8")
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"), ("F2", date(2026, 2, 20), "80.50"))
    return company


def _run(company: Company, on: date = TODAY) -> dict[str, Any]:
    company.moment = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    company.write()
    return day.run(company.services, "FR01", on)


def _cases(company: Company, kind: str, state: str | None = "open") -> list[Case]:
    with company.services.unit_of_work() as uow:
        return cases.list_cases(uow, entity="FR01", kind=kind, state=state)


def _states(company: Company) -> list[tuple[date, str]]:
    with company.services.unit_of_work() as uow:
        rows = uow.execute(sa.select(contact.c.as_of, contact.c.state).order_by(contact.c.as_of))
        return [(row[0], row[1]) for row in rows]


def _answer(company: Company, on: date, *, by: str = LEAD, yes: bool = True, **how: Any) -> None:
    (one,) = _cases(company, "approval")
    services = company.services
    with services.unit_of_work() as uow:
        verb = cases.approve if yes else cases.reject
        verb(uow, policy=services.policy, case_id=one.case_id, by=by, on_date=on, **how)
        uow.commit()


def test_what_is_approved_after_the_morning_run_leaves_that_day(asking: Company) -> None:
    _run(asking)
    assert not day.deliver_waiting(asking.services, "FR01", TODAY)
    assert asking.letters() == []
    asking.moment = datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=UTC)
    _answer(asking, TODAY)
    assert day.deliver_waiting(asking.services, "FR01", TODAY)
    assert _states(asking) == [(TODAY, "sent")]


def test_nothing_is_waited_for_once_it_is_refused_or_the_day_is_over(asking: Company) -> None:
    _run(asking)
    asking.moment = datetime(TODAY.year, TODAY.month, TODAY.day, 19, 30, tzinfo=UTC)
    assert day.deliver_waiting(asking.services, "FR01", TODAY)
    asking.moment = datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=UTC)
    _answer(asking, TODAY, yes=False, reason="not yet")
    assert day.deliver_waiting(asking.services, "FR01", TODAY)


def test_a_no_lets_rest_for_no_longer_than_the_persons_snoozes_may_be(asking: Company) -> None:
    _run(asking)
    with pytest.raises(NotAllowedError, match=rf"{LEAD} may let it rest for 14 days at most, not 15"):
        _answer(asking, TODAY, yes=False, reason="not yet", days=15)
    _answer(asking, TODAY, yes=False, reason="not yet", days=14)
    assert _cases(asking, "approval") == []


def test_what_waits_for_a_yes_is_a_case_for_the_role_that_the_step_names(asking: Company) -> None:
    assert _run(asking)["awaiting_approval"] == 1
    (one,) = _cases(asking, "approval")
    assert (one.facts["role"], one.facts["step"]) == ("finance_lead", "first")
    assert one.facts["demanded"] == [{"currency": "EUR", "amount": 20_050}]
    assert [item["invoice_id"] for item in one.facts["items"]] == ["F2", "F1"]
    _run(asking)
    assert len(_cases(asking, "approval")) == 1
    assert asking.letters() == []


def test_approved_on_its_day_it_goes_out_once(asking: Company) -> None:
    _run(asking)
    _answer(asking, TODAY)
    assert _states(asking) == [(TODAY, "planned")]
    assert _run(asking)["sent"] == 1
    assert _states(asking) == [(TODAY, "sent")]
    assert len(asking.letters()) == 1
    assert [one.closed_reason for one in _cases(asking, "approval", None)] == ["approved"]


def test_approved_later_its_invoices_are_planned_anew_that_day_without_a_second_question(
    asking: Company,
) -> None:
    _run(asking)
    later = TODAY + timedelta(days=2)
    _answer(asking, later)
    assert _run(asking, later)["sent"] == 1
    assert _run(asking, later)["sent"] == 0
    assert _states(asking) == [(TODAY, "approved"), (later, "sent")]
    _run(asking, later + timedelta(days=1))
    assert _states(asking) == [(TODAY, "cancelled"), (later, "sent")]
    assert _cases(asking, "approval") == []
    assert replay(asking.services, "FR01", later).then.equal


def test_a_yes_with_nothing_left_is_cancelled(asking: Company) -> None:
    _run(asking)
    later = TODAY + timedelta(days=1)
    _answer(asking, later)
    for number, (invoice, amount) in enumerate((("F1", "120.00"), ("F2", "80.50"))):
        asking.add(
            "payments", payment_id=f"P{number}", customer_id="C1", date=later, amount=amount, currency="EUR",
            invoice_id=invoice,
        )  # fmt: skip
    assert _run(asking, later)["contacts"] == 0
    _run(asking, later + timedelta(days=1))
    assert _states(asking) == [(TODAY, "cancelled")]


def test_a_yes_does_not_cover_more_than_it_was_asked_for(asking: Company) -> None:
    _run(asking)
    later = TODAY + timedelta(days=1)
    _answer(asking, later)
    asking.payer("C9")
    asking.add(
        "invoices", invoice_id="F3", customer_id="C1", issue_date=date(2026, 1, 20), due_date=date(2026, 2, 20),
        amount="0.01", currency="EUR",
    )  # fmt: skip
    assert _run(asking, later)["awaiting_approval"] == 1
    assert asking.letters() == []


def test_rejected_its_invoices_rest_and_the_step_is_not_done(asking: Company) -> None:
    _run(asking)
    _answer(asking, TODAY, yes=False, reason="a large order is coming", days=14)
    last = TODAY + timedelta(days=13)
    for on in (TODAY, TODAY + timedelta(days=1), last):
        asking.moment = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
        made, _ = day.decided(asking.services, "FR01", on)
        assert set(made.outcomes["reason"]) == {"snoozed"}
        assert made.outcomes["holds"][0][0] == {
            "reason": "snoozed", "until": last, "source": f"rejected by {LEAD}",
        }  # fmt: skip
    made, _ = day.decided(asking.services, "FR01", last + timedelta(days=1))
    assert made.contacts["step"].to_list() == ["first"]
    assert made.contacts["approval"].to_list() == ["finance_lead"]


def test_unanswered_it_goes_to_the_next_role_and_is_not_asked_twice(asking: Company) -> None:
    _run(asking)
    for after in range(1, 12):
        if (TODAY + timedelta(days=after)).weekday() < 5:
            _run(asking, TODAY + timedelta(days=after))
    (one,) = _cases(asking, "approval")
    assert one.facts["role"] == "management"
    with asking.services.unit_of_work() as uow:
        moves = [event for event in cases.read_events(uow, one.case_id) if event.verb == "escalate"]
    assert [(move.on_date, move.body["to"]) for move in moves] == [(date(2026, 3, 16), "management")]
    assert len(_states(asking)) == 1
    _answer(asking, TODAY + timedelta(days=11), by=BOSS)


def test_only_who_may_answers_and_only_once(asking: Company) -> None:
    _run(asking)
    (one,) = _cases(asking, "approval")
    with pytest.raises(NotAllowedError, match=r"somebody@lumen\.example may not approve this"):
        _answer(asking, TODAY, by="somebody@lumen.example")
    with pytest.raises(CaseError, match="needs a reason"):
        _answer(asking, TODAY, yes=False, reason=" ")
    _answer(asking, TODAY)
    services = asking.services
    with services.unit_of_work() as uow, pytest.raises(CaseError, match="answered already: approved"):
        cases.reject(
            uow, policy=services.policy, case_id=one.case_id, by=LEAD, on_date=TODAY, reason="too late"
        )


def test_more_than_a_role_may_give_goes_to_the_one_that_may(asking: Company) -> None:
    asking.payer("C1B")
    asking.tables["invoices"][0]["amount"] = "5000.00"
    _run(asking)
    with pytest.raises(NotAllowedError, match="It takes management"):
        _answer(asking, TODAY)
    _answer(asking, TODAY, by=BOSS)


def test_a_yes_to_a_small_sum_never_sends_a_larger_one_on_the_same_day(asking: Company) -> None:
    _run(asking)
    _answer(asking, TODAY)
    asking.tables["invoices"][0]["amount"] = "99000.00"
    for _ in range(3):
        assert _run(asking)["awaiting_approval"] == 1
    assert asking.letters() == []
    (one,) = _cases(asking, "approval")
    assert one.facts["demanded"] == [{"currency": "EUR", "amount": 9_908_050}]


def test_a_yes_that_outlives_its_day_is_still_for_what_was_asked(asking: Company) -> None:
    _run(asking)
    _answer(asking, TODAY)
    asking.tables["invoices"][0]["amount"] = "99000.00"
    _run(asking)
    with asking.services.unit_of_work() as uow:
        (key,) = uow.execute(sa.select(contact.c.key)).scalars()
        set_state(uow, [key], "approved", "relance")
        uow.commit()
    found = yeses(asking.database, "FR01", TODAY + timedelta(days=1))
    assert found["totals"].to_list() == [[{"currency": "EUR", "amount": 20_050}]]
    assert found["invoices"].to_list() == [["F1", "F2"]]
    assert yeses(asking.database, "FR01", TODAY + timedelta(days=1), moment="2020-01-01").is_empty()


def test_what_is_answered_is_what_is_asked_now(asking: Company) -> None:
    _run(asking)
    asking.tables["invoices"][0]["amount"] = "700.00"
    asking.write()
    services = asking.services
    day.import_extract(services, "FR01", extract_date=TODAY)
    day.decide(services, "FR01", TODAY, live=True)
    with pytest.raises(CaseError, match=r"has changed meanwhile: step first, 780\.50 EUR"):
        _answer(asking, TODAY)
    day.work_cases(services, "FR01", TODAY)
    _answer(asking, TODAY)
    asking.tables["invoices"][0]["amount"] = "99000.00"
    assert _run(asking)["sent"] == 0


def test_a_yes_after_the_days_run_counts_the_next_day(asking: Company) -> None:
    _run(asking)
    _answer(asking, TODAY)
    assert _run(asking, TODAY + timedelta(days=1))["sent"] == 1
    assert len(_cases(asking, "approval", None)) == 1
    _run(asking, TODAY + timedelta(days=2))
    assert _states(asking) == [(TODAY, "cancelled"), (TODAY + timedelta(days=1), "sent")]


def test_a_yes_whose_message_no_server_took_is_not_asked_again(
    asking: Company,
) -> None:
    _run(asking)
    second, third = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    _answer(asking, second)
    asking.extra = {"RELANCE_SMTP_HOST": "127.0.0.1", "RELANCE_SMTP_PORT": "1"}
    assert _run(asking, second)["deferred"] == 1
    asking.extra = {}
    assert _run(asking, third)["sent"] == 1
    assert len(_cases(asking, "approval", None)) == 1
    _run(asking, third + timedelta(days=1))
    assert [state for _, state in _states(asking)] == ["cancelled", "cancelled", "sent"]


def test_a_question_about_what_was_paid_is_withdrawn(asking: Company) -> None:
    _run(asking)
    for number, (invoice, amount) in enumerate((("F1", "120.00"), ("F2", "80.50"))):
        asking.add(
            "payments", payment_id=f"P{number}", customer_id="C1", date=TODAY, amount=amount, currency="EUR",
            invoice_id=invoice,
        )  # fmt: skip
    _run(asking, TODAY + timedelta(days=1))
    assert _states(asking) == [(TODAY, "cancelled")]
    assert [one.closed_reason for one in _cases(asking, "approval", None)] == ["withdrawn"]


def test_an_answer_is_not_dated_before_its_question(asking: Company) -> None:
    _run(asking)
    with pytest.raises(CaseError, match="before it was asked"):
        _answer(asking, TODAY - timedelta(days=1))


def test_after_a_no_the_payers_other_invoices_go_on_the_same_day(asking: Company) -> None:
    _run(asking)
    _answer(asking, TODAY, yes=False, reason="not this one")
    asking.add(
        "invoices", invoice_id="F3", customer_id="C1", issue_date=date(2026, 1, 20), due_date=date(2026, 2, 20),
        amount="9.00", currency="EUR",
    )  # fmt: skip
    assert _run(asking)["awaiting_approval"] == 1
    (one,) = _cases(asking, "approval")
    assert [item["invoice_id"] for item in one.facts["items"]] == ["F3"]


def test_a_question_whose_contact_is_withdrawn_is_closed(asking: Company) -> None:
    _run(asking)
    asking.tables["invoices"].clear()
    asking.payer("C2", ("F9", date(2026, 3, 30), "5.00"))
    _run(asking)
    assert [one.closed_reason for one in _cases(asking, "approval", None)] == ["withdrawn"]


def test_the_day_a_scenario_ends_with_money_open_is_a_case_until_it_is_paid(company: Company) -> None:
    company.policy(
        entity={"max_ledger_age_days": 400},
        steps=[{"id": "only", "level": "level_1", "day": 7, "template": "first"}],
    )
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    _run(company)
    assert _cases(company, "exhausted") == []
    _run(company, TODAY + timedelta(days=1))
    (one,) = _cases(company, "exhausted")
    assert (one.payer_id, one.opened_on) == ("C1", TODAY + timedelta(days=1))
    assert [item["invoice_id"] for item in one.facts["items"]] == ["F1"]
    company.add(
        "payments", payment_id="P1", customer_id="C1", date=TODAY + timedelta(days=2), amount="120.00",
        currency="EUR", invoice_id="F1",
    )  # fmt: skip
    _run(company, TODAY + timedelta(days=2))
    assert [one.closed_reason for one in _cases(company, "exhausted", None)] == ["paid"]


def test_an_end_that_a_new_scenario_takes_back_closes_its_case(company: Company) -> None:
    only = [{"id": "only", "level": "level_1", "day": 7, "template": "first"}]
    company.policy(entity={"max_ledger_age_days": 400}, steps=only)
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    _run(company)
    _run(company, TODAY + timedelta(days=1))
    more = [*only, {"id": "more", "level": "level_2", "day": 40, "template": "second"}]
    company.policy(entity={"max_ledger_age_days": 400}, steps=more)
    _run(company, TODAY + timedelta(days=2))
    assert [one.closed_reason for one in _cases(company, "exhausted", None)] == ["new_scenario"]


def test_a_hold_without_end_is_a_case_after_review_hold_after_days(company: Company) -> None:
    company.policy(entity={"max_ledger_age_days": 400}, review_hold_after_days=10)
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    company.tables["invoices"][0]["delivery_status"] = "rejected"
    for after in (0, 1, 6, 9):
        _run(company, TODAY + timedelta(days=after))
        assert _cases(company, "delivery") == []
    _run(company, TODAY + timedelta(days=10))
    (one,) = _cases(company, "delivery")
    assert (one.payer_id, one.facts["held"], one.subject) == ("C1", "not_delivered", "hold:not_delivered")
    company.tables["invoices"][0]["delivery_status"] = "delivered"
    _run(company, TODAY + timedelta(days=13))
    assert [one.closed_reason for one in _cases(company, "delivery", None)] == ["hold_ended"]


def test_a_review_ends_with_its_hold_and_not_with_a_pause_of_the_runs(company: Company) -> None:
    company.policy(entity={"max_ledger_age_days": 400}, review_hold_after_days=3)
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    company.tables["invoices"][0]["delivery_status"] = "rejected"
    for after in (0, 1, 2, 3):
        _run(company, TODAY + timedelta(days=after))
    (one,) = _cases(company, "delivery")
    _run(company, TODAY + timedelta(days=30))
    assert [still.case_id for still in _cases(company, "delivery")] == [one.case_id]


def test_what_the_platform_contests_comes_before_a_person_at_once(company: Company) -> None:
    company.policy(entity={"max_ledger_age_days": 400}, review_hold_after_days=3)
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    company.tables["invoices"][0]["delivery_status"] = "refused"
    for after in (0, 1, 6):
        _run(company, TODAY + timedelta(days=after))
        assert [one.subject for one in _cases(company, "dispute", None)] == ["platform"]
    company.tables["invoices"][0]["delivery_status"] = "delivered"
    _run(company, TODAY + timedelta(days=7))
    assert [one.closed_reason for one in _cases(company, "dispute", None)] == ["status_cleared"]


def test_nobody_to_write_to_comes_before_a_person_at_once(company: Company) -> None:
    company.policy(entity={"max_ledger_age_days": 400}, review_hold_after_days=10)
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    company.tables["contacts"][0]["active"] = "false"
    _run(company)
    assert [one.payer_id for one in _cases(company, "no_contact")] == ["C1"]
    company.tables["contacts"][0]["active"] = "true"
    _run(company, TODAY + timedelta(days=1))
    assert [one.closed_reason for one in _cases(company, "no_contact", None)] == ["hold_ended"]


def test_a_part_whose_money_comes_with_the_mornings_extract_holds_that_morning(asking: Company) -> None:
    roles = ROLES.replace("[approve, reject]}", "[approve, reject, instalments]}")
    (asking.folder / "config" / "roles.yaml").write_text(roles, encoding="utf-8")
    asking.policy(entity={"max_ledger_age_days": 400}, promise_grace_days=0)
    asking.write()
    day.import_extract(asking.services, "FR01", extract_date=TODAY)
    second = TODAY + timedelta(days=7)
    services = asking.services
    with services.unit_of_work() as uow:
        parts = [(Money("EUR", 10_000), TODAY), (Money("EUR", 10_050), second)]
        agree(uow, policy=services.policy, entity="FR01", payer_id="C1", parts=parts, by=BOSS, on_date=TODAY)
        uow.commit()
    asking.add(
        "payments", payment_id="P1", customer_id="C1", date=TODAY, amount="100.00", currency="EUR", invoice_id="F1"
    )  # fmt: skip
    for after in (1, 2, 3):
        on = TODAY + timedelta(days=after)
        assert _run(asking, on)["outcomes"]["hold"] == 2, on
        made, _ = day.decided(asking.services, "FR01", on)
        assert set(made.outcomes["reason"]) == {"instalment_plan"}
    assert _run(asking, second + timedelta(days=1))["sent"] == 1
