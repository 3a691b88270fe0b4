"""What a run that died between deciding and delivering leaves behind does not keep its payers for ever."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from relance import day
from relance.store.schema import contact
from tests.integration.day.conftest import TODAY, Company

pytestmark = pytest.mark.integration


def test_a_contact_whose_day_ended_before_it_was_begun_is_planned_anew(company: Company) -> None:
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    company.write()
    day.import_extract(company.services, "FR01")
    died = day.decide(company.services, "FR01", TODAY, live=True)
    next_day = TODAY + timedelta(days=1)
    planned = day.decide(company.services, "FR01", next_day, live=True, reason="the next day")
    sent = day.deliver(company.services, "FR01", next_day)
    with company.services.unit_of_work() as uow:
        states = list(uow.execute(sa.select(contact.c.state).order_by(contact.c.as_of)).scalars())
    assert (died.contacts, planned.contacts, sent.sent) == (1, 1, 1)
    assert states == ["cancelled", "sent"]
