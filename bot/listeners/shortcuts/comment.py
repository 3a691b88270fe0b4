"""A message is put on a case."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.messages import shortcut, submits_message
from relance.cases.commenting import comment
from relance.slack.actions import MESSAGE_TO_CASE
from relance.slack.modals import MessageCommentEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the shortcut and to its modal."""
    shortcut(app, desk, MESSAGE_TO_CASE, "comment")
    submits_message(app, desk, MESSAGE_TO_CASE, work)


def work(job: Job) -> Outcome:
    """Put its words on the case, once a message and case."""
    entry = job.entry(MessageCommentEntry)
    source = f"{job.payload['source']}#{entry.case_id}"
    comment(job.uow, **job.verb, text=entry.text, source=source)
    return job.noted()
