"""`/relance help`: what the asker may ask."""

from __future__ import annotations

from bot.asking import Ask
from relance.cases.permissions import roles_of
from relance.config.roles import Action
from relance.slack import answers
from relance.slack.cards.model import Card


def answer(ask: Ask) -> Card:
    """What a role of theirs has a row for."""
    with ask.desk.unit_of_work() as uow:
        mine = roles_of(uow, ask.desk.policy, ask.by)
    may: set[Action] = set()
    for row in ask.desk.policy.roles.permissions:
        may.update(row.may if row.role in mine else ())
    return answers.help_(frozenset(may), ask.voice, command=ask.command)
