"""Writing cases: each change moves by the table, raises the revision, and is told to events and timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from relance.cases import transitions
from relance.cases.among import among
from relance.cases.reading import Case
from relance.cases.routing import owner_for, watchers_for
from relance.config.policy import Policy
from relance.store import timeline
from relance.store.schema import case_event, dunning_case
from relance.store.uow import UnitOfWork

SYSTEM = "relance"
"""The actor of what nobody did by hand."""


@dataclass(slots=True)
class Journal:
    """Events of one unit of work, written together at its end: timelines are locked once, in payer order.

    `policy` says who has and who watches the cases that are opened; without it nobody but the payer's collector.
    """

    uow: UnitOfWork
    entity: str
    on: date
    actor: str = SYSTEM
    policy: Policy | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _events: list[dict[str, Any]] = field(default_factory=list)
    _entries: list[timeline.Entry] = field(default_factory=list)

    def tell(self, *, case_id: int, payer_id: str, verb: str, kind: str, body: Mapping[str, Any]) -> None:
        """Note that `verb` was done to a case of `kind`."""
        row = {"case_id": case_id, "verb": verb, "actor": self.actor, "on_date": self.on, "body": dict(body)}
        self._events.append(row)
        self._entries.append(
            timeline.Entry(
                payer_id=payer_id,
                at=self.at,
                on_date=self.on,
                kind=f"case.{verb}",
                actor=self.actor,
                subject=f"case:{case_id}",
                body={"case": kind, **body},
            )
        )

    def write(self) -> None:
        """Store what was told, once."""
        if self._events:
            self.uow.execute(sa.insert(case_event), self._events)
            timeline.append(self.uow, self.entity, self._entries)
        self._events, self._entries = [], []


@dataclass(frozen=True, slots=True)
class Draft:
    """A case to open. `owner`: who has it; None: whom the routes of slack.yaml name, else the payer's collector."""

    payer_id: str
    kind: str
    facts: Mapping[str, Any]
    body: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    due_on: date | None = None
    requested_by: str | None = None
    owner: str | None = None


def open_cases(journal: Journal, drafts: Sequence[Draft]) -> dict[tuple[str, str], int]:
    """Open cases of one kind, and give the number of each that wasn't open yet by its payer and subject."""
    if not drafts:
        return {}
    transitions.move(transitions.CASE, "open", "new")
    rows = [
        {
            "entity": journal.entity,
            "payer_id": draft.payer_id,
            "kind": draft.kind,
            "subject": draft.subject,
            "state": "open",
            "owner": draft.owner or owner_for(journal.policy, journal.entity, draft.kind, draft.facts),
            "watchers": list(watchers_for(journal.policy, journal.entity, draft.kind, draft.facts)),
            "requested_by": draft.requested_by,
            "opened_on": journal.on,
            "facts": dict(draft.facts),
            "facts_on": journal.on,
            "details": dict(draft.details),
            "due_on": draft.due_on,
        }
        for draft in drafts
    ]
    statement = insert(dunning_case).on_conflict_do_nothing()
    columns = (dunning_case.c.payer_id, dunning_case.c.subject, dunning_case.c.case_id)
    rows_opened = journal.uow.execute(statement.returning(*columns), rows).mappings()
    opened = {(row["payer_id"], row["subject"]): row["case_id"] for row in rows_opened}
    for draft in drafts:
        if (draft.payer_id, draft.subject) in opened:
            number = opened[draft.payer_id, draft.subject]
            journal.tell(
                case_id=number, payer_id=draft.payer_id, verb="open", kind=draft.kind, body=draft.body
            )
    return opened


def update_case(
    journal: Journal,
    case: Case,
    facts: Mapping[str, Any],
    *,
    verb: str = "update",
    body: Mapping[str, Any] | None = None,
    **columns: object,
) -> bool:
    """Bring a case's facts to the journal's day; gives whether they changed. `body` tells of `verb` in any case.

    `columns`: others of the case's row that change with it (details, due_on …); alone they make no revision and no event.
    """
    if facts == case.facts and body is None:
        if any(getattr(case, name) != value for name, value in columns.items()):
            _set_quietly(journal.uow, case, columns)
        return False
    transitions.move(transitions.CASE, verb, case.state)
    changed = sorted(name for name in {*facts, *case.facts} if facts.get(name) != case.facts.get(name))
    _set(journal.uow, case, facts=dict(facts), facts_on=max(case.facts_on, journal.on), **columns)
    told = {"changed": changed} if body is None else body
    journal.tell(case_id=case.case_id, payer_id=case.payer_id, verb=verb, kind=case.kind, body=told)
    return True


def change_case(journal: Journal, case: Case, verb: str, body: Mapping[str, Any], **columns: object) -> None:
    """Do a person's verb to a case: its state by the table, `columns` of its row, its revision; told with `body`."""
    state = transitions.move(transitions.CASE, verb, case.state)
    if state == "open" and case.erased_on is not None:
        columns["erased_on"] = None  # it is worked again, and what is said on it now expires in its own time
    _set(journal.uow, case, state=state, **columns)
    journal.tell(case_id=case.case_id, payer_id=case.payer_id, verb=verb, kind=case.kind, body=body)


def close_case(
    journal: Journal,
    case: Case,
    facts: Mapping[str, Any],
    *,
    reason: str,
    body: Mapping[str, Any] | None = None,
    **columns: object,
) -> None:
    """Close a case with its reason; `columns`: others of its row that change with it."""
    state = transitions.move(transitions.CASE, "close", case.state)
    _set(
        journal.uow, case,
        state=state, closed_on=journal.on, closed_reason=reason, facts=dict(facts), facts_on=journal.on, **columns,
    )  # fmt: skip
    journal.tell(
        case_id=case.case_id,
        payer_id=case.payer_id,
        verb="close",
        kind=case.kind,
        body={"reason": reason, **(body or {})},
    )


def touch(uow: UnitOfWork, cases: Sequence[Case], on: date) -> None:
    """Note that the facts still hold on a day: no revision, no event."""
    numbers = [case.case_id for case in cases if case.facts_on < on]
    if numbers:
        table = dunning_case
        uow.execute(sa.update(table).where(among(table.c.case_id, numbers)).values(facts_on=on))


def forget(uow: UnitOfWork, case: Case, about: Sequence[str]) -> None:
    """A resolved case is about these items only: no revision, no event."""
    table = dunning_case
    now = sa.func.jsonb_set(table.c.details, sa.text("'{about}'"), sa.literal(list(about), JSONB))
    closed = sa.update(table).where(table.c.case_id == case.case_id, table.c.state == "closed")
    uow.execute(closed.values(details=now))


def forget_gone(journal: Journal, kind: str, subject: str, payers: Iterable[str]) -> None:
    """Resolved cases of other payers than these are about nothing any more: no revision, no event."""
    table = dunning_case
    others = sa.update(table).where(
        table.c.entity == journal.entity, table.c.kind == kind, table.c.subject == subject, table.c.state == "closed",
        table.c.closed_on <= journal.on, table.c.details.has_key("resolved"), table.c.details["about"] != sa.literal([], JSONB),
        ~among(table.c.payer_id, payers),
    )  # fmt: skip
    journal.uow.execute(
        others.values(details=sa.func.jsonb_set(table.c.details, sa.text("'{about}'"), sa.text("'[]'")))
    )


def _set_quietly(uow: UnitOfWork, case: Case, columns: Mapping[str, object]) -> None:
    table = dunning_case
    uow.execute(sa.update(table).where(table.c.case_id == case.case_id).values(**columns))


def _set(uow: UnitOfWork, case: Case, **values: object) -> None:
    table = dunning_case
    uow.execute(
        sa.update(table)
        .where(table.c.case_id == case.case_id)
        .values(revision=table.c.revision + 1, **values)
    )
