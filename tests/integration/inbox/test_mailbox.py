"""Bounces and answers from a real mailbox, and what they do."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import trustme
from sqlalchemy.exc import DataError

from relance.delivery.port import ChannelDownError, ChannelRefusedError
from relance.errors import UsageError
from relance.inbox import imap, mailbox
from relance.inbox.bounces import Incoming, read_mail
from relance.inbox.filing import Filing
from relance.inbox.mailbox import MailboxReport, read_mailbox
from relance.settings import Mailbox
from relance.store import timeline
from relance.store.database import Database
from relance.store.inbound import marks_on
from relance.store.schema import case_event, contact, dunning_case, outbox, reach_mark, receipt, reply
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import World as Ledger
from tests.integration.cases.world import invoice
from tests.integration.delivery.conftest import DAY, World, add_contacts, make_policy, make_settings
from tests.integration.inbox import imap_server
from tests.integration.inbox.imap_server import Folder
from tests.unit.inbox import samples
from tests.unit.inbox.samples import KEY, TO, answer, recipient, report

pytestmark = pytest.mark.integration
TODAY = DAY + timedelta(days=1)
_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def imap_port() -> Iterator[int]:
    with imap_server.serving() as port:
        yield port


@pytest.fixture
def folder(imap_port: int) -> Folder:
    """A folder of this test's own."""
    one = Folder(
        Mailbox(
            host="127.0.0.1", port=imap_port, user=imap_server.USER, password=imap_server.PASSWORD,
            folder=f"Bounces {next(_NUMBER)}".replace(" ", "_"), tls=False, timeout_s=5.0,
        )
    )  # fmt: skip
    one.create()
    return one


@pytest.fixture
def world(database: Database) -> World:
    """One e-mail sent yesterday to Marie, with a copy to her boss."""
    sent_to(database)
    return World(database)


def sent_to(database: Database, payer: str = "P1", *, key: str = KEY, to: str = TO, **changes: Any) -> None:
    entity, state = changes.get("entity", "FR01"), changes.get("state", "sent")
    add_contacts(database, [payer], key=key, recipient=to, state=state, acted_on=DAY, entity=entity)
    row = {
        "key": key, "entity": "FR01", "payer_id": payer, "channel": "email", "on_date": DAY, "sender": "compta@lumen.example",
        "recipient": to, "copies": ["Chef@client.example"], "message_id": f"<{key}@lumen.example>", "media": "eml",
        "body": b"", "digest": "", "state": "sent", "provider": "smtp",
    }  # fmt: skip
    with UnitOfWork(database) as uow:
        uow.execute(sa.insert(outbox).values(row | changes))
        uow.commit()


def read(
    world: World, folder: Folder, tmp_path: Path = Path("/nonexistent"), on: date = TODAY
) -> MailboxReport:
    settings = replace(make_settings(tmp_path), mailbox=folder.settings)
    return read_mailbox(world.database, settings=settings, policy=make_policy(), entity="FR01", as_of=on)


@dataclass
class Listed:
    """A mailbox that is a list: what servers refuse to take in, or are slow to."""

    mails: list[bytes]
    done: set[str] = field(default_factory=set)

    def unseen(self) -> list[str]:
        return [str(number) for number in range(len(self.mails)) if str(number) not in self.done]

    def read(self, identifier: str) -> bytes:
        return self.mails[int(identifier)]

    def seen(self, identifier: str) -> None:
        self.done.add(identifier)

    def close(self) -> None:
        pass


def read_list(world: World, source: Listed, *, entity: str = "FR01", on: date = TODAY) -> MailboxReport:
    policy = make_policy()
    german = policy.entities["FR01"].model_copy(update={"entity": "DE01"})
    return read_mailbox(
        world.database, settings=make_settings(Path("/nonexistent")), entity=entity, as_of=on, source=source,
        policy=policy.model_copy(update={"entities": policy.entities | {"DE01": german}}),
    )  # fmt: skip


def rows(world: World, table: sa.Table) -> list[dict[str, Any]]:
    with UnitOfWork(world.database) as uow:
        return [
            dict(row) for row in uow.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
        ]


def marked(world: World) -> list[tuple[str, str]]:
    return [(row["address"], row["mark"]) for row in rows(world, reach_mark)]


@pytest.mark.parametrize(
    "raw", [samples.POSTFIX, samples.EXCHANGE, samples.GMAIL, samples.EXIM, samples.QMAIL], ids="pegxq"
)
def test_a_hard_bounce_undoes_the_contact_and_marks_the_address(
    world: World, folder: Folder, raw: bytes
) -> None:
    folder.put(raw)
    report_ = read(world, folder)
    assert (report_.read, report_.filed, report_.broken) == (1, {"bounced": 1}, 0)
    assert world.states()[KEY] == "bounced"
    assert marks_on(world.database, "FR01", TODAY).select("channel", "address", "mark").rows() == [
        ("email", TO, "bounced")
    ]
    (kept,) = rows(world, receipt)
    assert (kept["key"], kept["kind"], kept["on_date"], kept["detail"]["address"]) == (
        KEY,
        "bounced",
        TODAY,
        TO,
    )
    assert world.told("P1") == ["contact.bounced"]
    assert TO not in repr(world.events(KEY))  # kept for ever
    assert folder.unseen() == 0


@pytest.mark.parametrize(
    "raw", [samples.FULL, samples.GAVE_UP, samples.GATEWAY], ids=["full", "gave up", "gateway"]
)
def test_a_soft_bounce_lets_planning_say_it_again_to_the_same_address(
    world: World, folder: Folder, raw: bytes
) -> None:
    folder.put(raw)
    assert read(world, folder).filed == {"failed": 1}
    assert world.states()[KEY] == "failed"
    assert marked(world) == []


def test_a_delay_changes_nothing_but_is_told(world: World, folder: Folder) -> None:
    folder.put(samples.DELAYED, samples.DELIVERED.replace(b"ABC@", b"ABD@"))
    assert read(world, folder).filed == {"deferred": 1, "delivered": 1}
    assert world.states()[KEY] == "sent"
    assert marked(world) == []
    assert world.told("P1") == ["contact.deferred", "contact.delivered"]


def test_the_same_mail_twice_changes_nothing(world: World, folder: Folder) -> None:
    folder.put(samples.POSTFIX, answer("Payé."))
    read(world, folder)
    tables = (contact, reach_mark, receipt, reply, dunning_case, case_event)
    before = [rows(world, table) for table in tables]
    folder.unsee()
    folder.put(samples.POSTFIX)
    assert read(world, folder).filed == {"again": 3}
    assert [rows(world, table) for table in tables] == before
    assert world.told("P1") == ["contact.bounced", "reply.text", "case.open", "case.comment"]


@pytest.mark.parametrize("raw", [samples.POSTFIX, samples.QMAIL], ids=["report", "words"])
def test_servers_write_the_address_with_its_domain_in_ascii(
    database: Database, folder: Folder, raw: bytes
) -> None:
    sent_to(database, to="marie@bücher.example")
    folder.put(raw.replace(TO.encode(), b"marie@xn--bcher-kva.example"))
    assert read(World(database), folder).filed == {"bounced": 1}
    assert marked(World(database)) == [("marie@bücher.example", "bounced")]


def test_a_bounce_of_an_address_that_we_did_not_write_to_does_not_count(world: World, folder: Folder) -> None:
    folder.put(report(recipient(address="other@client.example")))
    assert read(world, folder).filed == {"unmatched": 1}
    assert world.states()[KEY] == "sent"
    assert marked(world) == []


def test_a_bounce_without_our_key_does_not_count(world: World, folder: Folder) -> None:
    forged = samples.POSTFIX.replace(KEY.encode(), b"0a" * 16)
    folder.put(forged, samples.QMAIL.replace(KEY.encode(), b"0a" * 16))
    assert read(world, folder).filed == {"unmatched": 2}
    assert world.states()[KEY] == "sent"
    assert rows(world, receipt) == []


def test_a_bounce_of_a_message_that_never_left_does_not_count(database: Database, folder: Folder) -> None:
    sent_to(database, state="cancelled")
    folder.put(samples.POSTFIX)
    assert read(World(database), folder).filed == {"unmatched": 1}
    assert marked(World(database)) == []


def test_a_bounced_copy_marks_its_address_and_leaves_the_contact(world: World, folder: Folder) -> None:
    folder.put(report(recipient(address="chef@client.example")))
    assert read(world, folder).filed == {"bounced": 1}
    assert world.states()[KEY] == "sent"
    assert marked(world) == [("chef@client.example", "bounced")]


@pytest.mark.parametrize("state", ["in_doubt", "sending"])
def test_a_bounce_ends_the_doubt_whether_a_message_had_gone(
    database: Database, folder: Folder, state: str
) -> None:
    sent_to(database, state=state)
    folder.put(samples.POSTFIX)
    read(World(database), folder)
    assert World(database).states() == {KEY: "bounced"}
    assert World(database).states(outbox) == {KEY: "sent"}
    assert World(database).told("P1")[-2:] == ["contact.sent", "contact.bounced"]


def test_an_absence_is_told_and_asks_nobody(world: World, folder: Folder) -> None:
    folder.put(samples.AWAY)
    assert read(world, folder).filed == {"absence": 1}
    (kept,) = rows(world, reply)
    assert (kept["kind"], kept["payer_id"], kept["key"]) == ("absence", "P1", KEY)
    assert "text" not in kept["body"]  # whom to call while she is away is none of our business
    assert rows(world, dunning_case) == []
    assert world.told("P1") == ["reply.absence"]


def test_an_answer_opens_one_question_a_payer(database: Database, world: World, folder: Folder) -> None:
    Ledger(database).ledger(
        customers=[{"customer_id": "P1", "collector": "collector@lumen.example"}],
        invoices=[invoice("F-1", DAY - timedelta(days=30), 12_000, customer_id="P1")],
    )
    folder.put(answer("Quelle facture ?"), answer("Et le RIB ?", message_id="r-2"))
    assert read(world, folder).filed == {"text": 2}
    (case,) = rows(world, dunning_case)
    assert (case["payer_id"], case["kind"], case["state"], case["owner"]) == (
        "P1",
        "question",
        "open",
        "collector@lumen.example",
    )
    assert [row["body"]["text"] for row in rows(world, reply)] == ["Quelle facture ?", "Et le RIB ?"]
    said = [row["body"]["text"] for row in rows(world, case_event) if row["verb"] == "comment"]
    assert said == ["Quelle facture ?", "Et le RIB ?"]
    with UnitOfWork(database) as uow:
        assert timeline.verify(timeline.read(uow, "FR01", "P1")) is None


def test_an_answer_outside_the_thread_is_known_by_its_address(world: World, folder: Folder) -> None:
    folder.put(
        answer("Bonjour", references=False),
        answer("Spam", references=False, sender="x@y.example", message_id="s"),
    )
    assert read(world, folder).filed == {"text": 1, "unmatched": 1}
    known, unknown = rows(world, reply)
    assert (known["payer_id"], known["body"]["by"]) == ("P1", "address")
    assert (unknown["payer_id"], unknown["body"]["text"]) == (None, "Spam")


def test_stop_is_taken_from_somebody_we_wrote_to_and_from_nobody_else(world: World, folder: Folder) -> None:
    folder.put(
        answer("STOP", sender="x@y.example", message_id="s1"),
        answer("STOP", references=False, message_id="s2"),
    )
    assert read(world, folder).filed == {"text": 2}
    assert marked(world) == []
    folder.put(answer("Stop.\n\nLe 2 mars 2026, Lumen a écrit :\n> Facture", message_id="s3"))
    assert read(world, folder).filed == {"stop": 1}
    assert marked(world) == [(TO, "opted_out")]


def test_an_answer_to_another_entity_that_names_no_mail_waits_for_its_run(
    database: Database, tmp_path: Path
) -> None:
    world, source = World(database), Listed([answer("Réglé hier.", references=False)])
    sent_to(database, entity="DE01")
    assert read_list(world, source).filed == {"others": 1}
    assert rows(world, reply) == []
    assert read_list(world, source, entity="DE01").filed == {"text": 1}
    (kept,) = rows(world, reply)
    assert (kept["entity"], kept["payer_id"], kept["body"]["text"]) == ("DE01", "P1", "Réglé hier.")
    assert source.unseen() == []


def test_of_two_entities_that_wrote_to_an_address_the_last_one_is_answered(database: Database) -> None:
    world, raw = World(database), answer("Réglé hier.", references=False)
    sent_to(database, on_date=DAY - timedelta(days=3))
    sent_to(database, entity="DE01", key="3e" * 16)
    assert read_list(world, Listed([raw])).filed == {"others": 1}
    sent_to(database, payer="P2", key="4e" * 16)
    assert read_list(world, Listed([raw])).filed == {"text": 1}


def test_one_mail_in_the_mailboxes_of_two_entities_is_an_answer_to_both(database: Database) -> None:
    world, raw = World(database), answer("Réglé hier.", references=False, sender="x@y.example")
    for entity in ("FR01", "DE01"):
        assert read_list(world, Listed([raw]), entity=entity).filed == {"unmatched": 1}
        assert read_list(world, Listed([raw]), entity=entity).filed == {"again": 1}
    assert [row["entity"] for row in rows(world, reply)] == ["FR01", "DE01"]


def test_anothers_mail_does_not_hide_what_lies_behind_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MOST", 2)
    world, source = World(database), Listed([samples.POSTFIX] * 5)
    sent_to(database, entity="DE01")
    sent_to(database, payer="P2", key="5e" * 16, to="jean@client.example")
    source.mails += [
        answer("Payé", references=False, sender="jean@client.example", message_id=str(n)) for n in range(4)
    ]
    done = read_list(world, source)
    assert (done.filed, done.left) == ({"others": 5, "text": 2}, 2)
    monkeypatch.setattr(mailbox, "LOOKED_AT", 4)  # of seven that wait
    later = [read_list(world, source, on=TODAY + timedelta(days=day)) for day in range(1, 8)]
    assert sum(one.filed.get("text", 0) for one in later) == 2
    assert max(one.read for one in later) <= 4
    assert source.unseen() == ["0", "1", "2", "3", "4"]


def test_a_strangers_notice_that_no_table_takes_stops_no_day(world: World) -> None:
    notice = samples.POSTFIX.replace(f"<{KEY}@".encode(), b"<abc\x00def@").replace(
        b"X-Relance-Key", b"X-Nothing"
    )
    source = Listed([notice, samples.POSTFIX])
    assert read_list(world, source).filed == {"bounced": 1, "unmatched": 1}
    assert source.unseen() == []


def test_a_nul_anywhere_in_a_mail_stops_no_day(world: World) -> None:
    known = (samples.POSTFIX, samples.EXIM, samples.QMAIL, samples.AWAY, samples.BASE64, answer("Payé."))
    mails = [raw[:at] + b"\x00" + raw[at + 1 :] for raw in known for at in range(7, len(raw), 61)]
    source = Listed(mails)
    assert read_list(world, source).broken == 0
    assert source.unseen() == []


@pytest.mark.parametrize(
    "error", [DataError("x", {}, ValueError("marie@")), LookupError("marie@"), UnicodeError()]
)
def test_a_mail_that_can_not_be_kept_is_broken_and_seen(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    file = Filing.file

    def fail(self: Filing, uow: UnitOfWork, mail: Incoming) -> str:
        if mail.kind == "reply":
            raise error
        return file(self, uow, mail)

    monkeypatch.setattr(Filing, "file", fail)
    source = Listed([answer("Payé."), samples.POSTFIX])
    done = read_list(world, source)
    assert (done.broken, done.filed, source.unseen()) == (1, {"bounced": 1}, [])
    assert "marie@" not in caplog.text


def test_what_is_anothers_stays_unseen_for_its_own_run(database: Database, folder: Folder) -> None:
    sent_to(database, entity="DE01")
    folder.put(samples.POSTFIX)
    assert read(World(database), folder).filed == {"others": 1}
    assert folder.unseen() == 1
    assert marked(World(database)) == []


def test_one_broken_mail_stops_nothing(world: World, folder: Folder) -> None:
    folder.put(
        b"\xff\xfe\x00", b"Content-Type: multipart/report; boundary=B\n\n--B\n\n--B--", samples.POSTFIX
    )
    report_ = read(world, folder)
    assert report_.read == 3
    assert report_.filed["bounced"] == 1
    assert folder.unseen() == 0


@pytest.mark.parametrize(
    "junk", [b"\x00", b"\xff\xfe", b"=?utf-8?b?a?=", b"=?utf-7?q?+2AA-?=", b"=?nope?q?x?="]
)
def test_what_no_database_takes_is_left_out(world: World, junk: bytes) -> None:
    subject = answer("Bonjour").replace(b"Re: Facture", b"Re: " + junk + b" Facture")
    text = answer("XX", message_id="r-2").replace(b"XX", b"a" + junk).replace(b"utf-8\n", b"utf-7\n")
    bounce = samples.POSTFIX.replace(b"User unknown", b"User" + junk)
    for number, raw in enumerate((subject, text, bounce)):
        mail = read_mail(raw)  # servers may refuse such bytes: they are filed as if one had not
        filing = Filing(make_policy(), "FR01", TODAY)
        with UnitOfWork(world.database) as uow:
            assert filing.file(uow, mail) == ("text", "text", "bounced")[number]
            uow.commit()


def test_a_mail_is_seen_only_when_what_it_says_is_kept(
    world: World, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put(samples.POSTFIX)
    with monkeypatch.context() as patch:
        patch.setattr(UnitOfWork, "commit", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            read(world, folder)
    assert folder.unseen() == 1
    assert read(world, folder).filed == {"bounced": 1}


def test_without_a_mailbox_nothing_is_read(world: World, folder: Folder, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    assert not read_mailbox(
        world.database, settings=settings, policy=make_policy(), entity="FR01", as_of=TODAY
    ).configured
    with pytest.raises(UsageError):
        read_mailbox(world.database, settings=settings, policy=make_policy(), entity="XX", as_of=TODAY)


def test_a_mailbox_is_read_through_tls(world: World, folder: Folder, imap_port: int, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    folder.put(samples.POSTFIX)
    with imap_server.behind_tls(imap_port, authority.issue_cert("localhost")) as port:
        safe = replace(folder.settings, host="localhost", port=port, tls=True)
        with pytest.raises(ChannelRefusedError, match="not trusted"):
            read(world, Folder(safe))
        assert read(world, Folder(replace(safe, ca_file=str(tmp_path / "ca.pem")))).filed == {"bounced": 1}


def test_a_mailbox_on_the_old_port_is_encrypted_before_the_password(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    leaf = authority.issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    leaf.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    with imap_server.serving(
        "--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem")
    ) as port:
        monkeypatch.setattr(imap, "STARTTLS_PORT", port)
        settings = Mailbox(
            host="localhost", port=port, user=imap_server.USER, password=imap_server.PASSWORD,
            ca_file=str(tmp_path / "ca.pem"), timeout_s=5.0,
        )  # fmt: skip
        assert read(world, Folder(settings)).read == 0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"password": "wrong"}, ChannelRefusedError, "does not let us in"),
        ({"folder": "Nowhere"}, ChannelRefusedError, "has no folder 'Nowhere'"),
        ({"port": 1}, ChannelDownError, "can't be reached"),
        ({"host": "mail.lumen.example"}, ChannelRefusedError, "in the clear"),
        ({"user": None}, ChannelRefusedError, "RELANCE_MAILBOX_USER"),
    ],
)
def test_a_mailbox_that_is_not_to_be_had_says_why(
    world: World, folder: Folder, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        read(world, Folder(replace(folder.settings, **change)))
    assert "demopass" not in str(caught.value)


def test_a_server_that_says_nothing_is_not_waited_for(world: World, folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = replace(folder.settings, port=silent.getsockname()[1], timeout_s=0.2)
        with pytest.raises(ChannelDownError):
            read(world, Folder(slow))
