"""What happened to a case, the newest first, a page at a time; to read only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relance.cases.reading import Event
from relance.cases.record import SYSTEM
from relance.slack import limits
from relance.slack.actions import HISTORY, HISTORY_BACK, HISTORY_PAGE
from relance.slack.limits import data
from relance.slack.modals.modal import Block, Modal, ModalScene, View
from relance.slack.modals.parts import button, context, section, view, word
from relance.slack.speech import Voice
from relance.slack.words import word_or

PAGE = 15
"""Events of a page."""
_ROOM = 300
_TEXTS = ("text", "why", "note")
_DATES = ("until", "due_on", "expected_on", "next_on")


def build(scene: ModalScene) -> View:
    """The page `prefill["page"]` (from 0) of the scene's events."""
    voice = scene.voice
    newest = list(reversed(scene.events))
    last = max(0, (len(newest) - 1) // PAGE)
    page = min(max(0, int(scene.prefill.get("page") or 0)), last)
    shown = newest[page * PAGE : (page + 1) * PAGE]
    blocks = [section(_line(scene, event)) for event in shown] or [context(voice("modal.history.none"))]
    if last:
        blocks += [
            context(voice("modal.page", page=page + 1, pages=last + 1)),
            *_turning(scene, page, last),
        ]
    return view(scene, HISTORY, blocks, title=voice("modal.history.title"))


def _turning(scene: ModalScene, page: int, last: int) -> list[Block]:
    buttons = []
    if page > 0:
        buttons.append(button(HISTORY_BACK, scene.voice("modal.history.newer"), str(page - 1)))
    if page < last:
        buttons.append(button(HISTORY_PAGE, scene.voice("modal.history.older"), str(page + 1)))
    return [{"type": "actions", "elements": buttons}]


def _line(scene: ModalScene, event: Event) -> str:
    voice = scene.voice
    who = voice("modal.history.system") if event.actor == SYSTEM else data(event.actor, limits.ID)
    told = [f"*{word(scene, 'event', event.verb)}* · {voice.day(event.on_date)} · {who}"]
    details = _details(scene, event.body)
    if details:
        told.append(" · ".join(details))
    words = next((str(event.body[name]) for name in _TEXTS if event.body.get(name)), None)
    if words:
        told.append(f">{data(words, _ROOM)}")
    return "\n".join(told)


def _details(scene: ModalScene, body: Mapping[str, Any]) -> list[str]:
    """Amount, dates and reasons of an event, as far as it has them."""
    voice = scene.voice
    words = {name: value for name, value in body.items() if isinstance(value, str) and value}
    told = []
    if isinstance(body.get("amount"), int) and "currency" in words:
        told.append(voice.amount(body["amount"], words["currency"]))
    told += [voice(f"modal.history.{name}", day=_day(voice, words[name])) for name in _DATES if name in words]
    groups = (("outcome", "outcome"), ("end", "reason"))
    told += [_named(scene, group, words[name]) for group, name in groups if name in words]
    return told + [f"→ {data(words[name], limits.ID)}" for name in ("to", "owner", "person") if name in words]


def _day(voice: Voice, day: str) -> str:
    try:
        return voice.day(day)
    except ValueError:  # an event of an earlier release
        return data(day, limits.ID)


def _named(scene: ModalScene, group: str, value: str) -> str:
    """The word for a reason, of whichever group has one; what a person wrote stays as it is."""
    for one in (group, "resolution", "dispute_reason", "reason"):
        found = word_or(scene.voice.locale, f"{one}.{value}", "")
        if found:
            return found
    return data(value, _ROOM)


MODAL = Modal(HISTORY, build)
