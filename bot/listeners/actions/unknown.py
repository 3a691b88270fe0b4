"""Every other button, of a version before or after this one: who pressed it is told so."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.arriving import press_of
from bot.clicking import refuse_unknown
from bot.desk import Desk


def register(app: App, desk: Desk) -> None:
    """Listen last."""

    def listener(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        press = press_of(body, action)
        if (body.get("view") or {}).get("type") != "modal" and action.get("type") in {"button", "overflow"}:
            desk.hurry(refuse_unknown, desk, press)
        return ack()

    app.action(re.compile(".*"))(listener)
