"""Where an address stands on an A4 page so that it shows in the window of the seller's country, and its lines. Pure.

A folded page moves in its envelope. Each place below is inside the window wherever the page has slid to:

- right windows (France, Belgium, Luxembourg, Italy, Spain, Portugal): DL, 110 × 220 mm, window 35 × 100 mm (or 45 × 100),
  20 mm from the right and the lower edge (NF Z 11-001): 110 mm from the left, 55 mm from the top, as La Poste asks for;
- Germany and Austria: DIN 5008 form B, the address zone of 27.3 mm under the zone of notes, in the field of 85 × 45 mm
  that begins 20 mm from the left and 45 mm from the top; the sender in one line above it; fold marks at 105 and 210 mm;
- Switzerland: SN 010130, address on the right, C5/6 of 114 × 229 mm, window 45 × 100 mm, 12 mm from the right edge;
- left windows (all others): BS 4264, DL, window 35 × 90 mm, 20 mm from the left and 18 mm from the lower edge.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError

from relance.config.models import Entity

MOST_LINES = 5
"""Lines of an address under the name and the person: with those it is what a window of 24 mm holds at 9 points."""

_NUMBER = re.compile(r"\d{1,5}\s?(?:bis|ter|quater|[A-Za-z])?", re.IGNORECASE)
_POSTCODE = re.compile(r"(?:[A-Z]{1,2}-)?\d{4,5}")
_TOWN = re.compile(r"(?<=\S) (?=(?:[A-Z]{1,2}-)?\d{4,5}(?: [A-Z]{2})? [^\W\d])")
_NUMBER_FIRST = frozenset({"FR", "GB", "IE", "LU", "MC"})
_POSTCODE_LAST = frozenset({"GB", "IE"})
_COUNTRY_NAMES = ("en", "fr", "de", "es", "it", "nl", "pt")


@dataclass(frozen=True, slots=True)
class Window:
    """Millimetres from the page's left and upper edge. `body`: where the letter's text begins; `margin`: its left edge."""

    side: str
    left: float
    top: float
    width: float
    height: float
    body: float
    sender_left: float
    sender_width: float
    margin: float = 20
    return_line: bool = False
    note_top: float | None = None
    folds: tuple[float, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As the Typst file reads it."""
        return asdict(self)


_RIGHT = Window("right", left=110, top=55.5, width=80, height=23.5, body=92, sender_left=20, sender_width=80)
_LEFT = Window("left", left=22, top=57.5, width=76, height=23, body=92, sender_left=125, sender_width=65)
_DIN = Window(
    "left", left=25, top=63, width=80, height=27, body=98.5, sender_left=125, sender_width=65, margin=25,
    return_line=True, note_top=52, folds=(105, 148.5, 210),
)  # fmt: skip
_SWISS = Window("right", left=118, top=52, width=78, height=30, body=92, sender_left=20, sender_width=85)
_BY_COUNTRY = {
    **dict.fromkeys(("FR", "BE", "LU", "IT", "ES", "PT", "MC"), _RIGHT),
    **dict.fromkeys(("DE", "AT"), _DIN),
    **dict.fromkeys(("CH", "LI"), _SWISS),
}


@dataclass(frozen=True, slots=True)
class Seller:
    """Who writes, as an envelope's window and a letter's head show it; `country` as in ISO 3166-1."""

    country: str | None = None
    address: tuple[str, ...] = ()

    @classmethod
    def of(cls, entity: Entity, country: str | None) -> Seller:
        """The entity, whose region is in `country`; its postal address says more where it is given."""
        address = entity.sender.address if entity.sender else None
        if address is None:
            return cls(country=country)
        number_first = address.country in _NUMBER_FIRST
        parts = (address.house_no, address.street) if number_first else (address.street, address.house_no)
        street = " ".join(part for part in parts if part)
        town = (
            (address.city, address.postcode)
            if address.country in _POSTCODE_LAST
            else (address.postcode, address.city)
        )
        lines = (street, " ".join(town))
        return cls(country=address.country, address=tuple(line for line in lines if line))


def window_of(country: str | None) -> Window:
    """The place of the address in the seller's country; on the left where we know no custom."""
    return _BY_COUNTRY.get(country or "", _LEFT)


def lines_of(address: str) -> tuple[str, ...]:
    """A ledger's address of one line, as lines: split at line ends, semicolons and commas, at most `MOST_LINES`.

    A house number keeps its street, a postcode its town: "12, rue du Lac, 75002 Paris" → ("12, rue du Lac", "75002 Paris").
    """
    lines: list[str] = []
    held = ""
    parts = [part.strip() for part in re.split(r"[\n;,|]", address) if part.strip()]
    for part, after in zip(parts, [*parts[1:], ""], strict=False):
        if not _NUMBER.fullmatch(part):
            lines.append(held + part)
            held = ""
        elif after and _POSTCODE.fullmatch(part):
            held = f"{part} "
        elif after and (not lines or after[0].islower()):
            held = f"{part}, "  # the number before its street
        else:
            lines[-1:] = [", ".join((*lines[-1:], part))]
    if len(lines) == 1:
        lines = [line.strip() for line in _TOWN.split(lines[0], maxsplit=1)]
    kept = [*lines[: MOST_LINES - 1], ", ".join(lines[MOST_LINES - 1 :])]
    return tuple(line for line in kept if line)


def country_line(lines: tuple[str, ...], payer: str | None, seller: str | None, language: str) -> str | None:
    """The payer's country in capitals, for the last line of a letter that leaves the seller's; None where it is there."""
    if not payer or not seller or payer == seller:
        return None
    names = [_country(payer, one) for one in dict.fromkeys((language, *_COUNTRY_NAMES))]
    there = " ".join(lines).casefold()
    if not names[0] or any(name and name.casefold() in there for name in names):
        return None
    return names[0].upper()


def _country(code: str, language: str) -> str | None:
    try:
        return Locale.parse(language, sep="-").territories.get(code)
    except (UnknownLocaleError, ValueError):
        return None
