"""Message shortcuts: a message becomes a comment of a case that is chosen, or a promise is noted from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.arriving import Opened, Place, Press
from bot.choosing import check_ever, choice_of
from bot.desk import Desk
from bot.job import WORKS, Work
from bot.listeners.events.message import case_of_thread
from bot.opening import LOADING, begin, put
from bot.telling import refusal_text, tell
from bot.wording import words_of
from relance.cases.reading import read_case
from relance.config.roles import Action
from relance.errors import CaseError
from relance.slack.actions import Target
from relance.slack.intents import Arrival
from relance.slack.modals import MESSAGES, MessageScene, refused
from relance.slack.modals.choose_case import chosen_case
from relance.slack.people import read_person
from relance.slack.speech import Voice
from relance.slack.words import locale_of


def shortcut(app: App, desk: Desk, name: str, need: Action) -> None:
    """Listen to a shortcut of messages, whose callback id is its modal's too."""

    def listener(ack: Ack, body: dict[str, Any]) -> BoltResponse:
        desk.hurry(open_for_message, desk, name, need, body)
        return ack()

    app.shortcut(name)(listener)


def open_for_message(desk: Desk, name: str, need: Action, body: Mapping[str, Any]) -> None:
    """Open the modal with the message's words; a message of a card's thread brings its case."""
    user_id, channel, message = str(body["user"]["id"]), str(body["channel"]["id"]), body.get("message") or {}
    place = Place(channel, None, body.get("response_url"))
    press = Press(user_id, name, "", "0", body.get("trigger_id"), place)
    voice = desk.voice_of(user_id)
    try:
        person = desk.actor(user_id)
        voice = Voice(locale_of(person.locale))
        with desk.unit_of_work() as uow:
            viewer = check_ever(uow, desk.policy, str(person.email), need)
    except CaseError as error:
        tell(desk.client, user_id=user_id, place=place, text=refusal_text(voice, error))
        return
    view = begin(desk, press, voice)
    if view is None:
        return
    source = f"{channel}:{message.get('ts') or body.get('message_ts')}"
    thread = str(message.get("thread_ts") or message.get("ts") or "")
    with desk.unit_of_work() as uow:
        number = case_of_thread(uow, channel, thread)
        cases = [choice_of(read_case(uow, number))] if number is not None else []
        author = read_person(uow, str(message.get("user") or ""))
        said = words_of(uow, str(message.get("text") or ""))
    text = (
        f"{author.name}: {said}" if author is not None and author.name and author.user_id != user_id else said
    )
    currencies = list(dict.fromkeys(one.currency for one in desk.policy.entities.values())) or ["EUR"]
    scene = MessageScene(
        voice=voice, today=_today(desk, number), source=source, text=text, cases=cases, currencies=currencies,
        notation=person.locale,
    )  # fmt: skip
    opened = Opened(str(Target(name, 0, 0)), place, {"source": source, "viewer": viewer.email})
    put(desk, view, {**MESSAGES[name].build(scene), "private_metadata": str(opened)})


def _today(desk: Desk, number: int | None) -> date:
    """The date where the case's entity is; with none yet, anywhere."""
    if number:
        try:
            with desk.unit_of_work() as uow:
                return desk.services.today(read_case(uow, number).entity)
        except CaseError:
            pass  # the worker says that there is none
    return desk.services.now().date()


def submits_message(app: App, desk: Desk, name: str, work: Work) -> None:
    """Listen to the modal of a message shortcut."""
    WORKS[name] = work

    def listener(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> BoltResponse:
        return _submitted(desk, ack, name, str(body["user"]["id"]), view)

    app.view(name)(listener)


def _submitted(desk: Desk, ack: Ack, name: str, user_id: str, view: Mapping[str, Any]) -> BoltResponse:
    with desk.unit_of_work() as uow:
        person = read_person(uow, user_id)
    tag = (person.locale if person else None) or "en"
    values = (view.get("state") or {}).get("values") or {}
    today = _today(desk, chosen_case(values))
    read = MESSAGES[name].read(values, locale=tag, today=today)
    if isinstance(read, dict):
        return ack(response_action="errors", errors=read)
    try:
        opened = Opened.parse(str(view.get("private_metadata") or ""))
    except ValueError:
        voice = Voice(locale_of(tag))
        return ack(
            response_action="update", view=refused(voice, voice("refusal.unknown_button"), action=LOADING)
        )
    number = int(getattr(read, "case_id", 0))
    kept = {
        "target": str(Target(name, number, 0)), "place": opened.place.as_dict(), "source": opened.more.get("source"),
        "values": values, "locale": tag, "today": today.isoformat(),
    }  # fmt: skip
    key = f"view|{view['id']}|{view.get('hash')}"
    desk.keep(Arrival(key=key, name=name, user_id=user_id, payload=kept, about=f"case:{number}:{user_id}"))
    return ack()
