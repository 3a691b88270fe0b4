"""The file for the agency or lawyer: sums by the law to the day, nothing that can't be claimed, everything to go on with."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
import sqlalchemy as sa

from relance import law
from relance.delivery.documents import Missing
from relance.delivery.extras import Attachment
from relance.errors import UsageError
from relance.evidence import verify
from relance.evidence.archive import Archive
from relance.evidence.handover import hand_over, open_handovers, write_handover
from relance.money import Money
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import World, invoice
from tests.integration.delivery.conftest import TEMPLATES
from tests.integration.evidence.conftest import BOOK, DAY, Scene

pytestmark = pytest.mark.integration
DUE, ON = date(2024, 12, 1), date(2025, 2, 28)
"""89 days late: 30 in the second half of 2024 (14.25 %), 59 in the first of 2025 (13.15 %), both counted."""


@dataclass
class Claims:
    """A payer's ledger, and what is handed over of it."""

    scene: Scene
    world: World
    book: law.LawBook = BOOK

    def sold(self, name: str, due: date = DUE, **other: Any) -> None:
        self.world.ledger(
            invoices=[invoice(name, due, 1_000_000, **{"issue_date": date(2024, 6, 1), **other})]
        )

    def archive(self, as_of: date = ON, **other: Any) -> Archive:
        with UnitOfWork(self.scene.database) as uow:
            return hand_over(
                uow, policy=self.scene.policy, book=self.book, entity="FR01", payer_id="C1", as_of=as_of,
                templates=TEMPLATES, **{"language": "en", **other},
            )  # fmt: skip

    def files(self, **other: Any) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.archive(**other).content)) as opened:
            return {name: opened.read(name) for name in opened.namelist()}

    def told(self, **other: Any) -> tuple[dict[str, Any], str]:
        """claims.json, and the text of the summary."""
        files = self.files(**other)
        document = pypdfium2.PdfDocument(files["summary.pdf"])
        try:
            pages = [page.get_textpage().get_text_bounded() for page in document]
        finally:
            document.close()
        return json.loads(files["claims.json"]), " ".join(" ".join(pages).replace("\u200b", "").split())


@pytest.fixture
def claims(scene: Scene, database: Database) -> Claims:
    world = World(database, scene.policy, extract=date(2024, 6, 1))
    world.ledger(
        customers=[
            {
                "customer_id": "C1",
                "registration_no": "RCS 123",
                "vat_no": "FR40123456789",
                "legal_form": "company",
            }
        ],
        contacts=[
            {
                "contact_id": "K1",
                "customer_id": "C1",
                "name": "Anne",
                "role": "legal",
                "email": "anne@client.example",
            }
        ],
    )
    return Claims(scene, world)


def totals(found: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return [
        (one["currency"], one["principal"], one["interest"], one["compensation"]) for one in found["totals"]
    ]


def test_principal_interest_to_the_day_and_compensation_are_those_of_the_law(claims: Claims) -> None:
    claims.sold("F1")
    claims.world.pay("Z1", date(2025, 1, 15), 400_000, "F1")
    expected = law.late_interest(
        BOOK,
        country="FR",
        amount=Money("EUR", 1_000_000),
        due=DUE,
        until=ON,
        payments=[(date(2025, 1, 15), 400_000)],
    )
    found, text = claims.told()
    assert totals(found) == [("EUR", 600_000, expected.interest, 4000)]
    assert found["totals"][0]["total"] == 604_000 + expected.interest
    for wanted in (
        "Brasserie du Port SARL",
        "RCS 123",
        "FR40123456789",
        "anne@client.example",
        "L441-10",
        "€6,000.00",
    ):
        assert wanted in text
    assert [one["amount"] for one in found["payments"]] == [400_000]


def test_disputed_and_not_due_invoices_are_shown_and_not_claimed(claims: Claims) -> None:
    claims.sold("F1")
    claims.sold("F2")
    claims.sold("F3", due=date(2025, 6, 1))
    claims.scene.run(
        sa.insert(schema.hold).values(
            entity="FR01",
            payer_id="C1",
            invoice_id="F2",
            reason="disputed",
            from_date=date(2025, 1, 1),
            source="x",
        )
    )
    found, text = claims.told()
    assert [(one["invoice_id"], one["standing"]) for one in found["invoices"]] == [
        ("F1", "claimed"), ("F2", "disputed"), ("F3", "not_due")
    ]  # fmt: skip
    assert found["totals"][0]["principal"] == 1_000_000
    assert "Disputed invoices" in text


def test_beside_an_insolvent_debtor_s_principal_nothing_is_claimed(claims: Claims) -> None:
    claims.sold("F1")
    claims.world.ledger(extract=date(2025, 1, 1), customers=[{"customer_id": "C1", "status": "insolvency"}])
    found, text = claims.told()
    assert totals(found) == [("EUR", 1_000_000, 0, 0)]
    assert "marked insolvent" in text


def test_what_was_given_up_is_taken_off_and_said(claims: Claims) -> None:
    claims.sold("F1")
    claims.scene.run(
        sa.insert(schema.claim_entry).values(
            entity="FR01", payer_id="C1", invoice_id="F1", kind="compensation", act="waived", amount=4000, currency="EUR",
            on_date=ON, actor="lead@lumen.example", reason="goodwill",
        )
    )  # fmt: skip
    found, text = claims.told()
    assert found["totals"][0]["compensation"] == 0
    assert "F1: €40.00 of compensation was given up on 28/02/2025." in text


def test_a_missing_rate_is_said_and_the_principal_still_handed_over(claims: Claims) -> None:
    claims.sold("F1")
    claims.sold("F2", due=date(2029, 6, 1))
    found, text = claims.told(as_of=date(2030, 3, 1))
    assert totals(found) == [("EUR", 2_000_000, 0, 0)]
    assert all(one["missing"] for one in found["invoices"])
    assert "F2: interest can't be reckoned to the day" in text


def test_promises_and_what_was_said_stand_in_it_with_the_evidence_inside(claims: Claims) -> None:
    claims.sold("F1")
    key = claims.scene.say("C1", day=date(2025, 2, 3))
    claims.scene.answer(key, "C1", date(2025, 2, 4))
    archive = claims.archive()
    assert verify.check(archive.content, head=archive.head, seal=archive.seal).problems == []
    _, text = claims.told()
    assert "answer Vendredi." in text
    assert archive.head[:8] in text
    files = claims.files()
    inner = verify.check(files["evidence.zip"])
    assert (inner.problems, inner.head) == ([], archive.head)


def test_evidence_swapped_inside_is_found(claims: Claims) -> None:
    claims.sold("F1")
    claims.scene.say("C1", day=date(2025, 2, 3))
    claims.scene.say("P2", day=date(2025, 2, 3))
    files = {**claims.files(), "evidence.zip": claims.scene.export("P2").content}
    manifest = json.loads(files["manifest.json"])
    for one in manifest["files"]:
        one |= {"size": len(files[one["path"]]), "sha256": verify.sha256(files[one["path"]])}
    files["manifest.json"] = json.dumps(manifest).encode()
    assert "another payer" in "\n".join(verify.check(verify.pack(files)).problems)


def test_documents_at_hand_are_enclosed_and_others_named(claims: Claims) -> None:
    claims.sold("F1", document="a.pdf")
    claims.sold("F2", document="b.pdf")

    def fetch(reference: str, name: str) -> Attachment | Missing:
        if reference == "b.pdf":
            return Missing(name, "not_there")
        return Attachment("../Facture n° 1.pdf", "application/pdf", b"%PDF-1")

    files = claims.files(fetch=fetch)
    (name,) = [one for one in files if one.startswith("documents/")]
    assert (name, files[name]) == ("documents/1-Facture_n_1.pdf", b"%PDF-1")
    _, text = claims.told(fetch=fetch)
    assert "F2 not at hand: not there" in text


def test_the_workbook_has_numbers_and_no_formulas(claims: Claims) -> None:
    claims.sold("=HYPERLINK(1)")
    book = openpyxl.load_workbook(io.BytesIO(claims.files()["claims.xlsx"]))
    row = next(book.worksheets[0].iter_rows(min_row=2, values_only=False))
    assert (row[0].value, row[0].data_type) == ("=HYPERLINK(1)", "s")
    assert (row[3].value, row[5].value, row[7].value) == (10_000, 10_000, 40)


def test_the_same_facts_give_the_same_bytes(claims: Claims) -> None:
    claims.sold("F1")
    assert claims.archive().content == claims.archive().content


def test_it_speaks_the_language_that_is_asked_for(claims: Claims) -> None:
    claims.sold("F1")
    texts = {language: claims.told(language=language)[1] for language in ("fr", "de", "es", "it", "nl", "pt")}
    assert len({text[:20] for text in texts.values()}) == 6
    assert all("{" not in text for text in texts.values())


def test_an_opened_hand_over_is_written_once_where_it_is_looked_for(claims: Claims, tmp_path: Path) -> None:
    claims.sold("F1")
    task = {
        "key": "h1", "entity": "FR01", "payer_id": "C1", "as_of": ON, "plan_id": 1, "kind": "handoff", "channel": "internal",
        "scenario": "standard", "step": "handover", "level": "litigation", "content": {}, "state": "open",
    }  # fmt: skip
    claims.scene.run(sa.insert(schema.contact).values(task))
    with UnitOfWork(claims.scene.database) as uow:
        assert open_handovers(uow, entity="FR01", as_of=ON) == ["h1"]
        assert open_handovers(uow, entity="FR01", as_of=DAY) == []

        def write(key: str = "h1") -> Path:
            return write_handover(
                uow, policy=claims.scene.policy, book=BOOK, key=key, home=tmp_path, templates=TEMPLATES
            )

        path = write()
        assert path == tmp_path / "handover" / "FR01" / "2025-02-28" / "h1.zip"
        assert verify.check(path.read_bytes()).problems == []
        assert path.stat().st_mode & 0o077 == 0
        made = path.stat().st_mtime_ns
        assert write().stat().st_mtime_ns == made
        with pytest.raises(UsageError, match="no hand-over"):
            write("h2")
    assert [one.name for one in path.parent.iterdir()] == ["h1.zip"]
