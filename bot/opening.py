"""Opening modals while the click's trigger lives: asked first, a light one at once, then the whole one in its place."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.arriving import Opened, Press
from bot.desk import Desk, log
from bot.needs import DECISIONS, NEEDS
from bot.scenes import scene_of
from bot.stale import bind, check_fresh, refresh
from bot.telling import refusal_text, tell
from relance.cases.permissions import allowed, check_allowed
from relance.cases.reading import Case, read_case
from relance.errors import CaseError
from relance.slack.actions import Target
from relance.slack.intents import DOUBLE_CLICK_S
from relance.slack.modals import MODALS, failed, loading
from relance.slack.people import Person
from relance.slack.speech import Voice
from relance.slack.words import locale_of

LOADING = "loading.v1"
"""Callback id of a modal that takes nothing in."""
TOO_LATE = {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"}


@dataclass(slots=True)
class _Recent:
    """Presses of the last seconds: a double click opens one modal."""

    seen: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_repeated(self, press: Press) -> bool:
        now = time.monotonic()
        with self.lock:
            self.seen = {key: at for key, at in self.seen.items() if now - at < DOUBLE_CLICK_S}
            if press.key in self.seen:
                return True
            self.seen[press.key] = now
            return False


_recent = _Recent()


def open_modal(desk: Desk, press: Press, name: str, more: Mapping[str, Any] | None = None) -> None:
    """Open the modal of that name for whoever pressed, or tell them why not. `more`: what its fields begin with."""
    if _recent.is_repeated(press):
        return
    voice = desk.voice_of(press.user_id)
    try:
        person = desk.actor(press.user_id)
        voice = Voice(locale_of(person.locale))
        case, target = check_press(desk, press, name, person)
    except CaseError as error:
        tell(desk.client, user_id=press.user_id, place=press.place, text=refusal_text(voice, error))
        return
    kept = dict(more or {})
    if (press.view or {}).get("type") == "home":
        kept["home"] = str((press.view or {}).get("private_metadata") or "")
    opened = Opened(str(target), press.place, kept)
    begun = begin(desk, press, voice)
    if begun is not None:
        fill(desk, begun, name, case=case, person=person, opened=opened)


def check_press(desk: Desk, press: Press, name: str, person: Person) -> tuple[Case, Target]:
    """The case of a press, once this person may do that to it.

    Raises:
        CaseError: none of ours, changed meanwhile, or not allowed.
    """
    target = press.target
    if target is None:
        raise CaseError("This button is not known here.", key="unknown_button")
    with desk.unit_of_work() as uow:
        case = read_case(uow, target.case_id)
        if bind(uow, case, press.card):
            refresh(desk, uow, case)
            uow.commit()
        need = NEEDS[name]
        by = str(person.email)
        if need not in allowed(uow, desk.policy, by=by, case=case):
            check_allowed(uow, desk.policy, by=by, action=need, entity=case.entity, case=case)
        try:
            if name in DECISIONS:
                check_fresh(uow, case, target)
        except CaseError:
            refresh(desk, uow, case)
            uow.commit()
            raise
    return case, Target(name, case.case_id, target.revision)


def begin(desk: Desk, press: Press, voice: Voice) -> dict[str, Any] | None:
    """Open the light modal; gives it as Slack has it, or None when the trigger is spent."""
    method = "views.push" if (press.view or {}).get("type") == "modal" else "views.open"
    try:
        answer = desk.client.api_call(
            method, json={"trigger_id": press.trigger_id, "view": loading(voice, action=LOADING)}
        )
    except SlackApiError as error:
        why = str(error.response.get("error"))
        log.info("slack: a modal could not be opened: %s", why)
        if why == "exchanged_trigger_id":
            return None  # Slack's repetition of a click that has opened its modal
        late = CaseError("Slack took too long.", key="too_late" if why in TOO_LATE else "not_opened")
        tell(desk.client, user_id=press.user_id, place=press.place, text=refusal_text(voice, late))
        return None
    view: dict[str, Any] = answer["view"]
    return view


def fill(
    desk: Desk, view: Mapping[str, Any], name: str, *, case: Case, person: Person, opened: Opened
) -> None:
    """Put the whole modal in place of the light one; what can't be drawn is said there."""
    voice = Voice(locale_of(person.locale))
    try:
        scene = scene_of(desk, case, person, prefill=opened.more)
        drawn = {**MODALS[name].build(scene), "private_metadata": str(opened)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the modal says so; a traceback could quote somebody
        log.warning("slack: a modal could not be drawn (%s)", type(error).__name__)
        drawn = failed(voice, action=LOADING)
    put(desk, view, drawn)


def put(desk: Desk, view: Mapping[str, Any], drawn: Mapping[str, Any]) -> None:
    """Change an open modal, unless it was closed or changed meanwhile."""
    try:
        desk.client.views_update(view_id=str(view["id"]), hash=str(view.get("hash") or ""), view=dict(drawn))
    except SlackApiError as error:
        log.info("slack: a modal was gone before it was filled: %s", error.response.get("error"))
