"""The list of cases that have no card of their own yet, because the channel had as many as it takes in a day."""

from __future__ import annotations

from collections.abc import Sequence

from relance.slack import actions, limits
from relance.slack.actions import Target
from relance.slack.cards.model import Block, Card, Scene
from relance.slack.cards.parts import header, hidden, section
from relance.slack.cards.titles import title_of
from relance.slack.speech import Voice

_SHRINKING = (40, 25, 12, 6, 3)
"""Cases named, where long names leave less room."""


def listed(scenes: Sequence[Scene], *, company: str, voice: Voice, limit: int) -> Card:
    """The list, with a menu that gives a named case its card; `limit`: new cards that the channel takes in a day."""
    title = voice("list.title", count=len(scenes)) if scenes else voice("list.none")
    blocks: list[Block] = []
    for most in _SHRINKING:
        blocks = [
            header(f":card_index_dividers: {title}"),
            section([voice("list.why", count=limit)]),
            *(_named(scenes, most) if scenes else []),
            {"type": "context", "elements": [limits.mrkdwn(limits.data(company, limits.NAME))]},
        ]
        if limits.size(blocks) <= limits.WHOLE:
            break
    return Card(text=limits.escape(limits.clip(title, 500)), blocks=tuple(blocks))


def _named(scenes: Sequence[Scene], most: int) -> list[Block]:
    lines = [_line(scene) for scene in scenes[:most]] + hidden(scenes[0], len(scenes) - most)
    options = [
        {
            "text": {"type": "plain_text", "text": limits.clip(title_of(scene)[0], 75), "emoji": False},
            "value": str(Target(actions.SHOW, scene.case.case_id, scene.case.revision)),
        }
        for scene in scenes[:most]
    ]
    voice = scenes[0].voice
    menu = {
        "type": "static_select",
        "action_id": actions.SHOW,
        "placeholder": {"type": "plain_text", "text": limits.clip(voice("do.show"), 150)},
        "options": options,
    }
    return [section(lines, voice("more", count="{count}")), {"type": "actions", "elements": [menu]}]


def _line(scene: Scene) -> str:
    title, sign = title_of(scene)
    totals = scene.facts.get("totals") or []
    amounts = scene.voice.amounts(totals, "overdue") or scene.voice.amounts(totals, "open")
    told = f" · {', '.join(amounts[:3])}" if amounts else ""
    return f"{sign} {limits.escape(title)}{told}"
