"""The text of a Swiss QR-bill: a payment in francs or euros to an account in Switzerland or Liechtenstein. Pure.

Source: SIX, Swiss Implementation Guidelines QR-bill, version 2.3: 31 lines, structured addresses only, characters of the
extended Latin set. The debtor's lines stay empty, and the bill shows a frame to fill in: ledgers give no postal address.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from relance.config.models import PostalAddress
from relance.money import Money, to_decimal

COUNTRIES = frozenset({"CH", "LI"})
CURRENCIES = frozenset({"CHF", "EUR"})
LONGEST_TEXT = 140
_MOST = 99_999_999_999
_BEYOND_LATIN = "ȘșȚț€"


@dataclass(frozen=True, slots=True)
class Bill:
    """What a bill's lines say; `kind` is QRR, SCOR or NON, `reference` empty for NON."""

    iban: str
    name: str
    street: str
    house_no: str
    postcode: str
    city: str
    country: str
    amount: str
    currency: str
    kind: str
    reference: str
    message: str


def is_qr_iban(iban: str) -> bool:
    """Whether an account's institution number is of those kept for QR references (30000 to 31999)."""
    return iban[:2] in COUNTRIES and "30000" <= iban[4:9] <= "31999"


def swiss_text(
    *, name: str, address: PostalAddress | None, iban: str, amount: Money, reference: str | None, text: str
) -> str | None:
    """The 31 lines, or None where a QR-bill can't say it.

    `reference`: 27 digits for a QR-IBAN, an ISO 11649 reference or None for another. `text` is the message beside it.
    None: no address of ours, another currency than CHF and EUR, an amount other than 0.01 to 999999999.99.
    """
    if address is None or iban[:2] not in COUNTRIES or amount.currency not in CURRENCIES:
        return None
    if not 1 <= amount.minor <= _MOST or (is_qr_iban(iban) and reference is None):
        return None
    kind = "NON" if reference is None else "QRR" if is_qr_iban(iban) else "SCOR"
    creditor = [
        "S", latin(name)[:70], latin(address.street or ""), latin(address.house_no or ""), latin(address.postcode),
        latin(address.city), address.country,
    ]  # fmt: skip
    money = [f"{to_decimal(amount.minor, amount.currency):f}", amount.currency]
    message = latin(text) if len(text) <= LONGEST_TEXT else ""
    lines = [
        "SPC",
        "0200",
        "1",
        iban,
        *creditor,
        *[""] * 7,
        *money,
        *[""] * 7,
        kind,
        reference or "",
        message,
    ]
    return "\n".join([*lines, "EPD"])


def read(text: str) -> Bill:
    """The bill that such lines say.

    Raises:
        ValueError: for text that is not a QR-bill's of ours.
    """
    lines = text.splitlines()
    if len(lines) != 31 or lines[:3] != ["SPC", "0200", "1"] or lines[4] != "S" or lines[30] != "EPD":
        raise ValueError("These are not the lines of a Swiss QR-bill.")
    return Bill(lines[3], *lines[5:11], *lines[18:20], *lines[27:30])


def latin(text: str) -> str:
    """Text in the characters that a QR-bill may hold; others lose their marks, or become a full stop."""
    return "".join(_allowed(character) for character in unicodedata.normalize("NFC", " ".join(text.split())))


def _allowed(character: str) -> str:
    if " " <= character <= "~" or "\u00a0" <= character <= "\u017f" or character in _BEYOND_LATIN:
        return character
    plain = unicodedata.normalize("NFKD", character)[0]
    return plain if " " <= plain <= "~" else "."
