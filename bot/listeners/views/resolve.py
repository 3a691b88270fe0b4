"""A case is settled."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.following import replanning
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.resolving import resolve
from relance.slack.actions import RESOLVE
from relance.slack.modals import ResolveEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, RESOLVE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(ResolveEntry)
    case = resolve(job.uow, **job.verb, reason=entry.reason, note=entry.note)
    return Outcome([case], follow_up=[replanning(job, case)])
