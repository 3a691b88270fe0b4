"""References that banks check: ISO 11649 (RF) and the Swiss QR reference, made from our own numbers without loss. Pure."""

from __future__ import annotations

import re
from itertools import pairwise

from stdnum import iso11649
from stdnum.ch import esr
from stdnum.iso7064 import mod_97_10

LONGEST_BODY = 21
"""Characters after RF and the two check digits (ISO 11649)."""

_SEPARATORS = re.compile(r"[\s\-./_,:;|\\‐‑–—]+")
_BODY = re.compile(r"[A-Z0-9]+")
_YEAR = re.compile(r".*?(?<!\d)(?:19|20)\d\d")


def body_of(reference: str) -> str | None:
    """Our number in capitals and digits only, or None when it would no longer say which number it was.

    Separators go where the groups stay apart without them: between letters and digits, and after a year
    ("FA-2026-0117" → FA20260117). Other digits that would run together are refused ("1-11" and "11-1" would be the same),
    as are characters that ISO 11649 doesn't have.
    """
    groups = [group for group in _SEPARATORS.split(reference.strip()) if group]
    if not groups or not all(group.isascii() and _BODY.fullmatch(group.upper()) for group in groups):
        return None
    for group, following in pairwise(groups):
        if group[-1].isdigit() and following[0].isdigit() and not _YEAR.fullmatch(group):
            return None
    return "".join(groups).upper()


def creditor_reference(reference: str) -> str | None:
    """The ISO 11649 reference of our number: "539007547034" → "RF18539007547034"; None where it can't be one.

    A number that is one already stays as it is.
    """
    bare = reference.replace(" ", "").upper()
    if bare.isascii() and bare.isalnum() and bare.startswith("RF") and iso11649.is_valid(bare):
        return bare
    body = body_of(reference)
    if body is None or len(body) > LONGEST_BODY:
        return None
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def qr_reference(reference: str) -> str | None:
    """The 27 digits of a Swiss QR reference (QRR): our number filled with zeros and a check digit (modulo 10, recursive).

    None for numbers with letters, with more than 26 digits, or of zeros only. A number that is one already stays as it is.
    """
    body = body_of(reference)
    if body is None or not body.isdigit() or not body.strip("0"):
        return None
    if len(body) == 27:
        return body if esr.calc_check_digit(body[:-1]) == body[-1] else None
    if len(body) > 26:
        return None
    filled = body.zfill(26)
    return f"{filled}{esr.calc_check_digit(filled)}"


def printed(reference: str) -> str:
    """As people read it: RF in groups of four from the left, QRR in groups of five from the right, other text as it is."""
    if reference.startswith("RF") and iso11649.is_valid(reference):
        return str(iso11649.format(reference))
    if len(reference) == 27 and reference.isdigit():
        return " ".join([reference[:2], *(reference[start : start + 5] for start in range(2, 27, 5))])
    return reference
