"""The payer contests."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.assigning import assign
from relance.cases.disputing import dispute
from relance.cases.permissions import same_person
from relance.slack.actions import DISPUTE
from relance.slack.modals import DisputeEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, DISPUTE, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(DisputeEntry)
    invoices = entry.invoices or [one.invoice_id for one in job.open_items]
    owner = job.email(entry.owner) if entry.owner else None
    case = dispute(
        job.uow, **job.payer, reason=entry.reason, invoices=invoices, amounts=entry.amounts, text=entry.text,
        evidence=entry.evidence, snapshot=job.ledger,
    )  # fmt: skip
    if owner is not None and not same_person(case.owner, owner):
        verb = {**job.verb, "case_id": case.case_id}
        assign(job.uow, **verb, owner=owner)
    return job.made(case.case_id)
