"""Somebody opens the Home tab: it is drawn as it is now."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from bot.desk import Desk
from bot.homes import publish
from relance.slack.homedata import HomeFilter


def register(app: App, desk: Desk) -> None:
    """Listen to the event."""

    def listener(event: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            view = event.get("view") or {}
            desk.answer(
                publish, desk, str(event["user"]), HomeFilter.parse(str(view.get("private_metadata") or ""))
            )

    app.event("app_home_opened")(listener)
