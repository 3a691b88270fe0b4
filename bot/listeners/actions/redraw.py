"""Inside modals: a choice that needs other fields, and the pages of the history; the modal is built anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.arriving import Opened, Press, press_of
from bot.desk import Desk
from bot.opening import fill
from relance.cases.permissions import check_allowed
from relance.cases.reading import read_case
from relance.errors import CaseError
from relance.slack.actions import CALL, CALL_OUTCOME, HISTORY, HISTORY_BACK, HISTORY_PAGE, Target
from relance.slack.modals import MODALS

PAGES = (HISTORY_PAGE, HISTORY_BACK)


def register(app: App, desk: Desk) -> None:
    """Listen to what redraws."""

    def listener(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        desk.hurry(redraw, desk, press_of(body, action))
        return ack()

    for name in (CALL_OUTCOME, *PAGES):
        app.action(name)(listener)


def redraw(desk: Desk, press: Press) -> None:
    """Build the modal anew around what was chosen; who may not see the case sees nothing new."""
    view: Mapping[str, Any] = press.view or {}
    try:
        opened = Opened.parse(str(view.get("private_metadata") or ""))
        number = Target.parse(opened.target).case_id
        person = desk.actor(press.user_id)
        with desk.unit_of_work() as uow:
            case = read_case(uow, number)
            check_allowed(uow, desk.policy, by=str(person.email), action="see", entity=case.entity, case=case)
    except (ValueError, CaseError):
        return
    name = HISTORY if press.action_id in PAGES else CALL
    more = {"page": press.value} if name == HISTORY else _chosen(name, view)
    fill(
        desk,
        view,
        name,
        case=case,
        person=person,
        opened=Opened(opened.target, opened.place, {**opened.more, **more}),
    )


def _chosen(name: str, view: Mapping[str, Any]) -> Mapping[str, Any]:
    chosen = MODALS[name].chosen
    values = (view.get("state") or {}).get("values") or {}
    return chosen(values) if chosen is not None else {}
