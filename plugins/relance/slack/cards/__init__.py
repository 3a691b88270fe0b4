"""Cards: what a case looks like in Slack, as blocks; pure, and inside the limits whatever the data."""

from __future__ import annotations

from relance.slack.cards.drawing import card, reply
from relance.slack.cards.model import Block, Card, Comment, Scene
from relance.slack.cards.titles import KINDS

__all__ = ["KINDS", "Block", "Card", "Comment", "Scene", "card", "reply"]
