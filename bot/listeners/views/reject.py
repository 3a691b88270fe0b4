"""A no."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.following import about
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.approvals import reject
from relance.slack.actions import REJECT
from relance.slack.modals import RejectEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, REJECT, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(RejectEntry)
    case = reject(job.uow, **job.verb, reason=entry.reason, days=entry.days)
    return Outcome([case, *about(job, case)])
