"""Holds without an end come before a person after `review_hold_after_days`: is what holds this invoice still true?"""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa

from relance.cases.decided import held_without_end
from relance.cases.record import Journal
from relance.cases.standing import Condition, Worked, work_standing
from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case

KIND_OF = {"disputed": "dispute", "not_delivered": "delivery", "no_contact": "no_contact"}
"""The kind of case that a hold's reason belongs to; any other is a question to the collector."""
_ASKED_ELSEWHERE = frozenset({"awaiting_approval", "call_open", "stale_ledger"})
"""These have cases of their own, or none of the payer's people can do anything about them."""


def work_review(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """Open, update and close by what the day's plan says; a day without a plan changes nothing."""
    days = {name: scenario.review_hold_after_days for name, scenario in policy.scenarios.items()}
    held = held_without_end(journal.uow, journal.entity, journal.on, days)
    if held is None:
        return Worked()
    worked = Worked()
    reasons = {reason for _, reason in held} - _ASKED_ELSEWHERE
    for reason in sorted(reasons | _reviewed(journal)):
        invoices = [invoice for invoice, why in held if why == reason]
        condition = Condition(
            KIND_OF.get(reason, "question"),
            snapshot.items.filter(pl.col("invoice_id").is_in(invoices)),
            over="hold_ended",
            subject=subject_of(reason),
            extra={"held": reason},
        )
        worked += work_standing(journal, condition, snapshot=snapshot)
    return worked


def subject_of(reason: str) -> str:
    """What tells a review from other cases of its kind."""
    return f"hold:{reason}"


def _reviewed(journal: Journal) -> set[str]:
    """Reasons that have open reviews."""
    table = dunning_case.c
    query = sa.select(table.subject).where(
        table.entity == journal.entity, table.state == "open", table.subject.like("hold:%")
    )
    return {subject.removeprefix("hold:") for subject in journal.uow.execute(query).scalars()}
