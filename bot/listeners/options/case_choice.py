"""Cases found while somebody types a payer's name or a number."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.choosing import search
from bot.desk import Desk
from bot.worklists import viewer_of
from relance.slack.actions import CASE_CHOICE
from relance.slack.modals import case_options
from relance.slack.people import impersonates, read_person
from relance.slack.speech import Voice
from relance.slack.words import locale_of

LONGEST = 100


def register(app: App, desk: Desk) -> None:
    """Listen to what is typed."""

    def listener(ack: Ack, body: dict[str, Any]) -> BoltResponse:
        return ack(**_found(desk, str(body["user"]["id"]), str(body.get("value") or "")[:LONGEST]))

    app.options(CASE_CHOICE)(listener)


def _found(desk: Desk, user_id: str, typed: str) -> dict[str, Any]:
    """The cases that this person may see; they have opened the modal, and so are known."""
    with desk.unit_of_work() as uow:
        person = read_person(uow, user_id)
        if (
            person is None
            or person.email is None
            or person.kind in {"bot", "gone"}
            or impersonates(uow, person)
        ):
            return {"options": []}
        viewer = viewer_of(uow, desk.policy, person.email)
        found = search(uow, desk.policy, viewer, typed)
    return case_options(Voice(locale_of(person.locale)), found)
