"""What came of a call: the outcome first, then the fields that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from relance.cases.calling import OUTCOMES
from relance.money import Money
from relance.slack.actions import CALL, CALL_OUTCOME
from relance.slack.limits import NAME, data
from relance.slack.modals import dispute, promise
from relance.slack.modals.dispute import DisputeEntry
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Block, Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import choice, context, day, field, option, text, view, word

AGAIN = frozenset({"reached", "voicemail", "no_answer"})
"""Outcomes after which somebody may call again."""
NOTED = frozenset({"wrong_number", "refuses"})
"""Outcomes that need words."""
LATEST_DAYS = 60


@dataclass(frozen=True, slots=True)
class CallEntry(Entry):
    """What came of it: with a promise its amount and date, with a dispute what is contested, else when to call again."""

    outcome: str
    note: str | None
    promised: tuple[Money, date] | None = None
    disputed: DisputeEntry | None = None
    next_on: date | None = None


def build(scene: ModalScene) -> View:
    """The outcome; once one is chosen (`prefill["outcome"]`), what belongs to it."""
    voice = scene.voice
    outcome = scene.prefill.get("outcome")
    options = [option(one, word(scene, "outcome", one)) for one in OUTCOMES]
    chosen = choice(options, initial=outcome, placeholder=voice("modal.choose"))
    blocks = [
        *_whom(scene),
        field("outcome", voice("modal.call.outcome"), chosen, redraws=CALL_OUTCOME),
        *_of_outcome(scene, outcome),
    ]
    return view(scene, CALL, blocks, title=voice("modal.call.title"), submit=voice("modal.call.submit"))


def _whom(scene: ModalScene) -> list[Block]:
    """Whom to call and what was tried, where the case knows."""
    details, voice = scene.case.details, scene.voice
    told = [str(details[name]) for name in ("person", "phone") if details.get(name)]
    lines = [voice("modal.call.whom", whom=data(" · ".join(told), NAME))] if told else []
    attempts = details.get("attempts") or []
    if attempts:
        last = attempts[-1]
        what = voice.named("outcome", last.get("outcome"))
        lines.append(
            voice("modal.call.attempts", count=len(attempts), outcome=what, on=voice.day(last["on"]))
        )
    return [context(*lines)] if lines else []


def _of_outcome(scene: ModalScene, outcome: str | None) -> list[Block]:
    voice = scene.voice
    if outcome not in OUTCOMES:
        return []
    blocks: list[Block] = []
    if outcome == "promise":
        blocks = promise.terms(scene)
    elif outcome == "dispute":
        blocks = dispute.terms(scene)
    if outcome != "dispute":
        note = text(lines=True, longest=1000, initial=scene.prefill.get("note"))
        blocks.append(field("note", voice("modal.note"), note, optional=outcome not in NOTED))
    if outcome in AGAIN:
        hint = voice("modal.call.next_on.hint")
        blocks.append(field("next_on", voice("modal.call.next_on"), day(), optional=True, hint=hint))
    return [*blocks, context(voice(f"modal.call.then.{outcome}"))]


def chosen(values: StateValues) -> Mapping[str, Any]:
    """The prefill with which it is built anew: the outcome, and the note that was begun."""
    form = Form(values, "en", date.min)
    return {"outcome": form.choice("outcome", required=False), "note": form.text("note", required=False)}


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The outcome and what belongs to it."""
    form = Form(values, locale, today)
    outcome = form.choice("outcome")
    if outcome is None:
        return form.errors
    promised = promise.read_terms(form, None) if outcome == "promise" else None
    disputed = dispute.read_terms(form) if outcome == "dispute" else None
    note = form.text("note", required=outcome in NOTED, longest=1000)
    next_on = form.day(
        "next_on", required=False, since=today + timedelta(1), until=today + timedelta(LATEST_DAYS)
    )
    return form.errors or CallEntry(outcome, note, promised, disputed, next_on)


MODAL = Modal(CALL, build, read, redraws=frozenset({CALL_OUTCOME}), chosen=chosen)
