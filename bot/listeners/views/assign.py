"""Who has the case, and who watches it."""

from __future__ import annotations

from slack_bolt import App

from bot.desk import Desk
from bot.job import Job, Outcome
from bot.submitting import submits
from relance.cases.assigning import assign, unwatch, watch
from relance.cases.permissions import same_person
from relance.slack.actions import ASSIGN
from relance.slack.modals import AssignEntry
from relance.slack.people import user_id_of


def register(app: App, desk: Desk) -> None:
    """Listen to the modal."""
    submits(app, desk, ASSIGN, work)


def work(job: Job) -> Outcome:
    """Give it to whom was chosen, and let watch who was chosen; who can't be seen in Slack watches on."""
    entry, case = job.entry(AssignEntry), job.case
    owner = job.email(entry.owner) if entry.owner else None
    wanted = [job.email(user_id) for user_id in entry.watchers]
    shown = [one for one in case.watchers if user_id_of(job.uow, one)]
    changes = [(watch, one) for one in wanted if not _among(one, case.watchers)]
    changes += [(unwatch, one) for one in shown if not _among(one, wanted)]
    hidden = case.owner is not None and owner is None and user_id_of(job.uow, case.owner) is None
    if not same_person(case.owner, owner) and case.owner != owner and not hidden:
        case = assign(job.uow, **job.verb, owner=owner)
    elif not changes:
        case = assign(
            job.uow, **job.verb, owner=case.owner
        )  # refused: it is so already, by whom and since when
    for change, person in changes:
        case = change(job.uow, **job.verb, person=person)
    return Outcome([case])


def _among(one: str, others: list[str] | tuple[str, ...]) -> bool:
    return any(same_person(one, other) for other in others)
