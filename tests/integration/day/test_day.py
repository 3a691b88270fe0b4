"""One working day: stored once, sent once, held by one run at a time, and equal to what was played before."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default as mail_policy

import pytest
import sqlalchemy as sa

from relance import cases, day
from relance.delivery.port import Message
from relance.delivery.smtp import SmtpChannel
from relance.errors import BusyError, ImportRefusedError, LedgerError, PermanentError, PolicyError, UsageError
from relance.ledger.loading import load_versions
from relance.ledger.snapshot import take_snapshot
from relance.planning.content import items_of
from relance.planning.model import History, no_holds
from relance.planning.play import play
from relance.planning.present import as_json
from relance.settings import Smtp
from relance.store.locks import day_lock
from relance.store.schema import contact, contact_event, outcome, plan, slack_outbox
from tests.integration.day.conftest import TODAY, Company

pytestmark = pytest.mark.integration


def _states(company: Company) -> dict[str, str]:
    with company.services.unit_of_work() as uow:
        return {row[0]: row[1] for row in uow.execute(sa.select(contact.c.payer_id, contact.c.state))}


def _count(company: Company, table: sa.Table) -> int:
    with company.services.unit_of_work() as uow:
        return uow.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _overdue(company: Company) -> None:
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"), ("F2", date(2026, 2, 20), "80.50"))
    company.payer("C2", ("F3", date(2026, 2, 26), "10.00"))
    company.write()


def test_a_day_runs_from_the_extract_to_the_message(company: Company) -> None:
    _overdue(company)
    figures = day.run(company.services, "FR01", TODAY)
    assert figures["imported"]["inserted"] == 7
    assert figures["outcomes"] == {"act": 3, "hold": 0, "wait": 0, "exhausted": 0}
    assert (figures["contacts"], figures["sent"], figures["failed"], figures["in_doubt"]) == (2, 2, 0, 0)
    assert set(figures) >= {
        "entity",
        "as_of",
        "imported",
        "outcomes",
        "contacts",
        "sent",
        "failed",
        "in_doubt",
    }
    assert set(figures["slack"]) == {"posted", "updated", "pending"}
    text = message_from_bytes(company.letters()[0].read_bytes(), policy=mail_policy).as_string()
    assert "F1" in text or "F3" in text


def test_the_same_day_again_does_nothing_twice(company: Company) -> None:
    _overdue(company)
    day.run(company.services, "FR01", TODAY)
    before = [_count(company, table) for table in (plan, outcome, contact, contact_event)]
    again = day.run(company.services, "FR01", TODAY)
    assert again["sent"] == 0
    assert again["imported"]["inserted"] == again["imported"]["updated"] == 0
    assert [_count(company, table) for table in (plan, outcome, contact, contact_event)] == before
    assert len(company.letters()) == 2


def test_an_unsent_contact_takes_the_new_content_and_what_nobody_wants_is_withdrawn(company: Company) -> None:
    _overdue(company)
    services = company.services
    day.import_extract(services, "FR01")
    day.decide(services, "FR01", TODAY, live=True)
    company.add(
        "payments",
        payment_id="P1",
        customer_id="C1",
        date=TODAY,
        amount="80.50",
        currency="EUR",
        invoice_id="F2",
    )
    company.add(
        "payments",
        payment_id="P2",
        customer_id="C2",
        date=TODAY,
        amount="10.00",
        currency="EUR",
        invoice_id="F3",
    )
    company.write()
    day.import_extract(services, "FR01")
    day.decide(services, "FR01", TODAY, live=True)
    assert _states(company) == {"C1": "planned", "C2": "cancelled"}
    with services.unit_of_work() as uow:
        content = uow.execute(sa.select(contact.c.content).where(contact.c.payer_id == "C1")).scalar_one()
    assert [item["invoice_id"] for item in items_of(content)] == ["F1"]
    company.tables["payments"].clear()
    company.add(
        "payments", payment_id="P2", customer_id="C2", date=date(2026, 3, 11), amount="1.00", currency="EUR"
    )
    company.write()
    day.import_extract(services, "FR01")
    assert _states(company)["C2"] == "cancelled"


def test_once_a_contact_has_left_a_later_plan_of_the_day_adds_none(company: Company) -> None:
    _overdue(company)
    services = company.services
    day.run(services, "FR01", TODAY)
    company.payer("C3", ("F9", date(2026, 2, 26), "55.00"))
    company.add(
        "invoices", invoice_id="F4", customer_id="C1", issue_date=date(2026, 1, 20), due_date=date(2026, 2, 20),
        amount="9.00", currency="EUR",
    )  # fmt: skip
    company.write()
    again = day.run(company.services, "FR01", TODAY)
    assert again["sent"] == 1
    assert len(company.letters()) == 3
    with services.unit_of_work() as uow:
        content = uow.execute(sa.select(contact.c.content).where(contact.c.payer_id == "C1")).scalar_one()
    assert [item["invoice_id"] for item in items_of(content)] == ["F1", "F2"]


def test_a_plan_of_another_day_never_sends_unless_forced_with_a_reason(company: Company) -> None:
    _overdue(company)
    yesterday = TODAY - timedelta(days=1)
    with pytest.raises(UsageError, match="is not FR01's today"):
        day.run(company.services, "FR01", yesterday)
    with pytest.raises(UsageError, match="needs a reason"):
        day.run(company.services, "FR01", yesterday, force=True)
    figures = day.run(company.services, "FR01", yesterday, force=True, reason="rehearsal")
    assert figures["sent"] == 2
    with company.services.unit_of_work() as uow:
        assert uow.execute(sa.select(plan.c.reason)).scalars().all() == ["rehearsal"]
        assert uow.execute(sa.select(contact.c.acted_on)).scalars().all() == [yesterday] * 2


def test_a_backfilled_day_is_stored_and_makes_no_contact(company: Company) -> None:
    _overdue(company)
    services = company.services
    day.import_extract(services, "FR01")
    report = day.decide(services, "FR01", TODAY - timedelta(days=1), live=False)
    assert report.contacts == 2
    assert day.deliver(services, "FR01", TODAY - timedelta(days=1)).sent == 0
    assert _count(company, contact) == 0
    assert _count(company, outcome) == 3
    assert company.letters() == []


def test_two_runs_of_one_day_never_overlap_and_the_second_says_who(company: Company) -> None:
    _overdue(company)
    with (
        day_lock(company.database, "FR01", TODAY, what="run", scope="run"),
        pytest.raises(BusyError, match=r"relance run FR01 2026-03-10 .*pid"),
    ):
        day.run(company.services, "FR01", TODAY)
    assert company.letters() == []


def test_days_run_one_after_another_are_the_days_that_were_played(company: Company) -> None:
    company.policy(entity={"max_ledger_age_days": 400}, min_days_between_levels=5)
    for number in range(12):
        due = date(2026, 2, 1) + timedelta(days=4 * number)
        company.payer(
            f"C{number}", (f"F{number}", due, "100.00"), (f"G{number}", due + timedelta(days=9), "7.00")
        )
    company.write()
    first, last = date(2026, 3, 2), date(2026, 3, 27)
    services = company.services
    day.import_extract(services, "FR01", extract_date=first)
    versions = load_versions(services.database, "FR01")
    played = [
        as_json(made)
        for made in play(
            lambda on: take_snapshot(versions, on), services.policy, History(), lambda _: no_holds(),
            first=first, last=last,
        )
    ]  # fmt: skip
    for expected in played:
        company.moment = datetime.fromisoformat(expected["as_of"]).replace(hour=6, tzinfo=UTC)
        day.decide(company.services, "FR01", date.fromisoformat(expected["as_of"]), live=True)
        made, _ = day.decided(company.services, "FR01", date.fromisoformat(expected["as_of"]))
        day.deliver(company.services, "FR01", date.fromisoformat(expected["as_of"]))
        assert as_json(made) == expected
    assert sum(len(one["contacts"]) for one in played) == len(company.letters()) > 20


def test_a_broken_export_stops_the_day_and_tells_the_people_of_the_data(company: Company) -> None:
    _overdue(company)
    day.run(company.services, "FR01", TODAY)
    company.tables["invoices"].clear()
    company.write()
    with pytest.raises(ImportRefusedError):
        day.run(company.services, "FR01", TODAY)
    with company.services.unit_of_work() as uow:
        (case,) = cases.list_cases(uow, entity="FR01", kind="data")
        posted = sa.select(slack_outbox.c.verb, slack_outbox.c.payload).where(
            slack_outbox.c.case_id == case.case_id
        )
        ((verb, payload),) = uow.execute(posted).all()
    assert "holds no invoices" in case.facts["data"]["refused"]["message"]
    assert (verb, "holds no invoices" in json.dumps(payload)) == ("card", True)
    with pytest.raises(ImportRefusedError):
        day.run(company.services, "FR01", TODAY)
    with company.services.unit_of_work() as uow:
        assert len(cases.list_cases(uow, entity="FR01", kind="data", state=None)) == 1


def test_a_source_that_cannot_be_read_is_told_as_a_notice(company: Company) -> None:
    with pytest.raises(LedgerError):
        day.run(company.services, "FR01", TODAY)
    with company.services.unit_of_work() as uow:
        query = sa.select(slack_outbox.c.payload).where(slack_outbox.c.verb == "notice")
        (payload,) = uow.execute(query).scalars()
        assert cases.list_cases(uow, entity="FR01", kind="data") == []
    assert "there is no extract" in payload["text"]


def test_an_export_that_stopped_coming_grows_old_and_nothing_acts(company: Company) -> None:
    _overdue(company)
    day.import_extract(company.services, "FR01")
    company.moment += timedelta(days=6)  # the files on disk stay as they were
    figures = day.run(company.services, "FR01", TODAY + timedelta(days=6))
    assert figures["sent"] == 0
    assert figures["outcomes"]["act"] == 0


def test_without_a_ledger_the_day_says_what_to_do(company: Company) -> None:
    with pytest.raises(LedgerError, match=r"there is no extract in .*Put customers and invoices there"):
        day.run(company.services, "FR01", TODAY)


def test_a_missing_template_stops_the_run_before_anything_is_decided(company: Company) -> None:
    _overdue(company)
    company.policy(steps=[{"id": "first", "level": "level_1", "day": 7, "template": "no_such_words"}])
    with pytest.raises(PolicyError) as refusal:
        day.run(company.services, "FR01", TODAY)
    assert any("no_such_words" in problem for problem in refusal.value.problems)
    assert _count(company, plan) == 0


def test_without_a_sender_messages_can_be_looked_at_and_no_server_is_given_them(company: Company) -> None:
    company.policy(entity={"sender": None})
    _overdue(company)
    figures = day.run(company.services, "FR01", TODAY)
    assert (figures["sent"], figures["failed"]) == (2, 0)
    message = message_from_bytes(company.letters()[0].read_bytes(), policy=mail_policy)
    assert message["From"].addresses[0].addr_spec == "fr01@no-sender.invalid"
    stored = company.database.read("SELECT key, entity, recipient, sender FROM outbox").row(0, named=True)
    rest = {
        "channel": "email",
        "on_date": TODAY,
        "copies": (),
        "message_id": "<x>",
        "media": "eml",
        "body": b"",
        "digest": "",
    }
    with pytest.raises(PermanentError, match="FR01 has no sender"):
        SmtpChannel(Smtp(host="127.0.0.1", port=1)).send(Message(**stored, **rest))


def test_a_call_that_nobody_made_in_time_is_written_down_and_the_scenario_goes_on(company: Company) -> None:
    company.policy(
        entity={"max_ledger_age_days": 100},
        steps=[
            {
                "id": "call",
                "level": "level_1",
                "day": 7,
                "kind": "call",
                "channels": ["call"],
                "template": "call",
            },
            {"id": "second", "level": "level_2", "day": 9, "template": "second"},
        ],
        call_patience_days=3,
        min_days_between_levels=2,
    )
    company.add("customers", customer_id="C1", name="Client C1", country="FR")
    company.add(
        "contacts",
        contact_id="K1",
        customer_id="C1",
        role="accounts_payable",
        email="a@c1.example",
        phone="+33100000000",
    )
    company.add("invoices", invoice_id="F1", customer_id="C1", issue_date=date(2026, 1, 2), due_date=date(2026, 2, 2),
                amount="10.00", currency="EUR")  # fmt: skip
    company.write()
    found = []
    for number in range(7):
        made = day.run(
            company.services, "FR01", TODAY + timedelta(days=number), force=True, reason="rehearsal"
        )
        rows = company.database.read("SELECT kind, state, acted_on FROM contact ORDER BY as_of").rows()
        found.append((made["outcomes"]["act"], rows))
    assert found[0] == (1, [("call", "open", None)])
    assert [acts for acts, _ in found] == [
        1,
        0,
        0,
        0,
        0,
        0,
        1,
    ]  # not made on Friday the 13th, two days' wait, a Sunday
    assert found[3][1] == [("call", "not_made", date(2026, 3, 13))]
    assert found[6][1][1] == ("message", "sent", date(2026, 3, 16))
