"""Submitted modals: read and checked at once, so that errors stand beside their fields; else kept and worked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.arriving import Opened
from bot.desk import Desk
from bot.job import WORKS, Work
from bot.opening import LOADING
from relance.cases.reading import read_case
from relance.errors import CaseError
from relance.slack.actions import Target
from relance.slack.intents import Arrival
from relance.slack.modals import MODALS, refused
from relance.slack.people import read_person
from relance.slack.speech import Voice
from relance.slack.words import locale_of


def submits(app: App, desk: Desk, name: str, work: Work) -> None:
    """Listen to the modal of that name, and let workers do `work` with what it says."""
    WORKS[name] = work

    def listener(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> BoltResponse:
        return submitted(desk, ack, name, user_id=str(body["user"]["id"]), view=view)

    app.view(name)(listener)


def submitted(desk: Desk, ack: Ack, name: str, *, user_id: str, view: Mapping[str, Any]) -> BoltResponse:
    """Answer a submission: with errors beside their fields, or by closing the modal once the intent is kept."""
    with desk.unit_of_work() as uow:
        person = read_person(uow, user_id)
        tag = (person.locale if person else None) or "en"
        try:
            opened = Opened.parse(str(view.get("private_metadata") or ""))
            target = Target.parse(opened.target)
            case = read_case(uow, target.case_id)
        except (ValueError, CaseError):
            voice = Voice(locale_of(tag))
            gone = refused(voice, voice("refusal.unknown_button"), action=LOADING)
            return ack(response_action="update", view=gone)
    today = desk.services.today(case.entity)
    values = (view.get("state") or {}).get("values") or {}
    read = MODALS[name].read(values, locale=tag, today=today)
    if isinstance(read, dict):
        return ack(response_action="errors", errors=read)
    kept = {
        "target": opened.target, "place": opened.place.as_dict(), "more": dict(opened.more),
        "values": values, "locale": tag, "today": today.isoformat(),
    }  # fmt: skip
    key = f"view|{view['id']}|{view.get('hash')}"
    desk.keep(
        Arrival(key=key, name=name, user_id=user_id, payload=kept, about=f"case:{target.case_id}:{user_id}")
    )
    return ack()
