"""What providers say of a message, without the addresses in it: events and marks are kept for ever, addresses are not."""

from __future__ import annotations

import re

GONE = "…"
_PART = r"""[^\s<>"'(),;:\[\]{}|@＠]"""
_EMAIL = re.compile(
    rf"""(?:"[^"\r\n]{{1,128}}"|{_PART}{{1,320}}?)(?:(?:[@＠]|%40|=40)(?:\[[^\]\s]{{1,64}}\]|[\w.-]{{0,253}}\w))+""",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"""(?P<kept>
          (?<![\d.])[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)      # a reply code with its status, RFC 3463
        | (?<![\d.-])\d{4}-\d\d-\d\d(?!\d)                                # a date
        | (?<![\d.])(?:[245]\d\d\ )?\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d))      # an IPv4 address
      | (?<![\w.])(?:\+|\(\+?)?\d[\d\s().\-/]{5,22}\d(?!\w)""",
    re.VERBOSE,
)


def without_addresses(text: str, *known: str) -> str:
    """The text with e-mail addresses and what looks like a phone number replaced by "…", and so each of `known`.

    A number has a "+" or "0" before it and at least 7 digits, or at least 9. Reply codes, dates and IP addresses stay.
    Of a known e-mail address also the part before the @ goes where it stands in brackets or quotes, as servers write it.
    """
    for address in known:
        if len(address) > 3:
            text = re.sub(re.escape(address), GONE, text, flags=re.IGNORECASE)
    text = _EMAIL.sub(GONE, text)
    for address in known:
        name, at, _ = address.rpartition("@")
        if at and name:
            text = re.sub(
                rf"""(?<=[<"'`\[(]){re.escape(name)}(?=[>"'`\])])""", GONE, text, flags=re.IGNORECASE
            )
    return _NUMBER.sub(_without_number, text)


def _without_number(found: re.Match[str]) -> str:
    whole = found[0]
    if found["kept"]:
        return whole
    digits = [one for one in whole if one.isdigit()]
    least = 7 if whole.startswith(("+", "(+")) or digits[0] == "0" else 9
    return GONE if len(digits) >= least else whole
