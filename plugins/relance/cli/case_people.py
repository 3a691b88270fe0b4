"""`relance case open`, `comment`, `assign`, `watch`, `unwatch`: who sees a case, who has it, what was said."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.case_doing import on_case, on_payer
from relance.cli.options import By, CaseNumber, Config, Entity, Json, On, day_of
from relance.errors import UsageError

Person = Annotated[str | None, typer.Option("--person", metavar="EMAIL", help="Whom; who does it if absent.")]


def open_(
    entity: Entity,
    payer: Annotated[str, typer.Argument(help="The payer it is about.")],
    *,
    kind: Annotated[str, typer.Option("--kind", help="question, risk or no_contact.")],
    text: Annotated[str, typer.Option("--text", help="What it is about.")],
    by: By,
    due: Annotated[
        str | None, typer.Option("--due", help="By when somebody must have acted.", metavar="DATE")
    ] = None,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put a payer before whom it concerns: a question, a risk, nobody to reach."""
    from relance.cases.opening import open_case

    on_payer(
        entity, open_case, by=by, on=on, config=config, as_json=as_json, payer_id=payer, kind=kind, text=text,
        due_on=day_of(due, "--due") if due else None,
        told=lambda case: f"opened; {case.owner or 'nobody'} has it",
    )  # fmt: skip


def comment(
    case_id: CaseNumber,
    text: Annotated[str, typer.Argument(help="The words.")],
    *,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put a comment on a case."""
    from relance import cases

    on_case(
        case_id, cases.comment, by=by, on=on, config=config, as_json=as_json, text=text,
        told=lambda _: "noted",
    )  # fmt: skip


def assign(
    case_id: CaseNumber,
    *,
    to: Annotated[str | None, typer.Option("--to", metavar="EMAIL", help="Who gets it.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody has it any more.")] = False,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Give a case to one person, or to nobody."""
    from relance import cases

    if (to is None) != nobody:
        raise UsageError("A case is given to one person or to nobody.", hint="Give --to EMAIL or --nobody.")
    on_case(
        case_id, cases.assign, by=by, on=on, config=config, as_json=as_json, owner=to,
        told=lambda case: f"{case.owner or 'nobody'} has it now",
    )  # fmt: skip


def watch(
    case_id: CaseNumber,
    *,
    person: Person = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a person be told of a case's changes."""
    from relance import cases

    on_case(
        case_id, cases.watch, by=by, on=on, config=config, as_json=as_json, person=person or by,
        told=lambda _: f"{person or by} is told of its changes",
    )  # fmt: skip


def unwatch(
    case_id: CaseNumber,
    *,
    person: Person = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell a person no longer of a case's changes."""
    from relance import cases

    on_case(
        case_id, cases.unwatch, by=by, on=on, config=config, as_json=as_json, person=person or by,
        told=lambda _: f"{person or by} is told no more",
    )  # fmt: skip
