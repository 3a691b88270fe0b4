"""A message is put on a case."""

from __future__ import annotations

import sqlalchemy as sa
from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.listeners.events.message import copied_source
from bot.messages import shortcut, submits_message
from relance.cases.commenting import comment
from relance.cases.permissions import check_allowed
from relance.slack.actions import MESSAGE_TO_CASE
from relance.slack.modals import MessageCommentEntry
from relance.slack.people import read_person, user_id_of
from relance.store.schema import case_comment


def register(app: App, desk: Desk) -> None:
    """Listen to the shortcut and to its modal."""
    shortcut(app, desk, MESSAGE_TO_CASE, "comment")
    submits_message(app, desk, MESSAGE_TO_CASE, work)


def work(job: Job) -> Outcome:
    """Put its words on the case, once a message and case: what hangs on its card is a comment of it already."""
    entry = job.entry(MessageCommentEntry)
    source = str(job.payload["source"])
    check_allowed(
        job.uow, job.desk.policy, by=job.by, action="comment", entity=job.case.entity, case=job.case
    )
    if not _is_there(job, source, entry.text):
        comment(job.uow, **job.verb, text=entry.text, source=copied_source(source, entry.case_id))
    return job.noted()


def _is_there(job: Job, source: str, text: str) -> bool:
    """Whether the message itself is a comment of the case, and nothing of the person's own was written to its words."""
    table = case_comment.c
    query = sa.select(table.author, table.text).where(
        table.source == source, table.case_id == job.case.case_id, table.deleted_at.is_(None)
    )
    row = job.uow.execute(query).first()
    if row is None:
        return False
    user_id = user_id_of(job.uow, row.author)
    author = read_person(job.uow, user_id) if user_id is not None else None
    said = {row.text.strip(), f"{author.name if author else row.author}: {row.text}".strip()}
    return text.strip() in said
