"""What one person alone is told: refusals, answers and what became of a wish, in their own language."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError

from bot.arriving import Place
from relance.errors import CaseError
from relance.money import Money
from relance.slack import limits, refusals
from relance.slack.speech import Voice
from relance.slack.words import word_or

LONGEST = 2900
"""Characters of a text, inside a section's 3,000."""
GROUPS = {"how": "end", "reason": "end"}
"""Where the words of a refusal's value stand, by its name, when not under that name itself."""
log = logging.getLogger("relance")

Blocks = Sequence[Mapping[str, Any]]


def refusal_text(voice: Voice, error: CaseError) -> str:
    """A refusal in the viewer's language: by its key; without one, as it was said."""
    words = word_or(voice.locale, f"refusal.{error.key}", "") if error.key else ""
    if not words:
        return limits.data(str(error), LONGEST)
    values = {name: _said(voice, name, value) for name, value in error.values.items()}
    return words.format_map(_Lenient(values))


class _Lenient(dict[str, str]):
    """Values by name; one that a refusal does not bring is a dash, not an error."""

    def __missing__(self, key: str) -> str:
        return "–"


def _said(voice: Voice, name: str, value: object) -> str:
    """A refusal's value as this reader writes it."""
    if isinstance(value, Money):
        return voice.amount(value.minor, value.currency)
    if isinstance(value, date):
        return voice.plain_day(value)
    if isinstance(value, (list, tuple, frozenset, set)):
        return ", ".join(_said(voice, name, one) for one in value)
    return word_or(voice.locale, f"{GROUPS.get(name, name)}.{value}", limits.data(str(value), 300) or "–")


def tell(
    client: WebClient, *, user_id: str, place: Place, text: str, blocks: Blocks = (), first_url: bool = False
) -> bool:
    """Say something to one person where they are, else through the response URL, else in a direct message.

    `first_url`: the response URL first, as for commands, which work where the app isn't a member too. Gives whether it was said;
    Slack never shows an ephemeral message later, so nothing is kept of one that fails.
    """
    ways = [_ephemeral, _by_url, _direct]
    if first_url:
        ways = [_by_url, _ephemeral, _direct]
    for way in ways:
        try:
            if way(client, user_id, place, {"text": text, **({"blocks": list(blocks)} if blocks else {})}):
                return True
        except refusals.FAILURES as error:
            why = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
            log.info("slack: somebody could not be answered by %s: %s", way.__name__.strip("_"), why)
    log.warning("slack: somebody could not be answered")
    return False


def _ephemeral(client: WebClient, user_id: str, place: Place, said: dict[str, Any]) -> bool:
    if place.channel is None:
        return False
    client.chat_postEphemeral(channel=place.channel, user=user_id, thread_ts=place.thread, **said)
    return True


def _by_url(client: WebClient, user_id: str, place: Place, said: dict[str, Any]) -> bool:  # noqa: ARG001 - as the others
    if place.response_url is None:
        return False
    hook = WebhookClient(place.response_url, timeout=10, retry_handlers=[])
    answer = hook.send_dict({**said, "response_type": "ephemeral", "replace_original": False})
    return answer.status_code == 200


def _direct(client: WebClient, user_id: str, place: Place, said: dict[str, Any]) -> bool:  # noqa: ARG001 - as the others
    channel = client.conversations_open(users=user_id)["channel"]["id"]
    client.chat_postMessage(channel=channel, unfurl_links=False, unfurl_media=False, **said)
    return True
