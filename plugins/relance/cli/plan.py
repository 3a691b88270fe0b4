"""`relance plan` and `relance play`: what would be done, on a day or day after day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from relance import day
from relance.cli.options import DAY_FORMATS, AsOf, Config, Entity, Json, services
from relance.errors import LedgerError, UsageError
from relance.ledger.loading import load_versions, snapshot_on
from relance.money import Money
from relance.planning.model import History
from relance.planning.model import Plan as PlanOfDay
from relance.planning.play import play as play_days
from relance.planning.present import as_json_text
from relance.services import Services
from relance.store.profiles import profiles_on


def plan(
    entity: Entity,
    as_of: AsOf,
    config: Config = None,
    *,
    save: Annotated[bool, typer.Option("--save", help="Keep the plan; it is never sent.")] = False,
    as_json_: Json = False,
) -> None:
    """Decide a day: an outcome for every open invoice, contacts and tasks. Without --save nothing is written."""
    ours = services(config)
    made, _ = day.decided(ours, entity, as_of.date())
    if save:
        day.decide(ours, entity, as_of.date(), live=False)
    if as_json_:
        typer.echo(as_json_text(made))
    else:
        _show(made)


def play(
    entity: Entity,
    first: Annotated[datetime, typer.Option("--from", formats=DAY_FORMATS, help="First day.", metavar="D")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY_FORMATS, help="Last day.", metavar="D")],
    config: Config = None,
    *,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="Forget stored history.")] = False,
    approvals: Annotated[
        Literal["all", "none"], typer.Option(help="all: given; none: never answered.")
    ] = "all",
    as_json_: Json = False,
) -> None:
    """Plan each day as if all contacts of the days before had been sent on their day. Writes and sends nothing."""
    if first > last:
        raise UsageError("--from is later than --to.", hint="Swap them.")
    ours = services(config)
    days = _days(ours, entity, first.date(), last.date(), scratch=from_scratch, approve=approvals == "all")
    if as_json_:
        for made in days:
            typer.echo(as_json_text(made))
        return
    table = Table(
        "day", "act", "hold", "wait", "exhausted", "contacts", "by level", "tasks", title=f"{entity}, played"
    )
    for made in days:
        count: Counter[str] = Counter(made.outcomes["outcome"].to_list() if made.outcomes.width else [])
        levels: Counter[str] = Counter(made.contacts["level"].to_list() if made.contacts.width else [])
        table.add_row(
            made.as_of.isoformat(),
            *(str(count[name]) for name in ("act", "hold", "wait", "exhausted")),
            str(made.contacts.height),
            " ".join(f"{level} {number}" for level, number in sorted(levels.items())),
            str(made.tasks.height),
        )
    Console().print(table)


def _days(
    ours: Services, entity: str, first: date, last: date, *, scratch: bool, approve: bool
) -> Iterator[PlanOfDay]:
    ours.policy.entity(entity)
    versions = load_versions(ours.database, entity)
    if not versions.extracts:
        raise LedgerError(
            f"{entity} has no ledger yet.", hint=f"Import one: relance ledger import {entity} PATH"
        )
    history = History() if scratch else day.history_before(ours, entity, first)
    return play_days(
        lambda on: snapshot_on(ours.database, versions, on),
        ours.policy,
        history,
        lambda on: day.holds_on(ours, entity, on),
        first=first,
        last=last,
        approve=approve,
        profiles_of=lambda on: profiles_on(ours.database, entity, on),
    )


def _show(made: PlanOfDay) -> None:
    console = Console()
    console.print(f"[bold]{made.entity}, {made.as_of}[/bold]  policy {made.policy_version[:12]}")
    if not made.outcomes.width:
        console.print("No open invoice.")
        return
    summary = Table("outcome", "reason", "invoices", title="Outcomes")
    counts = Counter((row[0], row[1] or "") for row in made.outcomes.select("outcome", "reason").iter_rows())
    for (outcome, reason), number in sorted(counts.items()):
        summary.add_row(outcome, reason, str(number))
    console.print(summary)
    contacts = Table(
        "payer", "channel", "step", "level", "invoices", "demanded", "approval", title="Contacts"
    )
    for row in made.contacts.iter_rows(named=True):
        contacts.add_row(
            row["payer_id"], row["channel"], row["step"], row["level"], str(len(row["acts"])),
            ", ".join(str(Money(total["currency"], total["amount"])) for total in row["totals"]),
            row["approval"] or "",
        )  # fmt: skip
    console.print(contacts)
    if made.tasks.height:
        tasks = Table("payer", "kind", "step", "invoices", "approval", title="Tasks")
        for row in made.tasks.iter_rows(named=True):
            tasks.add_row(
                row["payer_id"], row["kind"], row["step"], str(len(row["acts"])), row["approval"] or ""
            )
        console.print(tasks)
