"""The outbox into Slack: in order per channel, at Slack's pace, a card posted once and then changed in place.

**A sender killed between a post and its note.** Slack has no idempotency key, so a post can't be made safe
by itself. Relance notes that a post begins before it makes it, and puts the case into the message's
metadata. A later attempt that finds a begun post without an end looks for its own message in the channel's
recent history first: found, the card is bound to it and changed in place; not found, it is posted. Where
the app may not read the history (scopes `channels:history`, `groups:history`, and `channels:read` for a
channel given by name) nobody can know; then the row is given up with that reason instead of posting twice,
and a click on the unknown card binds it again.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from relance.config.policy import Policy
from relance.settings import Settings
from relance.slack import outbox, refusals
from relance.slack.outbox import Claim, Nothing
from relance.store.database import Database

EVENT_TYPE = "relance_case"
"""Type of the metadata that marks our messages."""

PACE = {"chat.postMessage": 1.05, "chat.update": 1.2}
"""Seconds between two calls: posts 1 a second and channel, updates 50 a minute (tier 3)."""

PATIENCE = timedelta(seconds=90)
"""The longest a sender waits for Slack before it leaves the rest for the next run."""

FAILURES_IN_A_ROW = 4
"""Then Slack is taken to be down, and the rest is left for the next run."""

MOST_ATTEMPTS = 60
"""Of one row; far more than a day's outage makes, at one a backoff."""

_LONGEST_BACKOFF = 300.0
_HISTORY_PAGES = 10
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")
_log = logging.getLogger("relance")
_client_log = logging.getLogger("relance.slack.client")
_client_log.setLevel(logging.CRITICAL)  # what it would say is said once, in our own words


class Clock(Protocol):
    """The time, and waiting; tests bring their own."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(slots=True)
class SlackReport:
    """What a run of the sender did; `pending` rows are left for the next, `problems` are for operations."""

    posted: int = 0
    updated: int = 0
    pending: int = 0
    skipped: int = 0
    dead: int = 0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return asdict(self)


def send(
    database: Database,
    *,
    settings: Settings,
    policy: Policy | None = None,
    entity: str | None = None,
    clock: Clock | None = None,
) -> SlackReport:
    """Send what waits in the outbox; without a token nothing is sent and all stays pending.

    `policy` names the channels to fall back to. `entity` only narrows the count of what is pending: a
    channel's order is kept over all entities that write to it. Several senders may run at once.
    """
    report = SlackReport()
    if settings.slack_token:
        client = WebClient(
            token=settings.slack_token,
            base_url=settings.slack_base_url,
            timeout=30,
            retry_handlers=[],
            logger=_client_log,
        )
        _Sender(database, client, policy, clock or SystemClock(), report).run()
    report.pending = outbox.unfinished(database, entity=entity)
    return report


class _Refused(Exception):  # noqa: N818
    """A refusal of ours, in the form of Slack's."""

    def __init__(self, refusal: refusals.Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class _Sender:
    """One run."""

    def __init__(
        self, database: Database, client: WebClient, policy: Policy | None, clock: Clock, report: SlackReport
    ) -> None:
        self.database = database
        self.client = client
        self.policy = policy
        self.clock = clock
        self.report = report
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.failures = 0
        self.stopped = False
        self._last_call: dict[tuple[str, str], datetime] = {}

    def run(self) -> None:
        while not self.stopped:
            one = outbox.claim(self.database, owner=self.owner, now=self.clock.now())
            if isinstance(one, Claim):
                self._work(one)
            elif not self._wait_for(one):
                break

    def _wait_for(self, nothing: Nothing) -> bool:
        """Wait until a row can be sent; False when there is none or it is too long."""
        if nothing.at is None or nothing.at - self.clock.now() > PATIENCE:
            return False
        self.clock.sleep(max(0.05, (nothing.at - self.clock.now()).total_seconds()))
        return True

    def _work(self, one: Claim) -> None:
        try:
            self._deliver(one)
            self.failures = 0
        except _Refused as refused:
            self._refused(one, refused.refusal)
        except refusals.FAILURES as error:
            self._refused(one, refusals.read(error))

    def _deliver(self, one: Claim) -> None:
        if one.verb == "card" and one.shown == one.digest:
            outbox.skipped(self.database, one, now=self.clock.now())
            self.report.skipped += 1
        elif one.posts:
            self._post(one)
        else:
            self._update(one, channel_id=one.channel_id or one.channel, ts=str(one.ts))

    def _post(self, one: Claim) -> None:
        thread: dict[str, Any] = {}
        channel = one.channel
        if one.verb == "reply":
            if one.ts is None:
                reason = "the card that this answers is not in Slack"
                raise _Refused(refusals.Refusal("dead", reason, sure=one.in_doubt_since is None))
            thread = {"thread_ts": one.ts, "reply_broadcast": True}
            channel = one.channel_id or one.channel
        if one.in_doubt_since is not None and self._found(one, one.in_doubt_since):
            return
        answer = self._call(
            "chat.postMessage", channel,
            channel=channel, unfurl_links=False, unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": one.marker}, **thread, **one.payload,
        )  # fmt: skip
        outbox.sent(self.database, one, now=self.clock.now(), channel_id=answer["channel"], ts=answer["ts"])
        self.report.posted += 1

    def _found(self, one: Claim, since: datetime) -> bool:
        """Whether an earlier attempt had reached Slack; then what it made is taken over."""
        channel_id = self._channel_id(one)
        ts = next((ts for ts in self._history(channel_id, one.marker, since)), None)
        if ts is None:
            return False
        if one.verb != "card":
            outbox.sent(self.database, one, now=self.clock.now())
            self.report.skipped += 1
            return True
        outbox.bind(self.database, one, channel_id=channel_id, ts=ts)
        self._update(one, channel_id=channel_id, ts=ts)
        return True

    def _update(self, one: Claim, *, channel_id: str, ts: str) -> None:
        self._call("chat.update", "", channel=channel_id, ts=ts, **one.payload)
        outbox.sent(self.database, one, now=self.clock.now(), channel_id=channel_id, ts=ts)
        self.report.updated += 1

    def _call(self, method: str, paced_by: str, **arguments: object) -> SlackResponse:
        key = (method, paced_by)
        last = self._last_call.get(key)
        if last is not None:
            wait = PACE[method] - (self.clock.now() - last).total_seconds()
            if wait > 0:
                self.clock.sleep(wait)
        self._last_call[key] = self.clock.now()
        return self.client.api_call(method, json=arguments)

    def _channel_id(self, one: Claim) -> str:
        """The channel's id, from an earlier card or from Slack's list; refuses when it can't be known."""
        if one.channel_id or _CHANNEL_ID.fullmatch(one.channel):
            return one.channel_id or one.channel
        known = outbox.known_channel_id(self.database, one.channel)
        if known:
            return known
        listed = self._listed(one.channel.lstrip("#"))
        if listed is None:
            raise _Refused(_unknowable(f"{one.channel} is not in the list of channels"))
        return listed

    def _listed(self, name: str) -> str | None:
        """The id of the channel of that name; private ones apart: listing them takes a scope that few need give."""
        for kind in ("public_channel", "private_channel"):
            for page in self._pages("conversations.list", types=kind, exclude_archived=True, limit=200):
                for channel in page.get("channels") or []:
                    if channel.get("name", "").lstrip("#") == name:
                        return str(channel["id"])
        return None

    def _history(self, channel_id: str, marker: dict[str, Any], since: datetime) -> Iterator[str]:
        """Timestamps of our messages with that marker, since a while before `since`: clocks differ."""
        oldest = f"{(since - timedelta(minutes=10)).timestamp():.6f}"
        for page in self._pages(
            "conversations.history", channel=channel_id, oldest=oldest, limit=100, include_all_metadata=True
        ):
            for message in page.get("messages") or []:
                mark = message.get("metadata") or {}
                if mark.get("event_type") == EVENT_TYPE and mark.get("event_payload") == marker:
                    yield str(message["ts"])

    def _pages(self, method: str, **arguments: object) -> Iterator[SlackResponse]:
        cursor = ""
        for _ in range(_HISTORY_PAGES):
            try:
                page = self.client.api_call(
                    method, params={**arguments, **({"cursor": cursor} if cursor else {})}
                )
            except SlackApiError as error:
                refusal = refusals.read(error)
                if refusal.what in {"rate", "retry"}:
                    raise
                raise _Refused(_unknowable(f"{method}: {refusal.reason}")) from error
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _refused(self, one: Claim, refusal: refusals.Refusal) -> None:
        now = self.clock.now()
        if refusal.what == "rate":
            after = timedelta(seconds=refusal.after or refusals.WITHOUT_RETRY_AFTER)
            outbox.again(self.database, one, at=now + after, reason=refusal.reason, sure=True)
            self._rest(after)
        elif refusal.what == "retry" and one.attempts < MOST_ATTEMPTS:
            backoff = timedelta(seconds=min(_LONGEST_BACKOFF, 2.0**one.attempts))
            outbox.again(self.database, one, at=now + backoff, reason=refusal.reason, sure=refusal.sure)
            _log.info("slack: %s: %s; again in %d s", one.channel, refusal.reason, backoff.total_seconds())
            self.failures += 1
            self.stopped = self.failures >= FAILURES_IN_A_ROW
        elif refusal.what == "token":
            # Nothing is wrong with the row: it goes out once the token is mended.
            outbox.again(self.database, one, at=now, reason=refusal.reason, sure=refusal.sure)
            self._problem(f"Slack refuses the token or its scopes ({refusal.reason}); all cards are kept.")
            self.stopped = True
        elif refusal.what == "channel" and (other := self._fallback(one)) is not None:
            outbox.elsewhere(self.database, one, channel=other, reason=refusal.reason)
            self._problem(f"{one.channel}: {refusal.reason}; {_name(one)} goes to {other}.")
        else:
            gone = refusal.what == "gone"
            outbox.dead(self.database, one, now=now, reason=refusal.reason, gone=gone, sure=refusal.sure)
            self.report.dead += 1
            self._problem(f"{one.channel}: {_name(one)} can't be shown: {refusal.reason}.")

    def _rest(self, after: timedelta) -> None:
        """Obey Retry-After: it holds for the method in the whole workspace, so that everything waits."""
        if after > PATIENCE:
            self.stopped = True
        else:
            self.clock.sleep(after.total_seconds())

    def _fallback(self, one: Claim) -> str | None:
        """The entity's main channel for a card whose own channel fails; None when that is the one, or for a reply."""
        entity = self.policy.entities.get(one.entity) if self.policy else None
        main = entity.slack.channel if entity and entity.slack else None
        return main if main and main != one.channel and one.verb != "reply" else None

    def _problem(self, text: str) -> None:
        _log.warning("slack: %s", text)
        self.report.problems.append(text)


def _name(one: Claim) -> str:
    return f"case {one.case_id}" if one.case_id is not None else f"a {one.verb}"


def _unknowable(reason: str) -> refusals.Refusal:
    return refusals.Refusal(
        "dead",
        f"an earlier attempt may have reached Slack, and its history can't be read ({reason})",
        sure=False,
    )
