"""Digests, whole: gathered, drawn in their channel's language, with the picture and the list that go with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from relance.config.policy import Policy
from relance.config.slack import DigestKind
from relance.insight import dailies as daily_figures
from relance.insight import weeklies as weekly_figures
from relance.insight.chart import ageing_chart
from relance.insight.dailies import DailyOfChannel, dailies
from relance.insight.kept import File, Message
from relance.insight.sheets import cases_csv, payers_csv
from relance.insight.weeklies import WeeklyOfEntity, weekly_of
from relance.ledger.snapshot import Snapshot
from relance.ledger.versions import LedgerVersions
from relance.slack.digest import daily
from relance.slack.digest_weekly import LATE_SHOWN, weekly
from relance.slack.routing import locale_for
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.uow import UnitOfWork


def digests(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    kind: DigestKind,
    as_of: date,
    ledger: Callable[[], tuple[LedgerVersions, Snapshot]],
) -> list[Message]:
    """The entity's digests of a day as they would be posted, one a channel; nothing is written.

    Cases are told as they stand now. `ledger`: reads the history and the day's state; only a weekly digest asks for it.

    Raises:
        UsageError: for an unknown entity.
    """
    voice = Voice(locale_of(locale_for(policy, entity)))
    if kind == "daily":
        return [_daily(one, voice) for one in dailies(uow, policy=policy, entity=entity, as_of=as_of)]
    versions, snapshot = ledger()
    week = weekly_of(uow, policy=policy, entity=entity, snapshot=snapshot, versions=versions)
    return [_weekly(week, voice)] if week else []


def _daily(one: DailyOfChannel, voice: Voice) -> Message:
    digest, sheet = one.digest, None
    if digest.is_longer_than_shown:
        count = sum(
            len(cases) for cases in (digest.deadlines, digest.opened, digest.closed, digest.decided, digest.unassigned)
        )  # fmt: skip
        name = f"{digest.entity}-{digest.as_of.isoformat()}-{_slug(one.channel)}.csv"
        sheet = File(name, cases_csv(digest, voice), voice("digest.list", count=count))
    return Message(
        entity=digest.entity, kind=daily_figures.KIND, channel=one.channel, as_of=digest.as_of,
        payload=daily(digest, voice, attached=sheet is not None).payload(), is_news=one.is_news, figures=one.figures,
        sheet=sheet,
    )  # fmt: skip


def _weekly(one: WeeklyOfEntity, voice: Voice) -> Message:
    digest, sheet, picture = one.digest, None, None
    if len(digest.long_overdue) > LATE_SHOWN:
        title = voice("digest.list.long", count=len(digest.long_overdue), days=digest.now["threshold"])
        name = f"{digest.entity}-{digest.as_of.isoformat()}-long-overdue.csv"
        sheet = File(name, payers_csv(digest.long_overdue, voice), title)
    chart = ageing_chart(digest.now, digest.before, voice)
    if chart is not None:
        picture = File(f"{digest.entity}-{digest.as_of.isoformat()}-ageing.png", chart.content, chart.alt)
    return Message(
        entity=digest.entity, kind=weekly_figures.KIND, channel=one.channel, as_of=digest.as_of,
        payload=weekly(digest, voice, attached=sheet is not None).payload(), is_news=one.is_news, figures=one.figures,
        picture=picture, sheet=sheet,
    )  # fmt: skip


def _slug(channel: str) -> str:
    """A channel as a part of a file's name."""
    return "".join(letter for letter in channel if letter.isalnum() or letter in "-_") or "cases"
