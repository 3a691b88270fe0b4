"""All listeners, in the order in which they are asked."""

from __future__ import annotations

from types import ModuleType

from slack_bolt import App

from bot.desk import Desk
from bot.following import REPLAN, replan_payer
from bot.job import WORKS
from bot.listeners import actions, events, options, shortcuts, views
from bot.listeners.commands import relance as command


def register(app: App, desk: Desk) -> None:
    """Let each listen; what nobody else takes comes last."""
    WORKS[REPLAN] = replan_payer
    listeners: tuple[ModuleType, ...] = (
        *actions.LISTENERS, *views.LISTENERS, *events.LISTENERS, *shortcuts.LISTENERS, *options.LISTENERS, command,
        *actions.LAST, *events.LAST,
    )  # fmt: skip
    for one in listeners:
        one.register(app, desk)
