"""A payment is said to be on its way."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.announcing import announce
from relance.slack.actions import ANNOUNCE
from relance.slack.modals import AnnounceEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, ANNOUNCE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(AnnounceEntry)
    case = announce(
        job.uow, **job.verb, expected_on=entry.expected_on, invoices=entry.invoices, amount=entry.amount,
        reference=entry.reference, snapshot=job.ledger,
    )  # fmt: skip
    return Outcome([case])
