"""`/relance why`: what was decided for an invoice today, and why."""

from __future__ import annotations

from bot.asking import Ask
from bot.explaining import explained, in_words
from relance.slack import answers
from relance.slack.cards.model import Card


def answer(ask: Ask) -> Card:
    """The invoice that was named."""
    entity, item_id = ask.invoice(ask.needed())
    found = explained(ask, entity, item_id)
    return answers.why(
        item_id, in_words(ask, found), ask.voice, company=ask.company(entity), as_of=found.as_of
    )
