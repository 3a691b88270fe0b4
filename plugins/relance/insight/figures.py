"""What a day looks like for an entity: ageing, disputes, promises, what waits and what was done. Facts of ledger and store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from relance.cases.facts import alerting
from relance.cases.reading import Case, list_cases
from relance.config.policy import Policy
from relance.insight.disputed import Disputes, disputes
from relance.insight.kpis import Kpis, kpis
from relance.ledger.balance import balance
from relance.ledger.snapshot import Snapshot
from relance.store.schema import contact, contact_event, payment_version, promise
from relance.store.uow import UnitOfWork

__all__ = ["Figures", "Kpis", "PromiseFigures", "figures", "kpis"]

_LEFT = ("sent", "confirmed", "bounced")
"""States of a message that has left."""


@dataclass(frozen=True, slots=True)
class PromiseFigures:
    """Open promises by their date, and how those of the window ended."""

    due_today: int = 0
    due_this_week: int = 0
    late: int = 0
    kept: int = 0
    partly_kept: int = 0
    broken: int = 0
    made: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """An entity on a day, and what happened in `since` ≤ day < `as_of`; money in minor units by currency.

    `currencies`: the rows of `relance ledger balance` with `long_overdue` (more than `threshold` days late) beside them.
    `open_cases`: number by kind. `oldest_approval`: days that the longest waiting question has waited. `sent`: messages that
    left, by channel. `cash_in`: by currency, dated in the window (negative: more went back than came).
    """

    entity: str
    as_of: date
    since: date
    threshold: int
    payers: int
    invoices: int
    long_overdue_payers: int
    currencies: tuple[Mapping[str, Any], ...]
    open_cases: Mapping[str, int]
    unassigned: int
    disputes: Disputes
    promises: PromiseFigures
    approvals: int
    oldest_approval: int
    calls_to_make: int
    calls_made: int
    sent: Mapping[str, int] = field(default_factory=dict)
    bounced: int = 0
    cash_in: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        days = {"as_of": self.as_of.isoformat(), "since": self.since.isoformat()}
        return asdict(self) | days | {"currencies": [dict(row) for row in self.currencies]}


def figures(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    snapshot: Snapshot,
    since: date | None = None,
    after: int | None = None,
) -> Figures:
    """The entity's figures on the snapshot's day; `since` is the first day of the window, a week before if not given.

    Cases count as they stand now, promises and contacts by their dates. `after`: disputes are counted as new and resolved by
    events with higher numbers, so that between two digests none is told twice or never.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    as_of = snapshot.as_of
    window = _Window(uow, entity, since or as_of - timedelta(days=7), as_of, ZoneInfo(one.timezone))
    late = alerting(snapshot, days=one.overdue_alert_days)
    cases = list_cases(uow, entity=entity)
    asked = [case.opened_on for case in cases if case.kind == "approval"]
    return Figures(
        entity=entity,
        as_of=as_of,
        since=window.since,
        threshold=one.overdue_alert_days,
        payers=snapshot.items["payer_id"].n_unique(),
        invoices=snapshot.items.height,
        long_overdue_payers=late["payer_id"].n_unique(),
        currencies=_currencies(snapshot, late, first=one.currency),
        open_cases=_by_kind(cases),
        unassigned=sum(case.owner is None for case in cases),
        disputes=disputes(uow, entity, cases, since=window.since, as_of=as_of, after=after),
        promises=window.promises(),
        approvals=len(asked),
        oldest_approval=(as_of - min(asked)).days if asked else 0,
        calls_to_make=sum(case.kind == "call" for case in cases),
        calls_made=window.calls_made(),
        sent=window.sent(),
        bounced=window.bounced(),
        cash_in=window.cash_in(),
    )


def _currencies(snapshot: Snapshot, late: pl.DataFrame, *, first: str) -> tuple[dict[str, Any], ...]:
    """The books' currency first."""
    beyond = dict(late.group_by("currency").agg(pl.col("open").sum()).iter_rows())
    rows = [
        {**row, "long_overdue": int(beyond.get(row["currency"], 0))}
        for row in balance(snapshot)["currencies"]
        if row["open"] or row["credit"]
    ]
    return tuple(sorted(rows, key=lambda row: (row["currency"] != first, row["currency"])))


def _by_kind(cases: list[Case]) -> dict[str, int]:
    found: dict[str, int] = {}
    for case in cases:
        found[case.kind] = found.get(case.kind, 0) + 1
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class _Window:
    """What happened to an entity in `since` ≤ day < `until`; moments are days of its own time zone."""

    uow: UnitOfWork
    entity: str
    since: date
    until: date
    zone: ZoneInfo

    def promises(self) -> PromiseFigures:
        table = promise.c
        of_entity = table.entity == self.entity
        week_end = self.until + timedelta(days=6 - self.until.weekday())
        waiting = of_entity & (table.state == "open")
        ended = of_entity & (table.concluded_on >= self.since) & (table.concluded_on < self.until)
        made = of_entity & (table.made_on >= self.since) & (table.made_on < self.until)
        counted = {
            "due_today": waiting & (table.due_on == self.until),
            "due_this_week": waiting & (table.due_on >= self.until) & (table.due_on <= week_end),
            "late": waiting & (table.due_on < self.until),
            **{state: ended & (table.state == state) for state in ("kept", "partly_kept", "broken")},
            "made": made,
        }
        columns = [sa.func.count().filter(where).label(name) for name, where in counted.items()]
        row = self.uow.execute(sa.select(*columns).select_from(promise)).mappings().one()
        return PromiseFigures(**row)

    def sent(self) -> dict[str, int]:
        table = contact.c
        query = (
            sa.select(table.channel, sa.func.count())
            .where(
                table.entity == self.entity,
                table.kind == "message",
                table.state.in_(_LEFT),
                self._days(sa.func.coalesce(table.acted_on, table.as_of)),
            )
            .group_by(table.channel)
            .order_by(table.channel)
        )
        return {channel: number for channel, number in self.uow.execute(query) if channel}

    def bounced(self) -> int:
        """Messages of which it was learnt in the window that they came back."""
        table = contact_event.c
        day = sa.cast(sa.func.timezone(self.zone.key, table.at), sa.Date)
        query = (
            sa.select(sa.func.count(sa.distinct(table.key)))
            .join(contact, contact.c.key == table.key)
            .where(contact.c.entity == self.entity, table.state == "bounced", self._days(day))
        )
        return int(self.uow.execute(query).scalar_one())

    def calls_made(self) -> int:
        table = contact.c
        query = sa.select(sa.func.count()).where(
            table.entity == self.entity,
            table.kind == "call",
            table.state == "completed",
            self._days(table.acted_on),
        )
        return int(self.uow.execute(query).scalar_one())

    def cash_in(self) -> dict[str, int]:
        """Payments dated in the window, each as its newest version has it."""
        table = payment_version.c
        newest = (
            sa.select(table.payment_id, table.currency, table.amount, table.date)
            .ext(distinct_on(table.payment_id))
            .where(table.entity == self.entity)
            .order_by(table.payment_id, table.extract_date.desc(), table.import_id.desc())
            .subquery()
        )
        total = sa.func.sum(newest.c.amount)
        query = (
            sa.select(newest.c.currency, total)
            .where(self._days(newest.c.date))
            .group_by(newest.c.currency)
            .order_by(newest.c.currency)
        )
        return {currency: int(amount) for currency, amount in self.uow.execute(query)}

    def _days(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(column >= self.since, column < self.until)
