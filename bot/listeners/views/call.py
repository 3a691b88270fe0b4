"""A call's outcome."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.calling import call_outcome
from relance.slack.actions import CALL
from relance.slack.modals import CallEntry, DisputeEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, CALL, work)


def work(job: Job) -> Outcome:
    """Do what was filled in."""
    entry = job.entry(CallEntry)
    case = call_outcome(
        job.uow, **job.verb, outcome=entry.outcome, note=entry.note, promised=entry.promised,
        disputed=_disputed(entry.disputed), next_on=entry.next_on, snapshot=job.ledger,
    )  # fmt: skip
    return Outcome([case, *job.others_of_payer(case)])


def _disputed(entry: DisputeEntry | None) -> dict[str, object] | None:
    """What is contested, as the verb takes it."""
    if entry is None:
        return None
    return {
        "reason": entry.reason, "invoices": entry.invoices, "amounts": entry.amounts, "text": entry.text,
        "evidence": entry.evidence,
    }  # fmt: skip
