"""Options that several commands share, and how services are built from them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from relance.errors import UsageError
from relance.money import Money
from relance.services import Services
from relance.settings import Settings

DAY_FORMATS = ["%Y-%m-%d"]


Config = Annotated[
    Path | None,
    typer.Option("--config", help="The policy directory.", envvar="RELANCE_CONFIG", show_default="config"),
]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=DAY_FORMATS, help="The day.", metavar="D")]
Json = Annotated[bool, typer.Option("--json", help="JSON for machines.")]
Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="The selling entity's id.")]


CaseNumber = Annotated[int, typer.Argument(metavar="CASE", help="The case's number.")]
By = Annotated[str, typer.Option("--by", help="Who does it.", metavar="EMAIL")]
On = Annotated[
    str | None,
    typer.Option("--on", help="The day on which it is done; the entity's today if absent.", metavar="DATE"),
]
Invoices = Annotated[
    list[str] | None,
    typer.Option("--invoice", help="What it is about, repeatable; all of the payer's if absent."),
]


def day_of(text: str, option: str) -> date:
    """An option's day.

    Raises:
        UsageError: when it is not a date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is not a date.", hint="Write it as 2026-03-31.") from error


def done_on(on: str | None, ours: Services, entity: str) -> date:
    """The day of `--on`, else the entity's today.

    Raises:
        UsageError: when it is not a date, or for an unknown entity.
    """
    return day_of(on, "--on") if on else ours.today(entity)


def money_of(text: str) -> Money:
    """An amount with its currency, such as "120.00 EUR".

    Raises:
        UsageError: when it is none.
    """
    try:
        return Money.parse(text)
    except ValueError as error:
        raise UsageError(f"{error}.") from error


def services(config: Path | None = None) -> Services:
    """Services of the environment, with the policy directory that was asked for."""
    settings = Settings.from_environment(os.environ)
    if config is not None:
        settings = replace(settings, config=config.absolute())
    return Services(settings=settings)
