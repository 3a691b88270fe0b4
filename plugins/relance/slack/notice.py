"""Plain words to a channel that belong to no case: a refused import, for one."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from relance.config.policy import Policy
from relance.slack import limits
from relance.slack.cards import Card
from relance.slack.operations import AGAIN_AFTER_HOURS, was_said
from relance.slack.routing import channel_of
from relance.store.schema import slack_outbox
from relance.store.uow import UnitOfWork


def notice(uow: UnitOfWork, *, policy: Policy, entity: str, kind: str, message: str) -> bool:
    """Keep a notice for the entity's channel of that kind; False without one, or when it was just said.

    Doesn't commit.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    channel = channel_of(one, kind)
    if channel is None:
        return False
    title = f":warning: *{limits.data(one.name, limits.NAME)}* ({limits.data(entity, limits.ID)})"
    words = limits.escape(limits.clip(message.strip(), limits.SECTION // 5 - 100))
    text = f"{title}\n{words}"
    drawn = Card(text=text, blocks=({"type": "section", "text": limits.mrkdwn(text)},))
    digest = hashlib.sha256(f"{entity}:{kind}:{drawn.digest}".encode()).hexdigest()
    table = slack_outbox
    if was_said(uow, digest, AGAIN_AFTER_HOURS):
        return False
    row = {
        "entity": entity, "channel": channel, "verb": "notice", "payload": drawn.payload(), "digest": digest,
        "state": "pending",
    }  # fmt: skip
    uow.execute(sa.insert(table).values(row))
    return True
