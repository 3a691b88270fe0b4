"""Buttons: one that does something keeps an intent; one that asks something opens its modal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.arriving import Press, press_of
from bot.desk import Desk
from bot.opening import open_modal
from bot.telling import refusal_text, tell
from relance.errors import CaseError
from relance.slack.intents import Arrival

Click = Callable[[Desk, Press], None]
"""What a press does before Slack is answered: keeps what must not be lost, and hands on what can't wait."""

CLICKS: dict[str, Click] = {}
"""By action id, for menus, whose options stand for other buttons; filled when listeners are registered."""


def button(app: App, desk: Desk, name: str, click: Click) -> None:
    """Listen to a button of that action id, on whatever it stands."""
    CLICKS[name] = click

    def listener(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        click(desk, press_of(body, action))
        return ack()

    app.action(name)(listener)


def opens(name: str) -> Click:
    """A button that opens the modal of that name."""

    def click(desk: Desk, press: Press) -> None:
        desk.hurry(open_modal, desk, press, name)

    return click


def keeps(name: str, more: Mapping[str, Any] | None = None) -> Click:
    """A button that does something to its case: kept, and worked once Slack is answered."""

    def click(desk: Desk, press: Press) -> None:
        target = press.target
        if target is None:
            desk.hurry(refuse_unknown, desk, press)
            return
        kept = {
            "target": press.value,
            "place": press.place.as_dict(),
            "card": press.card,
            **(more or {}),
        }
        desk.keep(
            Arrival(
                key=press.key, name=name, user_id=press.user_id, payload=kept,
                about=f"case:{target.case_id}:{press.user_id}", pressed_at=press.pressed_at,
            )
        )  # fmt: skip

    return click


def refuse_unknown(desk: Desk, press: Press) -> None:
    """Say that a button is none that this version knows."""
    error = CaseError("This button is not known here.", key="unknown_button")
    tell(
        desk.client, user_id=press.user_id, place=press.place,
        text=refusal_text(desk.voice_of(press.user_id), error),
    )  # fmt: skip
