"""What follows from something done: the cases beside it whose cards change, and the payer planned anew for today."""

from __future__ import annotations

from bot.job import Job, Outcome
from relance.cases.reading import Case, read_case
from relance.replanning import replan
from relance.slack.intents import Arrival

REPLAN = "payer.replan.v1"


def replanning(job: Job, case: Case) -> Arrival:
    """An intent in its own right: planning takes longer than a card may wait, and must not be lost with the worker."""
    kept = {"entity": case.entity, "payer_id": case.payer_id, "silent": True}
    return Arrival(
        key=f"replan|{job.intent.intent_id}", name=REPLAN, user_id=job.intent.user_id, payload=kept,
        about=f"replan:{case.entity}",
    )  # fmt: skip


def about(job: Job, case: Case) -> list[Case]:
    """The case that an approval was asked for, where it was a person's request."""
    number = case.details.get("target_case")
    return [read_case(job.uow, int(number))] if number else []


def replan_payer(job: Job) -> Outcome:
    """Plan the payer again, when the entity has a live plan today."""
    entity, payer_id = str(job.payload["entity"]), str(job.payload["payer_id"])
    services = job.desk.services
    replan(services, entity, payer_id=payer_id, as_of=services.today(entity))
    return Outcome()
