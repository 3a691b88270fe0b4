"""What a letter's PDF says of itself: pages, language, whom it is for. Reads what `letter.pdf` writes, not any PDF."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_PAGES = re.compile(rb"/Type\s*/Pages\s*/Count\s+(\d+)")
_LANGUAGE = re.compile(rb"/Lang\s*\(([A-Za-z-]{2,12})\)")
_DESCRIPTION = re.compile(
    rb"<dc:description>\s*<rdf:Alt>\s*<rdf:li[^>]*>(.*?)</rdf:li>\s*</rdf:Alt>\s*</dc:description>", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """`address`: the lines in the window, the payer's name first; None or empty where the PDF does not tell."""

    pages: int | None
    language: str | None
    address: tuple[str, ...]


def facts_of(pdf: bytes) -> PdfFacts:
    """The facts of a letter; its metadata are not compressed (PDF/A-2, ISO 19005-2, 6.6.2.1)."""
    pages = [int(count) for count in _PAGES.findall(pdf)]
    language = _LANGUAGE.search(pdf)
    description = _DESCRIPTION.search(pdf)
    text = html.unescape(description.group(1).decode("utf-8", "replace")) if description else ""
    return PdfFacts(
        pages=max(pages, default=None),
        language=language.group(1).decode() if language else None,
        address=tuple(line for line in text.split("\n") if line.strip()),
    )
