"""Internal tasks and hand-overs that a step made: work for our own people, as a `question` to who has the payer.

They have no patience: what nobody does stays. What rests meanwhile, or was paid, is withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.calls import ended_as, open_work, withdraw_idle
from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.reading import Case, list_cases
from relance.cases.record import Draft, Journal, close_case, open_cases, touch, update_case
from relance.cases.standing import Worked
from relance.ledger.snapshot import Snapshot

KIND = "question"
PREFIX = "task:"
"""How the subjects of task cases begin; what follows is the task's key."""
TASK_KINDS = ("internal", "handoff")


def work_tasks(journal: Journal, *, snapshot: Snapshot) -> Worked:
    """Open a case for each task that waits, bring it to the day, and close it when the task is done or withdrawn."""
    rows = open_work(journal.uow, journal.entity, journal.on, TASK_KINDS)
    waiting = {subject_of(row["key"]): row for row in withdraw_idle(journal, rows, snapshot)}
    listed = list_cases(journal.uow, entity=journal.entity, kind=KIND, lock=True)
    own = [case for case in listed if is_task(case)]
    cases = [case for case in own if case.facts_on <= journal.on]
    facts = _facts(journal, snapshot, waiting)
    known = {case.subject for case in own}
    drafts = [
        Draft(
            row["payer_id"], KIND, facts[subject], subject=subject,
            body={"step": row["step"], "task": row["kind"]}, details={"key": row["key"]},
        )
        for subject, row in waiting.items()
        if subject not in known
    ]  # fmt: skip
    opened = open_cases(journal, drafts)
    staying = [case for case in cases if case.subject in waiting]
    changed = {case.case_id for case in staying if update_case(journal, case, facts[case.subject])}
    touch(journal.uow, [case for case in staying if case.case_id not in changed], journal.on)
    ending = [case for case in cases if case.subject not in waiting]
    for case in ending:
        about = case.facts["task"]["invoices"]
        close_case(journal, case, case.facts, reason=ended_as([key_of(case)], about, journal, snapshot))
    return Worked(len(opened), len(changed), len(ending))


def is_task(case: Case) -> bool:
    """Whether a case is a task or a hand-over to be done."""
    return case.kind == KIND and case.subject.startswith(PREFIX)


def subject_of(key: str) -> str:
    """The subject of a task's case."""
    return f"{PREFIX}{key}"


def key_of(case: Case) -> str:
    """The key of the task that a case is about."""
    return case.subject.removeprefix(PREFIX)


def handover_file(entity: str, day: date, key: str) -> str:
    """Where the file of a hand-over task is kept, below the home folder."""
    return f"handover/{entity}/{day.isoformat()}/{key}.zip"


def _facts(
    journal: Journal, snapshot: Snapshot, waiting: Mapping[str, sa.RowMapping]
) -> dict[str, dict[str, Any]]:
    """Facts by subject: the payer's, and of the task its step and what it is about."""
    payers = {row["payer_id"] for row in waiting.values()}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(payers)))
    history = read_history(journal.uow, journal.entity, payers, journal.on, items=set(items["invoice_id"]))
    found = {}
    for subject, row in waiting.items():
        about = items.filter(pl.col("invoice_id").is_in(list(row["invoices"])))
        base = payer_facts(snapshot, [row["payer_id"]], history, items=about)[row["payer_id"]]
        found[subject] = {**base, "task": _task(row)}
    return found


def _task(row: sa.RowMapping) -> dict[str, Any]:
    task = {
        "kind": row["kind"], "step": row["step"], "level": row["level"], "scenario": row["scenario"],
        "planned_on": row["as_of"].isoformat(), "invoices": list(row["invoices"]),
        "demanded": row["content"].get("totals") or [],
    }  # fmt: skip
    if row["kind"] == "handoff":
        task["file"] = handover_file(row["entity"], row["as_of"], row["key"])
    return task
