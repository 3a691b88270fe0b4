"""`/relance plan`: whom today's plan contacts, what rests and why."""

from __future__ import annotations

import sqlalchemy as sa

from bot.asking import Ask
from relance.money import Money
from relance.slack import answers
from relance.slack.answers import PlanAnswer, Planned
from relance.slack.cards.model import Card
from relance.store.plans import newest
from relance.store.schema import contact
from relance.store.uow import UnitOfWork

WITHDRAWN = ("cancelled", "rejected")


def answer(ask: Ask) -> Card:
    """Today's plan of the entity that was named, or of the only one."""
    entity = ask.entity()
    today = ask.desk.services.today(entity)
    with ask.desk.unit_of_work() as uow:
        said = _plan(uow, ask, entity)
    return answers.plan(said, ask.voice, company=ask.company(entity), as_of=today)


def _plan(uow: UnitOfWork, ask: Ask, entity: str) -> PlanAnswer | None:
    today = ask.desk.services.today(entity)
    made = newest(uow, entity, today)
    if made is None:
        return None
    table = contact.c
    rows = uow.execute(
        sa.select(
            table.channel, table.kind, table.step, table.level, table.state, table.payer_id, table.content
        ).where(table.entity == entity, table.as_of == today, table.state.not_in(WITHDRAWN))
    ).all()
    by_channel: dict[str, int] = {}
    asked: dict[str, int] = {}
    told: list[tuple[int, Planned]] = []
    for channel, kind, step, level, _, payer_id, content in rows:
        by_channel[channel or kind] = by_channel.get(channel or kind, 0) + 1
        sums = _demanded(content)
        for one in sums:
            asked[one.currency] = asked.get(one.currency, 0) + one.minor
        payer = str((content.get("payer") or {}).get("name") or payer_id)
        told.append((sum(one.minor for one in sums), Planned(payer, channel or kind, step, level, sums)))
    told.sort(key=lambda one: (-one[0], one[1].payer))
    return PlanAnswer(
        entity=entity, company=ask.company(entity), as_of=today, contacts=by_channel,
        asked=tuple(Money(currency, minor) for currency, minor in sorted(asked.items())),
        held=dict(made["counts"].get("holds") or {}),
        waiting=sum(state == "awaiting_approval" for _, _, _, _, state, _, _ in rows),
        top=[planned for _, planned in told[:10]],
    )  # fmt: skip


def _demanded(content: dict[str, object]) -> tuple[Money, ...]:
    """What a contact asks for, by currency."""
    totals = content.get("totals") or []
    assert isinstance(totals, list)
    return tuple(Money(one["currency"], one["amount"]) for one in totals if one.get("amount"))
