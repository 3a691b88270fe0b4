"""A write-off is asked for."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.requesting import write_off
from relance.slack.actions import WRITE_OFF
from relance.slack.modals import WriteOffEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, WRITE_OFF, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(WriteOffEntry)
    case = write_off(job.uow, **job.verb, reason=entry.reason, invoices=entry.invoices, snapshot=job.ledger)
    return Outcome([job.case, case], "bot.write_off_asked", {"case": case.case_id})
