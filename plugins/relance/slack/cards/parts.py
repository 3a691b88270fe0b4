"""Small pieces that every part of a card is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relance.slack import limits
from relance.slack.cards.model import Block, Scene
from relance.slack.limits import data
from relance.slack.speech import Voice


def header(text: str) -> Block:
    """The title in large letters."""
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": limits.clip(text, limits.HEADER), "emoji": True},
    }


def section(lines: Sequence[str], more: str = "…") -> Block:
    """Lines one below the other; `more`, with `{count}`, says how many did not fit."""
    text = limits.lines_within(list(lines), limit=limits.SECTION, more=more)
    return {"type": "section", "text": limits.mrkdwn(text)}


def hidden(scene: Scene, count: int) -> list[str]:
    """A line that says how many more there are."""
    return [f"_{scene.voice('more', count=count)}_"] if count > 0 else []


def sum_of(voice: Voice, amounts: Sequence[Mapping[str, Any]], *, most: int = 4) -> str:
    """Amounts in one line, currency by currency."""
    told = [voice.amount(int(one["amount"]), str(one["currency"])) for one in amounts[:most]]
    rest = [voice("more", count=len(amounts) - most)] if len(amounts) > most else []
    return ", ".join(told + rest) or "–"


def quote(text: object, room: int) -> str:
    """Somebody's words, as a quotation."""
    return f">{data(str(text), room)}"


def invoices_named(voice: Voice, names: Sequence[str], *, most: int = 6) -> str:
    """Invoice numbers in one line; the others are counted."""
    told = ", ".join(f"`{data(str(name), limits.ID)}`" for name in names[:most])
    return told + (f" {voice('more', count=len(names) - most)}" if len(names) > most else "")
