"""A closed case is opened again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.slack.actions import REOPEN
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import field, section, text, view


@dataclass(frozen=True, slots=True)
class ReopenEntry(Entry):
    """Why it is opened again."""

    reason: str


def build(scene: ModalScene) -> View:
    """How it was closed, and why that no longer holds."""
    voice, case = scene.voice, scene.case
    closed = []
    if case.closed_on is not None:
        code = case.closed_reason or "other"
        resolved = "resolved" in case.details and voice.knows(f"resolution.{code}")
        reason = voice.named("resolution" if resolved else "end", code)
        closed = [section(voice("modal.reopen.closed", on=voice.day(case.closed_on), reason=reason))]
    reason_field = field("reason", voice("modal.reopen.reason"), text(longest=500, lines=True))
    return view(
        scene, REOPEN, [*closed, reason_field],
        title=voice("modal.reopen.title"), submit=voice("modal.reopen.submit"),
    )  # fmt: skip


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The reason."""
    form = Form(values, locale, today)
    reason = form.text("reason", longest=500)
    return form.errors or ReopenEntry(reason or "")


MODAL = Modal(REOPEN, build, read)
