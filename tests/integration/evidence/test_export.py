"""Archives of what was said: complete, the same bytes each time, provable, in seven languages."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pikepdf
import pypdfium2
import pytest
import sqlalchemy as sa

from relance import delivery
from relance.delivery.send import send
from relance.errors import UsageError
from relance.evidence import verify
from relance.evidence.checking import check
from relance.evidence.record import Scope
from relance.store import schema
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import TEMPLATES, add_contacts
from tests.integration.evidence.conftest import DAY, Scene

pytestmark = pytest.mark.integration


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)
    finally:
        document.close()


def test_an_archive_holds_each_message_as_it_was_sent_and_proves_it(
    scene: Scene, talk: Callable[[int], list[str]]
) -> None:
    keys = talk(2)
    archive = scene.export()
    assert verify.check(archive.content, head=archive.head, seal=archive.seal).problems == []
    files = opened(archive.content)
    stored = {row["key"]: row for row in scene.rows(schema.outbox)}
    assert files[f"originals/2026-03-02-{keys[0]}.eml"] == stored[keys[0]]["body"]
    messages = json.loads(files["messages.json"])
    assert [one["key"] for one in messages] == keys
    assert messages[0]["entries"] == [1, 3]
    assert messages[0]["demanded"] == [{"currency": "EUR", "amount": 12000}]
    (receipt,) = json.loads(files["receipts.json"])
    (reply,) = json.loads(files["replies.json"])
    assert (receipt["kind"], receipt["key"], reply["body"]) == ("delivered", keys[0], {"text": "Vendredi."})
    assert archive.counts == {
        "messages": 2, "originals": 2, "receipts": 1, "replies": 1, "entries": 3, "erased": 0, "withheld": 0
    }  # fmt: skip


def test_the_index_can_be_read_and_is_made_for_keeping(
    scene: Scene, talk: Callable[[int], list[str]]
) -> None:
    talk(2)
    archive = scene.export(language="fr")
    pdf = opened(archive.content)["index.pdf"]
    text = text_of(pdf)
    for wanted in ("Lumen SAS", "p1@client.example", "Vendredi.", "originals/2026-03", "120,00"):
        assert wanted in text
    assert archive.head[:8] in text
    with pikepdf.open(io.BytesIO(pdf)) as document:
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
        assert str(document.Root.Lang).startswith("fr")


def test_the_same_content_gives_the_same_bytes(scene: Scene, talk: Callable[[int], list[str]]) -> None:
    talk(1)
    assert scene.export().content == scene.export().content


def test_every_language_is_whole(scene: Scene) -> None:
    key = scene.say()
    scene.answer(key)
    claims = [
        {"invoice_id": "F-P1", "kind": kind, "amount": 4000, "currency": "EUR"}
        for kind in ("interest", "compensation")
    ]
    scene.run(sa.update(schema.outbox).values(claims=claims))
    for language in ("fr", "en", "de", "es", "it", "nl", "pt"):
        archive = scene.export(language=language)
        files = opened(archive.content)
        assert archive.head in files[f"MANUAL.{language}.txt"].decode()
        text = text_of(files["index.pdf"])
        assert "L441-10" in text
        assert "{" not in text


def test_a_language_that_is_not_there_is_refused_with_those_that_are(scene: Scene) -> None:
    scene.say()
    with pytest.raises(UsageError, match="Choose de, en, es, fr, it, nl, pt"):
        scene.export(language="sv")


def test_a_payer_with_whom_nothing_happened_has_no_evidence(scene: Scene) -> None:
    with pytest.raises(UsageError, match="Nothing has happened with payer P9"):
        scene.export("P9")


def test_what_is_not_asked_for_is_withheld_and_the_chain_still_proved(scene: Scene) -> None:
    first = scene.say(invoices=["F-1"])
    second = scene.say(day=DAY + timedelta(days=1), invoices=["F-2"])
    about = scene.export(scope=Scope(invoices=("F-2",)))
    later = scene.export(scope=Scope(since=DAY + timedelta(days=1)))
    for archive in (about, later):
        files = opened(archive.content)
        assert verify.check(archive.content).problems == []
        assert archive.counts["withheld"] == 1
        assert [one["key"] for one in json.loads(files["messages.json"])] == [second]
        assert not any(first in name for name in files)


def test_names_from_a_ledger_are_never_read_as_markup(scene: Scene) -> None:
    scene.say()
    scene.ledger(customers=[{"customer_id": "P1", "name": '#panic("x") *A* <b> 株式会社'}])
    text = text_of(opened(scene.export().content)["index.pdf"])
    assert '#panic("x") *A* <b>' in text


def test_chains_and_messages_in_the_database_are_checked(
    scene: Scene, talk: Callable[[int], list[str]]
) -> None:
    key, _ = talk(2)
    with UnitOfWork(scene.database) as uow:
        whole = check(uow, "FR01")
        assert (whole.problems, whole.chains, whole.entries, whole.messages) == ([], 1, 3, 2)
        uow.execute(sa.update(schema.outbox).where(schema.outbox.c.key == key).values(body=b"forged"))
        (problem,) = check(uow, "FR01", "P1").problems
        assert key[:12] in problem
        uow.execute(
            sa.update(schema.outbox).where(schema.outbox.c.key == key).values(digest=verify.sha256(b"forged"))
        )
        (problem,) = check(uow, "FR01").problems
        assert "the chain does not tell of it" in problem


def write(scene: Scene) -> str:
    """An e-mail that waits in the outbox."""
    (key,) = add_contacts(scene.database, ["P1"], day=DAY, invoices=["F-P1"])
    with UnitOfWork(scene.database) as uow:
        delivery.intend(uow, policy=scene.policy, templates=TEMPLATES, entity="FR01", as_of=DAY)
        uow.commit()
    return key


def withdraw(scene: Scene) -> None:
    with UnitOfWork(scene.database) as uow:
        assert delivery.withdraw(uow, entity="FR01", as_of=DAY)
        uow.commit()


def test_what_was_withdrawn_before_it_left_is_no_message_and_nothing_was_tampered_with(scene: Scene) -> None:
    sent = scene.say(day=DAY - timedelta(days=1))
    key = write(scene)
    withdraw(scene)
    scene.run(sa.update(schema.contact).where(schema.contact.c.key == key).values(state="cancelled"))
    with UnitOfWork(scene.database) as uow:
        report = check(uow, "FR01")
    assert (report.problems, report.messages) == ([], 1)
    archive = scene.export()
    assert verify.check(archive.content).problems == []
    assert [one["key"] for one in json.loads(opened(archive.content)["messages.json"])] == [sent]


def test_what_waits_is_no_message_yet(scene: Scene) -> None:
    write(scene)
    with pytest.raises(UsageError, match="Nothing has happened"):
        scene.export()


def test_a_message_cancelled_since_its_day_ended_is_told_of_and_stays(scene: Scene) -> None:
    key = write(scene)
    send(
        scene.database, settings=scene.settings, policy=scene.policy, entity="FR01", as_of=DAY + timedelta(days=1)
    )  # fmt: skip
    archive = scene.export()
    (message,) = json.loads(opened(archive.content)["messages.json"])
    assert (message["key"], message["state"], archive.counts["originals"]) == (key, "cancelled", 1)
    assert verify.check(archive.content).problems == []


def test_entries_taken_out_of_the_database_are_missed(scene: Scene, talk: Callable[[int], list[str]]) -> None:
    talk(2)
    disarm = "ALTER TABLE timeline DISABLE TRIGGER USER"
    for where, found in (
        ("seq = 3", "entries are gone"),
        ("seq = 2", "broken at entry 2"),
        ("true", "all 3 entries are gone"),
    ):
        with UnitOfWork(scene.database) as uow:
            uow.execute(sa.text(disarm))
            uow.execute(sa.text(f"DELETE FROM timeline WHERE {where}"))
            assert found in "\n".join(check(uow, "FR01").problems)


def test_two_hundred_messages_take_a_few_seconds(scene: Scene) -> None:
    from tests.unit.evidence.build import entries_of, message

    rows = [
        message(1, key=f"{number:064}", on_date=DAY + timedelta(days=number + 1)) for number in range(200)
    ]
    contacts = [
        {
            "key": row["key"], "entity": "FR01", "payer_id": "P1", "as_of": row["on_date"], "plan_id": 1, "kind": "message",
            "scenario": "standard", "step": "first", "level": "level_1", "content": {}, "state": "sent", "invoices": [],
        }
        for row in rows
    ]  # fmt: skip
    own = {column.name for column in schema.outbox.columns}
    told = [("contact.sent", row["key"], {"digest": row["digest"]}) for row in rows]
    with UnitOfWork(scene.database) as uow:
        uow.execute(sa.insert(schema.contact), contacts)
        uow.execute(
            sa.insert(schema.outbox),
            [
                {
                    "entity": "FR01",
                    "payer_id": "P1",
                    **{name: row[name] for name in row if name in own - {"claims"}},
                }
                for row in rows
            ],
        )
        uow.execute(sa.insert(schema.timeline), entries_of(told))
        uow.commit()
    started = time.perf_counter()
    archive = scene.export()
    assert time.perf_counter() - started < 10
    assert verify.check(archive.content).problems == []
