"""The text of an EPC QR code: a SEPA credit transfer that a bank's app reads (EPC069-12, version 2.1). Pure."""

from __future__ import annotations

from relance.money import Money, to_decimal

EEA = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU",
        "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
SEPA = EEA | {"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"}
"""Countries of IBANs that SEPA credit transfers reach (EPC409-09); overseas parts of France have French IBANs."""

LONGEST_NAME = 70
LONGEST_TEXT = 140
LONGEST_CODE = 331
"""Bytes: what version 13 holds at error correction M."""

_LEAST, _MOST = 1, 99_999_999_999


def epc_text(
    *, name: str, iban: str, bic: str | None, amount: Money, structured: str | None, text: str = ""
) -> str | None:
    """Lines of the code, or None where such a code can't say it.

    `structured`: an ISO 11649 reference, else `text` goes as it is. None: an amount other than 0.01 to 999999999.99 EUR,
    an IBAN outside the SEPA, no BIC for one outside the EEA (version 002 lets it be left out inside only), a text of more
    than 140 characters, more than 331 bytes in all. Nothing stands after the last element that is used.
    """
    country = iban[:2]
    if amount.currency != "EUR" or not _LEAST <= amount.minor <= _MOST or country not in SEPA:
        return None
    if (bic is None and country not in EEA) or len(text) > LONGEST_TEXT:
        return None
    lines = ["BCD", "002", "1", "SCT", bic or "", _line(name)[:LONGEST_NAME].strip(), iban]
    lines.append(f"EUR{to_decimal(amount.minor, 'EUR'):f}")
    lines += ["", structured] if structured else ["", "", _line(text)]
    code = "\n".join(lines).rstrip("\n")
    return code if len(code.encode()) <= LONGEST_CODE else None


def _line(text: str) -> str:
    return " ".join(text.split())
