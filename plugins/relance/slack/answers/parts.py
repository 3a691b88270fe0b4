"""What all answers are made of: a title, lines, a foot; cut to Slack's limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from relance.money import Money
from relance.slack import limits
from relance.slack.cards.model import Block, Card
from relance.slack.limits import clean, data
from relance.slack.modals.parts import context, plain
from relance.slack.speech import Voice

_ROOMS = (3000, 1500, 700, 300)
"""Characters of each list, tried in turn until the whole fits: escaped text may be five times as long."""


def title(text: str) -> Block:
    """The large line at the top."""
    return {"type": "header", "text": plain(text, limits.HEADER)}


def paragraph(voice: Voice, lines: Sequence[str], room: int = limits.SECTION) -> list[Block]:
    """Lines one below the other, as many as fit; none, no block."""
    kept = [line for line in lines if line]
    if not kept:
        return []
    text = limits.lines_within(kept, limit=min(room, limits.SECTION), more=voice("more", count="{count}"))
    return [{"type": "section", "text": limits.mrkdwn(text)}]


def columns(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Names and values in two columns, ten at most a block."""
    shown = [limits.mrkdwn(f"*{name}*\n{limits.clip(value, 400)}") for name, value in pairs if value]
    return [
        {"type": "section", "fields": shown[start : start + limits.FIELDS]}
        for start in range(0, len(shown), limits.FIELDS)
    ]


def foot(voice: Voice, company: str, as_of: date, *more: str) -> Block:
    """Whose figures, of which day."""
    return context(voice("answer.foot", company=data(company, limits.NAME), day=voice.day(as_of)), *more)


def answer(
    text: str, head: Sequence[Block], lists: Sequence[Sequence[str]], tail: Sequence[Block], voice: Voice
) -> Card:
    """An answer whose lists give way until it fits into a message."""
    blocks: list[Block] = []
    for room in _ROOMS:
        told = [block for lines in lists for block in paragraph(voice, lines, room)]
        blocks = [*head, *told, *tail]
        if limits.size(blocks) <= limits.WHOLE and len(blocks) <= limits.BLOCKS:
            break
    return Card(text=limits.escape(clean(text, 300)) or "–", blocks=tuple(blocks))


def amounts(voice: Voice, sums: Sequence[Money], *, most: int = 4) -> str:
    """Amounts in one line."""
    told = [voice.amount(one.minor, one.currency) for one in sums[:most]]
    rest = [voice("more", count=len(sums) - most)] if len(sums) > most else []
    return ", ".join(told + rest) or "–"


def link(url: str | None, words: str) -> str:
    """A link, where there is an address."""
    return f"<{limits.escape(url.replace('|', '%7C'))}|{words.replace('|', '/')}>" if url else words
