"""A case is settled: by which reason, and what is to be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.cases.resolving import resolutions_of
from relance.slack.actions import RESOLVE
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import choice, field, option, text, view, word


@dataclass(frozen=True, slots=True)
class ResolveEntry(Entry):
    """A reason code of the case's kind, and a note."""

    reason: str
    note: str | None


def build(scene: ModalScene) -> View:
    """The reasons of the kind, and a note."""
    voice = scene.voice
    codes = resolutions_of(scene.case)
    options = [option(code, word(scene, "resolution", code)) for code in codes]
    reasons = choice(
        options, initial=codes[0] if len(codes) == 1 else None, placeholder=voice("modal.choose")
    )
    asked = [field("reason", voice("modal.resolve.reason"), reasons)] if codes else []
    blocks = [
        *asked,
        field(
            "note", voice("modal.note"), text(longest=1000, lines=True), optional=True,
            hint=voice("modal.resolve.hint"),
        ),
    ]  # fmt: skip
    return view(
        scene, RESOLVE, blocks, title=voice("modal.resolve.title"), submit=voice("modal.resolve.submit")
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The reason and the note."""
    form = Form(values, locale, today)
    reason = form.choice("reason")
    note = form.text("note", required=False, longest=1000)
    return form.errors or ResolveEntry(reason or "", note)


MODAL = Modal(RESOLVE, build, read)
