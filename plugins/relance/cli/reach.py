"""`relance reach`: addresses that are used no more, and using one again."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from relance.cli.options import By, Config, Entity, Json, services
from relance.inbox import reach


class _EntityFirst(TyperGroup):
    """`reach ENTITY` is short for `reach list ENTITY`; `reach ENTITY clear …` is understood too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            swapped = len(args) > 1 and args[1] in self.commands
            args = [args[1], args[0], *args[2:]] if swapped else ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="reach",
    cls=_EntityFirst,
    help="Addresses that came back, refused, or asked for no more.",
    no_args_is_help=True,
)


@app.command("list")
def show(entity: Entity, config: Config = None, *, as_json: Json = False) -> None:
    """Addresses that nothing is planned for, and why; the newest first."""
    ours = services(config)
    ours.policy.entity(entity)
    with ours.unit_of_work() as uow:
        rows = [{**row, "on_date": row["on_date"].isoformat()} for row in reach.standing(uow, entity=entity)]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("Every address is in use.")
        return
    table = Table("channel", "address", "mark", "since", "source", "of message")
    for row in rows:
        table.add_row(
            row["channel"],
            row["address"],
            row["mark"],
            row["on_date"],
            row["source"],
            (row["key"] or "")[:12],
        )
    Console().print(table)


@app.command()
def clear(
    entity: Entity,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address or number.")],
    *,
    channel: Annotated[
        str, typer.Option("--channel", help="email, sms, whatsapp, voice, letter …")
    ] = "email",
    by: By,
    opted_out: Annotated[
        bool, typer.Option("--opted-out", help="Its owner, who asked for no more, wants messages again.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Use an address again from today on."""
    ours = services(config)
    with ours.unit_of_work() as uow:
        done = reach.clear(
            uow, entity=entity, channel=channel, address=address, by=by, on_date=ours.today(entity),
            opted_out=opted_out,
        )  # fmt: skip
        uow.commit()
    if as_json:
        typer.echo(json.dumps({"lifted": done.marks, "payers": list(done.payers)}))
    else:
        typer.echo(f"{address} is used again on {channel}; payers: {', '.join(done.payers) or 'none known'}.")
