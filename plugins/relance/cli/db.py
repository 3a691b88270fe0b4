"""`relance db`: the embedded server, or the one configured."""

from __future__ import annotations

import typer

from relance.settings import Settings
from relance.store import embedded
from relance.store.database import Database

app = typer.Typer(help="The database: embedded unless RELANCE_DATABASE_URL is set.", no_args_is_help=True)


@app.command()
def up() -> None:
    """Start the embedded server (if none is configured) and bring the schema up to date; prints the URL."""
    database = Database.of(Settings.from_environment())
    database.migrate()
    typer.echo(_shown(database.url))


@app.command()
def down() -> None:
    """Stop the embedded server; a configured one is left alone."""
    settings = Settings.from_environment()
    if settings.database_url:
        typer.echo("RELANCE_DATABASE_URL is set: that server isn't ours to stop.")
        return
    typer.echo("stopped" if embedded.stop(settings.home) else "it was not running")


@app.command()
def migrate() -> None:
    """Bring the schema up to date."""
    Database.of(Settings.from_environment()).migrate()
    typer.echo("the schema is up to date")


@app.command()
def url() -> None:
    """Print the database's URL, without a password; starts the embedded server."""
    typer.echo(_shown(Database.of(Settings.from_environment()).url))


def _shown(address: str) -> str:
    scheme, _, rest = address.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.split(':')[0]}{at}{host}"
