"""`exhausted`: an invoice's scenario has come to its end with money open; somebody must say what now."""

from __future__ import annotations

import polars as pl

from relance.cases.decided import exhausted_items
from relance.cases.history import handed_over
from relance.cases.record import Journal
from relance.cases.standing import Condition, Worked, work_standing
from relance.ledger.snapshot import Snapshot

KIND = "exhausted"


def work_exhausted(journal: Journal, *, snapshot: Snapshot) -> Worked:
    """Open, update and close by what the day's plan says; a day without a plan changes nothing."""
    exhausted = exhausted_items(journal.uow, journal.entity, journal.on)
    if exhausted is None:
        return Worked()
    passed_on = sorted(handed_over(journal.uow, journal.entity, journal.on))
    items = snapshot.items.filter(
        pl.col("invoice_id").is_in(exhausted), ~pl.col("invoice_id").is_in(passed_on)
    )
    return work_standing(journal, Condition(KIND, items, over="new_scenario"), snapshot=snapshot)
