"""What Slack's answers mean for a message: try again, give up, go elsewhere, or stop."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal

from slack_sdk.errors import SlackApiError, SlackClientError

FAILURES = (SlackClientError, OSError, HTTPException)
"""What a call of slack_sdk raises; time-outs and dropped connections are OSError."""

WITHOUT_RETRY_AFTER = 30.0

_RATE = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_UNSURE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
_CHANNEL = {
    "channel_not_found": "the channel doesn't exist, or the app can't see it",
    "is_archived": "the channel is archived",
    "not_in_channel": "the app is not in the channel: invite it",
    "restricted_action": "the workspace doesn't let the app write there",
    "restricted_action_read_only_channel": "the channel is read-only",
    "cannot_reply_to_message": "this message takes no replies",
}
_TOKEN = {
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission",
    "missing_scope", "not_allowed_token_type", "ekm_access_denied", "org_login_required", "access_denied",
}  # fmt: skip
_GONE = {
    "message_not_found": "the message was deleted in Slack",
    "cant_update_message": "the message isn't the app's own",
    "edit_window_closed": "the workspace doesn't let messages be changed any more",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`what` to do; `sure` when the call had no effect; `after` in seconds where Slack named it."""

    what: Literal["retry", "rate", "channel", "gone", "token", "dead"]
    reason: str
    sure: bool
    after: float | None = None


def read(error: BaseException) -> Refusal:
    """The meaning of a failed call."""
    if not isinstance(error, SlackApiError):
        return Refusal("retry", f"no answer: {type(error).__name__}: {error}"[:300], sure=False)
    response = error.response
    status = getattr(response, "status_code", 200)
    word = str(response.get("error") or "") if hasattr(response, "get") else ""
    if status == 429 or word in _RATE:
        return Refusal("rate", word or "ratelimited", sure=True, after=_retry_after(response))
    if status >= 500 or word in _UNSURE or not word:
        return Refusal("retry", f"Slack answered {status} {word}".strip(), sure=False)
    needed = response.get("needed")
    return _final(word, f"{word}: needs {needed}" if needed else word)


def _final(word: str, told: str) -> Refusal:
    """What no waiting mends: the channel, the message, the token, or the call itself."""
    if word in _CHANNEL:
        return Refusal("channel", f"{word}: {_CHANNEL[word]}", sure=True)
    if word in _GONE:
        return Refusal("gone", f"{word}: {_GONE[word]}", sure=True)
    return Refusal("token" if word in _TOKEN else "dead", told, sure=True)


def _retry_after(response: object) -> float:
    headers = {str(k).lower(): v for k, v in (getattr(response, "headers", None) or {}).items()}
    value = headers.get("retry-after")
    first = value[0] if isinstance(value, list) and value else value
    try:
        return max(1.0, float(str(first)))
    except ValueError:
        return WITHOUT_RETRY_AFTER
