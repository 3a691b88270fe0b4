"""Take the case oneself."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, keeps
from bot.desk import Desk
from bot.job import WORKS, Job, Outcome
from relance.cases.assigning import assign
from relance.slack.actions import TAKE


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    WORKS[TAKE] = work
    button(app, desk, TAKE, keeps(TAKE))


def work(job: Job) -> Outcome:
    """Do it."""
    return Outcome([assign(job.uow, **job.verb, owner=job.by)])
