"""Cases that stand as long as items of a payer are in some condition: opened, brought up to date and closed by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from relance.cases.among import among
from relance.cases.facts import payer_facts
from relance.cases.history import handed_over, item_endings, read_history
from relance.cases.reading import Case, list_cases
from relance.cases.record import (
    Draft,
    Journal,
    close_case,
    forget,
    forget_gone,
    open_cases,
    touch,
    update_case,
)
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case

GRAVEST_FIRST = ("written_off", "handed_over", "assigned", "cancelled", "closed_by_source", "moved")
"""Reasons to close: of several items that ended in several ways the gravest names the end; money comes last."""


@dataclass(frozen=True)
class Condition:
    """What opens a case of `kind` (and `subject`), and what its card says beside the payer's facts.

    `items`: the open items in that condition, with the columns of a snapshot. `over`: the reason to close when an item is
    still open and no longer in it. `extra` goes to every card, `by_payer` to those of one payer; with `news` a case that a
    person resolved opens anew when that changes. `handover_ends`: an item that was handed over has come to its end.
    """

    kind: str
    items: pl.DataFrame
    over: str
    subject: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    by_payer: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    news: bool = True
    handover_ends: bool = True


@dataclass(frozen=True, slots=True)
class Worked:
    """How many cases were opened, updated and closed."""

    opened: int = 0
    updated: int = 0
    closed: int = 0

    def __add__(self, other: Worked) -> Worked:
        return Worked(self.opened + other.opened, self.updated + other.updated, self.closed + other.closed)


def work_standing(journal: Journal, condition: Condition, *, snapshot: Snapshot) -> Worked:
    """Open, update and close the cases of a condition. Cases ahead of the journal's day are left alone."""
    on = journal.on
    listed = list_cases(journal.uow, entity=journal.entity, kind=condition.kind, lock=True)
    cases = [case for case in listed if case.subject == condition.subject]
    payers = set(condition.items["payer_id"].unique())
    facts = _facts(journal, snapshot, condition, payers=payers | {case.payer_id for case in cases})

    about = _about(condition)
    opened = _open_new(journal, condition, payers - {case.payer_id for case in cases}, facts, about)
    current = [case for case in cases if case.facts_on <= on]
    staying = [case for case in current if case.payer_id in payers]
    changed = {
        case.case_id
        for case in staying
        if update_case(
            journal, case, facts[case.payer_id], details={**case.details, "about": about[case.payer_id]}
        )
    }
    touch(journal.uow, [case for case in staying if case.case_id not in changed], on)

    ending = [case for case in current if case.payer_id not in payers]
    endings = _endings(journal, snapshot, condition, ending)
    for case in ending:
        how = {item["invoice_id"]: endings[item["invoice_id"]] for item in case.facts["items"]}
        order = (*GRAVEST_FIRST, condition.over)
        reason = next((word for word in order if word in how.values()), "paid")
        close_case(journal, case, facts[case.payer_id], reason=reason, body={"items": how})
    return Worked(opened, len(changed), len(ending))


def _facts(
    journal: Journal, snapshot: Snapshot, condition: Condition, *, payers: Iterable[str]
) -> dict[str, dict[str, Any]]:
    wanted = set(payers)
    items = set(snapshot.items.filter(pl.col("payer_id").is_in(sorted(wanted)))["invoice_id"])
    history = read_history(journal.uow, journal.entity, wanted, journal.on, items=items)
    found = payer_facts(snapshot, wanted, history, items=condition.items)
    return {
        payer: {**facts, **condition.extra, **condition.by_payer.get(payer, {})}
        for payer, facts in found.items()
    }


def _about(condition: Condition) -> dict[str, list[str]]:
    """All the items that the case of each payer is about; its card shows a few."""
    items = condition.items.group_by("payer_id").agg(pl.col("invoice_id").sort())
    return dict(items.iter_rows())


def _open_new(
    journal: Journal,
    condition: Condition,
    payers: set[str],
    facts: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, list[str]],
) -> int:
    kept_closed = _closed_after(journal, condition) | _resolved(journal, condition, payers, about)
    drafts = [
        Draft(
            payer,
            condition.kind,
            facts[payer],
            body={"totals": facts[payer]["totals"], "items": facts[payer]["about"]},
            subject=condition.subject,
            details={"about": about[payer]},
        )
        for payer in sorted(payers - kept_closed)
    ]
    return len(open_cases(journal, drafts))


def _closed_after(journal: Journal, condition: Condition) -> set[str]:
    """Payers whose case was already closed on a later day: a day worked again must not open it anew."""
    table = dunning_case.c
    query = sa.select(table.payer_id).where(
        table.entity == journal.entity,
        table.kind == condition.kind,
        table.subject == condition.subject,
        table.closed_on > journal.on,
    )
    return set(journal.uow.execute(query).scalars())


def _resolved(
    journal: Journal, condition: Condition, payers: set[str], about: Mapping[str, list[str]]
) -> set[str]:
    """Payers whose last case a person resolved, with nothing new since: no item that it wasn't about, no other message.

    An item that was paid or cleared meanwhile is forgotten: should it come back, it is new.
    """
    table = dunning_case
    forget_gone(journal, condition.kind, condition.subject, about)
    query = (
        sa.select(table)
        .where(
            table.c.entity == journal.entity, table.c.kind == condition.kind, table.c.subject == condition.subject,
            among(table.c.payer_id, payers),
        )
        .ext(distinct_on(table.c.payer_id))
        .order_by(table.c.payer_id, table.c.case_id.desc())
    )  # fmt: skip
    found = set()
    for case in [Case(**row) for row in journal.uow.execute(query).mappings()]:
        known = set(case.details.get("about") or ())
        told = condition.by_payer.get(case.payer_id, {}) if condition.news else {}
        if (
            not case.details.get("resolved")
            or case.state == "open"
            or any(case.facts.get(name) != value for name, value in told.items())
        ):
            continue
        now = about[case.payer_id]
        if known >= set(now):
            found.add(case.payer_id)
            if len(now) < len(known):
                forget(journal.uow, case, now)
    return found


def _endings(journal: Journal, snapshot: Snapshot, condition: Condition, cases: list[Case]) -> dict[str, str]:
    """How each item that the cases were about came to its end."""
    about = {item["invoice_id"]: case.payer_id for case in cases for item in case.facts["items"]}
    endings = item_endings(journal.uow, journal.entity, about, journal.on)
    still = snapshot.items.filter(pl.col("invoice_id").is_in(sorted(about))).select("invoice_id", "payer_id")
    for item, payer in still.iter_rows():
        endings[item] = "moved" if payer != about[item] else condition.over
    if about and condition.handover_ends:
        for item in handed_over(journal.uow, journal.entity, journal.on) & about.keys():
            endings[item] = "handed_over"
    return endings
