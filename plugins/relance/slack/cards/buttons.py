"""What can be pressed on a card, by the case's kind and state.

Nothing here is per person: everybody sees the same card, and who may do what is asked at the click.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from relance.slack import actions as do
from relance.slack import limits
from relance.slack.actions import Target
from relance.slack.cards.model import Block, Scene

MENU = 5
"""Options of an overflow menu."""
_LABEL = 75
_CONFIRM_TITLE, _CONFIRM_TEXT, _CONFIRM_WORD = 100, 300, 30

PEOPLE = (do.ASSIGN, do.WATCH, do.UNWATCH, do.HISTORY)
"""The menu beside the figures: whose the case is. Taking it oneself is a button while nobody has it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an open case of a kind offers: buttons, the first the likeliest, and the menu after them."""

    buttons: tuple[str, ...]
    menu: tuple[str, ...] = ()


OFFERS: Mapping[str, Offer] = MappingProxyType(
    {
        "dispute": Offer(
            (do.RESOLVE, do.COMMENT, do.SNOOZE),
            (do.PROMISE, do.INSTALMENTS, do.ANNOUNCE, do.CONTACT, do.WRITE_OFF),
        ),
        "promise": Offer(
            (do.COMMENT, do.PROMISE, do.SNOOZE),
            (do.INSTALMENTS, do.ANNOUNCE, do.DISPUTE, do.CONTACT, do.RESOLVE),
        ),
        "overdue_90": Offer(
            (do.SNOOZE, do.PROMISE, do.DISPUTE),
            (do.COMMENT, do.INSTALMENTS, do.ANNOUNCE, do.CONTACT, do.WRITE_OFF),
        ),
        "approval": Offer((do.APPROVE, do.REJECT, do.COMMENT)),
        "call": Offer(
            (do.CALL, do.PROMISE, do.SNOOZE),
            (do.COMMENT, do.DISPUTE, do.ANNOUNCE, do.CONTACT, do.INSTALMENTS),
        ),
        "no_contact": Offer(
            (do.CONTACT, do.COMMENT, do.SNOOZE),
            (do.PROMISE, do.ANNOUNCE, do.DISPUTE, do.RESOLVE, do.WRITE_OFF),
        ),
        "delivery": Offer(
            (do.CONTACT, do.RESOLVE, do.COMMENT), (do.SNOOZE, do.PROMISE, do.ANNOUNCE, do.DISPUTE)
        ),
        "risk": Offer(
            (do.RESOLVE, do.COMMENT, do.SNOOZE), (do.PROMISE, do.INSTALMENTS, do.DISPUTE, do.CONTACT)
        ),
        "question": Offer(
            (do.RESOLVE, do.COMMENT, do.PROMISE),
            (do.SNOOZE, do.ANNOUNCE, do.DISPUTE, do.INSTALMENTS, do.CONTACT),
        ),
        "handover": Offer((do.RESOLVE, do.COMMENT), (do.ANNOUNCE, do.DISPUTE, do.WRITE_OFF)),
        "exhausted": Offer(
            (do.INSTALMENTS, do.WRITE_OFF, do.SNOOZE),
            (do.COMMENT, do.PROMISE, do.ANNOUNCE, do.DISPUTE, do.RESOLVE),
        ),
        "data": Offer((do.RESOLVE, do.COMMENT)),
    }
)
TASK = Offer(
    (do.COMPLETE, do.COMMENT, do.SNOOZE), (do.PROMISE, do.ANNOUNCE, do.DISPUTE, do.CONTACT, do.RESOLVE)
)
"""Of a task that a step gave to people: done, it is completed."""
CLOSED = Offer((do.REOPEN, do.COMMENT), (do.WATCH, do.UNWATCH, do.HISTORY))

_FIRST = {do.APPROVE, do.RESOLVE, do.CALL, do.CONTACT, do.COMPLETE}
_GRAVE = {do.REJECT, do.WRITE_OFF}
_ASKED_AGAIN = {do.APPROVE, do.WRITE_OFF, do.END_WRITE_OFF}


def offer_of(scene: Scene) -> Offer:
    """What this case offers now."""
    case = scene.case
    if scene.is_closed:
        return CLOSED
    given = TASK if is_task(scene) else OFFERS[case.kind]
    if case.snoozed_until is not None:
        given = Offer(_rested(given.buttons), _rested(given.menu))
    if scene.details.get("written_off"):
        given = Offer((*given.buttons, do.END_WRITE_OFF), given.menu)
    if case.owner is None and case.kind != "approval":
        given = Offer((*given.buttons, do.TAKE), given.menu)
    return given


def is_task(scene: Scene) -> bool:
    """Whether a step gave it to people to do: then it is completed, not answered."""
    return scene.case.kind in {"question", "handover"} and ("task" in scene.facts or "task" in scene.details)


def _rested(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(do.WAKE if name == do.SNOOZE else name for name in names)


def beside(scene: Scene) -> tuple[str, ...]:
    """The menu beside the figures."""
    if scene.is_closed:
        return ()
    return PEOPLE if scene.case.owner is None or scene.case.kind == "approval" else (do.TAKE, *PEOPLE)


def actions_of(scene: Scene) -> frozenset[str]:
    """Every action that the card carries."""
    offer = offer_of(scene)
    return frozenset((*offer.buttons, *offer.menu, *beside(scene)))


def pressed(scene: Scene) -> list[Block]:
    """The row of buttons, with its menu."""
    offer = offer_of(scene)
    elements = [_button(scene, name, first=not number) for number, name in enumerate(offer.buttons)]
    if offer.menu:
        elements.append(_menu(scene, offer.menu))
    return [{"type": "actions", "elements": elements}]


def menu_beside(scene: Scene) -> dict[str, Any]:
    """The accessory of the figures; empty where there is none."""
    names = beside(scene)
    return {"accessory": _menu(scene, names)} if names else {}


def _button(scene: Scene, name: str, *, first: bool) -> dict[str, Any]:
    style = "danger" if name in _GRAVE else "primary" if first and name in _FIRST else None
    return {
        "type": "button",
        "action_id": name,
        "text": _plain(label(scene, name), _LABEL),
        "value": _target(scene, name),
        **({"style": style} if style else {}),
        **({"confirm": _confirm(scene, name)} if name in _ASKED_AGAIN else {}),
    }


def _menu(scene: Scene, names: Sequence[str]) -> dict[str, Any]:
    options = [{"text": _plain(label(scene, name), _LABEL), "value": _target(scene, name)} for name in names]
    return {"type": "overflow", "action_id": do.MORE, "options": options[:MENU]}


def label(scene: Scene, name: str) -> str:
    """What stands on the button: the kind's own word, where it has one."""
    key = f"do.{name.split('.')[1]}"
    own = f"{key}.{scene.case.kind}"
    return scene.voice(own if scene.voice.knows(own) else key)


def _target(scene: Scene, name: str) -> str:
    return str(Target(name, scene.case.case_id, scene.case.revision))


def _confirm(scene: Scene, name: str) -> dict[str, Any]:
    """Asked once more before what can't simply be taken back."""
    voice, short = scene.voice, name.split(".")[1]
    payer = limits.clean(scene.payer, limits.NAME)
    return {
        "title": _plain(voice(f"sure.{short}.title"), _CONFIRM_TITLE),
        "text": _plain(voice(f"sure.{short}", payer=payer), _CONFIRM_TEXT),
        "confirm": _plain(label(scene, name), _CONFIRM_WORD),
        "deny": _plain(voice("sure.no"), _CONFIRM_WORD),
        **({"style": "danger"} if name in _GRAVE else {}),
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": limits.clip(text, limit), "emoji": True}
