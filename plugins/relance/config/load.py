"""The policy, loaded: whole and sound, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from relance.config.channels import Channels
from relance.config.models import Entity, Region, Scenario
from relance.config.policy import Policy
from relance.config.problems import Problem
from relance.config.profiles import Profiles
from relance.config.reading import Reading, read_directory
from relance.config.roles import UNWRITTEN, Roles
from relance.config.rules import apply_rules
from relance.config.slack import SlackRules
from relance.errors import PolicyError


def load_policy(directory: Path, *, only: str | None = None) -> Policy:
    """The policy of `directory`. Templates are not looked at: planning doesn't need them.

    With `only`, an entity's id, the files of other entities may be unsound: they are nobody's concern but their own.

    Raises:
        PolicyError: with every problem of every file, as lines `file:line: what; write …`.
    """
    reading = read_directory(directory)
    apply_rules(reading)
    refuse(reading.problems(), directory, only=only)
    return assemble(reading)


def refuse(problems: Iterable[Problem], directory: Path, *, only: str | None = None) -> None:
    """Raise where there are errors; with `only`, those in the files of other entities don't count.

    Those of roles.yaml never do: planning asks nobody, and an unsound table allows nothing.
    """
    errors = tuple(
        str(one)
        for one in problems
        if one.severity == "error" and not _of_another(one, only) and Path(one.file).name != "roles.yaml"
    )
    if errors:
        count = "one problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise PolicyError(
            f"The policy in {directory.as_posix()} has {count}.",
            problems=errors,
            hint="Mend the files, then `relance config check` them:",
        )


def _roles(reading: Reading) -> Roles:
    """Those of the file; without one everyday work is everybody's; an unsound file allows nothing."""
    absent = UNWRITTEN if "roles" not in reading.single_documents else Roles()
    return cast("Roles", reading.single.get("roles") or absent)


def _of_another(problem: Problem, only: str | None) -> bool:
    file = Path(problem.file)
    return only is not None and file.parent.name == "entities" and file.stem != only


def assemble(reading: Reading) -> Policy:
    """The policy of the sound files of a reading."""
    return Policy(
        entities=cast("dict[str, Entity]", reading.models["entities"]),
        regions=cast("dict[str, Region]", reading.models["regions"]),
        scenarios=cast("dict[str, Scenario]", reading.models["scenarios"]),
        segments=reading.segments.rules if reading.segments else (),
        profiles=cast("Profiles", reading.single.get("profiles") or Profiles()),
        roles=_roles(reading),
        channels=cast("Channels", reading.single.get("channels") or Channels()),
        slack=cast("SlackRules", reading.single.get("slack") or SlackRules()),
        directory=reading.directory,
    )
