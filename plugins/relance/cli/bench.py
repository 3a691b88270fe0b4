"""`relance bench`: figures of one run, side by side with the bare work; one module a bench in `relance.bench`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    name="bench", help="Figures of one run, side by side with the bare work.", no_args_is_help=True
)

InvoicesOption = Annotated[int, typer.Option(min=1, metavar="N", help="How many invoices to make.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command(name="import")
def import_(*, invoices: InvoicesOption = 1_000_000, as_json: JsonOption = False) -> None:
    """A made ledger taken in from CSV, taken in again unchanged, and merely read."""
    from relance.bench.importing import bench_import

    runs = [run.as_dict() for run in bench_import(invoices=invoices)]
    if as_json:
        typer.echo(json.dumps({"invoices": invoices, "runs": runs}))
        return
    table = Table(
        title=f"{invoices:,} invoices with their customers, contacts and payments", title_justify="left"
    )
    for name in ("", "seconds", "rows", "rows/s", "peak RSS, MB"):
        table.add_column(name, justify="right" if name else "left")
    for run in runs:
        what, seconds, *figures = run.values()
        table.add_row(str(what), f"{seconds:.1f}", *(f"{figure:,}" for figure in figures))
    Console().print(table)


@app.command()
def delivery(
    *,
    messages: Annotated[int, typer.Option(min=100, metavar="N", help="How many e-mails to send.")] = 5_000,
    memory: Annotated[
        bool, typer.Option("--memory", help="The sink forgets messages; else it has each on disk first.")
    ] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="One process sends all, and its memory is looked at.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """E-mails worded, sent and proved beside a bare smtplib loop; e-mails and letters rendered on one core."""
    from relance.bench.delivery import bench_delivery
    from relance.bench.letters import letters
    from relance.bench.rendering import rendering

    sent = bench_delivery(messages=messages, disk=not memory, alone=alone).as_dict()
    figures = sent | {"rendering": rendering(), "letters": letters()}
    if as_json:
        typer.echo(json.dumps(figures))
        return
    table = Table(title=f"{messages:,} e-mails by SMTP to a sink ({sent['sink']})", title_justify="left")
    for name in ("", "a second", "of bare smtplib"):
        table.add_column(name, justify="right" if name else "left")
    for what, rate in (
        ("bare smtplib, one connection", sent["bare_per_s"]),
        ("worded, sent, proved: one process", sent["one_process_per_s"]),
        ("worded, sent, proved: batches as in the DAG", sent["dag_per_s"]),
    ):
        if rate is not None:
            table.add_row(what, f"{rate:,.0f}", f"{rate / sent['bare_per_s']:.0%}")
    Console().print(table)
    peaks = zip(("a tenth", "half", "all"), sent["memory_mb"], strict=False)
    told = ", ".join(f"{peak:,} MB after {part}" for part, peak in peaks)
    Console().print(f"peak memory of the one process: {told}")
    rendered = Table(title="rendered on one core", title_justify="left")
    for name in ("", "a second"):
        rendered.add_column(name, justify="right" if name else "left")
    for name, value in (*figures["rendering"].items(), *figures["letters"].items()):
        rendered.add_row(name.replace("_", " "), f"{value:,.1f}" if value < 100 else f"{value:,.0f}")
    Console().print(rendered)


@app.command()
def planning(*, invoices: InvoicesOption = 1_000_000, as_json: JsonOption = False) -> None:
    """A day of a made ledger: read bare, loaded, planned, stored."""
    from relance.bench.planning import bench_planning

    figures = bench_planning(invoices=invoices).as_dict()
    if as_json:
        typer.echo(json.dumps(figures))
        return
    bare = figures["bare_read_s"]
    table = Table(title=f"{invoices:,} open invoices, {figures['payers']:,} payers", title_justify="left")
    for name in ("", "seconds", "× bare read", "µs an invoice"):
        table.add_column(name, justify="right" if name else "left")
    for part in ("bare_read", "load", "plan", "store", "total"):
        seconds = figures[f"{part}_s"]
        table.add_row(
            part.replace("_", " "),
            f"{seconds:.2f}",
            f"{seconds / bare:.1f}",
            f"{seconds / invoices * 1e6:.1f}",
        )
    Console().print(table)
    Console().print(
        f"{figures['outcomes']:,} outcomes, {figures['contacts']:,} contacts, peak memory {figures['peak_rss_mb']:,} MB"
    )


@app.command()
def slack(
    *,
    seconds: Annotated[int, typer.Option(min=1, metavar="N", help="How long people click.")] = 60,
    rate: Annotated[float, typer.Option(min=1, metavar="N", help="Clicks a second.")] = 50,
    payers: Annotated[int, typer.Option("--cases", min=50, metavar="N", help="How many cards.")] = 2_000,
    as_json: JsonOption = False,
) -> None:
    """Clicks acknowledged by the bot, none lost; a night of changed cards in calls and in minutes at Slack's tiers."""
    from relance.bench.slack import GOAL_MS, bench_slack

    figures = bench_slack(seconds=seconds, rate=rate, payers=payers)
    if as_json:
        typer.echo(json.dumps(figures.as_dict()))
        return
    clicks = Table(title=f"{figures.clicks:,} interactions, {rate:g} a second", title_justify="left")
    for name in ("", "ms", "goal"):
        clicks.add_column(name, justify="right" if name else "left")
    clicks.add_row("acknowledged, half of them within", f"{figures.p50_ms:,.0f}", "")
    clicks.add_row("99 of 100 within", f"{figures.p99_ms:,.0f}", f"{GOAL_MS}")
    clicks.add_row("the slowest", f"{figures.most_ms:,.0f}", "3,000")
    Console().print(clicks)
    Console().print(
        f"not acknowledged {figures.unanswered:,}, without their effect {figures.lost:,}; "
        f"all worked {figures.drained_s:,.1f} s after the last"
    )
    nights = Table(title=f"{figures.cases:,} cards, one channel", title_justify="left")
    for name in ("", "changes", "calls", "minutes at Slack's tiers"):
        nights.add_column(name, justify="right" if name else "left")
    nights.add_row(
        "first night: posted",
        f"{figures.cases:,}",
        f"{figures.first_calls:,}",
        f"{figures.first_minutes:,.1f}",
    )
    nights.add_row(
        "a night that changes all", f"{figures.changes:,}", f"{figures.calls:,}", f"{figures.minutes:,.1f}"
    )
    nights.add_row("a night that changes nothing", "0", f"{figures.unchanged_calls:,}", "0.0")
    Console().print(nights)
