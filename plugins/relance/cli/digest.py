"""`relance digest`: what an entity's people would read in Slack that day; with --send it is posted."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relance.cli.options import DAY_FORMATS, Config, Entity, Json, services

if TYPE_CHECKING:
    from relance.insight.kept import Message


def digest(
    entity: Entity,
    *,
    kind: Annotated[Literal["daily", "weekly"], typer.Option("--kind", help="Which digest.")] = "daily",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY_FORMATS, metavar="D", help="The day; else the entity's today."),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Post it: today's only, and once a channel and day.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write messages, pictures and lists into this folder.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """A day's digests as Slack would show them, one a channel. Cases are told as they stand now."""
    from relance import digesting

    ours = services(config)
    day = as_of.date() if as_of else ours.today(entity)
    messages = digesting.drawn(ours, entity, kind, day)
    if out is not None:
        _write(out, messages)
    told: dict[str, Any] = {"entity": entity, "kind": kind, "as_of": day.isoformat()}
    if send:
        report, sent = digesting.post(ours, entity, kind, day)
        told |= {"report": report.as_dict(), "slack": {"posted": sent.posted, "pending": sent.pending}}
    if as_json:
        typer.echo(json.dumps(told | {"digests": [_plain(one) for one in messages]}, ensure_ascii=False))
        return
    for message in messages:
        _show(message)
    if not messages:
        typer.echo(f"{entity}: no channel has a {kind} digest on {day}.")
    if send:
        typer.echo(
            ", ".join(f"{name} {number}" for name, number in {**told["report"], **told["slack"]}.items())
        )


def _plain(message: Message) -> dict[str, Any]:
    files = [one.name for one in (message.picture, message.sheet) if one]
    return {
        "channel": message.channel, "is_news": message.is_news, "payload": message.payload, "figures": message.figures,
        "alt": message.picture.title if message.picture else None, "files": files,
    }  # fmt: skip


def _write(folder: Path, messages: list[Message]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for message in messages:
        channel = "".join(letter for letter in message.channel if letter.isalnum() or letter in "-_")
        name = f"{message.entity}-{message.as_of}-{message.kind}-{channel}.json"
        text = json.dumps(_plain(message), ensure_ascii=False, indent=2)
        (folder / name).write_text(text, encoding="utf-8")
        for file in (message.picture, message.sheet):
            if file is not None:
                (folder / file.name).write_bytes(file.content)


def _show(message: Message) -> None:
    """The message as plain text: no colours, no emoji pictures."""
    silent = "" if message.is_news else "  (nothing new: not posted)"
    typer.echo(f"── {message.channel}{silent}")
    for block in message.payload.get("blocks", ()):
        texts = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
        for one in texts:
            if one and "text" in one:
                typer.echo(_words(one["text"]))
    for file in (message.picture, message.sheet):
        if file is not None:
            typer.echo(f"[{file.name}] {file.title}")
    typer.echo("")


def _words(text: str) -> str:
    """Mrkdwn as somebody reads it: dates in words, entities as the characters they stand for."""
    import html
    import re

    dated = re.sub(r"<!date\^-?\d+\^\{date_short\}\|([^<>|]*)>", r"\1", text)
    bare = re.sub(r":[a-z_]+:\s?", "", dated).replace("*", "")
    return html.unescape(bare)
