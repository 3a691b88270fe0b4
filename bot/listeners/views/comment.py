"""A comment was written."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.commenting import comment
from relance.slack.actions import COMMENT
from relance.slack.modals import CommentEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, COMMENT, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(CommentEntry)
    return Outcome([comment(job.uow, **job.verb, text=entry.text)])
