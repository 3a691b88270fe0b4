"""`data`: an import was refused, or rows lie in quarantine for long. One case an entity; it is about no payer (`payer_id` "")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from relance.cases.reading import Case
from relance.cases.record import Draft, Journal, close_case, open_cases, touch, update_case
from relance.cases.standing import Worked
from relance.store.schema import dunning_case, import_run

KIND = "data"
NOBODY = ""
"""The payer of a case that is about none."""
QUARANTINE_DAYS = 3
"""How long a row may lie in quarantine before somebody must look at it."""
_MESSAGE = 1000


def work_data(journal: Journal, *, name: str) -> Worked:
    """Open, update and close the entity's case (`name`: as payers know it); `fixed` when a sound import has come.

    A case that a person has closed comes back when there is something new: another refusal, more rows.
    """
    problem = {"refused": _refused(journal), "quarantine": _quarantined(journal)}
    stands = any(problem.values())
    last = _last(journal)
    if last is not None and last.state == "open":
        return _work_open(journal, last, problem, name) if last.facts_on <= journal.on else Worked()
    if not stands or (last is not None and _is_known(journal, last, problem)):
        return Worked()
    said = _said(problem)
    draft = Draft(NOBODY, KIND, _facts(name, problem), body={"problem": said}, details={"text": said})
    return Worked(opened=len(open_cases(journal, [draft])))


def refused_case(journal: Journal, *, name: str, message: str) -> int | None:
    """The number of the entity's case about the import that was refused with this message, opened or brought to the day.

    None where no import is on record as refused with it: a source that can't be read leaves none.
    """
    work_data(journal, name=name)
    case = _last(journal)
    refused = (case.facts["data"].get("refused") or {}) if case is not None and case.state == "open" else {}
    return case.case_id if case is not None and refused and refused["message"] in message else None


def _work_open(journal: Journal, case: Case, problem: Mapping[str, Any], name: str) -> Worked:
    if not any(problem.values()):
        close_case(journal, case, case.facts, reason="fixed")
        return Worked(closed=1)
    if update_case(journal, case, _facts(name, problem), details={**case.details, "text": _said(problem)}):
        return Worked(updated=1)
    touch(journal.uow, [case], journal.on)
    return Worked()


def _facts(name: str, problem: Mapping[str, Any]) -> dict[str, Any]:
    """In the shape of any case's facts; the entity stands where a payer would."""
    person = {
        "customer_id": NOBODY, "name": name, "country": None, "collector": None, "sales_owner": None
    }  # fmt: skip
    return {
        "payer": person, "totals": [], "oldest_due": None, "invoices": 0, "late_invoices": 0, "about": 0, "items": [],
        "level_reached": None, "last_contact": None, "next": None, "data": dict(problem),
    }  # fmt: skip


def _said(problem: Mapping[str, Any]) -> str:
    """What is wrong, in the words of the import's own messages."""
    told = []
    if refused := problem["refused"]:
        told.append(f"The import of the extract of {refused['extract']} was refused: {refused['message']}")
    if rows := problem["quarantine"]:
        told.append(f"{rows['rows']} rows in quarantine since {rows['since']}, the first {rows['first']}.")
    return "\n".join(told)


def _refused(journal: Journal) -> dict[str, Any] | None:
    """The entity's last import, where that was refused."""
    table = import_run.c
    query = (
        sa.select(table.import_id, table.extract_date, table.status, table.message)
        .where(table.entity == journal.entity, table.extract_date <= journal.on)
        .order_by(table.import_id.desc())
        .limit(1)
    )
    row = journal.uow.execute(query).first()
    if row is None or row.status != "refused":
        return None
    message = (row.message or "")[:_MESSAGE]
    return {"import_id": row.import_id, "extract": row.extract_date.isoformat(), "message": message}


def _quarantined(journal: Journal) -> dict[str, Any] | None:
    """Rows that lie in quarantine for more than `QUARANTINE_DAYS`, however often they were brought again; None: none."""
    values = {
        "entity": journal.entity, "on": journal.on, "latest": journal.on - timedelta(days=QUARANTINE_DAYS + 1)
    }  # fmt: skip
    row = journal.uow.execute(_LONG, values).mappings().one()
    if not row["rows"]:
        return None
    return {"rows": row["rows"], "since": row["since"].isoformat(), "first": row["place"]}


_LONG = sa.text(
    """
    WITH RECURSIVE turned_away AS (
      SELECT q.table_name, q.row_key, q.file, q.line, q.import_id, i.extract_date, q.table_name AS of_table,
        coalesce(q.row_key, q.file || ':' || q.line) AS of_row, q.file || ':' || q.line AS place
      FROM quarantine q JOIN import_run i USING (import_id)
      WHERE q.entity = :entity AND q.cleared_by IS NULL AND q.replaced_by IS NULL AND i.extract_date <= :on
    UNION
      SELECT q.table_name, q.row_key, q.file, q.line, q.import_id, i.extract_date, t.of_table, t.of_row, t.place
      FROM turned_away t JOIN quarantine q
        ON q.entity = :entity AND q.replaced_by = t.import_id AND q.table_name = t.table_name AND q.row_key = t.row_key
      JOIN import_run i ON i.import_id = q.import_id
      WHERE t.extract_date > :latest
    ), long AS (
      SELECT of_table, of_row, min(place) AS place, min(extract_date) AS since
      FROM turned_away GROUP BY of_table, of_row HAVING min(extract_date) <= :latest)
    SELECT count(*) AS rows, min(since) AS since, (array_agg(place ORDER BY since, place))[1] AS place FROM long
    """
)
"""Rows that are turned away now, each followed back over the imports that brought it, until that is long enough ago."""


def _last(journal: Journal) -> Case | None:
    """The entity's open case, else its last one."""
    table = dunning_case
    query = (
        sa.select(table)
        .where(table.c.entity == journal.entity, table.c.kind == KIND, table.c.payer_id == NOBODY)
        .order_by((table.c.state == "open").desc(), table.c.case_id.desc())
        .limit(1)
        .with_for_update()
    )
    row = journal.uow.execute(query).mappings().first()
    return Case(**row) if row else None


def _is_known(journal: Journal, case: Case, problem: Mapping[str, Any]) -> bool:
    """Whether a person has closed the case with all of this in view, or it stands on a later day."""
    if case.closed_on is not None and case.closed_on > journal.on:
        return True
    if not case.details.get("resolved"):
        return False
    known = case.facts.get("data") or {}
    refused, rows = problem["refused"], problem["quarantine"]
    return (refused is None or refused == known.get("refused")) and (
        rows is None or rows["rows"] <= (known.get("quarantine") or {"rows": 0})["rows"]
    )
