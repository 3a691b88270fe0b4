"""What subcommands share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from relance.services import Services
from relance.settings import Settings


def services_for(config: Path | None = None) -> Services:
    """The services of this process; `config` names another policy than the environment's."""
    settings = Settings.from_environment()
    return Services(settings=settings if config is None else replace(settings, config=config.absolute()))
