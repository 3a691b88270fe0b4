"""SMS text: characters of the GSM 7-bit alphabet only, so that one part holds 160 of them and not 70."""

from __future__ import annotations

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_REPLACE = {
    "’": "'", "‘": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-",
    "‐": "-", "‑": "-", "…": "...", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th",
    "°": "o", "º": "o", "ª": "a", "·": "-", "•": "-", "№": "No", "ı": "i", "ẞ": "SS", "`": "'", "\t": " ",
}  # fmt: skip

ONE_PART = 160
_PART_OF_MANY = 153


def transliterate(text: str) -> str:
    """The text in GSM 7-bit characters: accents that the alphabet lacks are dropped, what can't be written becomes `?`."""
    return "".join(_character(one) for one in unicodedata.normalize("NFC", text))


def length(text: str) -> int:
    r"""Septets of a text in the alphabet; `^ { } \ [ ~ ] | €` take two."""
    return sum(2 if character in _EXTENDED else 1 for character in text)


def parts(text: str) -> int:
    """How many SMS the text takes."""
    septets = length(text)
    return 1 if septets <= ONE_PART else -(-septets // _PART_OF_MANY)


def fit(*pieces: str) -> str:
    """The first piece, and after it each further one that one part still has room for."""
    text = transliterate(pieces[0])
    for piece in pieces[1:]:
        longer = f"{text} {transliterate(piece)}"
        if piece and length(longer) <= ONE_PART:
            text = longer
    return text


def _character(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    if character in _REPLACE:
        return _REPLACE[character]
    if unicodedata.category(character) == "Zs":
        return " "
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return ""
    plain = "".join(one for one in unicodedata.normalize("NFKD", character) if not unicodedata.combining(one))
    known = "".join(_REPLACE.get(one, one) for one in plain)
    return known if known and all(one in _BASIC or one in _EXTENDED for one in known) else "?"
