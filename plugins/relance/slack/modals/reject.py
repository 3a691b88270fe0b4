"""A no: why, and how long the invoices rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.cases.approvals import REST_DAYS
from relance.slack.actions import REJECT
from relance.slack.modals.approve import question
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import field, text, view

LONGEST_REST = 365


@dataclass(frozen=True, slots=True)
class RejectEntry(Entry):
    """Why not, and the days of rest."""

    reason: str
    days: int


def build(scene: ModalScene) -> View:
    """The question once more, the reason, the days."""
    voice = scene.voice
    blocks = [
        *question(scene),
        field("reason", voice("modal.reject.reason"), text(longest=500, lines=True)),
        field(
            "days", voice("modal.reject.days"),
            {"type": "number_input", "is_decimal_allowed": False, "initial_value": str(REST_DAYS), "min_value": "1",
             "max_value": str(LONGEST_REST)},
            hint=voice("modal.reject.days.hint"),
        ),
    ]  # fmt: skip
    return view(scene, REJECT, blocks, title=voice("modal.reject.title"), submit=voice("modal.reject.submit"))


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """A reason and 1 to 365 days."""
    form = Form(values, locale, today)
    reason = form.text("reason", longest=500)
    written = form.text("days", longest=10) or ""
    days = int(written) if written.isascii() and written.isdecimal() else 0
    if not 1 <= days <= LONGEST_REST:
        form.fail("days", "form.days", most=LONGEST_REST)
    return form.errors or RejectEntry(reason or "", days)


MODAL = Modal(REJECT, build, read)
