"""What the weekly digest for management says: an entity's figures against the week before, and all entities together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from relance.cases.facts import alerting, owner_of
from relance.cases.reading import list_cases
from relance.config.models import Entity
from relance.config.policy import Policy
from relance.insight.figures import figures
from relance.insight.kept import KeptDigest, newest_event, newest_told
from relance.insight.kpis import kpis
from relance.insight.lines import heaviest_first
from relance.ledger.snapshot import Snapshot
from relance.ledger.versions import LedgerVersions
from relance.slack.digest import Line
from relance.slack.digest_weekly import Overall, Weekly
from relance.store.uow import UnitOfWork

KIND = "weekly"
WEEK = timedelta(days=7)
_COUNTED = (
    "payers",
    "invoices",
    "long_overdue_payers",
    "currencies",
    "open_cases",
    "unassigned",
    "approvals",
)
"""Figures that make a week news when they differ from those before; ages grow by themselves."""


@dataclass(frozen=True, slots=True)
class WeeklyOfEntity:
    """An entity's weekly digest. `is_news`: something happened or changed. `figures`: what the next one compares with."""

    channel: str
    digest: Weekly
    is_news: bool
    figures: Mapping[str, Any]


def weekly_of(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    snapshot: Snapshot,
    versions: LedgerVersions | None = None,
) -> WeeklyOfEntity | None:
    """The entity's week until the snapshot's day; None where there is no channel for it.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    configured = policy.slack.digests.weekly
    channel = (configured.channel if configured else None) or (one.slack.channel if one.slack else None)
    if channel is None:
        return None
    as_of = snapshot.as_of
    reports = newest_told(uow, kind=KIND, before=as_of, channel=channel)
    last = reports.get(entity)
    since = last.as_of if last else as_of - WEEK
    seen = int(last.figures["event_id"]) if last else None
    upto = newest_event(uow)
    now = figures(
        uow, policy=policy, entity=entity, snapshot=snapshot, since=since, after=seen
    ).as_dict()  # fmt: skip
    before = last.figures["figures"] if last else None
    key_figures = kpis(uow, policy, entity, snapshot, versions=versions).as_dict()
    others = newest_told(uow, kind=KIND, before=as_of + timedelta(days=1), channel=channel)
    current = {name: row.figures["figures"] for name, row in others.items() if row.as_of > as_of - WEEK}
    current[entity] = now
    digest = Weekly(
        entity=entity, company=one.name, as_of=as_of, since=since, now=now, before=before, kpis=key_figures,
        long_overdue=_long_overdue(uow, one, snapshot), entities=tuple(sorted(current)),
        overall=_overall(current, reports),
    )  # fmt: skip
    return WeeklyOfEntity(channel, digest, _is_news(now, before), _kept(now, before, key_figures, upto))


def _kept(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, key_figures: Mapping[str, Any], upto: int
) -> dict[str, Any]:
    """`before` is kept by its totals alone: the entities that report later in the day sum up the change of all."""
    return {
        "figures": now, "kpis": key_figures, "before": before and {"currencies": before["currencies"]}, "event_id": upto,
    }  # fmt: skip


def _is_news(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    if before is None:
        return bool(now["currencies"] or now["open_cases"])
    happened = (now["sent"], now["cash_in"], now["bounced"], now["calls_made"])
    moved = [now["promises"][name] for name in ("kept", "partly_kept", "broken", "made")]
    moved += [now["disputes"][name] for name in ("new", "resolved")]
    return any(happened) or any(moved) or any(now[name] != before.get(name) for name in _COUNTED)


def _long_overdue(uow: UnitOfWork, seller: Entity, snapshot: Snapshot) -> tuple[Line, ...]:
    """Payers with items beyond the entity's threshold, the heaviest first; amounts are of those items alone."""
    late = alerting(snapshot, days=seller.overdue_alert_days)
    if late.is_empty():
        return ()
    cases = {case.payer_id: case for case in list_cases(uow, entity=seller.entity, kind="overdue_90")}
    people = snapshot.customers.select("customer_id", "name", "collector", "sales_owner")
    known = {row["customer_id"]: row for row in people.iter_rows(named=True)}
    sums: dict[str, list[tuple[int, str]]] = {}
    totals = late.group_by("payer_id", "currency").agg(pl.col("open").sum()).sort("payer_id", "currency")
    for payer, currency, amount in totals.iter_rows():
        sums.setdefault(payer, []).append((int(amount), currency))
    oldest = dict(late.group_by("payer_id").agg(pl.col("due_date").min()).iter_rows())
    lines = [
        Line(
            case_id=cases[payer].case_id if payer in cases else 0, kind="overdue_90", payer_id=payer,
            payer=str(known.get(payer, {}).get("name") or payer),
            amounts=tuple(sorted(amounts, key=lambda one: (one[1] != seller.currency, one[1]))),
            owner=cases[payer].owner if payer in cases else owner_of({"payer": known.get(payer, {})}),
            days_late=(snapshot.as_of - oldest[payer]).days,
        )
        for payer, amounts in sums.items()
    ]  # fmt: skip
    return tuple(heaviest_first(lines, seller.currency))


def _overall(
    current: Mapping[str, Mapping[str, Any]], reports: Mapping[str, KeptDigest]
) -> tuple[Overall, ...]:
    """All entities' totals by currency; the change only where each of them has an earlier report to compare with."""
    now = _sums(list(current.values()))
    earlier = [_earlier(name, figures_, reports) for name, figures_ in current.items()]
    known = [one for one in earlier if one is not None]
    before = _sums(known) if len(known) == len(earlier) else None
    return tuple(
        Overall(
            currency, *totals,
            change=None if before is None else totals[1] - before.get(currency, (0, 0, 0))[1],
        )
        for currency, totals in sorted(now.items())
    )  # fmt: skip


def _earlier(
    name: str, now: Mapping[str, Any], reports: Mapping[str, KeptDigest]
) -> Mapping[str, Any] | None:
    """The figures that an entity's own digest compared itself with, as far as they are kept."""
    report = reports.get(name)
    if report is None:
        return None
    found: Mapping[str, Any] = report.figures["figures"]
    if date.fromisoformat(now["as_of"]) > report.as_of:
        return found
    before: Mapping[str, Any] | None = report.figures.get("before")
    return before


def _sums(reports: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int, int]]:
    """Open, overdue and long overdue by currency."""
    sums: dict[str, tuple[int, int, int]] = {}
    for report in reports:
        for row in report["currencies"]:
            had = sums.get(row["currency"], (0, 0, 0))
            own = (row["open"], row["overdue"], row["long_overdue"])
            sums[row["currency"]] = (had[0] + own[0], had[1] + own[1], had[2] + own[2])
    return sums
