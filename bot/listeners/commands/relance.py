"""`/relance`: one word says what is asked, in any case and in the viewer's language too; the answer is for them alone.

Slack is answered at once. What does something is kept first; a question is worked beside, and answered when it is ready; a
modal (`/relance snooze 42`) is opened while the trigger lives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.arriving import Place, Press
from bot.asking import AnsweredError, Ask, fold
from bot.desk import Desk, log
from bot.listeners.commands import assign, customer, forecast, help, invoice, kpi, mine, plan, statement, why  # noqa: A004
from bot.opening import open_modal
from bot.telling import refusal_text, tell
from relance.cases.reading import read_case
from relance.errors import CaseError
from relance.slack import answers
from relance.slack.actions import Target
from relance.slack.cards.model import Card
from relance.slack.modals import MODALS
from relance.slack.speech import Voice
from relance.slack.words import locale_of

COMMAND = "/relance"
ANSWERS: Mapping[str, Callable[[Ask], Card]] = MappingProxyType(
    {
        "customer": customer.answer, "invoice": invoice.answer, "why": why.answer, "plan": plan.answer, "kpi": kpi.answer,
        "forecast": forecast.answer, "statement": statement.answer, "mine": mine.answer, "help": help.answer,
    }
)  # fmt: skip
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "": "help", "aide": "help", "hilfe": "help", "ayuda": "help", "?": "help",
        "client": "customer", "payeur": "customer", "kunde": "customer", "cliente": "customer", "payer": "customer",
        "facture": "invoice", "rechnung": "invoice", "factura": "invoice",
        "pourquoi": "why", "warum": "why", "porque": "why", "explain": "why",
        "indicateurs": "kpi", "kennzahlen": "kpi", "indicadores": "kpi", "kpis": "kpi",
        "prevision": "forecast", "previsions": "forecast", "prognose": "forecast",
        "releve": "statement", "auszug": "statement", "kontoauszug": "statement", "extracto": "statement",
        "mes": "mine", "miens": "mine", "meine": "mine", "mios": "mine", "mis": "mine",
        "attribuer": "assign", "zuweisen": "assign", "asignar": "assign",
    }
)  # fmt: skip
"""Other words for the subcommands, without case and accents."""
FORMS: Mapping[str, str] = MappingProxyType({name.split(".")[1]: name for name in MODALS})
"""Modals by their short names: `/relance snooze 42`."""


def register(app: App, desk: Desk) -> None:
    """Listen to the command."""

    def listener(ack: Ack, body: dict[str, Any]) -> BoltResponse:
        _received(desk, body)
        return ack()

    app.command(COMMAND)(listener)


def _received(desk: Desk, body: Mapping[str, Any]) -> None:
    """Keep what does something; hand on what only asks."""
    words = tuple(str(body.get("text") or "").split())
    typed = words[0] if words else ""
    name = ALIASES.get(fold(typed), fold(typed))
    place = Place(str(body["channel_id"]), None, body.get("response_url"))
    user_id, trigger = str(body["user_id"]), str(body.get("trigger_id") or "")
    if name == "assign":
        one = assign.arrival(words[1:], user_id=user_id, trigger_id=trigger, place=place.as_dict())
        if one is not None:
            desk.keep(one)
            return
    beside = desk.hurry if name in FORMS else desk.answer
    beside(_answer, desk, _Asked(name, typed, words[1:], user_id, place, trigger))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came."""

    name: str
    typed: str
    words: tuple[str, ...]
    user_id: str
    place: Place
    trigger: str


def _answer(desk: Desk, asked: _Asked) -> None:
    user_id, place = asked.user_id, asked.place
    voice = desk.voice_of(user_id)
    try:
        person = desk.actor(user_id)
        voice = Voice(locale_of(person.locale))
        ask = Ask(desk, person, voice, COMMAND, asked.name, asked.words, place, asked.trigger)
        card = _card(ask, asked.typed)
    except AnsweredError as answered:
        card = answered.card
    except CaseError as refusal:
        card = Card(refusal_text(voice, refusal))
    except Exception as error:  # noqa: BLE001 - whatever it is, who asks gets an answer; a traceback could quote somebody
        log.warning("slack: %s could not be answered (%s)", asked.name, type(error).__name__)
        card = Card(voice("bot.unanswered"))
    if card is not None:
        tell(desk.client, user_id=user_id, place=place, text=card.text, blocks=card.blocks, first_url=True)


def _card(ask: Ask, typed: str) -> Card | None:
    if ask.name in ANSWERS:
        return ANSWERS[ask.name](ask)
    if ask.name == "assign":
        return answers.missing("assign", ask.voice, command=COMMAND)
    if ask.name in FORMS and ask.words:
        _open(ask)
        return None
    return answers.unknown(typed, ask.voice, command=COMMAND)


def _open(ask: Ask) -> None:
    """Open the modal of a case, as its card's button does."""
    number = ask.case_number(ask.words[0])
    name = FORMS[ask.name]
    with ask.desk.unit_of_work() as uow:
        case = read_case(uow, number)
    value = str(Target(name, number, case.revision))
    press = Press(
        user_id=ask.person.user_id,
        action_id=name,
        value=value,
        at="0",
        trigger_id=ask.trigger_id,
        place=ask.place,
    )
    open_modal(ask.desk, press, name)
