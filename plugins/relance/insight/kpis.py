"""Key figures of an entity on a day, against its targets: what `/relance kpi` and the weekly digest say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.config.models import Targets
from relance.config.policy import Policy
from relance.insight import ratios
from relance.insight.sales import Receivables, receivables, sales, sales_by_month, whole_since
from relance.ledger.loading import load_versions
from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.ledger.versions import LedgerVersions
from relance.store.schema import promise
from relance.store.uow import UnitOfWork

PERIOD_DAYS = 90
"""The period of the simple DSO, of CEI and of promises."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises that came to their end in the period, by number and by amount (minor units of one currency)."""

    due: int = 0
    kept: int = 0
    amount_due: int = 0
    amount_kept: int = 0

    @property
    def rate(self) -> float | None:
        """Kept / due, by number."""
        return ratios.share(self.kept, self.due)


@dataclass(frozen=True, slots=True)
class Kpis:
    """An entity's key figures in the currency of its books; days and shares are rounded, money is minor units.

    `dso`: over `PERIOD_DAYS`; `dso_count_back` by count-back, "at least" so many days where history is too short
    (`at_least`); `best_dso`: the same as `dso` of what is not due yet. `overdue_30`: open amount more than 30 days late /
    open amount. `cei` in per cent. None: the ledger's history does not reach so far (`history_since`), or no sales.
    """

    entity: str
    as_of: date
    currency: str
    receivables: int
    overdue: int
    sales: int | None
    dso: float | None
    dso_count_back: float | None
    at_least: bool
    best_dso: float | None
    overdue_30: float | None
    cei: float | None
    promises: Kept
    history_since: date | None
    targets: Mapping[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        since = self.history_since.isoformat() if self.history_since else None
        plain = asdict(self) | {"as_of": self.as_of.isoformat(), "history_since": since}
        plain["promises"] |= {"rate": _rounded(self.promises.rate, 4)}
        return plain


def kpis(
    uow: UnitOfWork,
    policy: Policy,
    entity: str,
    snapshot: Snapshot,
    *,
    versions: LedgerVersions | None = None,
) -> Kpis:
    """The entity's key figures on the snapshot's day, in the currency of its books.

    `versions`: the ledger's history, read from the store when not given.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    as_of, currency = snapshot.as_of, one.currency
    history = versions or load_versions(uow.database, entity)
    since = whole_since(history)
    start = as_of - timedelta(days=PERIOD_DAYS)
    reaches = since is not None and since <= start
    owed = receivables(snapshot, currency)
    sold = sales(history, as_of, currency, after=start) if reaches else None
    back = (
        ratios.count_back(owed.total, sales_by_month(history, as_of, currency), as_of, since=since)
        if since
        else None
    )
    simple = None if sold is None else ratios.dso(owed.total, sold, PERIOD_DAYS)
    best = None if sold is None else ratios.dso(owed.current, sold, PERIOD_DAYS)
    return Kpis(
        entity=entity, as_of=as_of, currency=currency, receivables=owed.total, overdue=owed.overdue, sales=sold,
        dso=_rounded(simple), dso_count_back=_rounded(back.days if back else None),
        at_least=back.at_least if back else False, best_dso=_rounded(best),
        overdue_30=_rounded(_overdue_30(snapshot, currency), 4),
        cei=_rounded(_cei(history, start, sold, owed, currency)),
        promises=kept_promises(uow, entity, currency, after=start, until=as_of), history_since=since,
        targets=_targets(one.targets),
    )  # fmt: skip


def kept_promises(uow: UnitOfWork, entity: str, currency: str, *, after: date, until: date) -> Kept:
    """Promises due in `after` < day ≤ `until` that have come to an end, and those of them that were kept.

    Kept is what cases call kept (95 % by the date and its grace). Those that are still open, or that a new promise
    replaced, count on neither side.
    """
    table = promise.c
    query = sa.select(table.state, sa.func.count(), sa.func.sum(table.amount)).where(
        table.entity == entity,
        table.currency == currency,
        table.due_on > after,
        table.due_on <= until,
        table.concluded_on <= until,
        table.state.in_(("kept", "partly_kept", "broken")),
    )
    found = {
        state: (number, int(amount)) for state, number, amount in uow.execute(query.group_by(table.state))
    }
    kept = found.get("kept", (0, 0))
    return Kept(
        due=sum(number for number, _ in found.values()),
        kept=kept[0],
        amount_due=sum(amount for _, amount in found.values()),
        amount_kept=kept[1],
    )


def _overdue_30(snapshot: Snapshot, currency: str) -> float | None:
    items = snapshot.items.filter(pl.col("currency") == currency)
    late = items.filter(pl.col("due_date") < snapshot.as_of - timedelta(days=30))
    return ratios.share(int(late["open"].sum()), int(items["open"].sum()))


def _cei(
    history: LedgerVersions, start: date, sold: int | None, closing: Receivables, currency: str
) -> float | None:
    if sold is None:
        return None
    opening = receivables(take_snapshot(history, start), currency)
    return ratios.effectiveness(
        opening=opening.total, sales=sold, closing=closing.total, closing_current=closing.current
    )


def _targets(targets: Targets | None) -> dict[str, float | None]:
    return {"dso": targets.dso if targets else None, "overdue_30": targets.overdue_30 if targets else None}


def _rounded(value: float | None, places: int = 1) -> float | None:
    return None if value is None else round(value, places)
