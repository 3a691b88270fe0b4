"""What the daily digest of each channel says: what is new, closed and decided since the last, what is due, what nobody has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from relance.cases.among import among
from relance.cases.reading import Case, Event, list_cases
from relance.config.models import Entity
from relance.config.policy import Policy
from relance.insight.kept import KeptDigest, newest_told
from relance.insight.lines import deadlines, is_resting, largest, line_of, overdue_by_currency
from relance.slack.digest import Daily, Said, Total
from relance.slack.routing import channel_for
from relance.store.schema import case_event, dunning_case
from relance.store.uow import UnitOfWork

KIND = "daily"
NOT_DECISIONS = frozenset(
    {
        "open", "reopen", "update", "close", "resolve", "comment", "edit_comment", "delete_comment", "assign", "unassign",
        "watch", "unwatch", "make",
    }
)  # fmt: skip
"""Verbs that are no decision, or that are told as "new" and "closed"."""


@dataclass(frozen=True, slots=True)
class DailyOfChannel:
    """A channel's digest; `is_news`: something happened, or a day has come. `figures`: what the next one compares with."""

    channel: str
    digest: Daily
    is_news: bool
    figures: Mapping[str, Any]


def dailies(uow: UnitOfWork, *, policy: Policy, entity: str, as_of: date) -> list[DailyOfChannel]:
    """The digests of an entity's channels for a day, by channel; cases as they stand now.

    Each channel has those of its own cases; with a `channel` in slack.yaml's `digests.daily` that one has all of them.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    configured = policy.slack.digests.daily.channel if policy.slack.digests.daily else None
    standing = list_cases(uow, entity=entity)
    earlier = newest_told(uow, entity=entity, kind=KIND, before=as_of)
    news = _events(uow, entity, earlier.values(), as_of)
    known = {case.case_id: case for case in standing}
    known |= _cases(uow, {event.case_id for event in news} - known.keys())
    by_channel: dict[str, list[Case]] = {}
    for case in known.values():
        channel = configured or channel_for(policy, case)
        if channel:
            by_channel.setdefault(channel, []).append(case)
    upto = max((event.event_id for event in news), default=0)
    return [
        _of_channel(
            channel, by_channel[channel], news, earlier.get(channel), seller=one, as_of=as_of, upto=upto
        )
        for channel in sorted(by_channel)
    ]


def _of_channel(
    channel: str,
    cases: Sequence[Case],
    news: Sequence[Event],
    last: KeptDigest | None,
    *,
    seller: Entity,
    as_of: date,
    upto: int,
) -> DailyOfChannel:
    seen = int(last.figures["event_id"]) if last else 0
    own = {case.case_id: case for case in cases}
    fresh = [event for event in news if event.case_id in own and event.event_id > seen]
    standing = [case for case in cases if case.state == "open"]
    came = {event.case_id for event in fresh if event.verb in ("open", "reopen")}
    since = last.as_of if last else None
    went = [
        case for case in own.values()
        if case.state == "closed" and case.case_id in {event.case_id for event in fresh if _closes(event, case)}
    ]  # fmt: skip

    def lines(chosen: Iterable[Case]) -> tuple[Any, ...]:
        return tuple(line_of(case, on=as_of, currency=seller.currency) for case in chosen)

    totals = overdue_by_currency(standing)
    before = last.figures["overdue"] if last else None
    due = deadlines(standing, on=as_of, currency=seller.currency)
    digest = Daily(
        entity=seller.entity, company=seller.name, as_of=as_of, since=since, open=len(standing),
        change=len(standing) - int(last.figures["open"]) if last else None,
        totals=_totals(totals, before, seller.currency),
        opened=lines(case for case in standing if case.case_id in came), closed=lines(went),
        decided=tuple(
            Said(line_of(own[event.case_id], on=as_of, currency=seller.currency), event.verb, event.actor, event.on_date)
            for event in fresh
            if event.verb not in NOT_DECISIONS
        ),
        deadlines=due,
        unassigned=lines(case for case in standing if case.owner is None and not is_resting(case, as_of)),
        top=largest(standing, on=as_of, currency=seller.currency),
    )  # fmt: skip
    came_due = [one for one in due if since is None or one.on > since]
    figures = {
        "event_id": max(upto, seen), "open": len(standing), "overdue": totals, "new": len(digest.opened),
        "closed": len(digest.closed), "decided": len(digest.decided), "due": len(due),
        "unassigned": len(digest.unassigned),
    }  # fmt: skip
    is_news = bool(digest.opened or digest.closed or digest.decided or came_due)
    return DailyOfChannel(channel, digest, is_news, figures)


def _totals(now: Mapping[str, int], before: Mapping[str, int] | None, first: str) -> tuple[Total, ...]:
    codes = sorted({*now, *(before or ())}, key=lambda code: (code != first, code))
    return tuple(
        Total(code, now.get(code, 0), None if before is None else now.get(code, 0) - int(before.get(code, 0)))
        for code in codes
    )


def _closes(event: Event, case: Case) -> bool:
    """Whether it is this event that the case is closed by: a comment on a closed case closes nothing."""
    return event.verb not in ("open", "comment", "edit_comment", "delete_comment", "update") and (
        case.closed_on is not None and event.on_date >= case.closed_on
    )


def _events(uow: UnitOfWork, entity: str, earlier: Iterable[KeptDigest], as_of: date) -> list[Event]:
    """What has happened since the channels' last digests; for a first one, since the day before."""
    numbers = [int(one.figures["event_id"]) for one in earlier]
    table = case_event.c
    recent = table.on_date >= as_of - timedelta(days=1)
    since = sa.or_(table.event_id > min(numbers), recent) if numbers else recent
    query = (
        sa.select(case_event)
        .join(dunning_case, dunning_case.c.case_id == table.case_id)
        .where(dunning_case.c.entity == entity, table.on_date <= as_of, since)
        .order_by(table.event_id)
    )
    return [Event(**row) for row in uow.execute(query).mappings()]


def _cases(uow: UnitOfWork, numbers: Iterable[int]) -> dict[int, Case]:
    wanted = sorted(numbers)
    if not wanted:
        return {}
    query = sa.select(dunning_case).where(among(dunning_case.c.case_id, wanted))
    return {row["case_id"]: Case(**row) for row in uow.execute(query).mappings()}
