"""`/relance kpi`: an entity's key figures."""

from __future__ import annotations

from bot.asking import Ask
from relance.insight import kpis
from relance.slack import answers
from relance.slack.answers import KpiAnswer
from relance.slack.cards.model import Card


def answer(ask: Ask) -> Card:
    """The entity that was named, or the only one."""
    entity = ask.entity()
    known = ask.desk.ledgers.known(entity)
    with ask.desk.unit_of_work() as uow:
        figures = kpis(uow, ask.desk.policy, entity, known.snapshot, versions=known.versions)
    return answers.kpi(KpiAnswer.of(ask.company(entity), figures.as_dict()), ask.voice)
