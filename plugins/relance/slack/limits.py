"""Slack's limits, and text made to fit them.

Numbers: docs.slack.dev, "Reference: blocks" and "chat.postMessage"; the 12,000 characters over all blocks
are ours, below an undocumented refusal (`msg_blocks_too_long`) near 13,000.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

BLOCKS = 50
HEADER = 150
SECTION = 3000
FIELDS = 10
FIELD = 2000
CONTEXT_ELEMENTS = 10
CONTEXT_TEXT = 2000
FALLBACK = 4000
WHOLE = 12_000
"""Characters of all blocks of a message, as JSON."""

NAME = 120
"""Characters of a payer's or a company's name that a card shows."""
ID = 60
"""Characters of an invoice number or an e-mail that a card shows."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "'"})
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ISOLATE, _END = "\u2068", "\u2069"


def clean(text: str, limit: int) -> str:
    """Ledger text for one line of plain text: no controls, direction overrides, line breaks; at most `limit` long.

    Text with right-to-left letters is isolated, so that it can't turn the amounts beside it around.
    """
    line = _DIRECTION.sub("", " ".join(text.split()))
    line = "".join(one for one in line if unicodedata.category(one) not in {"Cc", "Cs", "Co", "Cn"})
    right_to_left = any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in line)
    room = limit - 2 if right_to_left else limit
    line = clip(line, room)
    return f"{_ISOLATE}{line}{_END}" if right_to_left else line


def length(text: str) -> int:
    """Characters as Slack may count them: an emoji outside the basic plane counts as two."""
    return len(text) + sum(one > "\uffff" for one in text)


def clip(text: str, limit: int) -> str:
    """`text`, or its beginning and an ellipsis, in at most `limit` characters."""
    if length(text) <= limit:
        return text
    kept = text[: limit - 1]
    while length(kept) > limit - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def escape(text: str) -> str:
    """Slack's three entities: nothing in the result can mention, link or ping."""
    return "".join(_ENTITIES.get(one, one) for one in text)


def data(text: str, limit: int) -> str:
    """Ledger text inside mrkdwn: `clean`, escaped, and without marks that would set it bold, struck or as code."""
    return escape(_EDGE_UNDERSCORE.sub("\uff3f", clean(text, limit).translate(_MARKS)))


def mrkdwn(text: str) -> dict[str, Any]:
    """A text object; `verbatim`: Slack adds no links or mentions of its own to what the ledger says."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def size(blocks: list[dict[str, Any]]) -> int:
    """Characters of the blocks as they go over the wire."""
    return len(json.dumps(blocks, ensure_ascii=False))


def lines_within(lines: list[str], *, limit: int, more: str) -> str:
    """As many whole lines as fit, and how many are left (`more` with `{count}`) when not all do."""
    text = "\n".join(lines)
    if length(text) <= limit:
        return text
    kept: list[str] = []
    for number, line in enumerate(lines):
        tail = more.format(count=len(lines) - number)
        if length("\n".join([*kept, line, tail])) > limit:
            return "\n".join([*kept, tail])
        kept.append(line)
    return "\n".join(kept)
