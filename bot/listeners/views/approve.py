"""A yes."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.following import about, replanning
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.approvals import approve
from relance.cases.commenting import comment
from relance.slack.actions import APPROVE
from relance.slack.modals import ApproveEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, APPROVE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(ApproveEntry)
    case = approve(job.uow, **job.verb)
    if entry.note:
        case = comment(job.uow, **job.verb, text=entry.note)
    if case.state == "open":
        return Outcome([case], "bot.voted")
    return Outcome([case, *about(job, case)], follow_up=[replanning(job, case)])
