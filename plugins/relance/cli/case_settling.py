"""`relance case snooze`, `wake`, `complete`, `resolve`, `reopen`, `write-off`: letting a case rest, ending it, and back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.cli.case_doing import NoReplan, Note, on_case
from relance.cli.options import By, CaseNumber, Config, Invoices, Json, On, day_of
from relance.errors import UsageError

if TYPE_CHECKING:
    from relance.cases import Case


def snooze(
    case_id: CaseNumber,
    *,
    until: Annotated[
        str | None, typer.Option("--until", help="The last day of the rest.", metavar="DATE")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", help="Or so many days from the day on.", min=1)
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")],
    invoice: Invoices = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a case and its dunning rest until a day; longer than the person's roles give, that is asked for."""
    from relance import cases

    if (until is None) == (days is None):
        raise UsageError("Until when?", hint="Give --until DATE or --days N.")
    last = day_of(until, "--until") if until else None

    def put(uow: Any, *, on_date: date, **asked: Any) -> Case:
        return cases.snooze(uow, on_date=on_date, until=last or _after(on_date, days or 0), **asked)

    on_case(
        case_id, put, by=by, on=on, config=config, as_json=as_json, reason=reason, invoices=invoice or None,
        told=lambda case: _asks(case) if case.case_id != case_id else f"rests until {case.snoozed_until}",
    )  # fmt: skip


def wake(
    case_id: CaseNumber,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept.")] = None,
    write_off: Annotated[
        bool, typer.Option("--write-off", help="Not the rest: dun again what was approved to be written off.")
    ] = False,
    by: By,
    no_replan: NoReplan = False,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """End a case's rest by hand: its dunning goes on."""
    from relance import cases

    on_case(
        case_id, cases.wake, by=by, on=on, config=config, as_json=as_json, replans=not no_replan, reason=reason,
        what="write_off" if write_off else "rest",
        told=lambda _: "not to be written off any more; dunning goes on" if write_off else "awake; dunning goes on",
    )  # fmt: skip


def complete(
    case_id: CaseNumber,
    *,
    note: Note = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """An internal task or a hand-over is done."""
    from relance.cases.completing import complete as do

    on_case(case_id, do, by=by, on=on, config=config, as_json=as_json, note=note, told=lambda _: "done")


def resolve(
    case_id: CaseNumber,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="CODE", help="One of the case's own; a wrong one lists them.")
    ],
    note: Note = None,
    by: By,
    no_replan: NoReplan = False,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Close a case with a reason: what it held goes on the same day."""
    from relance import cases

    on_case(
        case_id, cases.resolve, by=by, on=on, config=config, as_json=as_json, replans=not no_replan, reason=reason,
        note=note, told=lambda case: f"resolved: {case.closed_reason}",
    )  # fmt: skip


def reopen(
    case_id: CaseNumber,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept.")] = None,
    by: By,
    no_replan: NoReplan = False,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Open a closed case again, with what it held."""
    from relance import cases

    on_case(
        case_id, cases.reopen, by=by, on=on, config=config, as_json=as_json, replans=not no_replan, reason=reason,
        told=lambda _: "open again",
    )  # fmt: skip


def write_off(
    case_id: CaseNumber,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; whoever is asked reads it.")],
    invoice: Invoices = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask for a yes to give up what is open; nothing changes before."""
    from relance import cases

    on_case(
        case_id, cases.write_off, by=by, on=on, config=config, as_json=as_json, reason=reason,
        invoices=invoice or None, told=_asks,
    )  # fmt: skip


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days)


def _asks(case: Case) -> str:
    return f"{case.facts['role']} is asked for a yes until {case.facts['expires_on']}; nothing changes before"
