"""Holds without an end come before a person after `review_hold_after_days`: is what holds this invoice still true?

That nobody can be reached is asked at once.
"""

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
_ASKED_ELSEWHERE = frozenset({"awaiting_approval", "call_open", "disputed", "stale_ledger"})
"""These have cases of their own, or none of the payer's people can do anything about them."""
_AT_ONCE = frozenset({"no_contact"})
"""These come before a person on the first day."""


def work_review(journal: Journal, *, snapshot: Snapshot, policy: Policy) -> Worked:
    """Open, update and close by what the day's plan says; a day without a plan changes nothing."""
    days = {name: scenario.review_hold_after_days for name, scenario in policy.scenarios.items()}
    held = held_without_end(journal.uow, journal.entity, journal.on, days)
    if held is None:
        return Worked()
    standing, long = held
    worked = Worked()
    open_reviews = _reviewed(journal)
    looked_at = long | {one for one in standing if one[1] in _AT_ONCE}
    for reason in sorted(({reason for _, reason in looked_at} - _ASKED_ELSEWHERE) | open_reviews.keys()):
        # long standing opens a review; once it is open, only the end of the hold closes it
        opening = [invoice for invoice, why in looked_at if why == reason]
        keeping = [invoice for invoice, why in standing if why == reason]
        reviewed = pl.col("payer_id").is_in(sorted(open_reviews.get(reason, ())))
        condition = Condition(
            KIND_OF.get(reason, "question"),
            snapshot.items.filter(
                pl.col("invoice_id").is_in(opening) | (reviewed & pl.col("invoice_id").is_in(keeping))
            ),
            over="hold_ended",
            subject=subject_of(reason),
            extra={"held": reason},
        )
        worked += work_standing(journal, condition, snapshot=snapshot)
    return worked


def subject_of(reason: str) -> str:
    """What tells a review from other cases of its kind."""
    return f"hold:{reason}"


def _reviewed(journal: Journal) -> dict[str, set[str]]:
    """Payers with an open review, by the reason of the hold."""
    table = dunning_case.c
    query = sa.select(table.subject, table.payer_id).where(
        table.entity == journal.entity, table.state == "open", table.subject.like("hold:%")
    )
    found: dict[str, set[str]] = {}
    for subject, payer in journal.uow.execute(query):
        found.setdefault(subject.removeprefix("hold:"), set()).add(payer)
    return found
