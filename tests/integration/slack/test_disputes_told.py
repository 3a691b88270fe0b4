"""Disputes reach sales: the route of slack.yaml gives them to the payer's sales owner, who is told, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance import slack
from relance.cases.answering import contested
from relance.cases.disputing import dispute
from relance.config.slack import SlackRules
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY
from tests.integration.slack.desk import ADA, BEN, DAY, Desk

pytestmark = pytest.mark.integration
ROUTES = {
    "routes": [
        {"name": "to sales", "when": {"kind": ["dispute"]}, "owner": "sales_owner", "watch": ["collector"]}
    ]
}


@pytest.fixture
def office(desk: Desk) -> Desk:
    """A late payer whose sales owner is Ben, whose collector is Ada."""
    desk.people(ben="fr-FR")
    desk.late_payers(1)
    desk.world.ledger(
        extract=DAY - timedelta(days=9),
        customers=[{"customer_id": "C0", "name": "Payer 0", "sales_owner": BEN, "collector": ADA}],
    )
    desk.world.policy = desk.world.policy.model_copy(update={"slack": SlackRules.model_validate(ROUTES)})
    return desk


def note(desk: Desk, by: str) -> None:
    with UnitOfWork(desk.database) as uow:
        case = dispute(
            uow, policy=desk.world.policy, entity=ENTITY, payer_id="C0", by=by, on_date=DAY, reason="price", invoices=["F0"],
        )  # fmt: skip
        slack.queue_case(uow, policy=desk.world.policy, case_id=case.case_id, as_of=DAY)
        uow.commit()


def said_to(desk: Desk) -> list[str]:
    return [row["person"] for row in desk.outbox() if row["verb"] == "direct"]


def test_a_dispute_that_a_person_notes_goes_to_the_sales_owner_who_is_told(office: Desk) -> None:
    note(office, ADA)
    (case,) = office.world.cases("dispute")
    assert (case.owner, list(case.watchers)) == (BEN, [ADA])
    office.queue()
    assert said_to(office) == [BEN]
    (row,) = [row for row in office.outbox() if row["verb"] == "direct"]
    assert "Le client conteste" in row["payload"]["text"]


def test_what_the_sales_owner_notes_is_no_news_to_them(office: Desk) -> None:
    note(office, BEN)
    office.queue()
    assert said_to(office) == []


def test_a_dispute_of_the_payers_own_is_told_with_the_days_cards(office: Desk) -> None:
    with UnitOfWork(office.database) as uow:
        contested(uow, policy=office.world.policy, entity=ENTITY, payer_id="C0", on_date=DAY, invoices=["F0"])
        uow.commit()
    office.queue()
    office.queue()
    assert said_to(office) == [BEN]
    office.queue(DAY + timedelta(days=1))
    assert said_to(office) == [BEN]
