"""`/relance forecast`: what should come in, week by week."""

from __future__ import annotations

from bot.asking import Ask
from relance.insight import expected
from relance.slack import answers
from relance.slack.answers import ForecastAnswer
from relance.slack.cards.model import Card


def answer(ask: Ask) -> Card:
    """The entity that was named, or the only one."""
    entity = ask.entity()
    with ask.desk.unit_of_work() as uow:
        coming = expected(uow, ask.desk.ledgers.of(entity))
    return answers.forecast(ForecastAnswer.of(ask.company(entity), coming.as_dict()), ask.voice)
