"""`relance ledger`: take extracts in, see what was turned away, see what is owed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from relance.cli.options import DAY_FORMATS, AsOf, Config, Entity, Json, services
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
from relance.store.locks import day_lock

app = typer.Typer(name="ledger", help="The ledger: import it, balance it.", no_args_is_help=True)

_WARNINGS_SHOWN = 10


@app.command(name="import")
def import_(
    entity: Entity,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with a file a table, or one file to split.")
    ],
    config: Config = None,
    *,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How the source's columns become the house's.")
    ] = None,
    extract_date: Annotated[
        datetime | None,
        typer.Option(
            formats=DAY_FORMATS, metavar="D", help="The day that the extract shows; else the entity's today."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take an extract into the ledger: all of it or, where it looks broken, nothing."""
    ours = services(config)
    who = ours.policy.entity(entity)
    day = extract_date.date() if extract_date else ours.today(entity)
    shape = load_mapping(mapping) if mapping else PLAIN
    with day_lock(ours.database, who.entity, day, what="import"), ours.unit_of_work() as uow:
        report = import_ledger(uow, entity=who, source=path, extract_date=day, mapping=shape)
        uow.commit()
    if as_json:
        _print_json({**report.as_dict(), "messages": [warning.message for warning in report.warned]})
    else:
        _show_report(report)


@app.command()
def quarantine(entity: Entity, config: Config = None, *, as_json: Json = False) -> None:
    """The rows that were turned away and not yet brought right."""
    ours = services(config)
    rows = list_quarantine(ours.database, ours.policy.entity(entity).entity)
    if as_json:
        _print_json([_place(row) for row in rows])
    else:
        _show_quarantine(entity, rows)


@app.command(name="balance")
def balance_(entity: Entity, as_of: AsOf, config: Config = None, *, as_json: Json = False) -> None:
    """What is owed on a day, per currency and age."""
    ours = services(config)
    versions = load_versions(ours.database, ours.policy.entity(entity).entity)
    figures = balance(take_snapshot(versions, as_of.date()))
    if as_json:
        _print_json(figures)
    else:
        _show_balance(figures)


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
