"""What operations are told of messages that can't be shown: once a day for each reason."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from relance.config.policy import Policy
from relance.slack import limits
from relance.slack.cards import Card
from relance.slack.routing import entity_of, locale_for
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import slack_outbox
from relance.store.uow import UnitOfWork

AGAIN_AFTER_HOURS = 20
"""The same is not said twice within this time."""


def tell_operations(uow: UnitOfWork, *, policy: Policy, entity: str, channel: str, reason: str) -> bool:
    """Keep a notice of what went wrong in `channel` for slack.yaml's `operations`; False where nobody is told. Doesn't commit.

    Nobody is when no channel is named, when that one is the trouble, and when the same was said today.
    """
    target = policy.slack.operations
    known = entity_of(policy, entity)
    if target is None or target == channel or known is None:
        return False
    voice = Voice(locale_of(locale_for(policy, entity)))
    where = limits.data(channel, limits.NAME)
    text = f":warning: *{voice('operations.title')}*\n{where}: {limits.data(reason, limits.SECTION // 6)}"
    drawn = Card(text=text, blocks=({"type": "section", "text": limits.mrkdwn(text)},))
    digest = hashlib.sha256(f"operations:{channel}:{reason}".encode()).hexdigest()
    if was_said(uow, digest, AGAIN_AFTER_HOURS):
        return False
    row = {
        "entity": entity, "channel": target, "verb": "notice", "payload": drawn.payload(), "digest": digest,
        "state": "pending",
    }  # fmt: skip
    uow.execute(sa.insert(slack_outbox).values(row))
    return True


def was_said(uow: UnitOfWork, digest: str, hours: int) -> bool:
    """Whether a notice of that digest was kept within so many hours."""
    table = slack_outbox.c
    recent = table.created_at > sa.func.now() - sa.text(f"interval '{int(hours)} hours'")
    said = sa.select(table.row_id).where(table.verb == "notice", table.digest == digest, recent)
    return uow.execute(said.limit(1)).first() is not None
