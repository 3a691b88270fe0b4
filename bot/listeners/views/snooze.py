"""A rest until a day."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.snoozing import snooze
from relance.slack.actions import SNOOZE
from relance.slack.modals import SnoozeEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, SNOOZE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(SnoozeEntry)
    case = snooze(job.uow, **job.verb, until=entry.until, reason=entry.reason, invoices=entry.invoices)
    if case.case_id != job.case.case_id:
        return Outcome([job.case, case], "bot.asked", {"case": case.case_id})
    return Outcome([case])
