"""A closed case is opened again."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.resolving import reopen
from relance.slack.actions import REOPEN
from relance.slack.modals import ReopenEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, REOPEN, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    return Outcome([reopen(job.uow, **job.verb, reason=job.entry(ReopenEntry).reason)])
