"""Dun again what was approved to be written off."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, keeps
from bot.desk import Desk
from bot.following import replanning
from bot.job import WORKS, Job, Outcome
from relance.cases.snoozing import wake
from relance.slack.actions import END_WRITE_OFF


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    WORKS[END_WRITE_OFF] = work
    button(app, desk, END_WRITE_OFF, keeps(END_WRITE_OFF))


def work(job: Job) -> Outcome:
    """End the write-off, and let its payer be planned for today."""
    case = wake(job.uow, **job.verb, what="write_off")
    return Outcome([case], follow_up=[replanning(job, case)])
