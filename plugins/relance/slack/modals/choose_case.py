"""Message shortcuts: a message becomes a comment of a case, or a promise is noted from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from relance.cases.promising import LONGEST_DAYS
from relance.money import Money
from relance.slack.actions import CASE_CHOICE, MESSAGE_TO_CASE, MESSAGE_TO_PROMISE
from relance.slack.limits import clean
from relance.slack.modals.form import Form
from relance.slack.modals.modal import (
    Block,
    CaseChoice,
    Entry,
    Errors,
    MessageScene,
    Modal,
    StateValues,
    View,
)
from relance.slack.modals.parts import (
    OPTION,
    OPTIONS,
    PLACEHOLDER,
    choice,
    context,
    day,
    field,
    frame,
    option,
    plain,
    text,
)
from relance.slack.parsing import notation_of
from relance.slack.speech import Voice


@dataclass(frozen=True, slots=True)
class MessageCommentEntry(Entry):
    """The message's words for a case; the view's private metadata is the message's source, "channel:ts"."""

    case_id: int
    text: str


@dataclass(frozen=True, slots=True)
class MessagePromiseEntry(Entry):
    """What the payer of a case promised in the message; `note`: the message's words, for the case's comments."""

    case_id: int
    amount: Money
    due_on: date
    note: str | None


def case_options(voice: Voice, cases: Sequence[CaseChoice]) -> dict[str, Any]:
    """The answer to `block_suggestion`: cases found by what was typed, at most 100, the best first."""
    return {"options": [_option(voice, one) for one in cases[:OPTIONS]]}


def _option(voice: Voice, one: CaseChoice) -> dict[str, Any]:
    amounts = ", ".join(voice.amount(minor, code) for code, minor in list(one.open.items())[:2])
    told = clean(" · ".join(filter(None, (voice.named("home.kind", one.kind), amounts))), 45)
    payer = clean(one.payer, max(10, OPTION - len(told) - 12))
    return option(str(one.case_id), f"{payer} · {told} · {one.case_id}")


def build_comment(scene: MessageScene) -> View:
    """The case, and the message's words to be checked."""
    voice = scene.voice
    words = text(lines=True, initial=scene.text.strip())
    blocks = [
        _case(scene),
        field("text", voice("modal.comment.text"), words, hint=voice("modal.comment.hint")),
    ]
    return frame(
        voice("modal.cancel"), blocks, action=MESSAGE_TO_CASE, title=voice("modal.message.comment.title"),
        submit=voice("modal.message.comment.submit"), metadata=scene.source,
    )  # fmt: skip


def build_promise(scene: MessageScene) -> View:
    """The case, the amount, the date, and the message's words as a note."""
    voice = scene.voice
    first = scene.currencies[0] if scene.currencies else "EUR"
    example = voice("modal.example", example=notation_of(scene.tag).example(first))
    currencies = [option(one, one) for one in (scene.currencies or ("EUR",))]
    note = text(lines=True, initial=scene.text.strip())
    blocks = [
        _case(scene),
        field("amount", voice("modal.promise.amount"), text(longest=100, placeholder=example)),
        field("currency", voice("modal.currency"), choice(currencies, initial=first)),
        field("due_on", voice("modal.promise.due_on"), day()),
        field("note", voice("modal.message.note"), note, optional=True),
        context(voice("modal.promise.note")),
    ]
    return frame(
        voice("modal.cancel"), blocks, action=MESSAGE_TO_PROMISE, title=voice("modal.message.promise.title"),
        submit=voice("modal.promise.submit"), metadata=scene.source,
    )  # fmt: skip


def _case(scene: MessageScene) -> Block:
    voice = scene.voice
    element: dict[str, Any] = {
        "type": "external_select", "min_query_length": 2,
        "placeholder": plain(voice("modal.message.search"), PLACEHOLDER),
    }  # fmt: skip
    if scene.cases:
        element["initial_option"] = _option(voice, scene.cases[0])
    block = field("case", voice("modal.message.case"), element, hint=voice("modal.message.case.hint"))
    # The select asks for its options by its action id.
    block["element"]["action_id"] = CASE_CHOICE
    return block


def read_comment(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """A case and words."""
    form = Form(values, locale, today)
    case_id, words = _case_id(form), form.text("text")
    return form.errors or MessageCommentEntry(case_id, words or "")


def read_promise(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """A case, an amount and a date; what is open is checked when it is done."""
    form = Form(values, locale, today)
    case_id = _case_id(form)
    amount = form.amount("amount", limit={})
    due_on = form.day("due_on", since=today, until=today + timedelta(LONGEST_DAYS))
    note = form.text("note", required=False)
    if form.errors or amount is None or due_on is None:
        return form.errors
    return MessagePromiseEntry(case_id, amount, due_on, note)


def chosen_case(values: StateValues) -> int:
    """The case that was chosen, which says in whose time zone the rest is read; 0 for none."""
    return _case_id(Form(values, "en", date.min))


def _case_id(form: Form) -> int:
    chosen = form.choice("case") or ""
    return int(chosen) if chosen.isascii() and chosen.isdecimal() else 0


COMMENT = Modal(MESSAGE_TO_CASE, build_comment, read_comment)
PROMISE = Modal(MESSAGE_TO_PROMISE, build_promise, read_promise)
