"""The menu of a channel's list: the chosen case gets a card of its own, whatever the channel's daily limit."""

from __future__ import annotations

from slack_bolt import App

from bot.clicking import button, keeps
from bot.desk import Desk
from bot.job import WORKS, Job, Outcome
from relance.cases.permissions import check_allowed
from relance.slack.actions import SHOW
from relance.slack.queue import show_case


def register(app: App, desk: Desk) -> None:
    """Listen to the menu."""
    WORKS[SHOW] = work
    button(app, desk, SHOW, keeps(SHOW))


def work(job: Job) -> Outcome:
    """Give it a card, for who may see it."""
    case, policy = job.case, job.desk.policy
    check_allowed(job.uow, policy, by=job.by, action="see", entity=case.entity, case=case)
    show_case(job.uow, policy=policy, case_id=case.case_id, as_of=job.desk.services.today(case.entity))
    return Outcome()
