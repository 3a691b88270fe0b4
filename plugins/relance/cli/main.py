"""`relance`: one module a subcommand group; errors in one line on standard error, exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

import psycopg
import sqlalchemy as sa
import typer
from psycopg.errors import DeadlockDetected, LockNotAvailable

from relance.cli import (
    bench,
    bounces,
    case,
    claims,
    config,
    db,
    diff,
    digest,
    evidence,
    explain,
    inbox,
    ledger,
    link,
    outbox,
    plan,
    preview,
    profiles,
    reach,
    replay,
    run_day,
    slack,
)
from relance.cli.handover import handover
from relance.cli.interest import interest
from relance.errors import RelanceError, UsageError

app = typer.Typer(
    name="relance",
    help="Collections as code: what is owed, who is chased today, how, and why not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, group in (
    ("config", config.app),
    ("db", db.app),
    ("ledger", ledger.app),
    ("case", case.app),
    ("claim", claims.app),
    ("slack", slack.app),
    ("evidence", evidence.app),
    ("bench", bench.app),
    ("inbox", inbox.app),
    ("reach", reach.app),
    ("link", link.app),
):
    app.add_typer(group, name=name)
app.command("plan")(plan.plan)
app.command("preview")(preview.preview)
app.command("play")(plan.play)
app.command("run")(run_day.run)
app.command("deliver")(run_day.deliver)
app.command("history")(run_day.history)
app.command("interest")(interest)
app.command("handover")(handover)
app.command("explain")(explain.explain)
app.command("diff")(diff.diff)
app.command("digest")(digest.digest)
app.command("replay")(replay.replay)
app.command("profile")(profiles.profile)
app.add_typer(outbox.app, name="outbox")
inbox.app.command("read")(bounces.read)


_OTHERS = (DeadlockDetected, LockNotAvailable)
_WrongCall: type[Exception] = typer.BadParameter.__bases__[
    0
]  # click's UsageError, wherever this typer keeps its click


def run() -> NoReturn:
    """The console script: runs `app` and turns errors of the house into one line and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    logging.basicConfig(level=logging.INFO if debug else logging.WARNING, format="%(levelname)s %(message)s")
    try:
        code = app(arguments, standalone_mode=False)
    except _WrongCall as error:
        _say_wrong_call(error)
        sys.exit(2)
    except typer.Abort:
        typer.echo("relance: given up; nothing more was done.", err=True)
        sys.exit(1)
    except RelanceError as error:
        if debug:
            raise
        typer.echo(f"relance: {error}", err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except (sa.exc.OperationalError, psycopg.OperationalError) as error:
        if debug:
            raise
        typer.echo(f"relance: {_of_database(error)}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `relance … | head` is no failure
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        message = str(error).strip().splitlines() or [type(error).__name__]
        typer.echo(f"relance: {type(error).__name__}: {message[0]} (run again with --debug)", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _of_database(error: Exception) -> str:
    """Why the database did not do it, and what to do: others work on the same rows, or it is away."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, _OTHERS):
        return "others work on the same cases just now; nothing was changed. Run it again in a minute."
    reason = str(cause).strip().splitlines()[0]
    return f"the database can't be reached: {reason}. Start it, or correct RELANCE_DATABASE_URL."


def _say_wrong_call(error: Exception) -> None:
    """One line first that says what to do; a group without a command shows its help instead."""
    context = getattr(error, "ctx", None)
    told: str = error.format_message() if hasattr(error, "format_message") else str(error)
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":
        if text := context.get_help():  # with rich it prints by itself
            typer.echo(text)
        return
    path = context.command_path if context is not None else "relance"
    line = " ".join(told.split()).rstrip(".")
    typer.echo(f"relance: {line}. See `{path} --help`.", err=True)
