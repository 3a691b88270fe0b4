"""One row of the outbox brought into Slack: posted, changed, said to one person, or put there as a file.

**A sender killed between a post and its note.** Slack has no idempotency key, so a post can't be made safe
by itself. Relance notes that a post begins before it makes it, and puts what it is into the message's
metadata. A later attempt that finds a begun post without an end looks for its own message in the channel's
recent history first: found, it is taken over and changed in place; not found, it is posted. Where the app
may not read the history (scopes `channels:history`, `groups:history`, `im:history`, and `channels:read` for
a channel given by name) nobody can know; then the row is given up with that reason instead of posting
twice, and a click on the unknown card binds it again (`outbox.adopt`).
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from relance.slack import limits, outbox, refusals
from relance.slack.outbox import Claim
from relance.slack.pace import POST, UPDATE, Gate
from relance.store.database import Database

EVENT_TYPE = "relance_case"
"""Type of the metadata that marks our messages."""
_HISTORY_PAGES = 10
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")
_SHORT_S = 5.0
"""The longest wait between two calls for one row; else the row is put off."""
_PICTURE_TRIES, _PICTURE_TAKES_S = 3, 2.0
_CLOCKS_DIFFER = timedelta(minutes=10)


class RefusedError(Exception):
    """A refusal of ours, in the form of Slack's."""

    def __init__(self, refusal: refusals.Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Done:
    """How a row ended: posted, updated or skipped."""

    how: str


@dataclass(slots=True)
class Poster:
    """Calls Slack for one row at a time. `now`: the clock; `wait`: passes so many seconds, for calls behind a row's first."""

    database: Database
    client: WebClient
    gate: Gate
    now: Callable[[], datetime]
    wait: Callable[[float], None]
    calling: tuple[str, str] = ("", "")
    """The method, and its channel, that was called last."""
    _listed_ids: dict[str, str] = field(default_factory=dict)

    def deliver(self, one: Claim) -> Done:
        """Bring a row into Slack and note that it is there.

        Raises:
            RefusedError: it can't be, for a reason of ours.
            SlackApiError, OSError, HTTPException: Slack refuses it, or can't be reached.
        """
        if one.verb == "card" and one.shown == one.digest:
            outbox.skipped(self.database, one, now=self.now())
            return Done("skipped")
        if one.file_name is not None:
            return self._picture(one) if "alt" in one.payload else self._file(one)
        if one.verb == "direct":
            return self._direct(one)
        if one.posts:
            return self._post(one)
        return self._update(one, channel_id=one.channel_id or one.channel, ts=str(one.ts))

    def _post(self, one: Claim) -> Done:
        thread: dict[str, Any] = {}
        channel = one.channel
        if one.verb == "reply":
            thread = {"thread_ts": self._thread(one), "reply_broadcast": True}
            channel = one.channel_id or one.channel
        if one.in_doubt_since is not None and (found := self._found(one, one.in_doubt_since)):
            return found
        return self._say(one, channel, one.payload, **thread)

    def _say(self, one: Claim, channel: str, payload: Mapping[str, Any], **thread: Any) -> Done:
        answer = self._call(
            POST, channel,
            channel=channel, unfurl_links=False, unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": one.marker}, **thread, **payload,
        )  # fmt: skip
        outbox.sent(self.database, one, now=self.now(), channel_id=answer["channel"], ts=answer["ts"])
        return Done("posted")

    def _thread(self, one: Claim) -> str:
        if one.ts is None:
            reason = "the message that this answers is not in Slack"
            raise RefusedError(refusals.Refusal("dead", reason, sure=one.in_doubt_since is None))
        return one.ts

    def _direct(self, one: Claim) -> Done:
        """To one person, with a link to the card where it is in Slack."""
        channel_id = outbox.known_channel_id(self.database, one.channel)
        if channel_id is None:
            opened = self._call("conversations.open", "", users=one.channel)
            channel_id = str(opened["channel"]["id"])
        if one.in_doubt_since is not None and (
            found := self._found(one, one.in_doubt_since, channel_id=channel_id)
        ):
            return found
        payload = dict(one.payload)
        label = payload.pop("link", None)
        url = self._permalink(one) if label else None
        if url:
            told = {"type": "context", "elements": [limits.mrkdwn(f"<{limits.escape(url)}|{label}>")]}
            payload["blocks"] = [*payload.get("blocks", []), told]
        return self._say(one, channel_id, payload)

    def _permalink(self, one: Claim) -> str | None:
        """The card's address; without one the message says enough."""
        if one.channel_id is None or one.ts is None:
            return None
        try:
            answer = self._call(
                "chat.getPermalink", "", as_json=False, channel=one.channel_id, message_ts=one.ts
            )
        except SlackApiError as error:
            if refusals.read(error).what in {"rate", "retry"}:
                raise
            return None
        return str(answer["permalink"])

    def _file(self, one: Claim) -> Done:
        """A file in the thread of the message that it belongs under: an address for it, its bytes, its place."""
        thread = self._thread(one)
        channel_id = one.channel_id or self._channel_id(one)
        if one.in_doubt_since is not None and self._file_is_there(one, channel_id, thread):
            outbox.sent(self.database, one, now=self.now())
            return Done("skipped")
        said = one.payload.get("text") or one.file_name
        self._put(one, channel_id=channel_id, thread_ts=thread, initial_comment=said)
        outbox.sent(self.database, one, now=self.now())
        return Done("posted")

    def _picture(self, one: Claim) -> Done:
        """A picture at the foot of the message that it belongs to; where Slack won't show it there, in the thread.

        A second attempt puts it there again, in the first one's place: the message has one picture, whatever was begun before.
        """
        ts, channel_id = self._thread(one), one.channel_id or self._channel_id(one)
        above = outbox.payload_of(self.database, one.under)
        shown = {"slack_file": {"id": self._put(one)}, "alt_text": one.payload["alt"]}
        payload = {**above, "blocks": [*above.get("blocks", []), {"type": "image", **shown}]}
        for _ in range(_PICTURE_TRIES):
            try:
                self._call(UPDATE, "", channel=channel_id, ts=ts, **payload)
            except SlackApiError as error:
                if not refusals.read(error).reason.startswith("invalid_blocks"):
                    raise
                self.wait(
                    _PICTURE_TAKES_S
                )  # an upload is ready to be shown some moments after it is complete
                continue
            outbox.sent(self.database, one, now=self.now())
            return Done("posted")
        return self._file(one)

    def _put(self, one: Claim, **place: Any) -> str:
        """Upload a row's file; with a `place` it is shown there. Gives the file's id."""
        content, name = one.file or b"", one.file_name or "file"
        words = {"alt_txt": one.payload["alt"]} if "alt" in one.payload else {}
        address = self._call(
            "files.getUploadURLExternal", "", as_json=False, filename=name, length=len(content), **words
        )
        self._upload(str(address["upload_url"]), content)
        files = [{"id": address["file_id"], "title": name}]
        self._call("files.completeUploadExternal", "", files=files, **place)
        return str(address["file_id"])

    def _upload(self, url: str, content: bytes) -> None:
        """The bytes, to the address that Slack gave, which takes no token."""
        if not url.startswith(("https://", f"{self.client.base_url.partition('://')[0]}://")):
            raise RefusedError(refusals.Refusal("dead", "Slack gave no web address to upload to", sure=True))
        request = urllib.request.Request(url, data=content, method="POST")  # noqa: S310 - the scheme is checked
        try:
            with urllib.request.urlopen(request, timeout=self.client.timeout):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"the upload was answered with {error.code}"
            raise RefusedError(refusals.Refusal("retry", reason, sure=True)) from error

    def _file_is_there(self, one: Claim, channel_id: str, thread: str) -> bool:
        for page in self._pages("conversations.replies", channel=channel_id, ts=thread, limit=100):
            for message in page.get("messages") or []:
                if any(file.get("name") == one.file_name for file in message.get("files") or []):
                    return True
        return False

    def _found(self, one: Claim, since: datetime, *, channel_id: str | None = None) -> Done | None:
        """Whether an earlier attempt had reached Slack; then what it made is taken over."""
        where = channel_id or self._channel_id(one)
        ts = next((ts for ts in self._history(where, one.marker, since)), None)
        if ts is None:
            return None
        if one.verb != "card":
            outbox.sent(self.database, one, now=self.now(), channel_id=where, ts=ts)
            return Done("skipped")
        outbox.bind(self.database, one, channel_id=where, ts=ts)
        return self._update(one, channel_id=where, ts=ts)

    def _update(self, one: Claim, *, channel_id: str, ts: str) -> Done:
        self._call(UPDATE, "", channel=channel_id, ts=ts, **one.payload)
        outbox.sent(self.database, one, now=self.now(), channel_id=channel_id, ts=ts)
        return Done("updated")

    def _call(self, method: str, paced_by: str, *, as_json: bool = True, **arguments: Any) -> SlackResponse:
        """Call a method, once its pace lets it be; what it refuses is said of this method."""
        wait = (self.gate.opens(method, paced_by) - self.now()).total_seconds()
        self.calling = (method, paced_by)
        if wait > _SHORT_S:
            raise RefusedError(
                refusals.Refusal("rate", f"{method} is not to be called yet", sure=True, after=wait)
            )
        if wait > 0:
            self.wait(wait)
        self.gate.called(method, paced_by, self.now())
        if as_json:
            return self.client.api_call(method, json=arguments)
        return self.client.api_call(method, params=arguments)

    def _channel_id(self, one: Claim) -> str:
        """The channel's id, from an earlier message or from Slack's list; refuses when it can't be known."""
        if one.channel_id or _CHANNEL_ID.fullmatch(one.channel):
            return one.channel_id or one.channel
        known = outbox.known_channel_id(self.database, one.channel)
        if known:
            return known
        if one.channel not in self._listed_ids:
            listed = self._listed(one.channel.lstrip("#"))
            if listed is None:
                raise RefusedError(_unknowable(f"{one.channel} is not in the list of channels"))
            self._listed_ids[one.channel] = listed
        return self._listed_ids[one.channel]

    def _listed(self, name: str) -> str | None:
        """The id of the channel of that name; private ones apart: listing them takes a scope that few need give."""
        for kind in ("public_channel", "private_channel"):
            for page in self._pages("conversations.list", types=kind, exclude_archived=True, limit=200):
                for channel in page.get("channels") or []:
                    if channel.get("name", "").lstrip("#") == name:
                        return str(channel["id"])
        return None

    def _history(self, channel_id: str, marker: dict[str, Any], since: datetime) -> Iterator[str]:
        """Timestamps of our messages with that marker, since a while before `since`."""
        oldest = f"{(since - _CLOCKS_DIFFER).timestamp():.6f}"
        for page in self._pages(
            "conversations.history", channel=channel_id, oldest=oldest, limit=100, include_all_metadata=True
        ):
            for message in page.get("messages") or []:
                mark = message.get("metadata") or {}
                if mark.get("event_type") == EVENT_TYPE and mark.get("event_payload") == marker:
                    yield str(message["ts"])

    def _pages(self, method: str, **arguments: Any) -> Iterator[SlackResponse]:
        cursor = ""
        for _ in range(_HISTORY_PAGES):
            more = {"cursor": cursor} if cursor else {}
            try:
                page = self._call(method, "", as_json=False, **arguments, **more)
            except SlackApiError as error:
                refusal = refusals.read(error)
                if refusal.what in {"rate", "retry"}:
                    raise
                raise RefusedError(_unknowable(f"{method}: {refusal.reason}")) from error
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _unknowable(reason: str) -> refusals.Refusal:
    return refusals.Refusal(
        "dead",
        f"an earlier attempt may have reached Slack, and its history can't be read ({reason})",
        sure=False,
    )
