"""A comment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.slack.actions import COMMENT
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import field, text, view


@dataclass(frozen=True, slots=True)
class CommentEntry(Entry):
    """What to put on the case."""

    text: str


def build(scene: ModalScene) -> View:
    """One field for words."""
    voice = scene.voice
    words = text(
        lines=True, initial=scene.prefill.get("text"), placeholder=voice("modal.comment.placeholder")
    )
    blocks = [field("text", voice("modal.comment.text"), words, hint=voice("modal.comment.hint"))]
    return view(
        scene, COMMENT, blocks, title=voice("modal.comment.title"), submit=voice("modal.comment.submit")
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The words."""
    form = Form(values, locale, today)
    words = form.text("text")
    return form.errors or CommentEntry(words or "")


MODAL = Modal(COMMENT, build, read)
