"""A promise is noted from a message."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.listeners.events.message import copied_source
from bot.messages import shortcut, submits_message
from relance.cases.commenting import comment
from relance.cases.promising import promise
from relance.slack.actions import MESSAGE_TO_PROMISE
from relance.slack.modals import MessagePromiseEntry


def register(app: App, desk: Desk) -> None:
    """Listen to the shortcut and to its modal."""
    shortcut(app, desk, MESSAGE_TO_PROMISE, "promise")
    submits_message(app, desk, MESSAGE_TO_PROMISE, work)


def work(job: Job) -> Outcome:
    """Note the promise of the case's payer, and the words as a comment of its case."""
    entry = job.entry(MessagePromiseEntry)
    number = promise(job.uow, **job.payer, amount=entry.amount, due_on=entry.due_on, snapshot=job.ledger)
    if entry.note:
        verb = {**job.verb, "case_id": number}
        comment(job.uow, **verb, text=entry.note, source=copied_source(str(job.payload["source"]), number))
    return job.noted(number)
