"""`relance profile`: what kind of payer each is, and the figures behind it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from relance.cli.options import DAY_FORMATS, Config, Entity, Json, services
from relance.config.profiles import Profiles
from relance.errors import UsageError
from relance.profiling import Review, Standing, review, work_profiles

_LISTED = 50


def profile(
    entity: Entity,
    payer: Annotated[str | None, typer.Argument(metavar="[PAYER]", help="One payer, in full.")] = None,
    config: Config = None,
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY_FORMATS, help="The day; else the entity's today.", metavar="D"),
    ] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Look at every payer now, as is done once a week; it is kept.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Profiles in force, what the newest score shows, for how many weeks, and the figures behind it."""
    ours = services(config)
    day = as_of.date() if as_of else ours.today(entity)
    if score:
        made = work_profiles(ours, entity, day)
        typer.echo(_said(made.as_dict()), err=True)
    seen = review(ours, entity, day, payer)
    if payer is not None and not seen.payers:
        raise UsageError(
            f"{entity} has no invoice that {payer!r} pays, as known on {day}.",
            hint="A payer is the customer who is chased: its own id, or that of the one who pays for it.",
        )
    if as_json:
        typer.echo(json.dumps(seen.as_dict(), ensure_ascii=False))
    elif payer is None:
        _show_all(seen)
    else:
        _show_one(seen, seen.payers[0], ours.policy.profiles)


def _said(figures: dict[str, Any]) -> str:
    if not figures["new"]:
        return f"Payers were looked at in the week of {figures['week']} or later already."
    return f"Week of {figures['week']}: {figures['payers']} payers looked at, {figures['changed']} changed."


def _scored(seen: Review) -> str:
    if seen.scored_on is None:
        return "never scored: figures of the day"
    return f"scored {seen.scored_on}"


def _show_all(seen: Review) -> None:
    console = Console()
    console.print(f"[bold]{seen.entity}, {seen.as_of}[/bold]  {_scored(seen)}")
    counts = Counter(one.profile or "unknown" for one in seen.payers)
    console.print("In force: " + (", ".join(f"{name} {counts[name]}" for name in sorted(counts)) or "none"))
    table = Table("payer", "in force", "shows now", "weeks", "settled", "median delay", "on time")
    for one in seen.payers[:_LISTED]:
        figures = one.figures
        table.add_row(
            one.payer_id,
            one.profile or "unknown",
            one.candidate or "unknown",
            str(one.weeks),
            _value(figures.get("settled")),
            _value(figures.get("median_delay")),
            _value(figures.get("on_time")),
        )
    console.print(table)
    if len(seen.payers) > _LISTED:
        console.print(f"… and {len(seen.payers) - _LISTED} more (--json gives all)")


def _show_one(seen: Review, one: Standing, thresholds: Profiles) -> None:
    console = Console()
    console.print(f"[bold]{one.payer_id}, {seen.as_of}[/bold]  {_scored(seen)}")
    console.print(f"In force: {one.profile or 'unknown'}")
    needed = thresholds.weeks_of_evidence
    console.print(f"Shows now: {one.candidate or 'unknown'}, for {one.weeks} of {needed} weeks")
    if (one.figures.get("settled") or 0) < thresholds.min_settled:
        console.print(f"Fewer than {thresholds.min_settled} settled invoices: unknown, whatever they show.")
    table = Table("figure", "value", title=f"Invoices due within {thresholds.window_months} months")
    for name, label in FIGURE_LABELS.items():
        table.add_row(label, _value(one.figures.get(name)))
    console.print(table)


def _value(figure: float | bool | None) -> str:
    if figure is None:
        return "–"
    if isinstance(figure, bool):
        return "yes" if figure else "no"
    return f"{figure:.0%}" if isinstance(figure, float) else str(figure)


FIGURE_LABELS = {
    "invoices": "invoices",
    "settled": "of them settled",
    "late": "of them late (settled late, or overdue)",
    "median_delay": "median delay in days, weighted by amount",
    "on_time": "on time (within the bank's days)",
    "spread": "days between the quartiles of the delays",
    "in_part": "paid in part",
    "mandate": "pays by mandate or bill of exchange",
    "collected": "of the paid amount, collected by us",
    "collections": "collections",
    "returns": "returned",
    "returns_share": "returned, of collections",
    "recent_returns": "returned lately",
    "insolvency": "insolvency notice",
    "plans": "instalment plans asked for",
    "volume_change": "change of the amount invoiced",
    "disputed": "disputed invoices",
    "disputed_share": "disputed, of invoices",
    "disputed_after_due": "of disputes, raised after the due date",
    "recent_disputes": "disputes raised lately",
    "by_procedure": "pays by procedure (legal form)",
    "explained": "of late invoices, held up by their delivery",
    "dunned": "late invoices dunned",
    "answered": "of them paid soon after the first touch",
    "reached_level_2": "of them at level 2 or beyond",
    "firm_steps": "late invoices given a firm step",
    "paid_after_firm": "of them paid soon after it",
    "not_dunned": "late invoices paid without a word from us",
    "not_dunned_delay": "their median delay in days",
    "promises": "promises come to their end",
    "promises_kept": "of them kept",
    "promises_broken": "promises broken",
}
