"""`overdue_90`: a payer has an invoice open for longer than the entity's threshold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from relance.cases.facts import alerting
from relance.cases.history import handed_over
from relance.cases.record import Journal
from relance.cases.standing import Condition, Worked, work_standing
from relance.ledger.snapshot import Snapshot

KIND = "overdue_90"


def work_overdue(journal: Journal, *, snapshot: Snapshot, threshold: int) -> Worked:
    """Open, update and close; what was handed over is not ours to alert of."""
    passed_on = sorted(handed_over(journal.uow, journal.entity, journal.on))
    late = alerting(snapshot, days=threshold).filter(~pl.col("invoice_id").is_in(passed_on))
    condition = Condition(KIND, late, over="no_longer_late", extra={"threshold": threshold})
    return work_standing(journal, condition, snapshot=snapshot)


def days_late(facts: Mapping[str, Any], on: date) -> int:
    """How late the payer's oldest open item is on a day; 0 when nothing is."""
    oldest = facts.get("oldest_due")
    return max(0, (on - date.fromisoformat(oldest)).days) if oldest else 0
