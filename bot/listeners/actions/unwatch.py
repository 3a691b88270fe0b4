"""Be told no longer."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, keeps
from bot.desk import Desk
from bot.job import WORKS, Job, Outcome
from relance.cases.assigning import unwatch
from relance.slack.actions import UNWATCH


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    WORKS[UNWATCH] = work
    button(app, desk, UNWATCH, keeps(UNWATCH))


def work(job: Job) -> Outcome:
    """Do it."""
    return Outcome([unwatch(job.uow, **job.verb, person=job.by)])
