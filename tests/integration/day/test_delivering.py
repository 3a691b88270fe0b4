"""What lies between a decision and the message: contact hours, a last look, another address, caps and paces."""

from __future__ import annotations

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default

import pytest
import sqlalchemy as sa
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from relance import day
from relance.cases.holding import put_hold
from relance.cases.record import Journal
from relance.delivery.port import ChannelRefusedError
from relance.errors import UsageError
from relance.evidence import checking, verify
from relance.evidence.archive import export
from relance.store.contacts import set_state
from relance.store.inbound import put_mark
from relance.store.schema import claim_entry, contact, outbox, plan, reach_mark
from tests.integration.day.conftest import TODAY, Company
from tests.integration.delivery.conftest import Mailbox, mailbox, port_of, server

pytestmark = pytest.mark.integration
__all__ = ["mailbox", "server"]

SEVEN, NINE = datetime(2026, 3, 10, 6, 0, tzinfo=UTC), datetime(2026, 3, 10, 8, 0, tzinfo=UTC)  # in Paris


@pytest.fixture
def posted(company: Company, server: Controller) -> Company:
    """A company whose e-mail goes to a real server, between nine and six."""
    company.extra |= {
        "RELANCE_SMTP_HOST": "127.0.0.1", "RELANCE_SMTP_PORT": str(port_of(server)), "RELANCE_SMTP_STARTTLS": "false",
    }  # fmt: skip
    _region(company, {"email": ["09:00", "18:00"]})
    return company


def _region(company: Company, hours: dict[str, list[str]]) -> None:
    region = {"region": "fr", "country": "FR", "languages": ["fr", "en"], "contact_hours": hours}
    (company.folder / "config" / "regions" / "fr.yaml").write_text(yaml.safe_dump(region), encoding="utf-8")


def _channels(company: Company, **rules: object) -> None:
    (company.folder / "config" / "channels.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")


def _states(company: Company) -> dict[str, str]:
    with company.services.unit_of_work() as uow:
        return {row[0]: row[1] for row in uow.execute(sa.select(contact.c.payer_id, contact.c.state))}


def _late(company: Company, *payers: str) -> None:
    for payer in payers:
        company.payer(payer, (f"F-{payer}", date(2026, 2, 25), "120.00"))
    company.write()


def _text(mailbox: Mailbox) -> str:
    return b"".join(bytes(one.content) for one in mailbox.envelopes).decode().replace("=\r\n", "")


# ---- contact hours


def test_a_message_waits_for_the_payers_hours_and_goes_when_they_begin(posted: Company, mailbox: Mailbox):
    _late(posted, "C1")
    figures = day.run(posted.services, "FR01", TODAY)
    assert (figures["held"], figures["sent"], _states(posted)) == (1, 0, {"C1": "planned"})
    posted.moment = NINE
    report = day.deliver(posted.services, "FR01", TODAY)
    assert (report.held, report.sent, len(mailbox.envelopes)) == (0, 1, 1)


def test_the_report_says_when_the_first_hours_begin(posted: Company):
    _late(posted, "C1")
    day.run(posted.services, "FR01", TODAY)
    assert day.deliver(posted.services, "FR01", TODAY).opens_at == NINE


def test_hours_do_not_keep_files_that_stay_here(company: Company):
    _region(company, {"email": ["09:00", "18:00"]})
    _late(company, "C1")
    assert day.run(company.services, "FR01", TODAY)["kept_in_folder"] == 1


# ---- the last look


def test_what_was_paid_before_the_hour_is_not_asked_for(posted: Company, mailbox: Mailbox):
    _late(posted, "C1", "C2")
    day.run(posted.services, "FR01", TODAY)
    posted.add(
        "payments",
        payment_id="P1",
        customer_id="C1",
        date="2026-03-10",
        amount="120.00",
        currency="EUR",
        invoice_id="F-C1",
    )
    posted.add(
        "payments",
        payment_id="P2",
        customer_id="C2",
        date="2026-03-10",
        amount="20.00",
        currency="EUR",
        invoice_id="F-C2",
    )
    posted.write()
    day.import_extract(posted.services, "FR01", extract_date=TODAY)
    posted.moment = NINE
    report = day.deliver(posted.services, "FR01", TODAY)
    assert report.sent == 1
    assert _states(posted) == {"C1": "cancelled", "C2": "sent"}
    assert "100,00" in _text(mailbox).replace("=C2=A0", " ")


def test_what_was_disputed_before_the_hour_is_left_out(posted: Company, mailbox: Mailbox):
    _late(posted, "C1")
    day.run(posted.services, "FR01", TODAY)
    with posted.services.unit_of_work() as uow:
        journal = Journal(uow=uow, entity="FR01", on=TODAY)
        put_hold(journal, "C1", ["F-C1"], reason="disputed", until=None, source="a person")
        journal.write()
        uow.commit()
    posted.moment = NINE
    assert day.deliver(posted.services, "FR01", TODAY).sent == 0
    assert (_states(posted), mailbox.envelopes) == ({"C1": "cancelled"}, [])


def test_a_message_that_waits_for_its_next_try_is_written_anew_on_new_facts(
    posted: Company, mailbox: Mailbox
):
    posted.moment = NINE
    _late(posted, "C1")
    mailbox.on_rcpt = lambda address: "451 later"
    assert day.run(posted.services, "FR01", TODAY)["deferred"] == 1
    posted.add(
        "payments",
        payment_id="P1",
        customer_id="C1",
        date="2026-03-10",
        amount="50.00",
        currency="EUR",
        invoice_id="F-C1",
    )
    posted.write()
    day.import_extract(posted.services, "FR01", extract_date=TODAY)
    mailbox.on_rcpt = lambda address: None
    assert day.deliver(posted.services, "FR01", TODAY).sent == 1
    assert "70,00" in _text(mailbox).replace("=C2=A0", " ")


def test_nothing_is_decided_again_while_the_facts_are_the_same(
    posted: Company, caplog: pytest.LogCaptureFixture
):
    _late(posted, "C1")
    day.run(posted.services, "FR01", TODAY)
    with caplog.at_level("INFO", logger="relance"):
        day.deliver(posted.services, "FR01", TODAY)
    assert not [one for one in caplog.messages if "facts have changed" in one]


# ---- another person, another channel


def test_an_address_that_takes_no_message_is_marked_and_the_next_person_is_written_to_the_same_day(
    posted: Company, mailbox: Mailbox
):
    posted.moment = NINE
    _late(posted, "C1")
    posted.add("contacts", contact_id="K-Z", customer_id="C1", role="finance_lead", email="daf@c1.example")
    posted.write()
    mailbox.on_rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("compta@") else None
    figures = day.run(posted.services, "FR01", TODAY)
    assert (figures["sent"], figures["failed"]) == (1, 1)
    assert [one.rcpt_tos for one in mailbox.envelopes] == [["daf@c1.example"]]
    with posted.services.unit_of_work() as uow:
        [mark] = uow.execute(sa.select(reach_mark)).mappings().all()
    assert (mark["channel"], mark["address"], mark["mark"]) == ("email", "compta@c1.example", "refused")
    with posted.services.unit_of_work() as uow:
        assert not checking.check(uow, "FR01").problems
        archive = export(
            uow, policy=posted.services.policy, book=posted.services.law, entity="FR01", payer_id="C1",
            templates=posted.services.settings.templates,
        )  # fmt: skip
    assert not verify.check(archive.content).problems


def test_where_nobody_else_can_be_reached_the_contact_has_failed(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _late(posted, "C1")
    mailbox.on_rcpt = lambda address: "550 5.1.1 no such user"
    assert day.run(posted.services, "FR01", TODAY)["failed"] == 1
    assert _states(posted) == {"C1": "failed"}
    tomorrow = date(2026, 3, 11)
    posted.moment = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    posted.write()
    assert day.run(posted.services, "FR01", tomorrow)["outcomes"]["act"] == 0  # no_contact


def test_a_refusal_that_is_not_of_the_address_marks_nothing(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _late(posted, "C1")
    mailbox.on_rcpt = lambda address: "550 5.7.1 blocked for its reputation"
    assert day.run(posted.services, "FR01", TODAY)["failed"] == 1
    with posted.services.unit_of_work() as uow:
        assert uow.execute(sa.select(reach_mark)).first() is None


# ---- caps and paces


def test_a_channels_cap_holds_to_the_message(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _channels(posted, channels={"email": {"per_day": 3}})
    _late(posted, *(f"C{number}" for number in range(5)))
    figures = day.run(posted.services, "FR01", TODAY)
    assert (figures["sent"], figures["over_the_cap"], figures["deferred"], len(mailbox.envelopes)) == (
        3,
        2,
        0,
        3,
    )
    assert day.deliver(posted.services, "FR01", TODAY).sent == 0


def test_a_providers_cap_counts_over_all_its_channels(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _channels(posted, providers={"smtp": {"per_day": 1}})
    _late(posted, "C1", "C2")
    assert day.run(posted.services, "FR01", TODAY)["over_the_cap"] == 1


def test_messages_keep_the_pace_of_their_channel(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _channels(posted, channels={"email": {"per_second": 10}})
    _late(posted, *(f"C{number}" for number in range(8)))
    begun = time.monotonic()
    assert day.run(posted.services, "FR01", TODAY)["sent"] == 8
    assert time.monotonic() - begun >= 0.7  # the eighth has its turn 0.7 s after the first
    with posted.services.unit_of_work() as uow:
        assert uow.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one() == 8


# ---- faults


def test_a_provider_down_for_a_day_loses_nothing_and_the_next_day_says_it_once(
    posted: Company, server: Controller, mailbox: Mailbox
):
    posted.moment = NINE
    _late(posted, "C1", "C2")
    up = posted.extra["RELANCE_SMTP_PORT"]
    posted.extra["RELANCE_SMTP_PORT"] = "1"
    assert day.run(posted.services, "FR01", TODAY)["deferred"] == 2
    for hour in (10, 13, 17):
        posted.moment = datetime(2026, 3, 10, hour, 0, tzinfo=UTC)
        assert day.deliver_waiting(posted.services, "FR01", TODAY) is False
    posted.extra["RELANCE_SMTP_PORT"] = up
    posted.moment = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    posted.add(
        "payments",
        payment_id="P1",
        customer_id="C1",
        date="2026-03-11",
        amount="120.00",
        currency="EUR",
        invoice_id="F-C1",
    )
    posted.write()
    assert day.run(posted.services, "FR01", date(2026, 3, 11))["sent"] == 1
    assert [one.rcpt_tos for one in mailbox.envelopes] == [["compta@c2.example"]]


def test_when_half_of_the_calls_fail_every_message_goes_once_or_is_accounted_for(
    posted: Company, mailbox: Mailbox
):
    draw = random.Random(4)
    posted.moment = NINE
    payers = [f"C{number:02}" for number in range(60)]
    _late(posted, *payers)
    taken: list[str] = []

    def on_data(server: SMTP, envelope: Envelope) -> str | None:
        fault = draw.choice(["", "", "", "451 busy", "552 too much", "hang up"])
        if fault in {"", "hang up"}:
            taken.append(envelope.rcpt_tos[0])
        if fault == "hang up":  # taken, and the answer lost
            server.transport.close()
        return fault or None

    mailbox.on_data = on_data
    mailbox.on_rcpt = lambda address: draw.choice([None, None, None, "450 later"])
    day.run(posted.services, "FR01", TODAY)
    for _ in range(12):
        with posted.services.unit_of_work() as uow:
            uow.execute(sa.update(outbox).values(not_before=None))
            uow.commit()
        if day.deliver_waiting(posted.services, "FR01", TODAY):
            break
    states = _states(posted)
    assert set(states.values()) <= {"sent", "failed", "in_doubt"}
    assert sorted(taken) == sorted(set(taken))
    went = {address.split("@")[1].split(".")[0].upper() for address in taken}
    assert {payer for payer, state in states.items() if state == "sent"} <= went
    assert went <= {payer for payer, state in states.items() if state in {"sent", "in_doubt"}}
    assert len(went) > 20


def test_two_deliveries_at_once_send_each_message_once(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _late(posted, *(f"C{number}" for number in range(30)))
    day.import_extract(posted.services, "FR01", extract_date=TODAY)
    day.decide(posted.services, "FR01", TODAY, live=True)
    with ThreadPoolExecutor(2) as two:
        runs = [two.submit(day.deliver, posted.services, "FR01", TODAY) for _ in range(2)]
    assert sum(run.result().sent for run in runs) == 30
    assert len({one.rcpt_tos[0] for one in mailbox.envelopes}) == len(mailbox.envelopes) == 30


# ---- what goes with a message


FORMAL = [
    {
        "id": "formal", "level": "level_3", "day": 30, "template": "formal_notice",
        "charges": ["interest", "compensation"],
    }
]  # fmt: skip


def test_charges_stand_in_the_message_with_their_sums_and_count_as_claimed_once_it_is_out(company: Company):
    company.policy(steps=FORMAL, entity={"bank": {"iban": "FR7630006000011234567890189"}})
    company.payer("C1", ("F1", date(2026, 2, 2), "1000.00"))
    company.write()
    assert day.run(company.services, "FR01", TODAY)["sent"] == 1
    text = (
        message_from_bytes(company.letters()[0].read_bytes(), policy=default)
        .get_body(("plain",))
        .get_content()
    )
    plain = text.replace("\xa0", " ").replace("\u202f", " ")
    # 36 days from 3 February to 10 March at 2.15 % + 10 points (C. com. L441-10): 1000 × 12.15 % × 36 / 365; 40 EUR (D441-5)
    assert "11,98 €" in plain
    assert "40,00 €" in plain
    assert "1 051,98 €" in plain
    with company.services.unit_of_work() as uow:
        rows = uow.execute(sa.select(claim_entry.c.kind, claim_entry.c.act, claim_entry.c.amount)).all()
    assert {tuple(row) for row in rows} == {("interest", "claimed", 1198), ("compensation", "claimed", 4000)}


def test_the_fixed_sum_is_asked_in_its_own_currency_on_invoices_in_another(company: Company):
    company.policy(steps=[{**FORMAL[0], "charges": ["compensation"]}])
    company.payer("C1", ("F1", date(2026, 2, 2), "1000.00"))
    company.tables["invoices"][0]["currency"] = "USD"
    company.write()
    assert day.run(company.services, "FR01", TODAY)["sent"] == 1
    with company.services.unit_of_work() as uow:
        [row] = uow.execute(sa.select(claim_entry.c.kind, claim_entry.c.amount, claim_entry.c.currency)).all()
    assert tuple(row) == ("compensation", 4000, "EUR")  # D441-5 C. com. names it in euros


def test_a_charge_that_the_law_can_not_give_is_reserved_and_keeps_no_message_back(company: Company):
    company.policy(steps=FORMAL)
    company.moment = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
    company.payer("C1", ("F1", date(2026, 7, 20), "1000.00"))
    company.write()
    assert day.run(company.services, "FR01", date(2026, 9, 1))["sent"] == 1
    text = (
        message_from_bytes(company.letters()[0].read_bytes(), policy=default)
        .get_body(("plain",))
        .get_content()
    )
    assert "Nous nous réservons" in text
    with company.services.unit_of_work() as uow:
        assert uow.execute(sa.select(claim_entry)).first() is None


def test_an_e_mail_carries_the_statement_and_the_invoices_that_are_at_hand(company: Company):
    company.policy(
        steps=[
            {
                "id": "first",
                "level": "level_1",
                "day": 7,
                "template": "first",
                "attach": ["statement", "invoice"],
            }
        ]
    )
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"))
    company.tables["invoices"][0]["document"] = "F1.pdf"
    company.write()
    (company.folder / "ledger" / "F1.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")
    assert day.run(company.services, "FR01", TODAY)["sent"] == 1
    message = message_from_bytes(company.letters()[0].read_bytes(), policy=default)
    kinds = [part.get_content_type() for part in message.iter_attachments()]
    assert kinds == [
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/pdf",
    ]


# ---- what a reader found


def test_another_day_than_today_is_delivered_only_when_somebody_forced_it(company: Company):
    _late(company, "C1")
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    day.decide(company.services, "FR01", TODAY, live=True)
    company.moment = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    with pytest.raises(UsageError, match="is not FR01's today"):
        day.deliver(company.services, "FR01", TODAY)
    assert company.letters() == []
    assert day.run(company.services, "FR01", TODAY, force=True, reason="holiday")["sent"] == 1


def test_a_contact_whose_message_is_out_is_not_taken_for_another_channel(company: Company):
    _late(company, "C1")
    day.run(company.services, "FR01", TODAY)
    with company.services.unit_of_work() as uow:
        [key] = uow.execute(sa.select(contact.c.key)).scalars().all()
        set_state(uow, [key], "failed", "twilio", note="undelivered")
        put_mark(
            uow, entity="FR01", channel="email", address="compta@c1.example", mark="opted_out", on_date=TODAY, source="STOP",
            key=key,
        )  # fmt: skip
        uow.commit()
    company.add("contacts", contact_id="K-Z", customer_id="C1", role="finance_lead", email="daf@c1.example")
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    assert day.deliver(company.services, "FR01", TODAY).sent == 0
    assert _states(company) == {"C1": "failed"}


def test_a_provider_that_refuses_us_stops_its_channel_and_no_other(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    posted.extra["RELANCE_SMTP_STARTTLS"] = "true"
    steps = [{"id": "first", "level": "level_1", "day": 7, "template": "first", "channels": ["sms", "email"]}]
    posted.policy(steps=steps)
    _late(posted, "C1", "C2", "C3")
    posted.tables["contacts"][0]["phone"] = "+33600000001"
    posted.write()
    with pytest.raises(ChannelRefusedError, match="STARTTLS"):
        day.run(posted.services, "FR01", TODAY)
    assert _states(posted) == {"C1": "sent", "C2": "sending", "C3": "sending"}
    with posted.services.unit_of_work() as uow:  # the day went on without a provider
        assert uow.execute(sa.select(plan.c.live)).scalars().all() == [True]


def test_batches_side_by_side_leave_refused_addresses_to_who_comes_after_them(
    posted: Company, mailbox: Mailbox
):
    posted.moment = NINE
    _late(posted, *(f"C{number}" for number in range(12)))
    for number in range(12):
        posted.add(
            "contacts",
            contact_id=f"Z{number}",
            customer_id=f"C{number}",
            role="finance_lead",
            email=f"daf@c{number}.example",
        )
    posted.write()
    mailbox.on_rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("compta@") else None
    day.import_extract(posted.services, "FR01", extract_date=TODAY)
    day.decide(posted.services, "FR01", TODAY, live=True)
    batches = day.delivery_batches(posted.services, "FR01", TODAY, size=3)
    with ThreadPoolExecutor(4) as tasks:
        runs = [
            tasks.submit(day.deliver, posted.services, "FR01", TODAY, keys, alone=False) for keys in batches
        ]
    assert sum(run.result().failed for run in runs) == 12
    assert day.deliver_waiting(posted.services, "FR01", TODAY)
    assert sorted(one.rcpt_tos[0] for one in mailbox.envelopes) == sorted(
        f"daf@c{number}.example" for number in range(12)
    )


def test_large_messages_of_a_batch_are_written_in_pieces(company: Company, monkeypatch: pytest.MonkeyPatch):
    pieces: list[int] = []
    intend = sys.modules["relance.delivery.intend"]  # the package gives its name to the function
    store = intend._store
    monkeypatch.setattr(
        intend,
        "_store",
        lambda uow, rows: (pieces.append(sum(len(one["body"]) for one in rows)), store(uow, rows))[1],
    )
    steps = [{"id": "first", "level": "level_1", "day": 7, "template": "first", "attach": ["invoice"]}]
    company.policy(steps=steps)
    _late(company, *(f"C{number:02}" for number in range(12)))
    for row in company.tables["invoices"]:
        row["document"] = "large.pdf"
    company.write()
    (company.folder / "ledger" / "large.pdf").write_bytes(b"%PDF-1.7\n" + b"x" * 1_500_000 + b"\n%%EOF\n")
    assert day.run(company.services, "FR01", TODAY)["sent"] == 12
    assert sum(pieces) > 24_000_000
    assert max(pieces) < 12_000_000
    assert all(path.stat().st_size > 2_000_000 for path in company.letters())


def test_a_secret_that_is_too_short_is_told_before_the_day_begins(company: Company):
    company.extra |= {"RELANCE_PUBLIC_URL": "https://pay.lumen.example", "RELANCE_LINK_SECRET": "short"}
    _late(company, "C1")
    with pytest.raises(UsageError, match="RELANCE_LINK_SECRET is too short"):
        day.run(company.services, "FR01", TODAY)
    assert _states(company) == {}


def test_a_hand_over_file_that_is_missing_is_written_by_the_next_delivery(company: Company) -> None:
    company.payer("C1", ("F1", date(2026, 2, 2), "1000.00"))
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    task = {
        "key": "h1", "entity": "FR01", "payer_id": "C1", "as_of": TODAY, "plan_id": 1, "kind": "handoff",
        "channel": "internal", "scenario": "standard", "step": "handover", "level": "litigation", "content": {},
        "state": "open",
    }  # fmt: skip
    with company.services.unit_of_work() as uow:
        uow.execute(sa.insert(contact).values(task))
        uow.commit()
    assert day.deliver(company.services, "FR01", TODAY).opened == 0
    path = company.services.settings.home / "handover" / "FR01" / TODAY.isoformat() / "h1.zip"
    assert verify.check(path.read_bytes()).problems == []
    assert path.stat().st_mode & 0o077 == 0


def test_a_refused_address_on_a_forced_day_goes_on_to_the_next_person(posted: Company, mailbox: Mailbox):
    posted.moment = NINE
    _late(posted, "C1")
    posted.add("contacts", contact_id="K-Z", customer_id="C1", role="finance_lead", email="daf@c1.example")
    posted.write()
    day.import_extract(posted.services, "FR01", extract_date=TODAY)
    day.decide(posted.services, "FR01", TODAY, live=True)
    posted.moment = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    mailbox.on_rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("compta@") else None
    figures = day.run(posted.services, "FR01", TODAY, force=True, reason="yesterday's run was stopped")
    assert (figures["sent"], [one.rcpt_tos for one in mailbox.envelopes]) == (1, [["daf@c1.example"]])
