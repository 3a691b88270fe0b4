"""People and user groups change: what is kept of them follows. Who is new is asked about when they first do something."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from bot.desk import Desk

GROUPS = (
    "subteam_created",
    "subteam_updated",
    "subteam_members_changed",
    "subteam_self_added",
    "subteam_self_removed",
)


def register(app: App, desk: Desk) -> None:
    """Listen to both."""

    def person(event: dict[str, Any]) -> None:
        desk.answer(desk.people.remember, event.get("user") or {})

    def group() -> None:
        desk.people.forget_groups()

    app.event("user_change")(person)
    app.event("team_join")(person)
    for name in GROUPS:
        app.event(name)(group)
