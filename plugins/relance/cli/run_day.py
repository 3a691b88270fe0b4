"""`relance run` and `relance history`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from relance import day
from relance.cli.options import AsOf, Config, Entity, Json, services
from relance.store import timeline


def run(
    entity: Entity,
    as_of: AsOf,
    config: Config = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Act on a day that isn't today.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why it is forced; kept.")] = None,
    as_json: Json = False,
) -> None:
    """The whole day, as the DAG does it, without Airflow: import, plan, deliver, cases, Slack."""
    figures = day.run(services(config), entity, as_of.date(), force=force, reason=reason)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    table = Table("what", "figure", title=f"{entity}, {figures['as_of']}")
    for name, value in figures.items():
        if name not in ("entity", "as_of"):
            shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
            table.add_row(name, shown)
    Console().print(table)


def deliver(entity: Entity, as_of: AsOf, config: Config = None, *, as_json: Json = False) -> None:
    """Send what of the day waits (for its hour, or its next try) and may go by now; looks at the ledger once more."""
    report = day.deliver(services(config), entity, as_of.date())
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
        return
    for name, value in report.as_dict().items():
        if value is not None:
            typer.echo(f"{name.replace('_', ' ')}: {value}")


def history(
    entity: Entity,
    payer: Annotated[str, typer.Argument(metavar="PAYER")],
    config: Config = None,
    *,
    as_json: Json = False,
) -> None:
    """A payer's timeline, oldest first, and whether its chain of hashes holds."""
    ours = services(config)
    ours.policy.entity(entity)
    with ours.unit_of_work() as uow:
        rows = [dict(row) for row in timeline.read(uow, entity, payer)]
    broken = timeline.verify(rows)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "entity": entity,
                    "payer_id": payer,
                    "intact": broken is None,
                    "entries": [_plain(row) for row in rows],
                }
            )
        )
    elif not rows:
        typer.echo(f"Nothing has happened with payer {payer} of {entity} yet.")
    else:
        table = Table("day", "what", "by", "about", title=f"{entity} {payer}")
        table.add_column("detail", overflow="fold")
        for row in rows:
            table.add_row(
                row["on_date"].isoformat(),
                row["kind"],
                row["actor"],
                row["subject"][:12],
                Text(_detail(row["body"])),
            )
        Console().print(table)
        typer.echo(
            "the chain of hashes holds" if broken is None else f"the chain is BROKEN at entry {broken}"
        )
    raise typer.Exit(0 if broken is None else 1)


def _detail(body: dict[str, Any]) -> str:
    """What an entry says, a line a fact; what is empty is left out."""
    facts = ((name, value) for name, value in body.items() if value not in (None, [], ""))
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in facts
    )


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "seq": entry["seq"], "at": entry["at"].isoformat(), "on_date": entry["on_date"].isoformat(), "kind": entry["kind"],
        "actor": entry["actor"], "subject": entry["subject"], "body": entry["body"], "hash": bytes(entry["hash"]).hex(),
    }  # fmt: skip
