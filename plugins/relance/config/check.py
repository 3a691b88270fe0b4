"""`relance config check`: everything that loading refuses, the templates, and warnings."""

from __future__ import annotations

from pathlib import Path

from relance.config.dead_rules import warn_of_dead_rules
from relance.config.problems import Problem
from relance.config.reading import Reading, read_directory
from relance.config.rules import apply_rules, step_name, steps_of
from relance.config.templates import check_templates, templates_directory


def check_policy(directory: Path, templates: Path | None = None) -> list[Problem]:
    """Every problem of the policy in `directory`, by file and line; warnings too.

    Args:
        directory: The policy (`config/`).
        templates: The folder of the templates; `templates_directory()` if None.
    """
    reading = read_directory(directory)
    if directory.is_dir():
        apply_rules(reading)
        check_templates(reading, templates or templates_directory())
        warn_of_dead_rules(reading)
        _warn_of_idle_thresholds(reading)
    return reading.problems()


def _warn_of_idle_thresholds(reading: Reading) -> None:
    """A preventive step comes before anything is overdue: with a threshold it would hardly ever act."""
    for document in reading.documents["scenarios"].values():
        for position, step in steps_of(document):
            if step.get("level") == "preventive" and step.get("min_overdue"):
                what = (
                    f"{step_name(position, step)}: min_overdue on a preventive step, when nothing is overdue"
                )
                document.warn(("steps", position, "min_overdue"), what, "delete min_overdue here")
