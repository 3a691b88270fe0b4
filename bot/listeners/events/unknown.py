"""Every other event that somebody subscribed the app to: nothing is done."""

from __future__ import annotations

import re

from slack_bolt import App

from bot.desk import Desk


def register(app: App, desk: Desk) -> None:  # noqa: ARG001 - as the others
    """Listen last."""

    def listener() -> None:
        """Take note of nothing."""

    app.event(re.compile(".*"))(listener)
