"""`python -m bot`: listens to Slack, works what people want, and sends cards, until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

import uvicorn

from bot.app import build, desk_of
from bot.serving import Socket, create_app
from bot.working import Workers
from relance.errors import RelanceError, UsageError
from relance.services import Services
from relance.settings import Settings
from relance.slack.sending import Watched, serve

CONNECTIONS = 200
"""Requests at once; what is beyond is told to come again."""
_BOT_TOKENS = ("xoxb-", "xoxe.xoxb-")
_APP_TOKENS = ("xapp-",)
log = logging.getLogger("relance")


def main(argv: list[str] | None = None) -> int:
    """Run the bot; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    parser.add_argument(
        "--http", action="store_true", help="listen for signed requests instead of Socket Mode"
    )
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    try:
        run(Services.from_environment(), http=arguments.http)
    except RelanceError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the person at the terminal
        return 1
    return 0


def run(services: Services, *, http: bool) -> None:
    """Listen, work and send until SIGTERM or SIGINT.

    Raises:
        UsageError: a setting is missing, or a token is of another kind.
    """
    bot = services.settings.bot
    by_http = http or not bot.app_token
    check_settings(services.settings, by_http=by_http)
    desk = desk_of(services)
    bolt = build(services, desk)
    workers, stop = Workers(desk, policy=Watched(services.policy)), threading.Event()
    socket = None if by_http else Socket(bolt, str(bot.app_token))
    sender = threading.Thread(
        target=serve,
        args=(services.database, services.settings, services.policy, stop),
        name="relance-sender",
    )
    with services.database.keeping():
        # uvicorn raises the signal again that ended it: what is left to be done then is ours, not the interpreter's
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        workers.start()
        sender.start()
        if socket is not None:
            socket.start()
        try:
            app = create_app(
                desk,
                workers,
                bolt if by_http else None,
                (lambda: True) if socket is None else lambda: socket.connected,
            )
            log.info("slack: listening by %s", "HTTP" if by_http else "Socket Mode")
            uvicorn.run(
                app, host=bot.host, port=bot.port, access_log=False, log_level="warning", server_header=False,
                proxy_headers=False, limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=10,
            )  # fmt: skip
        finally:
            if socket is not None:
                socket.stop()
            desk.close()
            workers.stop()
            stop.set()
            sender.join(30)


def check_settings(settings: Settings, *, by_http: bool) -> None:
    """Both settings that it takes, in one message; what they hold is never told."""
    bot, missing = settings.bot, []
    if not settings.slack_token:
        missing.append("RELANCE_SLACK_TOKEN (the bot token, xoxb-…)")
    if by_http and not bot.signing_secret:
        missing.append("RELANCE_SLACK_APP_TOKEN (xapp-…, Socket Mode) or RELANCE_SLACK_SIGNING_SECRET (HTTP)")
    if missing:
        raise UsageError(
            "The bot doesn't know how to reach Slack.",
            hint=f"Set {', and '.join(missing)}: docs/slack.md, Install.",
        )
    for name, token, starts in (
        ("RELANCE_SLACK_TOKEN", settings.slack_token, _BOT_TOKENS),
        ("RELANCE_SLACK_APP_TOKEN", bot.app_token, _APP_TOKENS),
    ):
        if token and not token.startswith(starts):
            raise UsageError(
                f"{name} doesn't start with {starts[0]}.",
                hint="RELANCE_SLACK_TOKEN takes the bot token (xoxb-…), RELANCE_SLACK_APP_TOKEN the app-level token"
                " (xapp-…): docs/slack.md, Install.",
            )


if __name__ == "__main__":
    sys.exit(main())
