"""What people said on cases that were closed long ago is erased: which rows, and the changes that erase them.

A case keeps what it was (kind, dates, owner, why it closed, codes, amounts, invoices) and who wrote what when; comments, notes,
persons and numbers go, and with them what Slack was told. What of a JSON value goes is the database's function
`relance_without_words`, which the trigger on `case_event` holds every change of an event to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from relance.store.schema import case_comment, case_event, dunning_case, slack_direct, slack_outbox

NAMES = ("cases", "comments", "events", "slack", "directs")
"""The kinds of content, as reports and chains count them."""
_FINISHED = ("sent", "skipped", "dead")
_SAID_NOTHING = {"payload": {"text": ""}, "file": None, "file_name": None, "person": None, "error": None}


def payers_with_expired(entity: str, before: date) -> list[sa.Select[Any]]:
    """Queries of the payers whose cases have expired content."""
    payer = dunning_case.c.payer_id
    of_rows = [
        sa.select(payer)
        .join_from(dunning_case, table, table.c.case_id == dunning_case.c.case_id)
        .where(where)
        for table, where in _expired_rows(entity, before)
    ]
    return [sa.select(payer).where(_expired_cases(entity, before)), *of_rows]


def statements(entity: str, payers: Sequence[str], before: date, as_of: date) -> dict[str, sa.UpdateBase]:
    """By name the change that erases one kind of content of these payers; each gives the payers of its rows."""
    payer = dunning_case.c.payer_id
    whose = payer.in_(payers)
    values: dict[sa.Table, dict[str, Any]] = {
        case_comment: {"text": ""},
        case_event: {"body": _without_words(case_event.c.body)},
        slack_outbox: _SAID_NOTHING,
    }
    changes = [
        sa.update(table)
        .where(table.c.case_id == dunning_case.c.case_id, where, whose)
        .values(**values[table], erased_on=as_of)
        .returning(payer)
        for table, where in _expired_rows(entity, before)
        if table in values
    ]
    table = dunning_case
    case = (
        sa.update(table)
        .where(_expired_cases(entity, before), whose)
        .values(facts=_without_words(table.c.facts), details=_without_words(table.c.details), erased_on=as_of)
        .returning(payer)
    )
    return dict(zip(NAMES, [case, *changes, _directs(entity, before, whose)], strict=True))


def of_no_case(entity: str, before: date, as_of: date) -> sa.UpdateBase:
    """Erases Slack messages of no case: lists, notices and digests tell of many payers, and are no evidence of anything."""
    table = slack_outbox
    return (
        sa.update(table)
        .where(table.c.case_id.is_(None), table.c.entity == entity, _old_message(before))
        .values(**_SAID_NOTHING, erased_on=as_of)
        .returning(table.c.row_id)
    )


def _closed(entity: str, before: date) -> sa.ColumnElement[bool]:
    table = dunning_case.c
    return sa.and_(table.entity == entity, table.state == "closed", table.closed_on < before)


def _expired_cases(entity: str, before: date) -> sa.ColumnElement[bool]:
    return sa.and_(_closed(entity, before), dunning_case.c.erased_on.is_(None))


def _expired_rows(entity: str, before: date) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Tables of rows that belong to cases, and which rows of closed cases have expired."""
    dated = [
        (table, sa.and_(table.c.on_date < before, table.c.erased_on.is_(None)))
        for table in (case_comment, case_event)
    ]
    every = [*dated, (slack_outbox, _old_message(before)), (slack_direct, slack_direct.c.on_date < before)]
    return [(table, sa.and_(_closed(entity, before), where)) for table, where in every]


def _old_message(before: date) -> sa.ColumnElement[bool]:
    """Finished ones that were made before the day, by the clock."""
    table = slack_outbox.c
    return sa.and_(
        table.state.in_(_FINISHED), sa.cast(table.created_at, sa.Date) < before, table.erased_on.is_(None)
    )


def _directs(entity: str, before: date, whose: sa.ColumnElement[bool]) -> sa.UpdateBase:
    """Who was told of which case: needed on the day alone, and so deleted."""
    table = slack_direct
    return (
        sa.delete(table)
        .where(table.c.case_id == dunning_case.c.case_id, _closed(entity, before), table.c.on_date < before, whose)
        .returning(dunning_case.c.payer_id)
    )  # fmt: skip


def _without_words(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.relance_without_words(column, type_=JSONB)
