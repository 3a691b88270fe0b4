"""All listeners, in the order in which they are asked."""

from __future__ import annotations

from types import ModuleType

from slack_bolt import App

from bot.desk import Desk
from bot.listeners.actions import (
    approve,
    assign,
    comment,
    link,
    more,
    reject,
    take,
    unknown,
    unwatch,
    watch,
)
from bot.listeners.views import approve as approved
from bot.listeners.views import assign as assigned
from bot.listeners.views import comment as commented
from bot.listeners.views import reject as rejected

LISTENERS: tuple[ModuleType, ...] = (
    approve, assign, comment, link, more, reject, take, unwatch, watch,
    approved, assigned, commented, rejected,
    unknown,
)  # fmt: skip


def register(app: App, desk: Desk) -> None:
    """Let each listen."""
    for one in LISTENERS:
        one.register(app, desk)
