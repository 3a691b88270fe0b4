"""What people write in Slack, as words that read alike everywhere: mentions by name, links as their addresses."""

from __future__ import annotations

import html
import re

import sqlalchemy as sa

from relance.store.schema import slack_user
from relance.store.uow import UnitOfWork

_ANGLE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def words_of(uow: UnitOfWork, text: str) -> str:
    """A message's text (https://docs.slack.dev/messaging/formatting-message-text) without Slack's own marks."""
    mentioned = {found[2] for found in _ANGLE.finditer(text) if found[1] == "@"}
    names: dict[str, str] = {}
    if mentioned:
        query = sa.select(slack_user.c.user_id, slack_user.c.name).where(
            slack_user.c.user_id.in_(sorted(mentioned))
        )
        names = {user_id: name for user_id, name in uow.execute(query) if name}

    def said(found: re.Match[str]) -> str:
        sign, what, label = found[1], found[2], found[3]
        if sign == "@":
            return f"@{label or names.get(what, what)}"
        if sign == "#":
            return f"#{label or what}"
        if sign == "!":
            return label or f"@{what.split('^')[0]}"
        return what if not label or label in what else f"{label} ({what})"

    return html.unescape(_ANGLE.sub(said, text)).replace("\x00", "").strip()
