"""Disputes in figures: how many, how much, how old, and whether they grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.cases.reading import Case
from relance.store.schema import case_event, dunning_case
from relance.store.uow import UnitOfWork

KIND = "dispute"


@dataclass(frozen=True, slots=True)
class Disputes:
    """Disputes on a day, and those opened and closed in its window; `amounts`: disputed, minor units by currency.

    `before`: how many were open when the window began. `mean_age`, `oldest`: of the open ones, in days. `beyond`: open ones
    whose deadline has passed. `by_reason`: open ones by reason code.
    """

    open: int = 0
    new: int = 0
    resolved: int = 0
    before: int = 0
    mean_age: float = 0.0
    oldest: int = 0
    beyond: int = 0
    amounts: Mapping[str, int] = field(default_factory=dict)
    by_reason: Mapping[str, int] = field(default_factory=dict)

    @property
    def trend(self) -> int:
        """How many more are open than when the window began."""
        return self.open - self.before


def disputes(
    uow: UnitOfWork,
    entity: str,
    open_cases: Iterable[Case],
    *,
    since: date,
    as_of: date,
    after: int | None = None,
) -> Disputes:
    """Figures of the entity's disputes: open ones as they stand now; what came and went in `since` ≤ day ≤ `as_of`.

    `after`: came and went by events with higher numbers instead.
    """
    standing = [case for case in open_cases if case.kind == KIND]
    ages = [max(0, (as_of - case.opened_on).days) for case in standing]
    amounts: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for case in standing:
        for currency, amount in disputed_amounts(case).items():
            amounts[currency] = amounts.get(currency, 0) + amount
        if reason := case.details.get("reason"):
            reasons[str(reason)] = reasons.get(str(reason), 0) + 1
    moved = _moved(uow, entity, since=since, as_of=as_of, after=after)
    return Disputes(
        open=len(standing), mean_age=round(sum(ages) / len(ages), 1) if ages else 0.0, oldest=max(ages, default=0),
        beyond=sum(case.due_on is not None and case.due_on < as_of for case in standing),
        amounts=dict(sorted(amounts.items())), by_reason=dict(sorted(reasons.items())), **moved,
    )  # fmt: skip


def _moved(uow: UnitOfWork, entity: str, *, since: date, as_of: date, after: int | None) -> dict[str, int]:
    """How many disputes came (`new`) and went (`resolved`), and how many were open before."""
    table, event = dunning_case.c, case_event.c
    came: sa.ColumnElement[bool] = table.opened_on.between(since, as_of)
    went: sa.ColumnElement[bool] = table.closed_on.between(since, as_of)
    if after is not None:
        own = sa.select(event.event_id).where(event.case_id == table.case_id, event.event_id > after)
        came = own.where(event.verb.in_(("open", "reopen"))).exists()
        went = own.where(event.verb.in_(("close", "resolve"))).exists() & (table.state == "closed")
    before = (table.opened_on < since) & (table.closed_on.is_(None) | (table.closed_on >= since))
    counted = {"new": came, "resolved": went, "before": before}
    columns = [sa.func.count().filter(where).label(name) for name, where in counted.items()]
    where = sa.and_(table.entity == entity, table.kind == KIND)
    return dict(uow.execute(sa.select(*columns).where(where)).mappings().one())


def disputed_amounts(case: Case) -> dict[str, int]:
    """What a dispute is about, by currency: the parts that were named, else the open items on its card."""
    named: Mapping[str, Any] = case.details.get("amounts") or {}
    currencies: Mapping[str, str] = case.details.get("currencies") or {}
    sums: dict[str, int] = {}
    for item, amount in named.items():
        currency = currencies.get(item) or case.details.get("currency")
        if currency:
            sums[currency] = sums.get(currency, 0) + int(amount)
    if sums:
        return sums
    for one in case.facts.get("items") or ():
        sums[one["currency"]] = sums.get(one["currency"], 0) + one["open"]
    return sums
