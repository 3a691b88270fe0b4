"""The policy, loaded: whole and sound, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from relance.config.models import Entity, Region, Scenario
from relance.config.policy import Policy
from relance.config.profiles import Profiles
from relance.config.reading import Reading, read_directory
from relance.config.rules import apply_rules
from relance.errors import PolicyError


def load_policy(directory: Path) -> Policy:
    """The policy of `directory`. Templates are not looked at: planning doesn't need them.

    Raises:
        PolicyError: with every problem of every file, as lines `file:line: what; write …`.
    """
    reading = read_directory(directory)
    apply_rules(reading)
    errors = tuple(str(one) for one in reading.problems() if one.severity == "error")
    if errors:
        count = "one problem" if len(errors) == 1 else f"{len(errors)} problems"
        listing = "\n".join(errors)
        raise PolicyError(
            f"The policy in {directory.as_posix()} has {count}:\n{listing}\n",
            problems=errors,
            hint="Mend the files, then `relance config check` them.",
        )
    return assemble(reading)


def assemble(reading: Reading) -> Policy:
    """The policy of the sound files of a reading."""
    return Policy(
        entities=cast("dict[str, Entity]", reading.models["entities"]),
        regions=cast("dict[str, Region]", reading.models["regions"]),
        scenarios=cast("dict[str, Scenario]", reading.models["scenarios"]),
        segments=reading.segments.rules if reading.segments else (),
        profiles=reading.profiles or Profiles(),
        directory=reading.directory,
    )
