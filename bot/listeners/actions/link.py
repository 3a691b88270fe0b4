"""A button that only opens an address: Slack tells of it, and wants no more than an answer."""

from __future__ import annotations

from slack_bolt import App

from bot.arriving import Press
from bot.clicking import button
from bot.desk import Desk
from relance.slack.actions import LINK


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    button(app, desk, LINK, click)


def click(desk: Desk, press: Press) -> None:
    """Nothing is to be done."""
