"""Cases, promises and instalment plans, read; what happened to them is in `events`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.cases.among import among
from relance.cases.events import (
    Comment,
    Event,
    last_comments,
    last_event,
    plain,
    read_comments,
    read_events,
    read_timeline,
    told_now,
)
from relance.cases.measure import Pledge
from relance.errors import CaseError
from relance.money import Money
from relance.store.schema import case_event, dunning_case, instalment, instalment_plan
from relance.store.schema import promise as promise_table
from relance.store.uow import UnitOfWork

__all__ = [
    "Case",
    "Comment",
    "Event",
    "Instalment",
    "InstalmentPlan",
    "Promise",
    "find_case",
    "last_comments",
    "last_event",
    "list_cases",
    "read_case",
    "read_comments",
    "read_events",
    "read_instalment_plans",
    "read_promises",
    "read_timeline",
    "told_now",
]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored; `facts` is what its card shows of the ledger, as of `facts_on`; `details` what people said.

    `erased_on`: since that day it lacks what people said; it was closed long ago, and not opened again since.
    """

    case_id: int
    entity: str
    payer_id: str
    kind: str
    subject: str
    state: str
    revision: int
    owner: str | None
    opened_on: date
    closed_on: date | None
    closed_reason: str | None
    facts: Mapping[str, Any]
    facts_on: date
    watchers: tuple[str, ...] | list[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    due_on: date | None = None
    snoozed_until: date | None = None
    requested_by: str | None = None
    erased_on: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as stored; amounts in minor units; `invoices` None means all of the payer's."""

    promise_id: int
    case_id: int
    entity: str
    payer_id: str
    invoices: tuple[str, ...] | None
    amount: int
    currency: str
    made_on: date
    due_on: date
    grace_until: date
    state: str
    by: str
    paid: int
    concluded_on: date | None
    dealt_on: date | None

    @property
    def pledge(self) -> Pledge:
        """What of it is measured against money."""
        invoices = None if self.invoices is None else frozenset(self.invoices)
        return Pledge(
            self.promise_id, self.amount, self.currency, self.made_on, self.due_on, self.grace_until, invoices
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of an instalment plan; amounts in minor units; `paid_on` is the day it was found paid."""

    number: int
    amount: int
    due_on: date
    grace_until: date
    paid: int
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class InstalmentPlan:
    """An instalment plan as stored; `invoices` None means all of the payer's; `parts` in the order of their dates.

    `dealt_on`: a broken one: the day money or a new agreement dealt with it.
    """

    instalment_plan_id: int
    case_id: int
    entity: str
    payer_id: str
    invoices: tuple[str, ...] | None
    currency: str
    made_on: date
    state: str
    by: str
    concluded_on: date | None
    dealt_on: date | None
    parts: tuple[Instalment, ...]

    @property
    def awaited(self) -> Instalment | None:
        """The first part that is not paid yet."""
        return next((part for part in self.parts if part.paid_on is None), None)

    @property
    def terms(self) -> tuple[tuple[Money, date], ...]:
        """What was agreed: amount and date of each part."""
        return tuple((Money(self.currency, part.amount), part.due_on) for part in self.parts)

    @property
    def is_live(self) -> bool:
        """Whether it still runs, or is broken and nothing has dealt with that."""
        return self.state == "open" or (self.state == "broken" and self.dealt_on is None)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        return {**plain(asdict(self)), "parts": [plain(asdict(part)) for part in self.parts]}


def read_case(uow: UnitOfWork, case_id: int, *, lock: bool = False) -> Case:
    """The case of that number; `lock` keeps others from changing it until the unit of work ends.

    Raises:
        CaseError: when there is none.
    """
    query = sa.select(dunning_case).where(dunning_case.c.case_id == case_id)
    row = uow.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise CaseError(
            f"There is no case {case_id}.", hint="`relance case list ENTITY` shows the open ones."
        )
    return Case(**row)


def lock_case(uow: UnitOfWork, case_id: int) -> Case:
    """The case of that number, locked until the unit of work ends, with all that a verb on it may lock after it.

    Those are the case that it asks about and the payer's open ones. They are taken by number, as the day's work takes them: who
    began with the newer one would wait for the older one, and the day's work for the newer one.

    Raises:
        CaseError: when there is none.
    """
    case = read_case(uow, case_id)
    asks = case.details.get("target_case")
    lock_payer(uow, case.entity, case.payer_id, also=[case_id, *([asks] if asks else [])])
    return read_case(uow, case_id)


def lock_payer(uow: UnitOfWork, entity: str, payer_id: str, *, also: Sequence[int] = ()) -> None:
    """Lock a payer's open cases, and these, by number."""
    table = dunning_case.c
    own = sa.and_(table.entity == entity, table.payer_id == payer_id)
    meant = sa.and_(own, sa.or_(table.state == "open", table.case_id.in_(also)))
    uow.execute(sa.select(table.case_id).where(meant).order_by(table.case_id).with_for_update())


def find_case(
    uow: UnitOfWork, *, entity: str, payer_id: str, kind: str, subject: str = "", lock: bool = False
) -> Case | None:
    """The payer's open case of that kind, or None."""
    query = sa.select(dunning_case).where(
        dunning_case.c.entity == entity,
        dunning_case.c.payer_id == payer_id,
        dunning_case.c.kind == kind,
        dunning_case.c.subject == subject,
        dunning_case.c.state == "open",
    )
    row = uow.execute(query.with_for_update() if lock else query).mappings().first()
    return Case(**row) if row else None


def list_cases(
    uow: UnitOfWork,
    *,
    entity: str | None = None,
    kind: str | None = None,
    state: str | None = "open",
    payer_id: str | None = None,
    kinds: Iterable[str] | None = None,
    owner: str | None = None,
    lock: bool = False,
) -> list[Case]:
    """Cases in order of their numbers: of one entity, or of all; `state` None gives closed ones too.

    `owner`: those that this person has, by e-mail in any case. `kinds`: of any of these.
    """
    query = sa.select(dunning_case)
    for column, wanted in (("entity", entity), ("kind", kind), ("state", state), ("payer_id", payer_id)):
        if wanted is not None:
            query = query.where(dunning_case.c[column] == wanted)
    if kinds is not None:
        query = query.where(among(dunning_case.c.kind, kinds))
    if owner is not None:
        query = query.where(sa.func.lower(dunning_case.c.owner) == owner.strip().lower())
    query = query.order_by(dunning_case.c.case_id)
    rows = uow.execute(query.with_for_update() if lock else query).mappings()
    return [Case(**row) for row in rows]


def read_promises(
    uow: UnitOfWork, *, entity: str, payers: Iterable[str], case_id: int | None = None
) -> list[Promise]:
    """All promises of the payers, in order of their numbers; those of one case when it is named."""
    query = sa.select(promise_table).where(
        promise_table.c.entity == entity, among(promise_table.c.payer_id, payers)
    )
    if case_id is not None:
        query = query.where(promise_table.c.case_id == case_id)
    rows = uow.execute(query.order_by(promise_table.c.promise_id)).mappings()
    return [
        Promise(**{**row, "invoices": None if row["invoices"] is None else tuple(row["invoices"])})
        for row in rows
    ]


def read_instalment_plans(
    uow: UnitOfWork, *, entity: str, payers: Iterable[str], case_id: int | None = None
) -> list[InstalmentPlan]:
    """All instalment plans of the payers, in order of their numbers; those of one case when it is named."""
    table = instalment_plan
    query = sa.select(table, _dealt_on().label("dealt_on")).where(
        table.c.entity == entity, among(table.c.payer_id, payers)
    )
    if case_id is not None:
        query = query.where(table.c.case_id == case_id)
    rows = uow.execute(query.order_by(table.c.instalment_plan_id)).mappings().all()
    parts = _parts(uow, [row["instalment_plan_id"] for row in rows])
    return [
        InstalmentPlan(
            **{
                **row,
                "invoices": None if row["invoices"] is None else tuple(row["invoices"]),
                "parts": tuple(parts[row["instalment_plan_id"]]),
            }
        )
        for row in rows
    ]


def _dealt_on() -> sa.ScalarSelect[date]:
    """The day of the event that says that a broken plan is dealt with: the plan's row has no place for it.

    Where its case was opened again since, it was taken up: the newest of both counts.
    """
    event = case_event.c
    return (
        sa.select(sa.case((event.verb == "deal_with", event.on_date)))
        .where(
            event.case_id == instalment_plan.c.case_id,
            event.verb.in_(("deal_with", "restore")),
            event.body["instalment_plan"].astext == sa.cast(instalment_plan.c.instalment_plan_id, sa.Text),
        )
        .order_by(event.event_id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _parts(uow: UnitOfWork, plans: list[int]) -> dict[int, list[Instalment]]:
    found: dict[int, list[Instalment]] = {number: [] for number in plans}
    if plans:
        query = sa.select(instalment).where(among(instalment.c.instalment_plan_id, plans))
        ordered = query.order_by(instalment.c.instalment_plan_id, instalment.c.number)
        for row in uow.execute(ordered).mappings():
            values = dict(row)
            found[values.pop("instalment_plan_id")].append(Instalment(**values))
    return found
