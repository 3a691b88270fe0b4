"""What follows from something done: the cases beside it whose cards change, and the payer planned anew for today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relance.cases.reading import Case, read_case
from relance.slack.intents import Arrival

if TYPE_CHECKING:
    from bot.job import Job

REPLAN = "payer.replan.v1"


def replanning(job: Job, case: Case) -> Arrival:
    """An intent in its own right: planning takes longer than a card may wait, and must not be lost with the worker."""
    kept = {"entity": case.entity, "payer_id": case.payer_id}
    return Arrival(
        key=f"replan|{job.intent.intent_id}", name=REPLAN, user_id=job.intent.user_id, payload=kept,
        about=f"replan:{case.entity}",
    )  # fmt: skip


def about(job: Job, case: Case) -> list[Case]:
    """The case that an approval was asked for, where it was a person's request."""
    number = case.details.get("target_case")
    return [read_case(job.uow, int(number))] if number else []
