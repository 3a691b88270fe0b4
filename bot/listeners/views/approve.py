"""A yes."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.approvals import approve
from relance.slack.actions import APPROVE
from relance.slack.modals.approve import ApproveEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, APPROVE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(ApproveEntry)
    return Outcome([approve(job.uow, **job.verb, note=entry.note)])
