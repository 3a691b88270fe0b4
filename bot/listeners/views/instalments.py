"""Instalments are agreed on."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.agreeing import agree
from relance.slack.actions import INSTALMENTS
from relance.slack.modals import InstalmentsEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, INSTALMENTS, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(InstalmentsEntry)
    number = agree(job.uow, **job.payer, parts=entry.parts, invoices=entry.invoices, snapshot=job.ledger)
    return job.made(number)
