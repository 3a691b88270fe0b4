"""The bot as a Bolt app: Slack's requests verified, routed to one listener each, and answered once what they say is kept."""

from __future__ import annotations

import logging

from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import listeners
from bot.desk import Desk
from bot.ledgers import Ledgers
from relance.errors import UsageError
from relance.services import Services
from relance.slack.people import People

CALL_TIMEOUT_S = 10
"""Of one call to Slack."""
log = logging.getLogger("relance")
_bolt = logging.getLogger("relance.slack.bolt")
_bolt.setLevel(logging.CRITICAL)  # its warnings quote what was sent
_client = logging.getLogger("relance.slack.client")
_client.setLevel(logging.CRITICAL)


def desk_of(services: Services) -> Desk:
    """What listeners and workers need.

    Raises:
        UsageError: without a bot token.
    """
    settings = services.settings
    if not settings.slack_token:
        raise UsageError(
            "The bot has no token.", hint="Set RELANCE_SLACK_TOKEN to the app's bot token (xoxb-…)."
        )
    client = WebClient(
        token=settings.slack_token, base_url=settings.slack_base_url, timeout=CALL_TIMEOUT_S, retry_handlers=[],
        logger=_client,
    )  # fmt: skip

    def with_groups() -> bool:
        return any(role.slack_groups for role in services.policy.roles.roles.values())

    people = People(services.database, client, services.now, with_groups=with_groups)
    return Desk(services=services, client=client, people=people, ledgers=Ledgers(services))


def build(services: Services, desk: Desk | None = None) -> App:
    """The app with all its listeners; requests by HTTP must be signed with `RELANCE_SLACK_SIGNING_SECRET`.

    Slack is answered when a listener has returned, so what it keeps is durable by then. Nothing is asked of Slack to start.

    Raises:
        UsageError: without a bot token.
    """
    desk = desk or desk_of(services)
    settings = services.settings

    def authorized() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=settings.slack_token)

    app = App(
        name="relance",
        logger=_bolt,
        client=desk.client,
        # Socket Mode signs nothing; an empty secret would let anybody in by HTTP, so one nobody knows stands in its place
        signing_secret=settings.bot.signing_secret or "unset",
        request_verification_enabled=True,
        authorize=authorized,
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )
    app.error(_failed)
    listeners.register(app, desk)
    return app


def _failed(error: Exception) -> BoltResponse:
    """Slack is told that it failed, and sends events again; a traceback could quote what somebody wrote."""
    log.error("slack: a request failed (%s)", type(error).__name__)
    return BoltResponse(status=500, body="")
