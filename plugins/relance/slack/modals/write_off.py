"""Ask for invoices to be written off; others must say yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.slack.actions import WRITE_OFF
from relance.slack.modals.form import Form, ids_of
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import context, field, invoices, text, view


@dataclass(frozen=True, slots=True)
class WriteOffEntry(Entry):
    """Which invoices (None: all open ones), and why."""

    invoices: tuple[str, ...] | None
    reason: str


def build(scene: ModalScene) -> View:
    """Invoices and a reason."""
    voice = scene.voice
    blocks = [
        *invoices(scene, required=True, label=voice("modal.invoices")),
        field("reason", voice("modal.write_off.reason"), text(longest=500, lines=True)),
        context(voice("modal.write_off.note")),
    ]
    return view(
        scene, WRITE_OFF, blocks, title=voice("modal.write_off.title"), submit=voice("modal.write_off.submit")
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """Invoices and a reason."""
    form = Form(values, locale, today)
    chosen = form.invoices(required=True)
    reason = form.text("reason", longest=500)
    return form.errors or WriteOffEntry(ids_of(chosen), reason or "")


MODAL = Modal(WRITE_OFF, build, read)
