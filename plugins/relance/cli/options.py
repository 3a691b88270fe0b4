"""Options that several commands share, and how services are built from them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from relance.errors import UsageError
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


def optional_day(text: str | None, option: str) -> date | None:
    """An option's day, None where it wasn't given.

    Raises:
        UsageError: when it is not a date.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is not a date.", hint="Write it as 2026-03-31.") from error


def services(config: Path | None = None) -> Services:
    """Services of the environment, with the policy directory that was asked for."""
    settings = Settings.from_environment(os.environ)
    if config is not None:
        settings = replace(settings, config=config.absolute())
    return Services(settings=settings)
