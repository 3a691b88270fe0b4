"""Management's alert of a large debt that has become long overdue: one message a payer when it crosses, never repeated.

Finance has the payer's card, which is kept up to date; management is told once, and finds it there. A payer whose case has
ended and who crosses again later has a new case, and is told of again.
"""

from __future__ import annotations

import hashlib
from datetime import date

import sqlalchemy as sa

from relance.cases.among import among
from relance.cases.overdue import days_late
from relance.cases.reading import Case, list_cases
from relance.config.policy import Policy
from relance.config.slack import OverdueAlert
from relance.insight.lines import payer_name
from relance.slack import limits
from relance.slack.cards.model import Card
from relance.slack.digest import amounts, header, section, sums_of
from relance.slack.limits import data
from relance.slack.routing import channel_for, locale_for
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import slack_outbox
from relance.store.uow import UnitOfWork

KIND = "overdue_90"


def queue_alerts(uow: UnitOfWork, *, policy: Policy, entity: str, as_of: date) -> int:
    """Tell management of the entity's long overdue debts that are large and not told yet; gives how many. Doesn't commit.

    A payer whose card stands in management's own channel is not told of a second time. Cases that already stand on a later
    day than `as_of` are left alone.

    Raises:
        UsageError: for an unknown entity.
    """
    one, rule = policy.entity(entity), policy.slack.management
    if rule is None:
        return 0
    large = {
        _key(case): case
        for case in list_cases(uow, entity=entity, kind=KIND)
        if case.facts_on <= as_of and _is_large(rule, case) and channel_for(policy, case) != rule.channel
    }
    if not large:
        return 0
    lock = sa.func.hashtextextended(f"relance management {entity}", 0)
    uow.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))  # two at once would each find nothing told
    for told in _told(uow, list(large)):
        del large[told]
    voice = Voice(locale_of(locale_for(policy, entity)))
    rows = [
        {
            "entity": entity, "channel": rule.channel, "verb": "notice", "digest": key, "state": "pending",
            "payload": alert(case, entity=one.name, currency=one.currency, voice=voice).payload(),
        }
        for key, case in large.items()
    ]  # fmt: skip
    if rows:
        uow.execute(sa.insert(slack_outbox), rows)
    return len(rows)


def alert(case: Case, *, entity: str, currency: str, voice: Voice) -> Card:
    """The message of one payer. Pure."""
    overdue = sums_of(case.facts.get("totals") or (), "overdue", currency)
    days = case.facts.get("threshold", 90)
    title = voice("digest.alert.title", days=days, payer=limits.clean(payer_name(case), limits.NAME))
    said = voice(
        "digest.alert.text",
        payer=data(payer_name(case), limits.NAME),
        entity=data(entity, limits.NAME),
        late=voice("digest.late", count=days_late(case.facts, case.facts_on)),
        amount=amounts(voice, overdue) or "–",
        owner=data(case.owner, limits.ID) if case.owner else voice("nobody"),
        case=case.case_id,
    )
    return Card(text=limits.escape(title), blocks=(header(f":rotating_light: {title}"), section(said)))


def _is_large(rule: OverdueAlert, case: Case) -> bool:
    overdue = {row["currency"]: row["overdue"] for row in case.facts.get("totals") or ()}
    return not rule.over or any(overdue.get(limit.currency, 0) > limit.minor for limit in rule.over)


def _key(case: Case) -> str:
    return hashlib.sha256(f"management:{case.case_id}".encode()).hexdigest()


def _told(uow: UnitOfWork, keys: list[str]) -> set[str]:
    """Those of the alerts that are in the outbox already, whatever became of them."""
    table = slack_outbox.c
    query = sa.select(table.digest).where(table.verb == "notice", among(table.digest, keys))
    return set(uow.execute(query).scalars())
