"""`relance ledger`: take extracts in, see what was turned away, see what is owed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from relance.config import Policy, load_policy
from relance.errors import UsageError
from relance.ledger import (
    PLAIN,
    ImportReport,
    Quarantined,
    balance,
    import_ledger,
    list_quarantine,
    load_mapping,
    load_versions,
    take_snapshot,
)
from relance.money import to_decimal
from relance.settings import Settings
from relance.store.database import Database
from relance.store.uow import UnitOfWork

app = typer.Typer(name="ledger", help="The ledger: import it, balance it.", no_args_is_help=True)

EntityArgument = Annotated[str, typer.Argument(help="The entity's id, e.g. FR01.", metavar="ENTITY")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="DIR", help="The directory of the policy.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]

_WARNINGS_SHOWN = 10


@app.command(name="import")
def import_(
    entity: EntityArgument,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with a file a table, or one file to split.")
    ],
    *,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How the source's columns become the house's.")
    ] = None,
    extract_date: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day that the extract shows; else the entity's today."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an extract into the ledger: all of it or, where it looks broken, nothing."""
    policy, database = _open(config)
    who = policy.entity(entity)
    day = (
        _day("--extract-date", extract_date) if extract_date else datetime.now(ZoneInfo(who.timezone)).date()
    )
    shape = load_mapping(mapping) if mapping else PLAIN
    with UnitOfWork(database) as uow:
        report = import_ledger(uow, entity=who, source=path, extract_date=day, mapping=shape)
        uow.commit()
    if as_json:
        _print_json({**report.as_dict(), "messages": [warning.message for warning in report.warned]})
    else:
        _show_report(report)


@app.command()
def quarantine(entity: EntityArgument, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The rows that were turned away and not yet brought right."""
    policy, database = _open(config)
    rows = list_quarantine(database, policy.entity(entity).entity)
    if as_json:
        _print_json([_place(row) for row in rows])
    else:
        _show_quarantine(entity, rows)


@app.command(name="balance")
def balance_(
    entity: EntityArgument,
    *,
    as_of: Annotated[str, typer.Option(metavar="DATE", help="The day.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is owed on a day, per currency and age."""
    day = _day("--as-of", as_of)
    policy, database = _open(config)
    figures = balance(take_snapshot(load_versions(database, policy.entity(entity).entity), day))
    if as_json:
        _print_json(figures)
    else:
        _show_balance(figures)


# ---------------------------------------------------------------- parse and call


def _open(config: Path | None) -> tuple[Policy, Database]:
    settings = Settings.from_environment()
    if config is not None:
        settings = replace(settings, config=config)
    policy = load_policy(settings.config)
    database = Database.of(settings)
    database.migrate()
    return policy, database


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is not a day.", hint="Write it as 2026-03-02.") from error


# ---------------------------------------------------------------- show


def _print_json(what: object) -> None:
    typer.echo(json.dumps(what, ensure_ascii=False))


def _place(row: Quarantined) -> dict[str, Any]:
    names = ("file", "line", "column", "value", "reason", "table", "key")
    return {name: getattr(row, name) for name in names}


def _show_report(report: ImportReport) -> None:
    table = Table(title=f"{report.entity}: extract of {report.extract_date}", title_justify="left")
    figures = report.as_dict()
    for name in figures:
        table.add_column(name, justify="right")
    table.add_row(*(f"{number:,}" for number in figures.values()))
    console = Console()
    console.print(table)
    for warning in report.warned[:_WARNINGS_SHOWN]:
        console.print(f"warning: {warning.message}", markup=False, soft_wrap=True)
    if len(report.warned) > _WARNINGS_SHOWN:
        console.print(f"… and {len(report.warned) - _WARNINGS_SHOWN} warnings more (--json lists all)")
    if report.quarantined:
        console.print(f"relance ledger quarantine {report.entity} lists the rows turned away", soft_wrap=True)


def _show_quarantine(entity: str, rows: Sequence[Quarantined]) -> None:
    if not rows:
        typer.echo(f"{entity}: no row is turned away")
        return
    table = Table(title=f"{entity}: rows turned away", title_justify="left")
    for name in ("place", "column", "value", "reason"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(f"{row.file}:{row.line}", row.column, row.value or "", row.reason)
    Console().print(table)


def _show_balance(figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['entity']} on {figures['as_of']}", title_justify="left")
    table.add_column("")
    for one in figures["currencies"]:
        table.add_column(one["currency"], justify="right")
    for name in ("open", "overdue", "credit"):
        table.add_row(name, *(_amount(one[name], one["currency"]) for one in figures["currencies"]))
    for name in ("invoices", "payers"):
        table.add_row(name, *(f"{one[name]:,}" for one in figures["currencies"]))
    table.add_section()
    for bucket in figures["currencies"][0]["ageing"] if figures["currencies"] else ():
        label = bucket.replace("_", " ") if "-" not in bucket else f"{bucket} days"
        table.add_row(
            label, *(_amount(one["ageing"][bucket], one["currency"]) for one in figures["currencies"])
        )
    Console().print(table)


def _amount(minor: int, currency: str) -> str:
    return f"{to_decimal(minor, currency):,}"
