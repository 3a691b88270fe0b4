"""`relance outbox`: messages that wait, failed or are in doubt, and a person's word on the doubtful ones."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from relance.cli.options import Config, Entity, Json, services
from relance.delivery.resolve import resolve as settle_by_hand
from relance.delivery.resolve import unfinished
from relance.errors import UsageError


class _ListByDefault(TyperGroup):
    """`outbox ENTITY` is short for `outbox list ENTITY`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="outbox",
    cls=_ListByDefault,
    help="Messages that wait, failed, or are in doubt.",
    no_args_is_help=True,
)


@app.command("list")
def show(entity: Entity, config: Config = None, *, as_json: Json = False) -> None:
    """What waits, failed or is in doubt; the doubtful first."""
    ours = services(config)
    ours.policy.entity(entity)
    with ours.unit_of_work() as uow:
        rows = [dict(row) for row in unfinished(uow, entity=entity)]
    if as_json:
        typer.echo(json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows]))
        return
    if not rows:
        typer.echo("Nothing waits, nothing failed, nothing is in doubt.")
        return
    table = Table("state", "day", "payer", "channel", "to", "tries", "key", "why")
    for row in rows:
        table.add_row(
            row["state"], str(row["on_date"]), row["payer_id"], row["channel"], row["recipient"], str(row["attempts"]),
            row["key"][:12], row["error"] or "",
        )  # fmt: skip
    Console().print(table)
    if any(row["state"] == "in_doubt" for row in rows):
        typer.echo(
            "In doubt: look for the Message-ID at the mail server, then `relance outbox resolve KEY --sent|--failed`."
        )


@app.command()
def resolve(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The message's key, or how it begins.")],
    *,
    sent: Annotated[bool | None, typer.Option("--sent/--failed", help="Whether it has gone.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="EMAIL", help="Who says so.")],
    reason: Annotated[str, typer.Option("--reason", help="How this is known; kept.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Settle a message in doubt: it has gone, or it has not."""
    if sent is None:
        raise UsageError("Has it gone, or not?", hint="Give --sent or --failed.")
    with services(config).unit_of_work() as uow:
        state = settle_by_hand(uow, key=key, sent=sent, by=by, reason=reason)
        uow.commit()
    typer.echo(json.dumps({"key": key, "state": state}) if as_json else f"{key}: {state}")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value
