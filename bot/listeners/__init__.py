"""All listeners, in the order in which they are asked."""

from __future__ import annotations

from types import ModuleType

from slack_bolt import App

from bot.desk import Desk
from bot.listeners import actions, views


def register(app: App, desk: Desk) -> None:
    """Let each listen; what nobody else takes comes last."""
    listeners: tuple[ModuleType, ...] = (*actions.LISTENERS, *views.LISTENERS, *actions.LAST)
    for one in listeners:
        one.register(app, desk)
