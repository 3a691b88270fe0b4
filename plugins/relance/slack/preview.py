"""The outbox as a page that looks like Slack, for a machine without a workspace. Pure: rows in, HTML out."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from relance.slack.drawn import block_html
from relance.slack.mrkdwn import to_html
from relance.store.schema import slack_outbox
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Message:
    """A message as kept in the outbox: `state` is its row's, `error` why it wasn't sent."""

    channel: str
    case_id: int | None
    verb: str
    payload: Mapping[str, Any]
    state: str
    error: str | None
    at: datetime
    file_name: str | None = None


def read_messages(uow: UnitOfWork, *, entity: str | None = None) -> list[Message]:
    """Every card and list as it looks last, with the replies under it, in order of the cards."""
    table, later = slack_outbox, slack_outbox.alias()
    newest = sa.select(sa.func.max(table.c.row_id)).where(table.c.verb == "card").group_by(table.c.case_id)
    first = sa.func.coalesce(table.c.under, table.c.row_id)
    replaced = sa.exists().where(
        table.c.verb == "list",
        later.c.verb == "list",
        later.c.row_id > table.c.row_id,
        later.c.under == first,
    )
    query = sa.select(*(column for column in table.c if column.name != "file")).where(
        sa.or_(table.c.row_id.in_(newest), table.c.verb != "card"), ~replaced, table.c.erased_on.is_(None)
    )
    if entity is not None:
        query = query.where(table.c.entity == entity)
    rows = uow.execute(query.order_by(table.c.case_id, table.c.verb, table.c.row_id)).mappings()
    return [
        Message(
            channel=_where(row),
            case_id=row["case_id"],
            verb=row["verb"],
            payload=row["payload"],
            state=row["state"],
            error=row["error"],
            at=row["created_at"],
            file_name=row["file_name"],
        )
        for row in rows
    ]


def _where(row: Mapping[Any, Any]) -> str:
    """The channel; of a direct message, who gets it."""
    return f"@{row['person']}" if row["verb"] == "direct" else str(row["channel"])


def page(messages: Sequence[Message]) -> str:
    """The whole page: channels at the left, each channel's messages one below the other."""
    channels = sorted({message.channel for message in messages})
    style = (Path(__file__).parent / "preview.css").read_text(encoding="utf-8")
    links = "".join(
        f'<a href="#{_anchor(number)}"><span>#</span> {html.escape(name.lstrip("#"))}</a>'
        for number, name in enumerate(channels)
    )
    body = "".join(
        _channel(name, number, [message for message in messages if message.channel == name])
        for number, name in enumerate(channels)
    )
    empty = '<section class="channel"><p class="none">There are no cards yet.</p></section>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Relance · Slack preview</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><nav><h1>Relance</h1><h2>Channels</h2>{links}</nav>"
        f"<main>{body or empty}</main></body></html>"
    )


def _anchor(number: int) -> str:
    return f"channel-{number}"


def _channel(name: str, number: int, messages: Sequence[Message]) -> str:
    shown = "".join(_message(message) for message in messages)
    cards = sum(message.verb == "card" for message in messages)
    title = html.escape(name.lstrip("#"))
    return (
        f'<section class="channel" id="{_anchor(number)}"><header><b># {title}</b>'
        f"<span>{cards} card{'' if cards == 1 else 's'}</span></header>{shown}</section>"
    )


def _message(message: Message) -> str:
    blocks = message.payload.get("blocks") or []
    content = (
        "".join(block_html(block) for block in blocks)
        or f'<p class="text">{to_html(message.payload["text"])}</p>'
    )
    kind = "message reply" if message.verb == "reply" or message.file_name else "message"
    if message.file_name:
        content += f'<p class="file">{html.escape(message.file_name)}</p>'
    return (
        f'<article class="{kind}"><div class="face">R</div><div class="said"><p class="who"><b>Relance</b>'
        f'<span class="app">APP</span><time>{message.at:%H:%M}</time>{_state(message)}</p>{content}</div></article>'
    )


def _state(message: Message) -> str:
    words = {
        "pending": "kept, not sent",
        "sending": "being sent",
        "sent": "in Slack",
        "skipped": "in Slack",
        "dead": "can't be sent",
    }
    reason = f' title="{html.escape(message.error)}"' if message.error else ""
    state = re.sub(r"[^a-z_]", "", message.state)
    return f'<span class="state {state}"{reason}>{words.get(state, state)}</span>'
