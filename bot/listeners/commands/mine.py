"""`/relance mine`: the asker's cases, the weightiest first."""

from __future__ import annotations

from bot.asking import Ask
from bot.homes import home_of
from relance.slack import answers
from relance.slack.answers import MineAnswer
from relance.slack.cards.model import Card
from relance.slack.homedata import HomeFilter


def answer(ask: Ask) -> Card:
    """As the Home tab has them."""
    data = home_of(ask.desk, ask.person, HomeFilter())
    listed = data.lists["worklist"]
    return answers.mine(MineAnswer(data.as_of, listed.rows, listed.total), ask.voice)
