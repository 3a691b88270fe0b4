"""Verifies an evidence archive: every byte, every entry of the chain, every original. Needs Python 3.8 and nothing else.

    python verify.py FILE.zip [--head HEX] [--seal HEX]

A copy of this program lies in each archive; an expert had better use one that came another way. Whoever can write a file can
also write a whole new one that holds together: give the head hash or the seal that was noted when the archive was made.

What is checked, in this order:

1. the container: stored files in order of their names and nothing else, byte for byte;
2. `manifest.json`: names every file with its size and SHA-256, and no other file is there;
3. `chain.jsonl`: entries numbered from 1, each hash made of the hash before and the entry, each body by its own hash;
4. `messages.json` and `originals/`: each original has the SHA-256 that the chain has for its message, and to whom, when, by
   which channel and with what end it went is what the chain tells; what is missing was erased on a day when the chain tells so.

In the formulas, ‖ puts texts one after the other and LF is one line feed (byte 0A):

    body_sha256 = SHA-256(salt as hex ‖ LF ‖ body)                    format 2
    hash        = SHA-256(previous hash as hex ‖ LF ‖ entry)          format 2
    hash        = SHA-256(previous hash as 32 bytes ‖ entry)          format 1 (the body stands in the entry)
    the hash before the first entry is 64 zeros; the seal is SHA-256(manifest.json)
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from typing import Any, Dict, Mapping  # noqa: UP035 - runs under Python 3.8 too

EVIDENCE = "relance-evidence/1"
HANDOVER = "relance-handover/1"
GENESIS = "0" * 64
MOST_BYTES = 0xFFFFFFFF
MOST_FILES = 0xFFFF
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_TOLD = frozenset({"sent", "confirmed", "bounced", "failed", "in_doubt", "cancelled"})
"""States of a message that the chain tells of."""
_SENT = frozenset({"sent", "confirmed", "bounced"})
_ENDS = {
    "sent": {"contact.sent", "contact.in_doubt"},  # in doubt, until what came back showed that it had gone
    "confirmed": {"contact.sent", "contact.in_doubt"},
    "bounced": {"contact.sent", "contact.in_doubt"},
    "failed": {"contact.failed"},
    "in_doubt": {"contact.in_doubt"},
    "cancelled": {"contact.cancelled"},
}
"""By a message's state the kinds of entries of which one must tell of it."""
_SAME = ("channel", "recipient", "copies", "step", "level", "message_id")
"""What every entry about a message tells of it too."""
_ERASED = "evidence.erased"
_LINE = ["seq", "format", "state", "erased_on", "entry", "salt", "body", "previous", "hash"]
"""Fields of a line of chain.jsonl, in their order."""
_BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)

Files = Dict[str, bytes]  # noqa: UP006


class Report:
    """What was found. `problems` are sentences that say what and where; none means that all holds."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.format = ""
        self.entity = ""
        self.payer_id = ""
        self.head = ""
        self.seal = ""
        self.counts: dict[str, int] = {}

    def say(self, where: str, what: str) -> None:
        """Note a problem."""
        self.problems.append(f"{where}: {what}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"intact": not self.problems, **vars(self)}


def sha256(data: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def is_safe(name: str) -> bool:
    """Whether a file of that name stays inside the folder that it is unpacked in, on every system."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files: stored, in order of their names, dated 1980; the same files give the same bytes.

    Raises:
        ValueError: for a name that is not plain, or more than a ZIP file without extensions can hold.
    """
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES - 400 * len(files) - 22:
        raise ValueError("too much for one archive")
    bodies, entries, offset = [], [], 0
    for name in sorted(files):
        if not is_safe(name):
            raise ValueError(f"{name!r} is no plain file name")
        data, path = files[name], name.encode("ascii")
        #      version, flags, method, time, date (1 January 1980), CRC, sizes, lengths of name and extra field
        what = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(path), 0)
        bodies.append(b"PK\x03\x04" + what + path + data)
        where = struct.pack("<3H2L", 0, 0, 0, 0o100644 << 16, offset)
        entries.append(b"PK\x01\x02" + struct.pack("<H", 0x0314) + what + where + path)
        offset += len(bodies[-1])
    directory = b"".join(entries)
    end = struct.pack("<4H2LH", 0, 0, len(files), len(files), len(directory), offset, 0)
    return b"".join((*bodies, directory, b"PK\x05\x06", end))


def check(data: bytes, *, head: str | None = None, seal: str | None = None) -> Report:
    """Check an archive; `head` and `seal` are what was noted when it was made."""
    report = Report()
    files = _unpack(data, report)
    if files:
        _check_files(files, report, depth=0)
    for name, wanted, found in (("head hash", head, report.head), ("seal", seal, report.seal)):
        if wanted and wanted.strip().lower() != found:
            report.say("manifest.json", f"the {name} is {found or 'not there'}, not the one given: {wanted}")
    return report


def _check_files(files: Files, report: Report, *, depth: int) -> None:
    try:
        manifest = json.loads(files["manifest.json"].decode("utf-8"))
        report.seal = sha256(files["manifest.json"])
        report.format, report.entity = manifest["format"], manifest["entity"]
        report.payer_id, report.head = manifest["payer_id"], manifest["head"]
        report.counts = {str(name): int(number) for name, number in manifest["counts"].items()}
        _check_manifest(files, manifest["files"], report)
    except _BROKEN:
        report.say("manifest.json", "is missing or can't be read")
        return
    if report.format == EVIDENCE:
        _check_evidence(files, report)
    elif report.format == HANDOVER and depth == 0:
        _check_handover(files, report)
    else:
        report.say("manifest.json", f"{str(report.format)[:40]!r} is no format that this program knows")


def _check_handover(files: Files, report: Report) -> None:
    """A hand-over holds an evidence archive, of the same payer and with the head that it names; none where all was silent."""
    if report.head == GENESIS and "evidence.zip" not in files:
        return
    inner = Report()
    found = _unpack(files.get("evidence.zip", b""), inner)
    if found:
        _check_files(found, inner, depth=1)
    report.problems += [f"evidence.zip, {problem}" for problem in inner.problems]
    if found and (inner.entity, inner.payer_id, inner.head) != (report.entity, report.payer_id, report.head):
        report.say("evidence.zip", "belongs to another payer or another state than manifest.json says")


# The container


def _unpack(data: bytes, report: Report) -> Files | None:
    """The files of an archive, read only once it is certain that they are no larger than the archive itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if not _is_harmless(archive, len(data), report):
                return None
            files = _read(archive, report)
    except (*_BROKEN, EOFError, OSError, NotImplementedError, RuntimeError):
        report.say("the archive", "is no ZIP file, or was cut off or damaged")
        return None
    if not report.problems:
        again = pack(files)
        if again != data:
            report.say("the archive", _first_difference(data, again))
    return files


def _is_harmless(archive: zipfile.ZipFile, size: int, report: Report) -> bool:
    listed = archive.infolist()
    names = set()
    for one in listed:
        shown = repr(one.filename[:80])
        if not is_safe(one.filename):
            report.say("the archive", f"refused: {shown} is no plain file name")
        elif one.filename.lower() in names:
            report.say("the archive", f"refused: {shown} is there twice")
        elif one.compress_type != zipfile.ZIP_STORED or one.file_size != one.compress_size:
            report.say("the archive", f"refused: {shown} is compressed, which no archive of ours is")
        elif one.flag_bits & 1:
            report.say("the archive", f"refused: {shown} is encrypted")
        names.add(one.filename.lower())
    if sum(one.file_size for one in listed) > size or len(listed) > MOST_FILES:
        report.say("the archive", "refused: its files claim to be larger than the archive")
    return not report.problems


def _read(archive: zipfile.ZipFile, report: Report) -> Files:
    files = {}
    for one in archive.infolist():
        try:
            files[one.filename] = archive.read(one)
        except (*_BROKEN, EOFError):
            report.say(one.filename, "was changed: its bytes don't fit their checksum")
            with archive.open(one) as opened:
                opened._expected_crc = None  # type: ignore[attr-defined] # noqa: SLF001 - to look further all the same
                files[one.filename] = opened.read()
    return files


def _first_difference(data: bytes, again: bytes) -> str:
    shorter = min(len(data), len(again))
    place = next((at for at in range(shorter) if data[at] != again[at]), shorter)
    return f"was changed at byte {place}, outside the content of its files"


def _check_manifest(files: Files, listed: list[dict[str, Any]], report: Report) -> None:
    told = {one["path"]: one for one in listed}
    if len(told) != len(listed):
        report.say("manifest.json", "names a file twice")
    for name in sorted(set(files) - set(told) - {"manifest.json"}):
        report.say(name, "was added: manifest.json does not name it")
    for name, one in told.items():
        if name not in files:
            report.say(str(name), "was removed: manifest.json names it")
        elif len(files[name]) != one["size"] or sha256(files[name]) != one["sha256"]:
            report.say(str(name), "was changed: its size or SHA-256 is not that of manifest.json")


# What it proves


def _check_evidence(files: Files, report: Report) -> None:
    entries = _check_chain(files.get("chain.jsonl", b""), report)
    try:
        messages = json.loads(files["messages.json"].decode("utf-8"))
        _check_messages(files, messages, entries, report)
    except _BROKEN:
        report.say("messages.json", "is missing or can't be read")
    if report.head.encode("utf-8", "replace") not in files.get("index.pdf", b""):
        report.say("index.pdf", "was made for another chain: it does not carry the head hash")


def _check_chain(text: bytes, report: Report) -> list[dict[str, Any]]:
    """The entries of the chain, each checked; a break does not hide a later one."""
    entries: list[dict[str, Any]] = []
    previous = GENESIS
    lines = text.decode("utf-8", "replace").split("\n")
    if lines.pop():
        report.say("chain.jsonl", "does not end with a line feed: it was cut off")
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            entry, previous = _check_entry(told, number, previous, report)
            entries.append(entry)
            again = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
            if (
                list(told) != _LINE
                or again != line
                or (told["erased_on"] is None) == (told["state"] == "erased")
            ):
                report.say(f"chain.jsonl, line {number}", "was changed beside the entry")
        except _BROKEN:
            report.say(f"chain.jsonl, line {number}", "can't be read")
    if len(entries) != report.counts.get("entries"):
        report.say("chain.jsonl", f"has {len(entries)} entries, not {report.counts.get('entries')}")
    if previous != report.head:
        report.say("chain.jsonl", "does not end with the head hash of manifest.json")
    return entries


def _check_entry(
    line: dict[str, Any],
    number: int,
    previous: str,
    report: Report,
) -> tuple[dict[str, Any], str]:
    """An entry's fields (with its body where it is given) and its hash."""
    where = f"chain.jsonl, line {number}"
    entry = json.loads(line["entry"])
    if entry["seq"] != number or line["seq"] != number:
        report.say(where, f"entry {entry['seq']} stands in place {number}: one was removed, added or moved")
    if (entry["entity"], entry["payer_id"]) != (report.entity, report.payer_id):
        report.say(where, "belongs to another payer")
    if line["previous"] != previous:
        report.say(where, "does not follow the entry before it")
    form = line["format"]
    if entry.get("format", 1) != form or form not in (1, 2):
        report.say(where, "is of another format than it says")
    if link(line["previous"], line["entry"], form) != line["hash"]:
        report.say(where, "was changed: its hash is another")
    if form == 2:
        entry["body"] = _check_body(line, entry, where, report)
    entry["told"], entry["erased_on"] = line["state"], line["erased_on"]
    return entry, str(line["hash"])


def _check_body(line: dict[str, Any], entry: dict[str, Any], where: str, report: Report) -> Any:
    """A body that is given, once it fits its hash; None where it was erased or is withheld."""
    if line["state"] in ("erased", "withheld"):
        if line["body"] is not None or line["salt"] is not None:
            report.say(where, f"has a body although it is {line['state']}")
        return None
    if sha256(f"{line['salt']}\n{line['body']}".encode()) != entry["body_sha256"] or line["state"] != "kept":
        report.say(where, "its body was changed: its hash is another")
    return json.loads(line["body"])


def link(previous: str, entry: str, form: int) -> str:
    """The hash of an entry, hexadecimal, from that before it and its text."""
    before = bytes.fromhex(previous) if form == 1 else f"{previous}\n".encode()
    return sha256(before + entry.encode())


def _check_messages(
    files: Files,
    messages: list[dict[str, Any]],
    entries: list[dict[str, Any]],
    report: Report,
) -> None:
    """Each message is what the chain says of it, and none of which the chain speaks openly is missing."""
    told: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for entry in entries:
        if _digest(entry):
            told.setdefault((entry["subject"], _digest(entry)), []).append(entry)
    erasings = [entry for entry in entries if entry["kind"] == _ERASED]
    seen, listed = set(), set()
    for one in messages:
        listed.add(one["key"])
        where = f"message {one['number']}, {one['key'][:12]}"
        own = told.get((one["key"], one["digest"]), [])
        if one["state"] in _TOLD and not own:
            report.say("messages.json", f"{where}: the chain does not know it with this SHA-256")
        for problem in _contradictions(one, own, erasings):
            report.say("messages.json", f"{where}: {problem}")
        if one["file"] is not None:
            seen.add(one["file"])
            _check_original(files, one, report)
    for name in sorted(name for name in files if name.startswith("originals/") and name not in seen):
        report.say(name, "belongs to no message")
    _check_left_out(entries, erasings, listed, report)


def _check_original(files: Files, one: dict[str, Any], report: Report) -> None:
    if one["file"] not in files:
        report.say(one["file"], "is not there")
    elif sha256(files[one["file"]]) != one["digest"]:
        report.say(one["file"], "is not what was sent: its SHA-256 is not that of the message")


def _check_left_out(
    entries: list[dict[str, Any]], erasings: list[dict[str, Any]], listed: set[Any], report: Report
) -> None:
    for entry in entries:
        body = entry.get("body")
        if entry["kind"] == "contact.sent" and body is not None and entry["subject"] not in listed:
            report.say("messages.json", f"entry {entry['seq']} tells of a message that is not there")
        if entry["told"] == "erased" and not _was_erased(entry["on_date"], entry["erased_on"], erasings):
            report.say(
                f"chain.jsonl, line {entry['seq']}",
                f"is without its body, and of erasing it on {entry['erased_on']} the chain does not tell",
            )


def _contradictions(
    one: dict[str, Any], entries: list[dict[str, Any]], erasings: list[dict[str, Any]]
) -> list[str]:
    """What messages.json says of a message and the chain says otherwise; what was erased or withheld says nothing."""
    found = []
    kinds = {entry["kind"] for entry in entries}
    wanted = _ENDS.get(one["state"], kinds)
    if entries and (not kinds & wanted or ("contact.sent" in kinds and one["state"] not in _SENT)):
        found.append(f"the chain tells of another end of it than {str(one['state'])[:20]!r}")
    found += [
        f"its date is not that of entry {entry['seq']}"
        for entry in entries
        if one["on_date"] != entry["on_date"]
    ]
    if one["erased_on"]:
        return found + _not_erased(one, entries, erasings)
    if one["file"] is None:
        found.append("has no original and was not erased")
    # An earlier try may have gone to somebody else with the same words: the last entry tells of this one.
    last = [entry for entry in entries if entry["kind"] in _ENDS.get(one["state"], ())][-1:]
    for entry in last:
        body = entry.get("body") or {}
        names = (*_SAME, "provider", "receipt") if entry["kind"] == "contact.sent" else _SAME
        differ = [name for name in names if name in body and one[name] != body[name]]
        found += [f"its {name} is not that of entry {entry['seq']}" for name in differ]
    return found


def _not_erased(
    one: dict[str, Any], entries: list[dict[str, Any]], erasings: list[dict[str, Any]]
) -> list[str]:
    """What speaks against a message's having been erased."""
    found = [
        f"is said to be erased, but entry {entry['seq']} is not"
        for entry in entries
        if entry["told"] != "erased" and entry.get("format", 1) != 1
    ]
    if one["file"] is not None:
        found.append("is said to be erased, but names an original")
    if not _was_erased(one["on_date"], one["erased_on"], erasings):
        found.append(f"of erasing it on {one['erased_on']} the chain does not tell")
    return found


def _was_erased(on_date: str, erased_on: str, erasings: list[dict[str, Any]]) -> bool:
    """Whether the chain tells that what was dated so was erased that day: only what is older than it says is."""
    return any(
        entry["on_date"] == erased_on and on_date < (entry.get("body") or {}).get("before", erased_on)
        for entry in erasings
    )


def _digest(entry: dict[str, Any]) -> str | None:
    digest = entry.get("digest") or (entry.get("body") or {}).get("digest")
    return digest if isinstance(digest, str) else None


def main(arguments: list[str]) -> int:
    """Check the file named; 0 when all holds, 1 when not, 2 for a wrong call."""
    options = {}
    while len(arguments) > 2 and arguments[-2] in ("--head", "--seal"):
        options[arguments[-2][2:]] = arguments[-1]
        arguments = arguments[:-2]
    if len(arguments) != 1:
        print(__doc__)  # noqa: T201
        return 2
    with open(arguments[0], "rb") as file:  # noqa: PTH123 - stands alone
        report = check(file.read(MOST_BYTES + 1), **options)
    for line in report.problems or [f"intact: {report.counts.get('entries', 0)} entries, head {report.head}"]:
        print(line)  # noqa: T201
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
