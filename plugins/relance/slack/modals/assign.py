"""Who has the case, and who is told of its changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.slack.actions import ASSIGN
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import field, people, person, user_of, view


@dataclass(frozen=True, slots=True)
class AssignEntry(Entry):
    """Slack user ids: of the one owner (None: nobody), and of all who are to watch."""

    owner: str | None
    watchers: tuple[str, ...]


def build(scene: ModalScene) -> View:
    """The owner and the watchers as they are."""
    voice, case = scene.voice, scene.case
    watching = [known for one in case.watchers if (known := user_of(scene, one))]
    owner = person(user_of(scene, case.owner), voice("modal.assign.choose"))
    blocks = [
        field("owner", voice("modal.assign.owner"), owner, optional=True, hint=voice("modal.assign.owner.hint")),
        field(
            "watchers", voice("modal.assign.watchers"), people(watching, voice("modal.assign.choose")),
            optional=True, hint=voice("modal.assign.watchers.hint"),
        ),
    ]  # fmt: skip
    return view(scene, ASSIGN, blocks, title=voice("modal.assign.title"), submit=voice("modal.assign.submit"))


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The people chosen; nobody is an answer too."""
    form = Form(values, locale, today)
    return AssignEntry(form.user("owner"), form.users("watchers"))


MODAL = Modal(ASSIGN, build, read)
