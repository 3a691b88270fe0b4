"""The card's menus: each option stands for another button."""

from __future__ import annotations

from dataclasses import replace

from slack_bolt import App

from bot.arriving import Press
from bot.clicking import CLICKS, button, refuse_unknown
from bot.desk import Desk
from relance.slack.actions import MORE


def register(app: App, desk: Desk) -> None:
    """Listen to the menu."""
    button(app, desk, MORE, click)


def click(desk: Desk, press: Press) -> None:
    """Do as the button does that the option stands for."""
    target = press.target
    meant = CLICKS.get(target.action) if target is not None else None
    if target is None or meant is None or target.action == MORE:
        desk.hurry(refuse_unknown, desk, press)
        return
    meant(desk, replace(press, action_id=target.action))
