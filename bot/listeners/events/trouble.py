"""What operations must know: the app was taken away, a token revoked, a channel archived or the bot put out of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from slack_bolt import App

from bot.desk import Desk, log
from relance.store.schema import slack_card

GONE = ("channel_archive", "channel_deleted", "channel_left", "group_archive", "group_deleted", "group_left")


def register(app: App, desk: Desk) -> None:
    """Listen to it all."""

    def taken_away(event: dict[str, Any]) -> None:
        log.error("slack: %s: cards are kept, and nothing can be sent or pressed", event.get("type"))

    def channel_gone(event: dict[str, Any]) -> None:
        channel = str(event.get("channel") or "")
        query = sa.select(sa.func.count()).select_from(slack_card).where(slack_card.c.channel_id == channel)
        with desk.unit_of_work() as uow:
            cards = int(uow.execute(query).scalar_one())
        if cards:
            log.warning(
                "slack: %s: %s holds %d cards; new ones go where it says else",
                event.get("type"),
                channel,
                cards,
            )

    for name in ("app_uninstalled", "tokens_revoked"):
        app.event(name)(taken_away)
    for name in GONE:
        app.event(name)(channel_gone)
