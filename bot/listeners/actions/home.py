"""The Home tab's menus and pages: the tab is drawn anew; and cases opened from it that have no card."""

from __future__ import annotations

from slack_bolt import App

from bot.arriving import Press
from bot.clicking import button, opens
from bot.desk import Desk
from bot.homes import publish
from relance.slack.actions import (
    HISTORY,
    HOME_BACK,
    HOME_ENTITY,
    HOME_KIND,
    HOME_LIST,
    HOME_OPEN,
    HOME_PAGE,
    HOME_REFRESH,
    HOME_WHOSE,
)
from relance.slack.home import ANY
from relance.slack.homedata import HomeFilter

CHANGES = {HOME_LIST: "list", HOME_WHOSE: "whose", HOME_KIND: "kind", HOME_ENTITY: "entity"}
"""By action id, the part of the filter that it chooses."""


def register(app: App, desk: Desk) -> None:
    """Listen to them all."""
    for name in (*CHANGES, HOME_PAGE, HOME_BACK, HOME_REFRESH):
        button(app, desk, name, click)
    button(app, desk, HOME_OPEN, opens(HISTORY))


def click(desk: Desk, press: Press) -> None:
    """Draw the tab as chosen."""
    look = HomeFilter.parse(str((press.view or {}).get("private_metadata") or ""))
    desk.answer(publish, desk, press.user_id, _changed(look, press))


def _changed(look: HomeFilter, press: Press) -> HomeFilter:
    part = CHANGES.get(press.action_id)
    if part is not None:
        chosen = "" if press.value == ANY else press.value
        # what nobody could choose is read as the first look
        return HomeFilter.parse(str(look.changed(**{part: chosen})))
    if press.action_id in {HOME_PAGE, HOME_BACK} and press.value.isdecimal():
        return look.changed(page=min(int(press.value), 10_000))
    return look
