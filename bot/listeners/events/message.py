"""What people write in a card's thread is a comment of its case; its edits and its deletion follow.

Slack tells the bot of every message of its channels; those outside cards' threads are not kept at all. What machines write,
the bot itself first, is nobody's comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from slack_bolt import App

from bot.desk import Desk
from bot.job import WORKS, Job, Outcome
from bot.wording import words_of
from relance.cases.commenting import comment, delete_comment, edit_comment
from relance.cases.reading import Case, read_case
from relance.slack.intents import MOST_ATTEMPTS, Arrival
from relance.store.schema import case_comment, slack_card, slack_outbox
from relance.store.uow import UnitOfWork

WRITTEN, CHANGED, DELETED = "message.written.v1", "message.changed.v1", "message.deleted.v1"
PEOPLES = {None, "thread_broadcast", "file_share", "me_message"}
"""Subtypes of what a person writes."""
DOUBTED = timedelta(minutes=15)
"""So long a card whose post has no known end may be any thread's: the sender has looked for it long before."""


def register(app: App, desk: Desk) -> None:
    """Listen to messages of every subtype."""
    WORKS.update({WRITTEN: written, CHANGED: changed, DELETED: deleted})

    def listener(body: dict[str, Any], event: dict[str, Any]) -> None:
        _keep(desk, str(body["event_id"]), event)

    app.event({"type": "message"})(listener)


def _keep(desk: Desk, event_id: str, event: Mapping[str, Any]) -> None:
    subtype = event.get("subtype")
    channel = str(event.get("channel") or "")
    if subtype == "message_changed":
        name, said = CHANGED, event.get("message") or {}
        if said.get("text") == (event.get("previous_message") or {}).get("text"):
            return  # a preview of a link was added, or a reaction counted
        if said.get("subtype") == "tombstone":
            name = DELETED
    elif subtype == "message_deleted":
        name, said = DELETED, event.get("previous_message") or {}
    else:
        name, said = WRITTEN, event
    if said.get("subtype") not in {*PEOPLES, "tombstone"} or said.get("bot_id") or not said.get("user"):
        return
    thread, ts = said.get("thread_ts"), str(said.get("ts") or event.get("deleted_ts") or "")
    if thread is None or thread == ts or not _is_ours(desk, channel, str(thread)):
        return
    kept = {
        "channel": channel, "thread": thread, "ts": ts, "text": str(said.get("text") or ""),
        "place": {"channel": channel, "thread": thread},
    }  # fmt: skip
    desk.keep(
        Arrival(
            key=f"event|{event_id}", name=name, user_id=str(said["user"]), payload=kept,
            about=f"thread:{channel}:{thread}:{said['user']}",
        )
    )  # fmt: skip


def _is_ours(desk: Desk, channel: str, thread: str) -> bool:
    """Whether a thread hangs on a card, or may: one was posted, and the sender was killed before it noted where."""
    with desk.unit_of_work() as uow:
        return case_of_thread(uow, channel, thread) is not None or _in_doubt(uow, channel)


def _in_doubt(uow: UnitOfWork, channel: str) -> bool:
    """Whether a card was posted in this channel some minutes ago, and nobody knows yet where: no post given up long ago."""
    table, other = slack_card.c, slack_card.alias().c
    known = (
        sa.select(other.channel_id)
        .where(other.channel == table.channel, other.channel_id.is_not(None))
        .limit(1)
        .scalar_subquery()
    )
    where = sa.func.coalesce(table.channel_id, known)
    named = sa.case((table.channel.like("#%"), None), else_=table.channel)  # else it is configured by its id
    query = sa.select(table.case_id).where(
        table.posting_since > sa.func.now() - DOUBTED,
        table.ts.is_(None),
        sa.func.coalesce(where, named, channel) == channel,
    )
    return uow.execute(query.limit(1)).scalar() is not None


def case_of_thread(uow: UnitOfWork, channel: str, thread: str) -> int | None:
    """The case whose card a thread hangs on, or hung on before the card was posted anew."""
    card, sent = slack_card.c, slack_outbox.c
    query = sa.select(card.case_id).where(card.channel_id == channel, card.ts == thread)
    number: int | None = uow.execute(query).scalar()
    if number is None:
        earlier = sa.select(sent.case_id).where(
            sent.verb == "card", sent.sent_channel_id == channel, sent.sent_ts == thread
        )
        number = uow.execute(earlier.limit(1)).scalar()
    return number


def _source(job: Job) -> str:
    return f"{job.payload['channel']}:{job.payload['ts']}"


def _case(job: Job) -> Case | None:
    number = case_of_thread(job.uow, str(job.payload["channel"]), str(job.payload["thread"]))
    if (
        number is None
        and _in_doubt(job.uow, str(job.payload["channel"]))
        and job.intent.attempts < MOST_ATTEMPTS
    ):
        raise LookupError("a card was posted, and nobody knows where yet")
    return read_case(job.uow, number, lock=True) if number is not None else None


def written(job: Job) -> Outcome:
    """Put it on the case; a message without words (a picture alone) is none."""
    case, words = _case(job), words_of(job.uow, str(job.payload["text"]))
    if case is None or not words.strip() or _is_known(job, copied_source(_source(job), case.case_id)):
        return Outcome()
    noted = comment(
        job.uow, policy=job.desk.policy, case_id=case.case_id, by=job.by, on_date=job.day_of(case.entity), text=words,
        source=_source(job),
    )  # fmt: skip
    return Outcome([noted])


def changed(job: Job) -> Outcome:
    """Let the comment read as the message does now; one that was never heard of is put on the case."""
    case, words = _case(job), words_of(job.uow, str(job.payload["text"]))
    if case is None:
        return Outcome()
    if not _is_known(job, _source(job)):
        return written(job)
    if not words.strip():
        return deleted(job)
    edited = edit_comment(
        job.uow,
        policy=job.desk.policy,
        source=_source(job),
        text=words,
        by=job.by,
        on_date=job.day_of(case.entity),
    )
    return Outcome([edited] if edited is not None else [])


def deleted(job: Job) -> Outcome:
    """Take the comment off the case."""
    case = _case(job)
    if case is None:
        return Outcome()
    gone = delete_comment(
        job.uow, policy=job.desk.policy, source=_source(job), by=job.by, on_date=job.day_of(case.entity)
    )
    return Outcome([gone] if gone is not None else [])


def copied_source(source: str, case_id: int) -> str:
    """The source of a message's words that somebody put on a case."""
    return f"{source}#{case_id}"


def _is_known(job: Job, source: str) -> bool:
    query = sa.select(case_comment.c.comment_id).where(case_comment.c.source == source)
    return job.uow.execute(query).scalar() is not None
