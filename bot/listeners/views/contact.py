"""Whom to reach."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.contacting import give_contact, wrong_contact
from relance.errors import CaseError
from relance.slack.actions import CONTACT
from relance.slack.modals import ContactEntry

DEFAULT_ROLE = "accounts_payable"
"""Whom dunning is for, where nobody says more."""


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, CONTACT, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry, case = job.entry(ContactEntry), job.case
    known = {(one.channel, one.contact_id): one.address for one in job.contacts}
    for one in entry.wrong:
        address = known.get((one.channel, one.contact_id))
        if address is None:
            raise CaseError("That address is no longer the payer's.", hint="Look again.", key="contact_gone")
        case = wrong_contact(
            job.uow,
            **job.verb,
            contact_id=one.contact_id,
            channel=one.channel,
            address=address,
            note=entry.note,
        )
    if entry.given is not None:
        given = entry.given
        case = give_contact(
            job.uow, **job.verb, name=given.name, role=given.role or DEFAULT_ROLE, email=given.email, phone=given.phone,
            language=given.language,
        )  # fmt: skip
    return Outcome([case])
