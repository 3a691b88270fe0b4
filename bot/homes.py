"""The Home tab of one person: filled from the database, published, and turned to what they choose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from slack_sdk.errors import SlackApiError

from bot.desk import Desk, log
from bot.telling import refusal_text
from bot.worklists import Light, choose, read_cases, viewer_of
from relance.cases.overdue import days_late
from relance.cases.permissions import allowed
from relance.cases.reading import Case
from relance.errors import CaseError
from relance.money import Money
from relance.slack.home import home
from relance.slack.homedata import HomeData, HomeFilter, HomeList, HomeRow
from relance.slack.people import Person
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import slack_card
from relance.store.uow import UnitOfWork


def publish(desk: Desk, user_id: str, look: HomeFilter) -> None:
    """Draw somebody's Home tab as it is now."""
    voice = desk.voice_of(user_id)
    try:
        person = desk.actor(user_id)
        voice = Voice(locale_of(person.locale))
        data = home_of(desk, person, look)
    except CaseError as error:
        data = HomeData(_latest(desk), desk.services.now(), look, error=refusal_text(voice, error))
    try:
        desk.client.views_publish(user_id=user_id, view=home(data, voice))
    except SlackApiError as error:
        log.warning("slack: a Home tab could not be shown: %s", error.response.get("error"))


def home_of(desk: Desk, person: Person, look: HomeFilter) -> HomeData:
    """What the Home tab shows to this person."""
    policy, by = desk.policy, str(person.email)
    with desk.unit_of_work() as uow:
        viewer = viewer_of(uow, policy, by)
        chosen = choose(uow, policy, viewer, look, desk.services.today)
        shown = chosen.lists
        numbers = [one.case_id for rows in shown.values() for one in rows]
        cases, links = read_cases(uow, numbers), permalinks(uow, numbers, desk.people.workspace_url())
        lists = {
            name: HomeList(
                tuple(
                    _row(
                        cases[one.case_id], one, links.get(one.case_id),
                        may=allowed(uow, policy, by=by, case=cases[one.case_id], roles=viewer.roles),
                    )
                    for one in rows
                    if one.case_id in cases
                ),
                chosen.totals[name],
            )
            for name, rows in shown.items()
        }  # fmt: skip
    entities = {name: one.name for name, one in sorted(policy.entities.items())}
    return HomeData(_latest(desk), desk.services.now(), look, lists, chosen.kinds, entities)


def _row(case: Case, one: Light, permalink: str | None, *, may: frozenset[Any]) -> HomeRow:
    facts = case.facts
    payer = facts.get("payer") or {}
    amounts = tuple(
        Money(row["currency"], row["overdue"] or row["open"])
        for row in facts.get("totals") or ()
        if row["open"]
    )
    return HomeRow(
        case_id=case.case_id, revision=case.revision, kind=case.kind, payer=str(payer.get("name") or case.payer_id),
        entity=case.entity, amounts=amounts, days_late=days_late(facts, case.facts_on), due_on=_due(case, one),
        opened_on=case.opened_on, owner=case.owner, snoozed_until=case.snoozed_until,
        step=facts.get("step") if isinstance(facts.get("step"), str) else None, permalink=permalink, may=may,
    )  # fmt: skip


def _due(case: Case, one: Light) -> date | None:
    if case.kind == "promise":
        return one.promised
    expires = case.facts.get("expires_on") if case.kind == "approval" else None
    return date.fromisoformat(expires) if expires else case.due_on


def permalinks(uow: UnitOfWork, numbers: list[int], workspace: str | None) -> Mapping[int, str]:
    """The addresses of cards, as Slack makes them: no call for each."""
    if not numbers or workspace is None:
        return {}
    table = slack_card.c
    query = sa.select(table.case_id, table.channel_id, table.ts).where(
        table.case_id.in_(numbers), table.ts.is_not(None), table.channel_id.is_not(None), table.gone.is_(None)
    )
    return {
        case_id: f"{workspace.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}"
        for case_id, channel_id, ts in uow.execute(query)
    }


def _latest(desk: Desk) -> date:
    """Today, where it is latest of the entities."""
    return max(
        (desk.services.today(name) for name in desk.policy.entities), default=desk.services.now().date()
    )
