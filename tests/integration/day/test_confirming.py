"""A promise needs a written confirmation to the payer, which is sent: once, beside the rules of dunning, in its language."""

from __future__ import annotations

from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from relance import cases, day
from relance.cases.agreeing import agree
from relance.cases.reading import list_cases
from relance.evidence import verify
from relance.evidence.archive import export
from relance.money import Money
from relance.store.schema import contact, contact_event, outbox, timeline
from tests.integration.day.conftest import STEPS, TODAY, Company
from tests.integration.delivery.conftest import Mailbox, mailbox, port_of, server

pytestmark = pytest.mark.integration
__all__ = ["mailbox", "server"]
BY = "collector@lumen.example"
DUE = TODAY + timedelta(days=8)


@pytest.fixture
def posted(company: Company, server: Controller) -> Company:
    """A company whose e-mail goes to a real server, at any hour."""
    company.extra |= {
        "RELANCE_SMTP_HOST": "127.0.0.1", "RELANCE_SMTP_PORT": str(port_of(server)), "RELANCE_SMTP_STARTTLS": "false",
    }  # fmt: skip
    bank = {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}
    company.policy(entity={"bank": bank}, min_days_between_contacts=3, max_contacts_per_30_days=1)
    (company.folder / "config" / "roles.yaml").write_text(
        "roles: {lead: {people: [collector@lumen.example]}}\n"
        "permissions: [{role: everybody, may: [promise]}, {role: lead, may: [instalments, snooze]}]\n",
        encoding="utf-8",
    )
    return company


def promised(company: Company, amount: str = "100.00 EUR", **other: Any) -> int:
    with company.services.unit_of_work() as uow:
        given = {"payer_id": "C1", "due_on": DUE, "by": BY, "on_date": company.moment.date(), **other}
        number = cases.promise(
            uow, policy=company.services.policy, entity="FR01", amount=Money.parse(amount), **given
        )
        uow.commit()
    return number


def imported(company: Company, *invoices: tuple[str, date, str], **payer: Any) -> None:
    """A payer with what it owes; F1 is late enough for nothing yet."""
    company.payer("C1", *(invoices or (("F1", TODAY - timedelta(days=3), "120.00"),)), **payer)
    company.write()
    day.import_extract(company.services, "FR01")


def texts(mailbox: Mailbox) -> list[str]:
    found = []
    for one in mailbox.envelopes:
        message = message_from_bytes(bytes(one.content), policy=default)
        part = message.get_body(("plain",))
        found.append(
            f"{message['subject']}\n{message['to']}\n{part.get_content() if part else ''}".replace(
                "\xa0", " "
            )
        )
    return found


def notices(company: Company) -> list[sa.RowMapping]:
    query = sa.select(contact).where(contact.c.kind == "notice").order_by(contact.c.as_of, contact.c.key)
    with company.services.unit_of_work() as uow:
        return list(uow.execute(query).mappings())


def later(company: Company, days: int = 1) -> date:
    company.moment += timedelta(days=days)
    company.write()
    return company.moment.date()


def test_a_promise_needs_a_written_confirmation_to_the_payer_which_is_sent_once(
    posted: Company, mailbox: Mailbox
) -> None:
    imported(posted)
    promised(posted, invoices=["F1"])
    promised(posted, invoices=["F1"])  # a double click
    for _ in range(2):
        day.run(posted.services, "FR01", TODAY)
    day.run(posted.services, "FR01", later(posted))
    (text,) = texts(mailbox)
    for words in (
        "100,00 €",
        "18 mars 2026",
        "F1",
        "FR76 3000 6000",
        "compta@c1.example",
        "règlement promis",
    ):
        assert words in text
    (row,) = notices(posted)
    assert (row["state"], row["language"], row["invoices"]) == ("sent", "fr", [])
    with posted.services.unit_of_work() as uow:
        told = list(uow.execute(sa.select(timeline.c.kind).where(timeline.c.subject == row["key"])).scalars())
        archive = export(
            uow, policy=posted.services.policy, book=posted.services.law, entity="FR01", payer_id="C1",
            templates=posted.services.settings.templates,
        )  # fmt: skip
    assert told == ["contact.sent"]
    assert archive.counts["messages"] == 1
    assert not verify.check(archive.content).problems


def test_it_is_in_the_payers_language_and_says_every_instalment(posted: Company, mailbox: Mailbox) -> None:
    imported(posted)
    posted.tables["contacts"][0]["name"] = "Ann Field"
    posted.tables["customers"][0]["language"] = "en"
    with posted.services.unit_of_work() as uow:
        parts = [(Money("EUR", 6_000), TODAY + timedelta(days=one)) for one in (2, 33)]
        agree(
            uow,
            policy=posted.services.policy,
            entity="FR01",
            payer_id="C1",
            parts=parts,
            by=BY,
            on_date=TODAY,
        )
        uow.commit()
    day.run(posted.services, "FR01", TODAY)
    (text,) = texts(mailbox)
    for words in (
        "120,00 €",
        "en 2 versements",
        "le 12 mars 2026 au plus tard : 60,00 €",
        "le 12 avril 2026",
    ):
        assert words in text


def test_it_is_no_dunning_and_counts_for_none_of_its_rules(posted: Company, mailbox: Mailbox) -> None:
    imported(posted, ("F1", TODAY - timedelta(days=3), "120.00"), ("F2", TODAY - timedelta(days=8), "50.00"))
    promised(posted, invoices=["F1"])
    day.run(posted.services, "FR01", TODAY)
    assert len(mailbox.envelopes) == 2
    assert {row["kind"] for row in _contacts(posted)} == {"message", "notice"}


def test_after_a_confirmation_alone_the_next_reminder_comes_when_it_would(
    posted: Company, mailbox: Mailbox
) -> None:
    imported(posted, ("F1", TODAY - timedelta(days=3), "120.00"), ("F2", TODAY - timedelta(days=6), "50.00"))
    promised(posted, invoices=["F1"])
    day.run(posted.services, "FR01", TODAY)
    assert len(mailbox.envelopes) == 1
    day.run(posted.services, "FR01", later(posted))
    assert [row["step"] for row in _contacts(posted)] == ["promise_confirmed", "first"]
    assert len(mailbox.envelopes) == 2


def test_a_later_plan_of_the_day_does_not_withdraw_it(posted: Company, mailbox: Mailbox) -> None:
    imported(posted)
    promised(posted, invoices=["F1"])
    day.decide(posted.services, "FR01", TODAY, live=True)
    posted.add(
        "invoices",
        invoice_id="F9",
        customer_id="C1",
        issue_date=TODAY,
        due_date=TODAY,
        amount="5.00",
        currency="EUR",
    )
    posted.write()
    day.import_extract(posted.services, "FR01")
    day.decide(posted.services, "FR01", TODAY, live=True)
    assert notices(posted)[0]["state"] == "planned"
    assert day.deliver(posted.services, "FR01", TODAY).sent == 1


def test_what_did_not_leave_on_its_day_goes_out_on_the_next(posted: Company, mailbox: Mailbox) -> None:
    imported(posted)
    promised(posted, invoices=["F1"])
    tomorrow = later(posted)
    day.run(posted.services, "FR01", tomorrow)
    assert len(mailbox.envelopes) == 1
    (row,) = notices(posted)
    assert (row["state"], row["as_of"], row["acted_on"]) == ("sent", tomorrow, tomorrow)


def test_what_waited_in_the_outbox_when_its_day_ended_is_written_anew(
    posted: Company, mailbox: Mailbox
) -> None:
    imported(posted)
    promised(posted, invoices=["F1"])
    mailbox.on_rcpt = lambda _: "451 later"
    day.run(posted.services, "FR01", TODAY)
    assert notices(posted)[0]["state"] == "sending"
    mailbox.on_rcpt = lambda _: None
    tomorrow = later(posted)
    day.run(posted.services, "FR01", tomorrow)
    assert len(mailbox.envelopes) == 1
    assert notices(posted)[0]["acted_on"] == tomorrow


def test_replaced_before_it_was_sent_only_the_new_one_is_confirmed(posted: Company, mailbox: Mailbox) -> None:
    imported(posted)
    promised(posted, "100.00 EUR", invoices=["F1"])
    promised(posted, "110.00 EUR", invoices=["F1"])
    day.run(posted.services, "FR01", TODAY)
    (text,) = texts(mailbox)
    assert "110,00 €" in text
    assert sorted(row["state"] for row in notices(posted)) == ["cancelled", "sent"]


def test_broken_before_it_was_sent_it_is_not_sent(posted: Company, mailbox: Mailbox) -> None:
    imported(posted)
    promised(posted, invoices=["F1"], due_on=TODAY, grace_days=0)
    tomorrow = later(posted)
    day.run(posted.services, "FR01", tomorrow)
    assert mailbox.envelopes == []
    assert [row["state"] for row in notices(posted)] == ["cancelled"]


def test_who_has_no_email_gets_it_by_sms(posted: Company) -> None:
    imported(posted)
    posted.tables["contacts"][0] |= {"email": "", "phone": "+33600000001"}
    posted.write()
    day.import_extract(posted.services, "FR01")
    promised(posted, invoices=["F1"])
    day.run(posted.services, "FR01", TODAY)
    (row,) = notices(posted)
    assert (row["channel"], row["recipient"], row["state"]) == ("sms", "+33600000001", "sent")
    with posted.services.unit_of_work() as uow:
        body = uow.execute(sa.select(outbox.c.body)).scalar_one().decode()
    assert "100,00 EUR" in body
    assert "18/03/2026" in body


def test_a_payer_whom_nothing_in_writing_reaches_is_told_on_the_case(
    posted: Company, mailbox: Mailbox
) -> None:
    imported(posted)
    posted.tables["contacts"][0] |= {"opt_out": "email"}
    posted.write()
    day.import_extract(posted.services, "FR01")
    promised(posted, invoices=["F1"])
    day.run(posted.services, "FR01", TODAY)
    assert notices(posted) == []
    with posted.services.unit_of_work() as uow:
        (case,) = list_cases(uow, entity="FR01", kind="promise")
    assert case.details["confirmation"] == {"missing": "no_channel"}


def test_a_confirmation_that_comes_back_is_a_delivery_case(posted: Company, mailbox: Mailbox) -> None:
    imported(posted)
    promised(posted, invoices=["F1"])
    mailbox.on_rcpt = lambda _: "550 5.1.1 no such user"
    day.run(posted.services, "FR01", TODAY)
    assert notices(posted)[0]["state"] == "failed"
    with posted.services.unit_of_work() as uow:
        assert [case.payer_id for case in list_cases(uow, entity="FR01", kind="delivery")] == ["C1"]


def test_what_the_payer_says_itself_is_not_confirmed(posted: Company) -> None:
    from relance.cases.answering import promised as said

    imported(posted)
    with posted.services.unit_of_work() as uow:
        said(uow, policy=posted.services.policy, entity="FR01", payer_id="C1", due_on=DUE, on_date=TODAY)
        uow.commit()
    assert notices(posted) == []


def _contacts(company: Company) -> list[sa.RowMapping]:
    query = sa.select(contact).where(contact.c.state == "sent").order_by(contact.c.as_of, contact.c.kind)
    with company.services.unit_of_work() as uow:
        events = uow.execute(sa.select(sa.func.count()).select_from(contact_event)).scalar_one()
        assert events
        return list(uow.execute(query).mappings())


assert STEPS[1]["day"] == 7  # what the dates above rest on
