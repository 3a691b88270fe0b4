"""`handover`: a payer's invoices lie with an agency or a lawyer; nothing is chased until they are paid or a person closes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.facts import payer_facts
from relance.cases.history import handovers, read_history
from relance.cases.reading import list_cases, read_case
from relance.cases.record import Draft, Journal, close_case, open_cases
from relance.cases.standing import Condition, Worked, work_standing
from relance.ledger.snapshot import Snapshot

KIND = "handover"


def work_handovers(journal: Journal, *, snapshot: Snapshot) -> Worked:
    """Open, update and close; `taken_back` where a hand-over is no longer said to be done."""
    done = handovers(journal.uow, journal.entity, journal.on)
    passed_on = {item for row in done for item in row["invoices"]}
    payers = {row["payer_id"] for row in done}
    # its own payer's: an invoice that has gone to another payer since is not with that payer's lawyer
    items = snapshot.items.filter(
        pl.col("invoice_id").is_in(sorted(passed_on)), pl.col("payer_id").is_in(sorted(payers))
    )
    condition = Condition(
        KIND, items, over="taken_back", by_payer=_told(done), news=True, handover_ends=False
    )
    worked = work_standing(journal, condition, snapshot=snapshot)
    return worked + _settle_paid(journal, snapshot)


def _told(done: Sequence[sa.RowMapping]) -> dict[str, Mapping[str, Any]]:
    """By payer, when it was handed over, first and last, and how many invoices: another hand-over is news."""
    told: dict[str, Mapping[str, Any]] = {}
    for row in done:
        known = told.get(row["payer_id"], {}).get("handed_over") or {
            "on": row["acted_on"].isoformat(),
            "invoices": 0,
        }
        told[row["payer_id"]] = {
            "handed_over": {
                "on": known["on"],
                "last_on": row["acted_on"].isoformat(),
                "invoices": known["invoices"] + len(row["invoices"]),
            }
        }
    return told


def _settle_paid(journal: Journal, snapshot: Snapshot) -> Worked:
    """A hand-over of which nothing is open, and that has no case, is told as paid: else it would hold the payer for ever."""
    done = handovers(journal.uow, journal.entity, journal.on)
    listed = list_cases(journal.uow, entity=journal.entity, kind=KIND)
    left = sorted({row["payer_id"] for row in done} - {case.payer_id for case in listed})
    if not left:
        return Worked()
    own = snapshot.items.filter(pl.col("payer_id").is_in(left))
    history = read_history(journal.uow, journal.entity, left, journal.on, items=set(own["invoice_id"]))
    facts = payer_facts(snapshot, left, history, items=own.clear())
    opened = open_cases(journal, [Draft(payer, KIND, facts[payer]) for payer in left])
    for (payer, _), number in sorted(opened.items()):
        close_case(journal, read_case(journal.uow, number, lock=True), facts[payer], reason="paid")
    return Worked(opened=len(opened), closed=len(opened))
