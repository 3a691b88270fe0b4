"""`relance inbox`: the web addresses that Twilio calls."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from relance.cli.options import Config, services

app = typer.Typer(
    name="inbox", help="What comes back: receipts, answers, keys pressed.", no_args_is_help=True
)

CONNECTIONS = 200
"""Requests at once; what is beyond is told to come again."""


@app.callback()
def inbox() -> None:
    """What comes back: receipts, answers, keys pressed."""


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on.")] = 8087,
    config: Config = None,
) -> None:
    """Answer Twilio, behind a proxy that speaks HTTPS for RELANCE_PUBLIC_URL."""
    import uvicorn

    from relance.inbox.app import create_app
    from relance.inbox.desk import Account, Desk

    ours = services(config)
    account = Account.of(ours.settings)
    desk = Desk(database=ours.database, policy=ours.policy, clock=ours.now)
    logging.getLogger("relance").setLevel(logging.INFO)
    typer.echo(f"Listening on http://{host}:{port} for {account.public_url}", err=True)
    uvicorn.run(
        create_app(desk, account),
        host=host,
        port=port,
        access_log=False,  # its lines would hold the keys of messages
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=20,
    )
