"""Open a closed case again: the button opens the modal."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, opens
from bot.desk import Desk
from relance.slack.actions import REOPEN


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    button(app, desk, REOPEN, opens(REOPEN))
