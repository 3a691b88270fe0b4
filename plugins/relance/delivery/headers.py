"""Header lines of an e-mail (RFC 5322, RFC 2047, RFC 2231), folded by us.

The standard library takes a millisecond for those of one message, loses blanks where it folds, and lets a name that looks
like an encoded word become one. Lines have at most 76 characters where blanks allow it. Texts that are not plain ASCII are
written as encoded words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

EOL = "\r\n"
_WIDTH = 76
_WORD = 63  # of the 75 characters of an encoded word, without `=?utf-8?q?` and `?=`
_SPECIAL = re.compile(r'[()<>@,:;".\[\]\\]')
_NOT_LOCAL = re.compile(r'[()<>@,:;"\[\]\\ ]')
_SIMPLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 !#$&^_.+()',-]*[A-Za-z0-9])?")
# What RFC 2047 5.(3) lets stand in a phrase; the strictest place is the rule for all.
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def text_line(name: str, text: str) -> str:
    """A header of free text, such as Subject.

    Raises:
        ValueError: for a line break in it, which would begin another header.
    """
    _no_break(text)
    plain = _is_plain(text) and len(name) + 2 + len(text) <= _WIDTH
    return f"{name}: {text if plain else _encoded(text, len(name) + 2)}{EOL}"


def mailbox_line(name: str, mailboxes: Iterable[tuple[str | None, str]]) -> str:
    """A header of addresses, each with the name it is shown with; the addresses have been checked.

    Raises:
        ValueError: for a line break in a name.
    """
    pieces: list[str] = []
    for shown, address in mailboxes:
        _no_break(f"{shown or ''}{address}")
        pieces += _mailbox(shown, address, first=1 if pieces else len(name) + 2)
        pieces[-1] += ","
    pieces[-1] = pieces[-1][:-1]
    return fold(name, pieces)


def fold(name: str, pieces: Sequence[str]) -> str:
    """A header of pieces that blanks join and that no line may cut; each begins a line where the last has no room for it."""
    lines = [f"{name}:"]
    for piece in pieces:
        if len(lines[-1]) + 1 + len(piece) <= _WIDTH or lines[-1] == f"{name}:":
            lines[-1] += f" {piece}"
        else:
            lines.append(f" {piece}")
    return EOL.join(lines) + EOL


def parameter(name: str, text: str) -> str:
    """`; name=value`, on a line of its own; what is not simple as RFC 2231 has it, in sections where it is long."""
    if _SIMPLE.fullmatch(text) and len(text) <= _WORD:
        return f';{EOL} {name}="{text}"'
    octets = re.findall("%..|.", quote(text, safe="!#$&+-.^_`|~"))
    room = _WIDTH - len(name) - 8
    sections = ["".join(octets[at : at + room // 3]) for at in range(0, len(octets), room // 3)]
    if len(sections) == 1:
        return f";{EOL} {name}*=utf-8''{sections[0]}"
    starts = [f"{name}*{place}*={'' if place else 'utf-8'}" for place in range(len(sections))]
    starts[0] += "''"
    return "".join(f";{EOL} {start}{section}" for start, section in zip(starts, sections, strict=True))


def _mailbox(shown: str | None, address: str, *, first: int) -> list[str]:
    """The pieces of one address; `first`: characters that stand before it on its line."""
    local, _, domain = address.rpartition("@")
    if _NOT_LOCAL.search(local):
        local = _quoted(local)
    if not shown:
        return [f"{local}@{domain}"]
    written = _quoted(shown) if _SPECIAL.search(shown) else shown
    if not _is_plain(shown) or len(written) > _WIDTH - 16:
        # One piece, which is already folded: what follows it is measured from its last line.
        return [*_encoded(shown, first).split(EOL + " "), f"<{local}@{domain}>"]
    return [written, f"<{local}@{domain}>"]


def _is_plain(text: str) -> bool:
    return (
        text.isascii()
        and text.isprintable()
        and "  " not in text
        and "=?" not in text
        and text == text.strip()
    )


def _no_break(text: str) -> None:
    if "\r" in text or "\n" in text:
        raise ValueError("a header can't hold a line break")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded(text: str, before: int) -> str:
    """Encoded words, a line each; readers put adjacent ones together without the blanks between (RFC 2047 6.2)."""
    words, word, room = [], "", _WIDTH - before - 12
    for unit in _units(text):
        if len(word) + len(unit) > room:
            words.append(word)
            word, room = "", _WORD
        word += unit
    words.append(word)
    return f"{EOL} ".join([f"=?utf-8?q?{one}?=" for one in words])


def _units(text: str) -> Iterator[str]:
    """What may not be cut, encoded: short words whole, long ones by the character."""
    for place, word in enumerate(text.split(" ")):
        if place:
            yield "_"
        octets = _octets(word)
        if len(octets) <= _WIDTH // 4:
            yield octets
        else:
            yield from map(_octets, word)


@lru_cache(maxsize=4096)
def _octets(text: str) -> str:
    return "".join([one if one in _SAFE else _hex(one) for one in text])


def _hex(character: str) -> str:
    return "".join([f"={octet:02X}" for octet in character.encode()])
