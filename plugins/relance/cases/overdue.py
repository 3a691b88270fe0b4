"""`overdue_90`: a payer has an invoice open for longer than the entity's threshold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.facts import alerting, payer_facts
from relance.cases.history import handed_over, item_endings, read_history
from relance.cases.reading import Case, list_cases
from relance.cases.record import Draft, Journal, close_case, open_cases, touch, update_case
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case

KIND = "overdue_90"
ENDINGS = (
    "written_off", "handed_over", "assigned", "cancelled", "closed_by_source", "moved", "no_longer_late", "paid",
)  # fmt: skip
"""Reasons to close, the gravest first: it names the end when invoices ended in several ways."""


def work_overdue(journal: Journal, *, snapshot: Snapshot, threshold: int) -> tuple[int, int, int]:
    """Open, update and close; gives how many of each. Cases ahead of the journal's day are left alone."""
    uow, entity, as_of = journal.uow, journal.entity, journal.on
    cases = list_cases(uow, entity=entity, kind=KIND, lock=True)
    passed_on = handed_over(uow, entity, as_of)
    late = alerting(snapshot, days=threshold).filter(~pl.col("invoice_id").is_in(sorted(passed_on)))
    alert = set(late["payer_id"].unique())
    facts = _facts(
        journal, snapshot, late, payers=alert | {case.payer_id for case in cases}, threshold=threshold
    )

    opened = _open_new(journal, alert - {case.payer_id for case in cases}, facts)
    current = [case for case in cases if case.facts_on <= as_of]
    staying = [case for case in current if case.payer_id in alert]
    changed = {case.case_id for case in staying if update_case(journal, case, facts[case.payer_id])}
    touch(uow, [case for case in staying if case.case_id not in changed], as_of)

    ending = [case for case in current if case.payer_id not in alert]
    endings = _endings(journal, snapshot, ending, passed_on)
    for case in ending:
        how = {item["invoice_id"]: endings[item["invoice_id"]] for item in case.facts["items"]}
        reason = next((word for word in ENDINGS if word in how.values()), "paid")
        close_case(journal, case, facts[case.payer_id], reason=reason, body={"items": how})
    return opened, len(changed), len(ending)


def _facts(
    journal: Journal, snapshot: Snapshot, late: pl.DataFrame, *, payers: Iterable[str], threshold: int
) -> dict[str, dict[str, Any]]:
    wanted = set(payers)
    items = set(snapshot.items.filter(pl.col("payer_id").is_in(sorted(wanted)))["invoice_id"])
    history = read_history(journal.uow, journal.entity, wanted, journal.on, items=items)
    found = payer_facts(snapshot, wanted, history, items=late)
    return {payer: {**facts, "threshold": threshold} for payer, facts in found.items()}


def _open_new(journal: Journal, payers: set[str], facts: Mapping[str, Mapping[str, Any]]) -> int:
    fresh = payers - _closed_after(journal, payers)
    drafts = [
        Draft(
            payer, KIND, facts[payer], body={"totals": facts[payer]["totals"], "items": facts[payer]["about"]}
        )
        for payer in sorted(fresh)
    ]
    return len(open_cases(journal, drafts))


def _closed_after(journal: Journal, payers: set[str]) -> set[str]:
    """Payers whose case was already closed on a later day: a day worked again must not open it anew."""
    table = dunning_case
    query = sa.select(table.c.payer_id).where(
        table.c.entity == journal.entity, table.c.kind == KIND, table.c.closed_on > journal.on
    )
    return set(journal.uow.execute(query).scalars()) & payers


def _endings(journal: Journal, snapshot: Snapshot, cases: list[Case], passed_on: set[str]) -> dict[str, str]:
    """How each item that the cases were about came to its end."""
    about = {item["invoice_id"]: case.payer_id for case in cases for item in case.facts["items"]}
    endings = item_endings(journal.uow, journal.entity, about, journal.on)
    still = snapshot.items.filter(pl.col("invoice_id").is_in(sorted(about))).select("invoice_id", "payer_id")
    for item, payer in still.iter_rows():
        endings[item] = "moved" if payer != about[item] else "no_longer_late"
    for item in passed_on & about.keys():
        endings[item] = "handed_over"
    return endings


def days_late(facts: Mapping[str, Any], on: date) -> int:
    """How late the payer's oldest open item is on a day; 0 when nothing is."""
    oldest = facts.get("oldest_due")
    return max(0, (on - date.fromisoformat(oldest)).days) if oldest else 0
