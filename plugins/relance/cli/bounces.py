"""`relance inbox read`: what came back to the mailbox."""

from __future__ import annotations

import json

import typer

from relance.cli.options import Config, Entity, Json, services


def read(entity: Entity, config: Config = None, *, as_json: Json = False) -> None:
    """Read the mailbox: bounces, absences, answers. What was read is marked as seen."""
    from relance.inbox.mailbox import read_mailbox

    ours = services(config)
    report = read_mailbox(
        ours.database, settings=ours.settings, policy=ours.policy, entity=entity, as_of=ours.today(entity)
    )
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
        return
    if not report.configured:
        typer.echo("No mailbox is set: see RELANCE_MAILBOX_HOST in docs/settings.md.")
        return
    told = ", ".join(f"{count} {what}" for what, count in report.filed.items()) or "nothing of ours"
    rest = f"; {report.left} left for the next run" if report.left else ""
    typer.echo(f"{report.read} read: {told}; {report.broken} broken{rest}.")
