"""The verifier: every changed byte, every entry removed, added or moved is found, and hostile archives are refused."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from relance.cli import evidence as commands
from relance.evidence import verify
from relance.evidence.record import Scope
from tests.unit.evidence.build import TOLD, archive_of, entries_of, files_of, message, record

RECORD = record(6)
FILES = files_of(RECORD)
ARCHIVE = archive_of(RECORD)
LINES = FILES["chain.jsonl"].decode().splitlines(keepends=True)


def problems(files: dict[str, bytes], counts: int | None = None) -> list[str]:
    """What is found in files that somebody packed anew, with a manifest that fits them."""
    made = archive_of(RECORD, files)
    if counts is None:
        return verify.check(made.content).problems
    inside = unpacked(made.content)
    manifest = json.loads(inside["manifest.json"])
    manifest["counts"]["entries"] = counts
    inside["manifest.json"] = json.dumps(manifest).encode()
    return verify.check(verify.pack(inside)).problems


def text_of(line: dict[str, Any]) -> str:
    """A line of chain.jsonl as it is written."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_an_archive_as_it_was_made_is_intact() -> None:
    report = verify.check(ARCHIVE.content, head=ARCHIVE.head, seal=ARCHIVE.seal)
    assert report.problems == []
    assert report.counts["entries"] == 7
    assert report.head == RECORD.head


def test_the_same_content_gives_the_same_bytes() -> None:
    assert archive_of(RECORD).content == ARCHIVE.content


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(ARCHIVE.content) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_of_the_archive_is_found(place: int, flip: int) -> None:
    changed = bytearray(ARCHIVE.content)
    changed[place] ^= flip
    assert verify.check(bytes(changed)).problems


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, len(ARCHIVE.content) - 1))
def test_a_truncated_archive_is_found(length: int) -> None:
    assert verify.check(ARCHIVE.content[:length]).problems


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_chain_or_originals_is_found_though_the_manifest_was_made_anew(
    data: Any,
) -> None:
    proved = sorted(name for name in FILES if name == "chain.jsonl" or name.startswith("originals/"))
    name = data.draw(st.sampled_from(proved))
    content = bytearray(FILES[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    assert problems({**FILES, name: bytes(content)})


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_and_packed_anew_has_another_seal(data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in FILES if FILES[name])))
    content = bytearray(FILES[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    made = archive_of(RECORD, {**FILES, name: bytes(content)})
    assert "the seal is" in "\n".join(verify.check(made.content, seal=ARCHIVE.seal).problems)


@pytest.mark.parametrize("place", range(len(LINES)))
def test_a_removed_entry_is_found_and_named(place: int) -> None:
    lines = LINES[:place] + LINES[place + 1 :]
    found = problems({**FILES, "chain.jsonl": "".join(lines).encode()}, counts=len(lines))
    where = f"chain.jsonl, line {place + 1}" if place < len(lines) else "does not end with the head hash"
    assert any(where in problem for problem in found), found


@given(order=st.permutations(range(len(LINES))))
@settings(max_examples=50, deadline=None)
def test_moved_entries_are_found(order: list[int]) -> None:
    found = problems({**FILES, "chain.jsonl": "".join(LINES[at] for at in order).encode()})
    assert bool(found) == (list(order) != sorted(order))


def test_an_added_entry_is_found() -> None:
    lines = [*LINES[:3], LINES[2], *LINES[3:]]
    assert any(
        "line 4" in one for one in problems({**FILES, "chain.jsonl": "".join(lines).encode()}, len(lines))
    )


@pytest.mark.parametrize("name", sorted(json.loads(json.loads(LINES[2])["entry"])))
def test_a_changed_field_of_an_entry_is_found_and_named(name: str) -> None:
    line = json.loads(LINES[2])
    entry = json.loads(line["entry"])
    entry[name] = entry[name] + 1 if isinstance(entry[name], int) else f"{entry[name]}x"
    line["entry"] = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    lines = [*LINES[:2], text_of(line), *LINES[3:]]
    found = problems({**FILES, "chain.jsonl": "".join(lines).encode()})
    assert "chain.jsonl, line 3: was changed: its hash is another" in found


def test_an_entry_written_anew_with_its_hash_breaks_the_next() -> None:
    line = json.loads(LINES[2])
    line["entry"] = line["entry"].replace("contact.sent", "contact.seen")
    line["hash"] = verify.link(line["previous"], line["entry"], 2)
    lines = [*LINES[:2], text_of(line), *LINES[3:]]
    found = problems({**FILES, "chain.jsonl": "".join(lines).encode()})
    assert any("line 4: does not follow" in one for one in found)


def test_a_chain_cut_short_and_packed_anew_is_known_by_its_head() -> None:
    shorter = replace(RECORD, entries=RECORD.entries[:-1], messages=RECORD.messages[:-1])
    made = archive_of(shorter)
    assert verify.check(made.content).problems == []
    assert "head hash" in verify.check(made.content, head=ARCHIVE.head).problems[0]


def test_a_changed_body_is_found() -> None:
    line = json.loads(LINES[1])
    line["body"] = line["body"].replace("dispute", "promise")
    lines = [LINES[0], text_of(line), *LINES[2:]]
    found = problems({**FILES, "chain.jsonl": "".join(lines).encode()})
    assert found == ["chain.jsonl, line 2: its body was changed: its hash is another"]


def test_swapped_originals_are_found_though_the_manifest_fits() -> None:
    first, second = sorted(name for name in FILES if name.startswith("originals/"))[:2]
    swapped = {**FILES, first: FILES[second], second: FILES[first]}
    found = problems(swapped)
    assert {one.split(":")[0] for one in found} == {first, second}


def test_an_original_with_a_forged_digest_is_not_known_to_the_chain() -> None:
    forged = [message(1, body=b"forged", digest=verify.sha256(b"forged")), *RECORD.messages[1:]]
    assert "the chain does not know it" in "\n".join(
        verify.check(archive_of(replace(RECORD, messages=forged)).content).problems
    )


def test_a_message_left_out_is_missed_by_the_chain() -> None:
    made = archive_of(replace(RECORD, messages=RECORD.messages[1:]))
    assert "tells of a message that is not there" in "\n".join(verify.check(made.content).problems)


def test_files_added_removed_or_not_named_are_found() -> None:
    inside = unpacked(ARCHIVE.content)
    assert "was added" in verify.check(verify.pack({**inside, "x.txt": b""})).problems[0]
    del inside["receipts.json"]
    assert verify.check(verify.pack(inside)).problems == [
        "receipts.json: was removed: manifest.json names it"
    ]


def test_an_original_of_no_message_is_found() -> None:
    assert "belongs to no message" in problems({**FILES, "originals/x.eml": b"x"})[0]


def test_an_index_of_another_chain_is_found() -> None:
    assert problems({**FILES, "index.pdf": b"%PDF"}) == [
        "index.pdf: was made for another chain: it does not carry the head hash"
    ]


def zipped(names: list[str], *, method: int = zipfile.ZIP_STORED, data: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        for name in names:
            opened.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/../../b",
        "C:/x",
        "a\\..\\b",
        "..",
        "a//b",
        ".hidden",
        "ü.txt",
        "x" * 201,
        "a/",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    (problem, *_) = verify.check(zipped([name])).problems
    assert "refused" in problem


def test_bombs_are_refused_before_anything_is_unpacked() -> None:
    bomb = zipped(["chain.jsonl"], method=zipfile.ZIP_DEFLATED, data=bytes(50_000_000))
    assert "compressed" in verify.check(bomb).problems[0]


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(["a.txt", "a.txt"])
    assert "twice" in verify.check(twice).problems[0]
    assert "twice" in verify.check(zipped(["a.txt", "A.TXT"])).problems[0]


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"format":1,"counts":{"a":"x"}}']
)
def test_a_manifest_of_anything_is_a_problem_and_no_crash(text: bytes) -> None:
    assert verify.check(verify.pack({**unpacked(ARCHIVE.content), "manifest.json": text})).problems


@pytest.mark.parametrize("name", ["chain.jsonl", "messages.json"])
@pytest.mark.parametrize(
    "text", [b"", b"{}\n", b"[]\n", b"null\n", b"[" * 100_000, b"\xff\n", b'[{"key": 1}]\n']
)
def test_data_of_anything_is_a_problem_and_no_crash(name: str, text: bytes) -> None:
    assert problems({**FILES, name: text})


def altered(number: int = 0, **changes: Any) -> list[str]:
    """What is found when a message is told otherwise in messages.json, and everything else made to fit."""
    messages = json.loads(FILES["messages.json"])
    messages[number] |= changes
    return problems({**FILES, "messages.json": json.dumps(messages).encode()})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recipient", "other@client.example"),
        ("channel", "letter"),
        ("on_date", "2026-02-01"),
        ("copies", ["third@client.example"]),
        ("message_id", "<2@lumen.example>"),
        ("step", "second"),
        ("level", "level_2"),
        ("provider", "other"),
        ("receipt", "250 taken"),
    ],
)
def test_what_messages_json_says_otherwise_than_the_chain_is_found_and_named(name: str, value: Any) -> None:
    (problem,) = altered(**{name: value})
    named = "date" if name == "on_date" else name
    assert f"its {named} is not that of entry 1" in problem


@pytest.mark.parametrize("state", ["failed", "in_doubt", "cancelled", "intended", "sending"])
def test_a_message_that_was_sent_can_t_be_said_to_have_ended_otherwise(state: str) -> None:
    assert f"another end of it than {state!r}" in "\n".join(altered(state=state))


def test_a_message_that_failed_can_t_be_said_to_be_sent() -> None:
    row = message(1, state="sent")
    entries = entries_of([("contact.failed", row["key"], {"digest": row["digest"]})])
    made = archive_of(replace(RECORD, entries=entries, messages=[row]))
    assert "another end of it than 'sent'" in "\n".join(verify.check(made.content).problems)


def test_the_same_words_refused_by_one_address_and_sent_to_the_next_are_no_contradiction() -> None:
    row = message(1)
    told = {name: row[name] for name in TOLD}
    first = ("contact.failed", row["key"], {**told, "recipient": "gone@client.example"})
    entries = entries_of([first, ("contact.sent", row["key"], told)])
    assert verify.check(archive_of(replace(RECORD, entries=entries, messages=[row])).content).problems == []


def without_original(**changes: Any) -> list[str]:
    """What is found when the first message's original was taken out and is said to be erased."""
    messages = json.loads(FILES["messages.json"])
    files = {name: data for name, data in FILES.items() if name != messages[0]["file"]}
    messages[0] |= {"file": None, "size": None, "erased_on": "2033-01-01", **changes}
    return problems({**files, "messages.json": json.dumps(messages).encode()})


def test_an_original_taken_out_and_called_erased_is_found_by_the_entry_that_is_kept() -> None:
    found = "\n".join(without_original())
    assert "is said to be erased, but entry 1 is not" in found
    assert "of erasing it on 2033-01-01 the chain does not tell" in found


def test_an_original_taken_out_with_its_entry_s_body_is_found_as_the_chain_tells_of_no_erasing() -> None:
    entries, messages = erased()
    found = verify.check(
        archive_of(replace(RECORD, entries=entries[:-1], messages=messages)).content
    ).problems
    assert len(found) == 2
    assert all("the chain does not tell" in one for one in found)


def test_what_was_younger_than_the_erasing_says_was_not_erased_by_it() -> None:
    entries, messages = erased(before="2026-03-01")
    found = verify.check(archive_of(replace(RECORD, entries=entries, messages=messages)).content).problems
    assert all("the chain does not tell" in one for one in found)
    assert found


def test_an_original_of_what_is_erased_is_found() -> None:
    (name, *_) = sorted(name for name in FILES if name.startswith("originals/"))
    assert "names an original" in "\n".join(without_original(file=name))


def erased(before: str = "2027-01-01") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The record's entries and messages, the first of them erased, and the entry that tells so."""
    bodies = [(one["kind"], one["subject"], one["body"]) for one in RECORD.entries]
    entries = entries_of([*bodies, ("evidence.erased", "retention", {"before": before, "messages": 1})])
    day = entries[-1]["on_date"]
    entries[0] |= {"body": {}, "salt": None, "erased_on": day}
    messages = [dict(one) for one in RECORD.messages]
    messages[0] |= {"body": b"", "recipient": "", "copies": [], "erased_on": day}
    return entries, messages


def test_an_erased_body_leaves_the_chain_whole() -> None:
    entries, messages = erased()
    made = archive_of(replace(RECORD, entries=entries, messages=messages))
    report = verify.check(made.content)
    assert report.problems == []
    assert report.counts["erased"] == 1
    assert report.head == bytes(entries[-1]["hash"]).hex()


def test_what_is_outside_the_scope_is_withheld_and_the_chain_still_whole() -> None:
    scoped = replace(RECORD, scope=Scope(invoices=("F-2",)), messages=[RECORD.messages[1]])
    made = archive_of(scoped)
    report = verify.check(made.content)
    assert report.problems == []
    assert report.counts["withheld"] == 6
    assert "p1@client.example" not in "".join(unpacked(made.content)["chain.jsonl"].decode().splitlines()[:2])


def test_a_withheld_entry_can_t_carry_a_body() -> None:
    line = {**json.loads(LINES[1]), "state": "withheld"}
    lines = [LINES[0], text_of(line), *LINES[2:]]
    assert "although it is withheld" in "\n".join(problems({**FILES, "chain.jsonl": "".join(lines).encode()}))


def test_the_verifier_runs_alone_without_us(tmp_path: Path) -> None:
    program, good, bad = (tmp_path / name for name in ("verify.py", "good.zip", "bad.zip"))
    program.write_bytes(Path(verify.__file__).read_bytes())
    good.write_bytes(ARCHIVE.content)
    bad.write_bytes(ARCHIVE.content.replace(b"Message 2", b"Message 9"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-I", "-S", str(program), *arguments]
        return subprocess.run(call, capture_output=True, text=True, check=False)

    assert run(str(good), "--head", ARCHIVE.head).returncode == 0
    failed = run(str(bad))
    assert failed.returncode == 1
    assert RECORD.messages[1]["key"] in failed.stdout
    assert run(str(good), "--head", "00").returncode == 1
    assert run().returncode == 2


def test_the_command_needs_neither_database_nor_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELANCE_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("RELANCE_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    file = tmp_path / "file.zip"
    file.write_bytes(ARCHIVE.content)
    good = CliRunner().invoke(commands.app, ["verify", str(file), "--head", ARCHIVE.head])
    assert (good.exit_code, "intact" in good.stdout) == (0, True)
    file.write_bytes(ARCHIVE.content[:-1])
    bad = CliRunner().invoke(commands.app, ["verify", str(file), "--json"])
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["intact"] is False
