"""`relance slack`: the cards as a page, and the outbox sent by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from relance.cli.options import Config, Json, services
from relance.errors import UsageError

app = typer.Typer(name="slack", help="Cards: look at them, send them.", no_args_is_help=True)


@app.command()
def preview(
    entity: Annotated[str | None, typer.Argument(help="Only this entity's cards.")] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="The page to write.", metavar="FILE")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write every card as a page that looks like Slack, and say where it is."""
    from relance.slack.preview import page, read_messages
    from relance.store.uow import UnitOfWork

    ours = services(config)
    if entity is not None:
        ours.policy.entity(entity)
    with UnitOfWork(ours.database) as uow:
        messages = read_messages(uow, entity=entity)
    target = (out or ours.settings.home / "slack" / "preview.html").absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(messages), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{target} can't be written: {error.strerror}.", hint="Give another --out."
        ) from error
    cards = sum(message.verb == "card" for message in messages)
    typer.echo(json.dumps({"path": str(target), "cards": cards}) if as_json else str(target))


@app.command()
def send(*, config: Config = None, as_json: Json = False) -> None:
    """Send what waits in the outbox; without a token nothing is sent."""
    from relance.slack import send as send_outbox

    ours = services(config)
    report = send_outbox(ours.database, settings=ours.settings, policy=ours.policy)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        figures = {name: value for name, value in report.as_dict().items() if name != "problems"}
        typer.echo(", ".join(f"{name} {value}" for name, value in figures.items()))
        for problem in report.problems:
            typer.echo(problem, err=True)
        if not ours.settings.slack_token and report.pending:
            typer.echo(
                "No RELANCE_SLACK_TOKEN is set: the cards are kept. `relance slack preview` shows them.",
                err=True,
            )
    raise typer.Exit(1 if report.problems else 0)
