"""`relance config`: check the policy, and write the schemas that editors read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from relance.config import Problem, check_policy, load_policy
from relance.config.schema import write_schemas
from relance.config.templates import templates_directory
from relance.delivery.check import check_words

app = typer.Typer(name="config", help="The policy: check it, and help editors with it.", no_args_is_help=True)

ConfigOption = Annotated[
    Path,
    typer.Option("--config", envvar="RELANCE_CONFIG", help="The directory of the policy.", metavar="DIR"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def check(config: ConfigOption = Path("config"), *, as_json: JsonOption = False) -> None:
    """Every problem of the policy with file:line and the mend; exit 1 when there is an error."""
    problems = check_policy(config)
    if not any(
        problem.severity == "error" for problem in problems
    ):  # words are looked at for a sound policy only
        problems = sorted([*problems, *check_words(load_policy(config), templates_directory())])
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        figures = {"errors": errors, "warnings": len(problems) - errors}
        listed = [asdict(problem) for problem in problems]
        typer.echo(json.dumps({"ok": not errors, **figures, "problems": listed}, ensure_ascii=False))
    else:
        _print_problems(problems)
        typer.echo(_summary(config, errors=errors, warnings=len(problems) - errors))
    raise typer.Exit(1 if errors else 0)


@app.command()
def schema(config: ConfigOption = Path("config")) -> None:
    """Write the JSON Schemas into the policy's schemas/."""
    for path in write_schemas(config / "schemas"):
        typer.echo(path.as_posix())


def _print_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        place = typer.style(f"{problem.file}:{problem.line}:", bold=True)
        warning = problem.severity == "warning"
        what = f"warning: {problem.message}" if warning else problem.message
        colour = typer.colors.YELLOW if warning else typer.colors.RED
        mend = typer.style(problem.mend, fg=typer.colors.GREEN)
        # echo drops the colours where standard output is no terminal.
        typer.echo(f"{place} {typer.style(what, fg=colour)}; {mend}")


def _summary(config: Path, *, errors: int, warnings: int) -> str:
    beside = f", {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    if errors:
        return f"{config}: {errors} problem{'' if errors == 1 else 's'}{beside}"
    policy = load_policy(config)
    counts = {
        "entities": len(policy.entities),
        "regions": len(policy.regions),
        "scenarios": len(policy.scenarios),
        "segment rules": len(policy.segments),
    }
    listed = ", ".join(f"{kind}: {number}" for kind, number in counts.items())
    return f"{config}: sound ({listed}){beside}, version {policy.version[:12]}"
