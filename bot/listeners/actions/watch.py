"""Be told of the case's changes."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, keeps
from bot.desk import Desk
from bot.job import WORKS, Job, Outcome
from relance.cases.assigning import watch
from relance.slack.actions import WATCH


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    WORKS[WATCH] = work
    button(app, desk, WATCH, keeps(WATCH))


def work(job: Job) -> Outcome:
    """Do it."""
    return Outcome([watch(job.uow, **job.verb, person=job.by)])
