"""Intending and sending: the outbox, the channels, and what is written down."""

from __future__ import annotations

import email
import hashlib
import logging
import smtplib
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email import policy as email_policy
from pathlib import Path

import mailparser
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from relance.config.policy import Policy
from relance.delivery import IntendReport, intend, leases, records, send, settle
from relance.delivery.port import ChannelRefusedError
from relance.delivery.retry import MAX_ATTEMPTS
from relance.errors import StoreError
from relance.settings import Settings, Smtp
from relance.store import contacts, timeline
from relance.store.database import Database
from relance.store.schema import contact, outbox, reach_mark
from relance.store.schema import timeline as entries
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import (
    DAY,
    TEMPLATES,
    Mailbox,
    World,
    add_contacts,
    make_content,
    make_settings,
    port_of,
)

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def _intend(database: Database, policy: Policy, *, day=DAY, keys=None) -> IntendReport:
    with UnitOfWork(database) as uow:
        report = intend(uow, policy=policy, templates=TEMPLATES, entity="FR01", as_of=day, keys=keys, now=NOW)
        uow.commit()
    return report


def _send(database: Database, policy: Policy, settings: Settings, *, day=DAY, **more):
    return send(database, settings=settings, policy=policy, entity="FR01", as_of=day, **more)


# ---- intending


def test_a_planned_contact_is_rendered_and_stored_with_its_state_in_one_transaction(
    database, policy, world: World
):
    [key] = add_contacts(database, ["A"])
    with UnitOfWork(database) as uow:
        intend(uow, policy=policy, templates=TEMPLATES, entity="FR01", as_of=DAY, now=NOW)
    assert world.states() == {key: "planned"}
    assert world.states(outbox) == {}
    assert _intend(database, policy) == IntendReport(intended=1)
    row = world.row(outbox, key)
    assert (row["state"], row["attempts"], row["sender"]) == ("intended", 0, "compta@lumen.example")
    assert row["digest"] == hashlib.sha256(row["body"]).hexdigest()
    assert row["message_id"] == f"<{key}@lumen.example>"
    assert world.states() == {key: "sending"}
    assert world.events(key) == [("sending", None)]


def test_intending_again_changes_nothing(database, policy, world: World):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    before = dict(world.row(outbox, key))
    assert _intend(database, policy) == IntendReport()
    assert dict(world.row(outbox, key)) == before


def test_calls_and_tasks_become_open_work_without_a_message(database, policy, world: World):
    [call] = add_contacts(database, ["A"], kind="call", channel="call", recipient="+33100000000")
    [task] = add_contacts(database, ["B"], kind="handoff", channel="internal", recipient=None)
    assert _intend(database, policy) == IntendReport(opened=2)
    assert world.states() == {call: "open", task: "open"}
    assert world.states(outbox) == {}
    assert world.told("A") == ["contact.opened"]
    assert world.told("B") == ["task.opened"]


def test_a_contact_that_awaits_approval_is_left_alone(database, policy, world: World):
    [key] = add_contacts(database, ["A"], state="awaiting_approval", approval="finance_lead")
    assert _intend(database, policy) == IntendReport()
    assert world.states() == {key: "awaiting_approval"}


def test_only_the_keys_given_are_intended(database, policy, world: World):
    first, second = add_contacts(database, ["A", "B"])
    _intend(database, policy, keys=[second])
    assert world.states() == {first: "planned", second: "sending"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content": make_content("A", items={})}, "KeyError"),
        ({"content": make_content("A", template="nowhere")}, "no template 'nowhere'"),
        ({"language": "xx"}, "in language 'xx'"),
        ({"recipient": None}, "no recipient"),
        ({"recipient": "nobody"}, "no e-mail address"),
        ({"recipient": "a@b.example\r\nBcc: all@client.example"}, "no e-mail address"),
    ],
)
def test_a_contact_that_cannot_be_written_fails_alone_with_the_reason(
    database, policy, world: World, changes, reason
):
    [bad] = add_contacts(database, ["A"], **changes)
    [good] = add_contacts(database, ["B"])
    assert _intend(database, policy) == IntendReport(intended=1, failed=1)
    assert world.states() == {bad: "failed", good: "sending"}
    assert reason in world.events(bad)[-1][1]
    assert world.told("A") == ["contact.failed"]


def test_an_email_has_the_headers_that_threads_and_robots_need(database, policy, world: World):
    add_contacts(database, ["A"], day=DAY - timedelta(days=20))
    _intend(database, policy, day=DAY - timedelta(days=20))
    _send(database, policy, make_settings(Path("/nonexistent"), None), day=DAY - timedelta(days=21))
    world.change(sa.update(outbox).values(state="sent"))
    [key] = add_contacts(
        database, ["A"], content=make_content("A", cc=["boss@client.example", "a@client.example"])
    )
    _intend(database, policy)
    row = world.row(outbox, key)
    message = email.message_from_bytes(row["body"], policy=email_policy.default)
    earlier = world.row(outbox, add_key := min(set(world.states(outbox)) - {key}))["message_id"]
    assert message["From"] == "Lumen <compta@lumen.example>"
    assert message["To"] == "Comptabilité <a@client.example>"
    assert message["Cc"] == "boss@client.example"
    assert message["Reply-To"] == "Lumen <relances@lumen.example>"
    assert message["Message-ID"] == f"<{key}@lumen.example>" == row["message_id"]
    assert message["In-Reply-To"] == message["References"] == earlier == f"<{add_key}@lumen.example>"
    assert message["Date"] == "Mon, 02 Mar 2026 09:30:00 +0100"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert message["X-Relance-Key"] == key
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "image/png"]
    assert list(row["copies"]) == ["boss@client.example"]


def test_two_parsers_read_back_what_was_meant(database, policy, world: World):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    body = world.row(outbox, key)["body"]
    standard = email.message_from_bytes(body, policy=email_policy.default)
    other = mailparser.parse_from_bytes(body)
    assert standard.defects == []
    assert other.defects == []
    assert standard["Subject"] == other.subject == "Rappel : facture F-A échue, 120,00\xa0€"
    text, html = (
        standard.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html")
    )
    assert other.text_plain[0].replace("\r\n", "\n").strip() == text.strip()
    assert other.text_html[0].replace("\r\n", "\n").strip() == html.strip()
    for words in (
        "F-A",
        "PO-7",
        "Lamps",
        "120,00\xa0€",
        "FR76 3000 6000 0112 3456 7890 189",
        "AGRIFRPP",
        "10 jours de retard",
    ):
        assert words in text
        assert words in html
    assert body.count(b"\n") == body.count(b"\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= 998


# ---- sending


def test_mail_goes_out_once_and_is_written_down(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    keys = add_contacts(database, ["A", "B", "C"])
    _intend(database, policy)
    report = _send(database, policy, smtp_settings)
    assert (report.sent, report.kept, report.failed, report.in_doubt, report.deferred) == (3, 0, 0, 0, 0)
    assert sorted(envelope.rcpt_tos[0] for envelope in mailbox.envelopes) == [
        f"{p}@client.example" for p in "abc"
    ]
    assert set(world.states().values()) == {"sent"}
    row = world.row(outbox, keys[0])
    assert (row["state"], row["provider"], row["receipt"], row["attempts"]) == ("sent", "smtp", "250 OK", 1)
    assert row["sent_at"] is not None
    assert row["lease_owner"] is None
    assert world.row(contact, keys[0])["acted_on"] == DAY
    assert world.told("A") == ["contact.sent"]
    assert world.events(keys[0])[-1] == ("sent", "sent by smtp")
    assert _send(database, policy, smtp_settings).sent == 0
    assert len(mailbox.envelopes) == 3


def test_what_arrives_is_what_was_stored(database, policy, world: World, smtp_settings, mailbox: Mailbox):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    _send(database, policy, smtp_settings)
    assert mailbox.envelopes[0].original_content == world.row(outbox, key)["body"]


def test_the_timeline_holds_the_recipient_and_the_hash_and_stays_whole(
    database, policy, smtp_settings, world: World
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    _send(database, policy, smtp_settings)
    with UnitOfWork(database) as uow:
        rows = [dict(row) for row in timeline.read(uow, "FR01", "A")]
    assert timeline.verify(rows) is None
    body = rows[0]["body"]
    assert body["recipient"] == "a@client.example"
    assert body["digest"] == world.row(outbox, key)["digest"]
    assert (body["channel"], body["provider"], body["kept"], body["step"]) == (
        "email",
        "smtp",
        False,
        "first",
    )


def test_without_a_server_mail_is_kept_in_a_folder_and_said_to_be(
    database, policy, world, folder_settings, caplog
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    with caplog.at_level(logging.INFO, logger="relance"):
        report = _send(database, policy, folder_settings)
    assert (report.sent, report.kept) == (1, 1)
    path = folder_settings.home / "outbox" / "FR01" / "2026-03-02" / "email" / f"{key}.eml"
    assert path.read_bytes() == world.row(outbox, key)["body"]
    assert world.events(key)[-1] == ("sent", f"kept in folder: FR01/2026-03-02/email/{key}.eml")
    assert "0 sent by a provider, 1 kept in folder" in caplog.text
    assert "client.example" not in caplog.text


@pytest.mark.parametrize(
    ("channel", "kind", "begins"),
    [
        ("sms", "txt", b"Lumen"), ("whatsapp", "json", b'{"language"'), ("voice", "json", b'{"bye"'),
        ("letter", "pdf", b"%PDF-"), ("registered", "pdf", b"%PDF-"),
    ],
)  # fmt: skip
def test_every_other_channel_is_kept_as_it_would_leave_until_it_has_a_provider(
    database, policy, smtp_settings, world: World, channel: str, kind: str, begins: bytes, mailbox: Mailbox
):
    [key] = add_contacts(database, ["A"], channel=channel, recipient="+33600000000")
    _intend(database, policy)
    report = _send(database, policy, smtp_settings)
    assert (report.sent, report.kept, mailbox.envelopes) == (1, 1, [])
    path = smtp_settings.home / "outbox" / "FR01" / "2026-03-02" / channel / f"{key}.{kind}"
    assert path.read_bytes().startswith(begins)


def test_a_forced_past_day_is_dated_that_day(database, policy, world: World, folder_settings):
    past = DAY - timedelta(days=400)
    [key] = add_contacts(database, ["A"], day=past)
    _intend(database, policy, day=past)
    _send(database, policy, folder_settings, day=past)
    assert world.row(contact, key)["acted_on"] == past
    message = email.message_from_bytes(world.row(outbox, key)["body"], policy=email_policy.default)
    assert message["Date"].datetime.date() == past
    with UnitOfWork(database) as uow:
        assert timeline.read(uow, "FR01", "A")[0]["on_date"] == past


def test_a_permanent_refusal_fails_the_message_at_once_and_others_go_on(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    bad, good = add_contacts(database, ["BAD", "GOOD"])
    mailbox.on_rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("bad") else None
    _intend(database, policy)
    report = _send(database, policy, smtp_settings)
    assert (report.sent, report.failed) == (1, 1)
    assert world.states() == {bad: "failed", good: "sent"}
    assert "550 5.1.1 no such user" in world.row(outbox, bad)["error"]
    assert world.told("BAD") == ["contact.failed"]
    assert world.row(contact, bad)["acted_on"] is None


def test_what_a_server_says_is_kept_without_the_address_it_quotes(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    (bad,) = add_contacts(database, ["C1"], recipient="anne@client.example")
    mailbox.on_rcpt = lambda address: f"550 5.1.1 <{address}>: user unknown, call +33 1 99 00 00 01"
    _intend(database, policy)
    _send(database, policy, smtp_settings)
    with UnitOfWork(database) as uow:
        (source,) = uow.execute(sa.select(reach_mark.c.source)).scalars()
        (body,) = uow.execute(sa.select(entries.c.body)).scalars()
    for text in (world.row(outbox, bad)["error"], world.events(bad)[-1][1], source, body["error"]):
        assert "550 5.1.1 <…>: user unknown, call …" in text
        assert "anne" not in text


def test_a_refused_copy_does_not_stop_the_message(database, policy, smtp_settings, mailbox: Mailbox):
    add_contacts(
        database, ["A"], content=make_content("A", cc=["gone@client.example", "boss@client.example"])
    )
    mailbox.on_rcpt = lambda address: "550 gone" if address.startswith("gone") else None
    _intend(database, policy)
    assert _send(database, policy, smtp_settings).sent == 1
    assert mailbox.envelopes[0].rcpt_tos == ["a@client.example", "boss@client.example"]


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_a_transient_refusal_is_tried_again_later_and_given_up_in_the_end(
    database, policy, world: World, smtp_settings, mailbox: Mailbox, where: str
):
    [key] = add_contacts(database, ["A"])
    if where == "rcpt":
        mailbox.on_rcpt = lambda address: "451 4.7.1 come back later"
    else:
        mailbox.on_data = lambda server, envelope: "451 4.3.0 mailbox busy"
    _intend(database, policy)
    for attempt in range(1, MAX_ATTEMPTS):
        report = _send(database, policy, smtp_settings)
        assert (report.sent, report.failed, report.deferred) == (0, 0, 1)
        row = world.row(outbox, key)
        assert (row["state"], row["attempts"]) == ("intended", attempt)
        assert row["not_before"] > row["created_at"]
        assert _send(database, policy, smtp_settings).deferred == 1  # not before its time
        assert world.row(outbox, key)["attempts"] == attempt
        world.try_again_now()
    assert _send(database, policy, smtp_settings).failed == 1
    assert world.states() == {key: "failed"}
    assert world.row(outbox, key)["error"].startswith(f"given up after {MAX_ATTEMPTS} tries: ")


def test_a_message_that_was_busy_goes_when_it_can(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    [key] = add_contacts(database, ["A"])
    mailbox.on_rcpt = lambda address: "451 later"
    _intend(database, policy)
    _send(database, policy, smtp_settings)
    mailbox.on_rcpt = lambda address: None
    world.try_again_now()
    assert _send(database, policy, smtp_settings).sent == 1
    assert world.states() == {key: "sent"}
    assert len(mailbox.envelopes) == 1


def test_a_connection_lost_after_the_dot_leaves_the_message_in_doubt_and_it_is_never_sent_again(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    def take_and_hang_up(server, envelope):
        mailbox.envelopes.append(envelope)
        server.transport.abort()

    keys = add_contacts(database, ["A", "B"])
    _intend(database, policy, keys=keys[:1])
    mailbox.on_data = take_and_hang_up
    report = _send(database, policy, smtp_settings)
    assert (report.sent, report.in_doubt) == (0, 1)
    assert world.states()[keys[0]] == "in_doubt"
    assert world.told("A") == ["contact.in_doubt"]
    taken = len(mailbox.envelopes)
    mailbox.on_data = lambda server, envelope: None
    _intend(database, policy)
    assert _send(database, policy, smtp_settings).sent == 1  # the next one goes on a new connection
    assert _send(database, policy, smtp_settings, day=DAY + timedelta(days=1)).sent == 0
    assert len([one for one in mailbox.envelopes if keys[0].encode() in one.original_content]) == taken
    assert world.states()[keys[0]] == "in_doubt"


def test_a_server_that_always_hangs_up_over_one_message_does_not_hold_up_the_others(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    bad, *good = add_contacts(database, ["BAD", "A", "B", "C"])
    mailbox.on_rcpt = lambda address: "421 4.3.2 closing" if address.startswith("bad") else None
    _intend(database, policy)
    report = _send(database, policy, smtp_settings)
    assert (report.sent, report.deferred, report.problem) == (3, 1, None)
    assert world.row(outbox, bad)["attempts"] == 1
    assert world.row(outbox, bad)["not_before"] is not None
    assert {world.states()[key] for key in good} == {"sent"}


def test_a_server_that_hangs_up_before_the_dot_is_tried_again_on_a_new_connection(
    database, policy, world: World, tmp_path: Path, mailbox: Mailbox, server: Controller
):
    add_contacts(database, ["A", "B"])
    _intend(database, policy)
    dropped: list[str] = []

    def hang_up_once(address: str) -> str | None:
        if address.startswith("b") and not dropped:
            dropped.append(address)
            return "421 4.3.2 closing"
        return None

    mailbox.on_rcpt = hang_up_once
    settings = make_settings(
        tmp_path, Smtp(host="127.0.0.1", port=port_of(server), starttls=False, timeout_s=5.0)
    )
    report = _send(database, policy, settings)
    world.try_again_now()
    again = _send(database, policy, settings)
    assert report.sent + again.sent == 2
    assert len(mailbox.envelopes) == 2


def test_when_the_server_is_down_nothing_is_lost_and_no_try_is_counted(
    database, policy, world: World, tmp_path
):
    keys = add_contacts(database, ["A", "B"])
    [sms] = add_contacts(database, ["C"], channel="sms", recipient="+33600000000")
    _intend(database, policy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings = make_settings(
            tmp_path, Smtp(host="127.0.0.1", port=free.getsockname()[1], starttls=False, timeout_s=1)
        )
        report = _send(database, policy, settings)
    assert (report.sent, report.deferred) == (1, 2)
    assert "can't be reached" in report.problem
    assert world.states() == {keys[0]: "sending", keys[1]: "sending", sms: "sent"}
    assert {world.row(outbox, key)["attempts"] for key in keys} == {0}
    assert {world.row(outbox, key)["lease_owner"] for key in keys} == {None}


def test_a_slow_server_leaves_doubt_only_where_the_message_was_complete(
    database, policy, world, tmp_path, mailbox, server
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    mailbox.on_data = lambda smtp, envelope: time.sleep(1.5)
    settings = make_settings(
        tmp_path, Smtp(host="127.0.0.1", port=port_of(server), starttls=False, timeout_s=0.5)
    )
    assert _send(database, policy, settings).in_doubt == 1
    assert world.states() == {key: "in_doubt"}


def test_starttls_is_insisted_on(database, policy, world: World, tmp_path, server):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    settings = make_settings(
        tmp_path, Smtp(host="127.0.0.1", port=port_of(server), starttls=True, timeout_s=5)
    )
    with pytest.raises(ChannelRefusedError, match="offers no STARTTLS"):
        _send(database, policy, settings)
    row = world.row(outbox, key)
    assert (row["state"], row["attempts"], row["lease_owner"]) == ("intended", 0, None)
    assert world.states() == {key: "sending"}


def test_two_senders_at_once_never_send_the_same_message(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    keys = add_contacts(database, [f"P{number:03}" for number in range(120)])
    _intend(database, policy)
    reports = []
    threads = [
        threading.Thread(target=lambda: reports.append(_send(database, policy, smtp_settings)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.sent for report in reports) == 120
    assert len(mailbox.envelopes) == len({one.rcpt_tos[0] for one in mailbox.envelopes}) == 120
    assert set(world.states().values()) == {"sent"}
    assert len(keys) == 120


def test_a_living_senders_messages_are_left_to_it_and_a_dead_ones_are_taken_at_once(
    database, policy, world: World, smtp_settings
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    with leases.owner(database) as other:
        with UnitOfWork(database) as uow:
            taken = leases.lease(
                uow, name=other, entity="FR01", as_of=DAY, channel="email", keys=None, size=10, seconds=3600
            )
            uow.commit()
        assert [one.key for one in taken] == [key]
        assert _send(database, policy, smtp_settings).sent == 0
    assert _send(database, policy, smtp_settings).sent == 1


def _abandon(database: Database, *, provider: str) -> None:
    """A sender marks its messages as being sent and dies."""
    with leases.owner(database) as name, UnitOfWork(database) as uow:
        for one in leases.lease(
            uow, name=name, entity="FR01", as_of=DAY, channel="email", keys=None, size=99, seconds=3600
        ):
            assert records.begun(uow, key=one.key, name=name, provider=provider, seconds=3600)
        uow.commit()


def test_a_dead_senders_open_message_is_in_doubt_where_the_provider_cannot_be_asked(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    _abandon(database, provider="smtp")
    report = _send(database, policy, smtp_settings)
    assert (report.sent, report.in_doubt, mailbox.envelopes) == (0, 1, [])
    assert world.states() == {key: "in_doubt"}


def test_doubt_is_kept_when_the_settings_no_longer_name_the_provider(
    database, policy, world: World, folder_settings
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    _abandon(database, provider="smtp")
    assert _send(database, policy, folder_settings).in_doubt == 1
    assert world.states() == {key: "in_doubt"}


@pytest.mark.parametrize("there", [True, False])
def test_a_dead_senders_open_message_is_asked_about_where_that_is_possible(
    database, policy, world: World, folder_settings, there: bool
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    _abandon(database, provider="folder")
    path = folder_settings.home / "outbox" / "FR01" / "2026-03-02" / "email" / f"{key}.eml"
    if there:
        path.parent.mkdir(parents=True)
        path.write_bytes(world.row(outbox, key)["body"])
    assert _send(database, policy, folder_settings).sent == 1
    assert world.states() == {key: "sent"}
    assert world.told("A") == ["contact.sent"]
    assert path.read_bytes() == world.row(outbox, key)["body"]


def test_what_waits_from_days_before_is_cancelled_so_that_planning_says_it_anew(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    [key] = add_contacts(database, ["A"])
    mailbox.on_rcpt = lambda address: "451 later"
    _intend(database, policy)
    _send(database, policy, smtp_settings)
    world.try_again_now()
    report = settle(
        database, settings=smtp_settings, policy=policy, entity="FR01", as_of=DAY + timedelta(days=1)
    )
    assert report.cancelled == 1
    assert world.states() == {key: "cancelled"}
    assert world.states(outbox) == {key: "cancelled"}
    assert world.told("A") == ["contact.cancelled"]
    assert mailbox.envelopes == []


def test_a_contact_cancelled_by_a_person_is_not_sent(
    database, policy, world: World, smtp_settings, mailbox: Mailbox
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    with UnitOfWork(database) as uow:
        contacts.set_state(uow, [key], "cancelled", "somebody")
        uow.commit()
    assert _send(database, policy, smtp_settings).sent == 0
    assert mailbox.envelopes == []


def test_a_full_disk_stops_the_channel_and_loses_nothing(database, policy, world: World, folder_settings):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    blocked = folder_settings.home / "outbox"
    blocked.write_text("a file where a folder should be")
    report = _send(database, policy, folder_settings)
    assert (report.sent, report.deferred) == (0, 1)
    assert "does not take a message" in report.problem
    blocked.unlink()
    assert _send(database, policy, folder_settings).sent == 1
    assert world.states() == {key: "sent"}


# ---- the contact's states


def test_a_state_moves_with_its_event_and_only_from_where_it_may(database, world: World):
    first, second = add_contacts(database, ["A", "B"])
    with UnitOfWork(database) as uow:
        contacts.set_state(uow, [second], "cancelled", "planner")
        moved = contacts.set_state(
            uow, [first, second], "sent", "relance", DAY, "note", only_from={"planned"}
        )
        assert moved == [first]
        assert contacts.counts(uow, entity="FR01", as_of=DAY) == {"cancelled": 1, "sent": 1}
        assert contacts.keys_in(uow, entity="FR01", as_of=DAY, state="sent", kinds={"message"}) == [first]
        uow.commit()
    assert world.row(contact, first)["acted_on"] == DAY
    assert world.events(first) == [("sent", "note")]
    assert world.events(second) == [("cancelled", None)]
    with UnitOfWork(database) as uow, pytest.raises(StoreError, match="no state 'gone'"):
        contacts.set_state(uow, [first], "gone", "x")


def test_the_bare_client_and_the_channel_send_the_same_bytes(
    database, policy, world, smtp_settings, mailbox, server
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    _send(database, policy, smtp_settings)
    body = bytes(world.row(outbox, key)["body"])
    with smtplib.SMTP("127.0.0.1", port_of(server)) as client:
        client.sendmail("compta@lumen.example", ["a@client.example"], body)
    assert mailbox.envelopes[0].original_content == mailbox.envelopes[1].original_content


@pytest.mark.parametrize(("there", "state"), [(True, "sent"), (False, "failed")])
def test_a_doubt_is_settled_by_asking_where_the_provider_can_be_asked(
    database, policy, folder_settings, world: World, there: bool, state: str
):
    [key] = add_contacts(database, ["A"])
    _intend(database, policy)
    if there:
        _send(database, policy, folder_settings)
    world.change(sa.update(outbox).values(state="in_doubt", provider="folder"))
    world.change(sa.update(contact).values(state="in_doubt"))
    settle(database, settings=folder_settings, policy=policy, entity="FR01", as_of=DAY + timedelta(days=1))
    assert (world.states()[key], world.states(outbox)[key]) == (state, state)
    assert world.told("A")[-1] == f"contact.{state}"
