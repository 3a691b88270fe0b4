"""Resolving a case plans its payer anew the same day, and what is planned then goes with the day's next deliveries."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from relance import cases, day
from relance.cases.disputing import dispute
from relance.money import Money
from relance.replanning import replan
from relance.store.contacts import set_state
from relance.store.locks import day_lock
from relance.store.schema import claim_entry, contact, outcome, plan
from tests.integration.day.conftest import TODAY, Company

pytestmark = pytest.mark.integration
BY = "collector@lumen.example"


@pytest.fixture
def disputed(company: Company) -> Company:
    """C1's only invoice, 120.00, is in dispute; C2's is not. The day has run."""
    for payer in ("C1", "C2"):
        company.payer(payer, (f"F-{payer}", date(2026, 2, 25), "120.00"))
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    take(company)
    day.run(company.services, "FR01", TODAY)
    assert states(company) == {"C2": "sent"}
    return company


def take(company: Company, **amounts: str) -> None:
    services = company.services
    with services.unit_of_work() as uow:
        dispute(
            uow, policy=services.policy, entity="FR01", payer_id="C1", by=BY, on_date=TODAY, reason="price",
            invoices=["F-C1"], amounts={name: Money.parse(one) for name, one in amounts.items()} or None,
        )  # fmt: skip
        uow.commit()


def resolve(company: Company, on: date = TODAY) -> None:
    services = company.services
    with services.unit_of_work() as uow:
        (case,) = cases.list_cases(uow, entity="FR01", kind="dispute")
        cases.resolve(uow, policy=services.policy, case_id=case.case_id, by=BY, on_date=on, reason="rejected")
        uow.commit()


def states(company: Company) -> dict[str, str]:
    with company.services.unit_of_work() as uow:
        rows = uow.execute(sa.select(contact.c.payer_id, contact.c.state).where(contact.c.as_of == TODAY))
        return {row[0]: row[1] for row in rows}


def words(path: Path) -> str:
    import email

    message = email.message_from_bytes(path.read_bytes())
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    return (
        b"".join(one for one in parts if isinstance(one, bytes)).decode(errors="replace").replace("\xa0", " ")
    )


def test_resolving_a_dispute_plans_its_payer_the_same_day_and_what_waits_is_delivered(
    disputed: Company,
) -> None:
    services = disputed.services
    resolve(disputed)
    assert replan(services, "FR01", payer_id="C1", as_of=TODAY)
    assert states(disputed) == {"C1": "planned", "C2": "sent"}
    assert not replan(services, "FR01", payer_id="C1", as_of=TODAY)
    assert day.deliver_waiting(services, "FR01", TODAY)
    assert states(disputed) == {"C1": "sent", "C2": "sent"}
    assert len(disputed.letters()) == 2


def test_a_run_of_the_day_sends_it_too(disputed: Company) -> None:
    resolve(disputed)
    assert replan(disputed.services, "FR01", payer_id="C1", as_of=TODAY)
    assert day.run(disputed.services, "FR01", TODAY)["sent"] == 1


def test_where_nothing_has_changed_nothing_is_decided_again(disputed: Company) -> None:
    assert not replan(disputed.services, "FR01", payer_id="C1", as_of=TODAY)
    resolve(disputed)
    assert not replan(disputed.services, "FR01", payer_id="C9", as_of=TODAY)
    assert not replan(disputed.services, "FR01", payer_id="C1", as_of=TODAY + timedelta(days=1))


def test_while_others_work_on_the_day_the_last_look_does_it(disputed: Company) -> None:
    services = disputed.services
    resolve(disputed)
    with day_lock(disputed.database, "FR01", TODAY, what="deliver"):
        assert not replan(services, "FR01", payer_id="C1", as_of=TODAY)
    assert day.deliver(services, "FR01", TODAY).sent == 1


def test_a_day_without_a_plan_is_not_planned(company: Company) -> None:
    company.payer("C1", ("F-C1", date(2026, 2, 25), "120.00"))
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    assert not replan(company.services, "FR01", payer_id="C1", as_of=TODAY)
    with company.services.unit_of_work() as uow:
        assert uow.execute(sa.select(sa.func.count()).select_from(plan)).scalar_one() == 0


def test_of_a_partly_disputed_invoice_the_rest_is_demanded_and_the_part_shown(company: Company) -> None:
    company.payer("C1", ("F-C1", date(2026, 2, 25), "120.00"))
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    take(company, **{"F-C1": "50.00 EUR"})
    assert day.run(company.services, "FR01", TODAY)["sent"] == 1
    with company.services.unit_of_work() as uow:
        row = uow.execute(sa.select(outcome.c.open, outcome.c.to_demand, outcome.c.outcome)).one()
    assert tuple(row) == (12_000, 7_000, "act")
    (letter,) = company.letters()
    told = words(letter)
    assert "70,00 €" in told
    assert "dont 50,00 € contestés" in told


def test_no_interest_is_asked_on_an_invoice_of_which_a_part_is_in_dispute(company: Company) -> None:
    company.policy(
        steps=[{
            "id": "formal", "level": "level_3", "day": 30, "template": "formal_notice", "charges": ["interest", "compensation"],
        }],
        entity={"bank": {"iban": "FR7630006000011234567890189"}},
    )  # fmt: skip
    company.payer("C1", ("F-C1", date(2026, 2, 2), "1000.00"))
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    take(company, **{"F-C1": "500.00 EUR"})
    assert day.run(company.services, "FR01", TODAY)["sent"] == 1
    with company.services.unit_of_work() as uow:
        assert uow.execute(sa.select(sa.func.count()).select_from(claim_entry)).scalar_one() == 0
    (letter,) = company.letters()
    assert "500,00 €" in words(letter)
    assert "40,00 €" not in words(letter)


def test_closing_a_hand_over_gives_the_payer_back_to_dunning_the_same_day(company: Company) -> None:
    company.policy(steps=[
        {"id": "agency", "level": "litigation", "day": 7, "kind": "handoff", "channels": ["internal"], "template": "handover"},
        {"id": "formal", "level": "litigation", "day": 14, "template": "formal_notice"},
    ], min_days_between_levels=0)  # fmt: skip
    company.payer("C1", ("F-C1", date(2026, 2, 25), "120.00"))
    day.run(_on(company, TODAY).services, "FR01", TODAY)
    with company.services.unit_of_work() as uow:
        key = uow.execute(sa.select(contact.c.key)).scalar_one()
        set_state(uow, [key], "completed", BY, TODAY, note="done")
        uow.commit()
    later = TODAY + timedelta(days=1)
    day.run(_on(company, later).services, "FR01", later)
    with company.services.unit_of_work() as uow:
        (case,) = cases.list_cases(uow, entity="FR01", kind="handover")
        held = sa.select(outcome.c.reason, plan.c.as_of).join(plan, outcome.c.plan_id == plan.c.plan_id)
        assert [tuple(row) for row in uow.execute(held.order_by(plan.c.as_of))] == [
            (None, TODAY), ("in_litigation", later)
        ]  # fmt: skip
        cases.resolve(
            uow, policy=company.services.policy, case_id=case.case_id, by=BY, on_date=later, reason="returned"
        )
        uow.commit()
    assert replan(company.services, "FR01", payer_id="C1", as_of=later)
    with company.services.unit_of_work() as uow:
        rows = uow.execute(held.where(plan.c.as_of == later).order_by(plan.c.plan_id.desc())).all()
    assert rows[0].reason != "in_litigation"


def _on(company: Company, on: date) -> Company:
    company.moment = company.moment.replace(year=on.year, month=on.month, day=on.day)
    company.write()
    return company
