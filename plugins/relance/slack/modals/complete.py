"""An internal task or a hand-over is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.slack.actions import COMPLETE
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import field, text, view


@dataclass(frozen=True, slots=True)
class CompleteEntry(Entry):
    """What is said about it."""

    note: str | None


def build(scene: ModalScene) -> View:
    """A note."""
    voice = scene.voice
    note = text(longest=1000, lines=True, initial=scene.prefill.get("note"))
    blocks = [
        field("note", voice("modal.note"), note, optional=True, hint=voice("modal.complete.hint")),
    ]
    return view(
        scene, COMPLETE, blocks, title=voice("modal.complete.title"), submit=voice("modal.complete.submit")
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The note."""
    form = Form(values, locale, today)
    note = form.text("note", required=False, longest=1000)
    return form.errors or CompleteEntry(note)


MODAL = Modal(COMPLETE, build, read)
