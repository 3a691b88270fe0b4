"""Ask for a write-off: the button opens the modal."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, opens
from bot.desk import Desk
from relance.slack.actions import WRITE_OFF


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    button(app, desk, WRITE_OFF, opens(WRITE_OFF))
