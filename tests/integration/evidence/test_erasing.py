"""Content older than the region keeps it is erased where nothing is open; hashes stay and everything is still proved."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance.evidence import erasing, verify
from relance.evidence.checking import check
from relance.evidence.erasing import EraseReport, erase_expired, years_before
from relance.store import schema, timeline
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import invoice
from tests.integration.evidence.conftest import DAY, Scene, policy_keeping

pytestmark = pytest.mark.integration
LATER = date(2032, 3, 3)
"""Six years and a day after DAY: what is dated DAY has expired."""


def erase(scene: Scene, as_of: date = LATER, **other: Any) -> EraseReport:
    return erase_expired(scene.database, policy=scene.policy, entity="FR01", as_of=as_of, **other)


def figures(report: EraseReport) -> tuple[int, ...]:
    return report.payers, report.left, report.messages, report.entries, report.receipts, report.replies


def everything(scene: Scene) -> str:
    tables = (schema.outbox, schema.contact, schema.receipt, schema.reply, schema.timeline)
    return repr([scene.rows(table) for table in tables])


def test_expired_content_is_erased_and_its_hash_stays(scene: Scene) -> None:
    key = scene.say()
    scene.answer(key)
    before = {row["key"]: row for row in scene.rows(schema.outbox)}[key]
    assert figures(erase(scene)) == (1, 0, 1, 2, 1, 1)
    (row,) = scene.rows(schema.outbox)
    assert (row["body"], row["recipient"], row["copies"], row["erased_on"]) == (b"", "", [], LATER)
    for kept in ("key", "digest", "channel", "on_date", "sent_at", "state", "provider"):
        assert row[kept] == before[kept]
    left = everything(scene)
    assert "p1@client.example" not in left
    assert "Vendredi" not in left
    with UnitOfWork(scene.database) as uow:
        rows = timeline.read(uow, "FR01", "P1")
        assert timeline.verify(rows) is None
        assert [row["digest"] for row in rows] == [before["digest"], None, None]
        assert check(uow, "FR01").problems == []


def test_an_archive_says_what_was_erased_and_still_holds(scene: Scene) -> None:
    key = scene.say()
    scene.answer(key)
    scene.say(day=DAY + timedelta(days=400))
    erase(scene)
    archive = scene.export()
    assert verify.check(archive.content).problems == []
    assert (archive.counts["originals"], archive.counts["erased"]) == (1, 2)
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        first, second = json.loads(opened.read("messages.json"))
    assert (first["file"], first["erased_on"]) == (None, "2032-03-03")
    assert second["file"]


def test_what_has_not_expired_is_left(scene: Scene) -> None:
    scene.say()
    assert figures(erase(scene, DAY.replace(year=2032))) == (0, 0, 0, 0, 0, 0)
    assert figures(erase(scene, DAY.replace(year=2032) + timedelta(days=1)))[2] == 1


def test_erasing_again_does_nothing_and_tells_nothing(scene: Scene) -> None:
    scene.answer(scene.say())
    erase(scene)
    left = everything(scene)
    assert figures(erase(scene)) == (0, 0, 0, 0, 0, 0)
    assert figures(erase(scene, LATER.replace(year=2050))) == (0, 0, 0, 0, 0, 0)
    assert everything(scene) == left


def test_a_dry_run_says_the_same_and_changes_nothing(scene: Scene) -> None:
    scene.answer(scene.say())
    left = everything(scene)
    told = erase(scene, dry_run=True)
    assert everything(scene) == left
    assert figures(told) == figures(erase(scene))


def test_a_payer_with_an_open_case_is_left_until_it_is_closed(scene: Scene) -> None:
    scene.say()
    case = {
        "entity": "FR01", "payer_id": "P1", "kind": "dispute", "state": "open", "opened_on": DAY, "facts": {}, "facts_on": DAY
    }  # fmt: skip
    scene.run(sa.insert(schema.dunning_case).values(case))
    assert figures(erase(scene))[:3] == (0, 1, 0)
    scene.run(sa.update(schema.dunning_case).values(state="closed"))
    assert figures(erase(scene))[:3] == (1, 0, 1)


def test_a_payer_with_money_open_is_left(scene: Scene) -> None:
    scene.say()
    scene.say("P2")
    scene.ledger(customers=[{"customer_id": "P1"}], invoices=[invoice("F-P1", DAY, 100, customer_id="P1")])
    assert figures(erase(scene))[:3] == (1, 1, 1)


def test_a_payer_whose_hand_over_is_under_way_is_left(scene: Scene) -> None:
    scene.say()
    scene.run(
        sa.insert(schema.contact).values(
            key="h", entity="FR01", payer_id="P1", as_of=DAY, plan_id=1, kind="handoff", scenario="s", step="handover",
            level="litigation", content={}, state="open",
        )
    )  # fmt: skip
    assert figures(erase(scene))[:3] == (0, 1, 0)


def test_a_region_without_retention_keeps_everything(scene: Scene) -> None:
    scene.say()
    scene.policy = policy_keeping(None)
    report = erase(scene, date(2090, 1, 1))
    assert (report.before, report.messages) == (None, 0)


def test_a_message_in_doubt_is_left_until_somebody_has_settled_it(scene: Scene) -> None:
    scene.say()
    scene.run(sa.update(schema.outbox).values(state="in_doubt"))
    assert erase(scene).messages == 0


def test_answers_of_strangers_expire_too(scene: Scene) -> None:
    scene.answer(scene.say())
    row = {"payer_id": None, "event": "x", "key": None}
    with UnitOfWork(scene.database) as uow:
        (reply,) = [dict(one) for one in uow.execute(sa.select(schema.reply)).mappings()]
        del reply["reply_id"]
        uow.execute(sa.insert(schema.reply).values({**reply, **row}))
        uow.commit()
    assert erase(scene).replies == 2
    assert erase(scene).replies == 0


def test_the_chain_tells_of_the_erasing_by_figures_alone(scene: Scene) -> None:
    scene.say()
    erase(scene)
    last = scene.rows(schema.timeline)[-1]
    assert last["kind"] == "evidence.erased"
    assert last["body"] == {"before": "2026-03-03", "contacts": 1, "entries": 1, "messages": 1}


def work(scene: Scene, key: str, **changes: Any) -> None:
    """A contact or task of which no message was made."""
    given = {
        "key": key, "entity": "FR01", "payer_id": "P1", "as_of": DAY, "plan_id": 1, "kind": "call", "channel": "call",
        "recipient": "+33 1 99 00 00 01", "scenario": "s", "step": "call", "level": "level_2",
        "content": {"person": {"name": "Anne"}}, "state": "completed",
    }  # fmt: skip
    scene.run(sa.insert(schema.contact).values(given | changes))


def test_calls_tasks_and_contacts_without_a_message_are_erased_too(scene: Scene) -> None:
    work(scene, "call")
    work(scene, "task", kind="internal", channel="internal", recipient=None, payer_id="P2")
    work(scene, "never", kind="message", channel="email", state="cancelled", payer_id="P3")
    assert (erase(scene, dry_run=True).contacts, erase(scene).contacts) == (3, 3)
    assert {(row["recipient"], str(row["content"])) for row in scene.rows(schema.contact)} == {(None, "{}")}
    assert erase(scene).payers == 0


def test_calls_that_have_not_expired_or_are_under_way_are_left(scene: Scene) -> None:
    work(scene, "young", as_of=DAY + timedelta(days=2))
    work(scene, "asked", state="awaiting_approval")
    assert erase(scene).contacts == 0
    work(scene, "owing", payer_id="P2")
    scene.ledger(customers=[{"customer_id": "P2"}], invoices=[invoice("F-P2", DAY, 100, customer_id="P2")])
    assert erase(scene).contacts == 0


def files(scene: Scene) -> list[str]:
    home = scene.settings.home
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def hand_over(scene: Scene, key: str, state: str, payer: str = "P1") -> None:
    work(scene, key, kind="handoff", channel="internal", state=state, payer_id=payer)
    path = scene.settings.home / "handover" / "FR01" / DAY.isoformat() / f"{key}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"zip")


def test_files_of_messages_and_hand_overs_are_erased_with_them(scene: Scene) -> None:
    old, young = scene.say(), scene.say(day=DAY + timedelta(days=400))
    hand_over(scene, "done", "completed")
    hand_over(scene, "going", "open", "P2")
    home = scene.settings.home
    before = files(scene)
    assert erase(scene, home=home, dry_run=True).files == 2
    assert files(scene) == before
    assert erase(scene, home=home).files == 2
    kept = files(scene)
    assert not any(old in name or "done" in name for name in kept)
    assert [name.rsplit("/", 1)[1] for name in kept] == ["going.zip", f"{young}.eml"]
    assert not (home / "outbox" / "FR01" / DAY.isoformat()).exists()
    assert erase(scene, home=home).files == 0


def test_files_of_what_is_not_settled_or_not_ours_are_left(scene: Scene) -> None:
    scene.say()
    scene.run(sa.update(schema.outbox).values(state="in_doubt"))
    stray = scene.settings.home / "outbox" / "FR01" / DAY.isoformat() / "email" / "stray.eml"
    stray.write_bytes(b"x")
    assert erase(scene, home=scene.settings.home).files == 0
    assert len(files(scene)) == 2


@pytest.mark.parametrize(
    ("day", "years", "then"),
    [
        (date(2032, 2, 29), 6, date(2026, 2, 28)),
        (date(2032, 2, 29), 4, date(2028, 2, 29)),
        (DAY, 6, date(2020, 3, 2)),
    ],
)
def test_years_are_those_of_the_calendar(day: date, years: int, then: date) -> None:
    assert years_before(day, years) == then


def test_batches_erase_what_one_pass_would(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "_BATCH", 1)
    for payer in ("P1", "P2", "P3"):
        scene.say(payer)
    assert figures(erase(scene))[:4] == (3, 0, 3, 3)
    assert [row["body"] for row in scene.rows(schema.outbox)] == [b""] * 3
