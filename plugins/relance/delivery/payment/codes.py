"""QR codes as bits, made thousands a second: one code by segno, the next by what differs from it.

A code of one version and one mask is affine in its bytes over GF(2): placing, masking and Reed-Solomon are all linear, so
changing byte k by x turns over the same modules whatever else the code says. segno draws each first text of a length, and
once for each bit of each k what turns over; after that a code is a few dozen exclusive-ors of 50-line pictures held as integers.
Tests hold every code against segno's own. ISO 18004 lets an encoder choose any mask; ours is always the same, so that the
same text gives the same picture in every process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import segno

QUIET = 4
"""Modules left white around a code (ISO 18004)."""

CAPACITY = (
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666, 711, 779, 857, 911, 997,
)  # fmt: skip
"""Bytes that versions 1 to 25 hold at error correction M (ISO 18004, table 7)."""

_MASK = 3
"""The one with the fewest penalty points on average for such texts: 1,820 against 1,930 to 2,070 of the others."""

_MOST_CHANGES = 20_000


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its quiet zone: `lines` rows of `width` bytes, white is 1, first module in the highest bit."""

    lines: int
    width: int
    bits: int

    def rows(self) -> list[bytes]:
        """Row by row, from the top."""
        raw = self.bits.to_bytes(self.lines * self.width, "big")
        return [raw[start : start + self.width] for start in range(0, len(raw), self.width)]


@dataclass(slots=True)
class _Version:
    """What is known of one version: a first text of each length with its bits, and what a change turns over."""

    number: int
    firsts: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    changes: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        return 17 + 4 * self.number + 2 * QUIET

    @property
    def width(self) -> int:
        return (self.lines + 7) // 8

    def bits(self, data: bytes) -> int:
        first = self.firsts.get(len(data))
        if first is None:
            bits = self._draw(data)
            self.firsts[len(data)] = data, bits
            return bits
        known, bits = first
        for place, (now, then) in enumerate(zip(data, known, strict=True)):
            if now != then:
                bits ^= self._change(place, now ^ then)
        return bits

    def _change(self, place: int, by: int) -> int:
        found = self.changes.get((place, by))
        if found is None:
            if len(self.changes) >= _MOST_CHANGES:
                self.changes.clear()
            least = by & -by
            found = (
                self._drawn(place, by)
                if by == least
                else self._change(place, least) ^ self._change(place, by - least)
            )
            self.changes[place, by] = found
        return found

    def _drawn(self, place: int, by: int) -> int:
        blank = bytearray(CAPACITY[self.number - 1])
        blank[place] = by
        return self._draw(bytes(blank)) ^ self._blank()

    def _blank(self) -> int:
        if -1 not in self.firsts:
            nothing = bytes(CAPACITY[self.number - 1])
            self.firsts[-1] = nothing, self._draw(nothing)
        return self.firsts[-1][1]

    def _draw(self, data: bytes) -> int:
        code = segno.make(
            data, error="m", version=self.number, mode="byte", mask=_MASK, boost_error=False, micro=False
        )
        white = (1 << 8 * self.width) - 1
        bits = 0
        for row in code.matrix_iter(scale=1, border=QUIET):
            dark = int("".join("1" if module else "0" for module in row), 2)
            bits = bits << 8 * self.width | (white ^ dark << (8 * self.width - self.lines))
        return bits


@cache
def _version(number: int) -> _Version:
    return _Version(number)


def code_of(text: str) -> Code:
    """The code of a text in UTF-8, error correction M, in the smallest version that holds it.

    Raises:
        ValueError: above 997 bytes.
    """
    data = text.encode()
    number = next((at for at, room in enumerate(CAPACITY, start=1) if len(data) <= room), None)
    if number is None:
        raise ValueError(f"A code holds {CAPACITY[-1]} bytes; this text has {len(data)}.")
    version = _version(number)
    return Code(version.lines, version.width, version.bits(data))
