"""A promise."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.promising import promise
from relance.slack.actions import PROMISE
from relance.slack.modals import PromiseEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, PROMISE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(PromiseEntry)
    number = promise(
        job.uow,
        **job.payer,
        amount=entry.amount,
        due_on=entry.due_on,
        invoices=entry.invoices,
        snapshot=job.ledger,
    )
    return job.made(number)
