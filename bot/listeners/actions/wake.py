"""End a rest: dunning goes on today."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, keeps
from bot.desk import Desk
from bot.following import replanning
from bot.job import WORKS, Job, Outcome
from relance.cases.snoozing import wake
from relance.slack.actions import WAKE


def register(app: App, desk: Desk) -> None:
    """Listen to the button."""
    WORKS[WAKE] = work
    button(app, desk, WAKE, keeps(WAKE))


def work(job: Job) -> Outcome:
    """Wake the case, and let its payer be planned for today."""
    case = wake(job.uow, **job.verb)
    return Outcome([case], follow_up=[replanning(job, case)])
