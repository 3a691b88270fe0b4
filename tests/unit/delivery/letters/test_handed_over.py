"""Letters in a folder that a print service watches: whole or not there, once a key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from relance.delivery.handed_over import DropFolder
from relance.delivery.port import ChannelDownError, ChannelRefusedError, Message
from relance.errors import PermanentError
from relance.settings import Letters
from tests.unit.delivery.letters.examples import plain

KEY = "ab" * 32
DAY = Path("FR01") / "2026-03-02"


def message_of(body: bytes, **changes) -> Message:
    return replace(
        Message(
            key=KEY, entity="FR01", channel="letter", on_date=date(2026, 3, 2), sender="accounts@lumen.example",
            recipient="14, avenue de la République, 69003 Lyon", copies=(), message_id=KEY, media="pdf", body=body,
            digest=hashlib.sha256(body).hexdigest(),
        ),
        **changes,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> DropFolder:
    return DropFolder(Letters(folder=tmp_path))


def test_a_letter_and_its_manifest_lie_in_the_folder(tmp_path: Path, folder: DropFolder):
    message = message_of(plain().pdf(), channel="registered")
    receipt = folder.send(message)
    assert (tmp_path / receipt.reference).read_bytes() == message.body
    manifest = json.loads((tmp_path / DAY / f"{KEY}.json").read_text(encoding="utf-8"))
    assert manifest == {
        "version": 1, "key": KEY, "entity": "FR01", "date": "2026-03-02", "service": "registered",
        "file": f"{KEY}.pdf", "sha256": message.digest, "bytes": len(message.body), "pages": 1, "language": "fr-FR",
        "recipient": ["Client SARL", "À l’attention de Comptabilité", "14, avenue de la République", "69003 Lyon"],
        "sender": "accounts@lumen.example",
    }  # fmt: skip
    assert not receipt.kept
    assert {one.name for one in (tmp_path / DAY).iterdir()} == {f"{KEY}.pdf", f"{KEY}.json"}


def test_a_letter_without_a_manifest_was_not_handed_over(tmp_path: Path, folder: DropFolder):
    message = message_of(b"%PDF-1.7 whole")
    (tmp_path / DAY).mkdir(parents=True)
    (tmp_path / DAY / f"{KEY}.pdf").write_bytes(b"%PDF-1.7 half")
    (tmp_path / DAY / f".{KEY}.json.part").write_bytes(b"{")
    assert folder.lookup(message) is None
    folder.send(message)
    assert (tmp_path / DAY / f"{KEY}.pdf").read_bytes() == message.body
    found = folder.lookup(message)
    assert found is not None
    assert found.digest == message.digest


def test_a_letter_goes_once_whatever_the_print_service_has_done(tmp_path: Path, folder: DropFolder):
    message = message_of(b"%PDF-1.7 one")
    folder.send(message)
    (tmp_path / DAY / f"{KEY}.pdf").unlink()
    assert folder.send(message).digest == message.digest
    assert not (tmp_path / DAY / f"{KEY}.pdf").exists()
    done = tmp_path / DAY / "done"
    done.mkdir()
    (tmp_path / DAY / f"{KEY}.json").rename(done / f"{KEY}.json")
    assert folder.lookup(message) == folder.send(message)
    assert not (tmp_path / DAY / f"{KEY}.json").exists()


def test_what_lies_there_under_the_key_is_told_by_its_digest(folder: DropFolder):
    folder.send(message_of(b"%PDF-1.7 one"))
    other = message_of(b"%PDF-1.7 two")
    assert folder.send(other).digest == hashlib.sha256(b"%PDF-1.7 one").hexdigest() != other.digest


def test_a_manifest_that_can_not_be_read_still_counts(tmp_path: Path, folder: DropFolder):
    (tmp_path / DAY).mkdir(parents=True)
    (tmp_path / DAY / f"{KEY}.json").write_bytes(b"\xff not json")
    found = folder.lookup(message_of(b"x"))
    assert found is not None
    assert found.digest is None


def test_a_full_disk_leaves_nothing_and_the_letter_waits(tmp_path: Path, folder: DropFolder):
    (tmp_path / DAY).mkdir(parents=True)
    (tmp_path / DAY / f".{KEY}.pdf.part").symlink_to("/dev/full")  # as a disk answers that has no room
    with pytest.raises(ChannelDownError, match="No space left"):
        folder.send(message_of(b"%PDF-1.7"))
    assert list((tmp_path / DAY).iterdir()) == []
    assert folder.lookup(message_of(b"%PDF-1.7")) is None


def test_a_folder_that_is_a_file_takes_no_letter(tmp_path: Path):
    (tmp_path / "letters").write_text("")
    with pytest.raises(ChannelDownError):
        DropFolder(Letters(folder=tmp_path / "letters")).send(message_of(b"%PDF"))


def test_only_a_pdf_is_handed_over(folder: DropFolder):
    with pytest.raises(PermanentError, match="only a PDF"):
        folder.send(message_of(b"text", media="txt"))


@pytest.mark.parametrize("key", ["../x", "a/b", ".hidden", "", "x" * 300])
def test_a_key_never_leads_out_of_the_folder(folder: DropFolder, key: str):
    with pytest.raises(PermanentError, match="file's name"):
        folder.send(message_of(b"%PDF", key=key))


def test_without_a_folder_nothing_is_taken():
    with pytest.raises(ChannelRefusedError, match="RELANCE_LETTERS_FOLDER"):
        DropFolder(Letters())
