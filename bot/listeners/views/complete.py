"""A task is done."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.completing import complete
from relance.slack.actions import COMPLETE
from relance.slack.modals import CompleteEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, COMPLETE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    return Outcome([complete(job.uow, **job.verb, note=job.entry(CompleteEntry).note)])
