"""A preview is what delivery would write, and writes nothing itself."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from relance import day
from relance.cli.main import run
from relance.errors import UsageError
from relance.preview import preview
from relance.store.schema import contact, outbox, timeline
from relance.store.uow import UnitOfWork
from tests.integration.day.conftest import TODAY, Company, company

pytestmark = pytest.mark.integration
__all__ = ["company"]

STEPS = [
    {"id": "before", "level": "preventive", "day": -5, "template": "preventive"},
    {"id": "first", "level": "level_1", "day": 7, "template": "first"},
    {"id": "call", "level": "level_2", "day": 14, "kind": "call", "channels": ["call"], "template": "call"},
    {
        "id": "formal", "level": "level_3", "day": 35, "template": "formal_notice", "channels": ["registered", "letter"],
        "charges": ["interest", "compensation"],
    },
    {"id": "handover", "level": "litigation", "day": 60, "kind": "handoff", "channels": ["internal"], "template": "handover"},
]  # fmt: skip
BANK = {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}


@pytest.fixture
def known(company: Company) -> Company:
    """C1: F1 late for its first step, F2 not yet due; C2: disputed; nothing is sent yet."""
    company.policy(entity={"bank": BANK}, steps=STEPS)
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"), ("F2", date(2026, 3, 30), "80.50"))
    company.payer("C2", ("F3", date(2026, 2, 26), "10.00"))
    company.add("signals", customer_id="C2", kind="commercial_hold", **{"from": date(2026, 3, 1)})
    company.tables["contacts"][0] |= {
        "phone": "+33199000001",
        "name": "Camille Durand",
        "address": "12 rue X, 75011 Paris",
    }
    company.write()
    day.import_extract(company.services, "FR01", extract_date=TODAY)
    return company


def counted(known: Company) -> list[int]:
    with UnitOfWork(known.database) as uow:
        return [
            uow.execute(sa.select(sa.func.count()).select_from(one)).scalar_one()
            for one in (contact, outbox, timeline)
        ]


def test_a_preview_of_a_planned_contact_is_what_is_sent_byte_for_byte(known: Company) -> None:
    before = preview(known.services, "FR01", "C1", step="first", as_of=TODAY)
    day.run(known.services, "FR01", TODAY)
    with UnitOfWork(known.database) as uow:
        stored = uow.execute(
            sa.select(outbox.c.body, outbox.c.recipient).where(outbox.c.payer_id == "C1")
        ).one()
    assert before.planned
    assert bytes(stored.body) == before.body
    assert stored.recipient == before.recipient == "compta@c1.example"


def test_a_preview_writes_nothing(known: Company) -> None:
    before = counted(known)
    for step in ("first", "formal", "call", "before", "handover"):
        preview(known.services, "FR01", "C1", step=step, as_of=TODAY)
    assert counted(known) == before == [0, 0, 0]


def test_as_if_the_step_acted_speaks_of_the_open_invoices_with_the_charges_of_that_day(
    known: Company,
) -> None:
    seen = preview(known.services, "FR01", "C1", step="formal", as_of=TODAY, channel="letter")
    assert (seen.planned, seen.level, seen.invoices, seen.media) == (False, "level_3", ("F1",), "pdf")
    assert seen.body.startswith(b"%PDF-")
    assert "Mise en demeure" in seen.text
    assert "40,00\xa0€" in seen.text
    assert "F2" in seen.text  # told apart, not demanded
    assert seen.charges_missing is None


def test_a_step_before_the_due_date_speaks_of_what_is_not_yet_due(known: Company) -> None:
    assert preview(known.services, "FR01", "C1", step="before", as_of=TODAY).invoices == ("F2",)


def test_another_channel_language_and_scenario(known: Company) -> None:
    seen = preview(known.services, "FR01", "C1", step="first", as_of=TODAY, channel="sms", language="en")
    assert (seen.channel, seen.language, seen.recipient, seen.parts) == ("sms", "en", "+33199000001", 1)
    assert seen.characters == len(seen.text.rstrip("\n"))
    assert "unpaid" in seen.text
    spoken = preview(known.services, "FR01", "C1", step="first", as_of=TODAY, channel="voice")
    assert "[mail] " in spoken.text
    guide = preview(known.services, "FR01", "C1", step="call", as_of=TODAY)
    assert (guide.channel, guide.media) == ("call", "txt")
    assert preview(known.services, "FR01", "C1", step="handover", as_of=TODAY).channel == "internal"


def test_an_email_has_the_code_to_pay_with_it(known: Company) -> None:
    seen = preview(known.services, "FR01", "C1", step="first", as_of=TODAY)
    parsed = message_from_bytes(seen.body, policy=policy.default)
    pictures = [part for part in parsed.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == ["<pay.png>"]
    assert 'src="cid:pay.png"' in (seen.page or "")


REFUSED = (
    ({"step": "frist"}, "has no step 'frist'", "first"),
    ({"payer": "C9"}, "no payer 'C9'", "Did you mean C"),
    ({"scenario": "standrad"}, "no scenario 'standrad'", "standard"),
    ({"channel": "fax"}, "doesn't go by 'fax'", "email"),
    ({"channel": "whatsapp"}, "nobody whom step first reaches by whatsapp", "--channel"),
    ({"as_of": date(2026, 2, 20)}, "nothing for step first", "explain"),
)


def test_what_can_not_be_shown_is_said(known: Company) -> None:
    for asked, message, hint in REFUSED:
        wanted = {"payer": "C1", "step": "first", "as_of": TODAY} | asked
        payer = wanted.pop("payer")
        with pytest.raises(UsageError) as refused:
            preview(known.services, "FR01", payer, **wanted)
        assert message in str(refused.value)
        assert hint in str(refused.value)


def test_the_command_shows_the_message_and_keeps_its_files(known: Company, monkeypatch, capsys) -> None:
    monkeypatch.setenv("RELANCE_DATABASE_URL", known.database.url)
    monkeypatch.setenv("RELANCE_HOME", str(known.folder / "home"))
    monkeypatch.setenv("RELANCE_CONFIG", str(known.folder / "config"))
    line = [
        "relance",
        "preview",
        "FR01",
        "C1",
        "--step",
        "first",
        "--as-of",
        TODAY.isoformat(),
        "--out",
        str(known.folder / "seen"),
    ]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit):
        run()
    shown = capsys.readouterr().out
    assert "Camille Durand <compta@c1.example>" in shown
    assert "subject:  Rappel : facture F1" in shown
    files = {path.suffix: path for path in (known.folder / "seen").iterdir()}
    assert set(files) == {".eml", ".html"}
    page = files[".html"].read_text(encoding="utf-8")
    assert "cid:" not in page
    assert "data:image/png;base64," in page
    monkeypatch.setattr(sys, "argv", [*line[:8], "--json"])
    with pytest.raises(SystemExit):
        run()
    told = json.loads(capsys.readouterr().out)
    assert told["subject"].startswith("Rappel")
    assert not {"body", "page"} & set(told)


def test_words_that_fail_are_said_with_where_to_look(known: Company, tmp_path) -> None:
    ours = known.services
    broken = tmp_path / "words"
    for path in ours.settings.templates.rglob("*"):
        if path.is_file():
            target = broken / path.relative_to(ours.settings.templates)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    wording = broken / "fr" / "first" / "wording.yaml"
    wording.write_text(wording.read_text(encoding="utf-8").replace("subject:", "sbject:"), encoding="utf-8")
    ours.settings = replace(ours.settings, templates=broken)
    with pytest.raises(Exception, match="config check"):
        preview(ours, "FR01", "C1", step="first", as_of=TODAY)
