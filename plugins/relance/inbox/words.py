"""Text and addresses out of what mail programs write, without trusting any of it. Pure."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

_BEFORE_A_QUOTE = re.compile(
    r"^(?:-{2,} ?(?:Original Message|Message d['’]origine|Urspr[üu]ngliche Nachricht|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht|Mensagem original).*|_{10,}|-- ?"
    r"|(?:On|Le|Am|El|Il|Op|Em)\b.{0,200}(?:wrote|a écrit|schrieb|escribió|ha scritto|schreef|escreveu).{0,80}:"
    r"|(?:From|De|Von|Da|Van) ?: .*@.*)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 20_000
"""Characters looked at: patterns and parsers take their time on text that was made to cost it."""
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3"})


def plain(value: Any) -> str:
    """A header as text on one line; encoded words are decoded as far as they can be."""
    if value is None:
        return ""
    told = str(value)
    with contextlib.suppress(ValueError, LookupError, MessageError):
        told = str(make_header(decode_header(told)))
    return " ".join(storable(told).split())


def address_of(value: Any) -> str | None:
    """The address in a header, in lower case; None where there is none."""
    found = parseaddr(plain(value))[1].strip().strip("<>").lower()
    return found if "@" in found and len(found) <= 320 and " " not in found else None


def text_of(parts: Iterable[Message]) -> str:
    """The first text of a mail's parts, else its first HTML as text."""
    html = ""
    for part in parts:
        kind = part.get_content_type()
        if kind not in {"text/plain", "text/html"} or part.get_filename():
            continue
        content = part.get_payload(decode=True)
        text = _decoded(content if isinstance(content, bytes) else b"", part.get_content_charset())
        if kind == "text/plain" and text.strip():
            return text
        html = html or (shown(text[:_LONGEST]) if kind == "text/html" else "")
    return html


def without_quotes(text: str) -> str:
    """A reply without what it quotes: from the first line that introduces a quote on, and lines that begin with `>`."""
    lines = text[:_LONGEST].splitlines()
    kept: list[str] = []
    for number, line in enumerate(lines):
        pair = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else line
        if _BEFORE_A_QUOTE.match(line.strip()) or (line[:3].strip() and _BEFORE_A_QUOTE.match(pair.strip())):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def shown(html: str) -> str:
    """What a reader sees of HTML, as text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(reader.told)).strip()


class _Reader(HTMLParser):
    """Text outside of scripts and styles; blocks begin on a line of their own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.told: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in {"script", "style"}
        if tag in _BREAKS:
            self.told.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"} and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.told.append(re.sub(r"\s+", " ", data))


def _decoded(content: bytes, charset: str | None) -> str:
    try:
        text = content.decode(charset or "utf-8", "replace")
    except LookupError:  # a charset that nobody knows
        text = content.decode("utf-8", "replace")
    return storable(text).replace("\r\n", "\n")


def storable(text: str) -> str:
    """Without what a database takes in no text: NUL, and halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
