"""What waits, failed or is in doubt; and a person's word on a message of which nobody knows whether it has gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from relance.errors import UsageError
from relance.store.schema import outbox
from relance.store.settling import settle
from relance.store.uow import UnitOfWork

UNFINISHED = ("intended", "sending", "in_doubt", "failed")
"""States that somebody may have to look at."""

_COLUMNS = (
    "key", "payer_id", "channel", "on_date", "recipient", "state", "attempts", "not_before", "provider", "error",
    "message_id",
)  # fmt: skip


def unfinished(
    uow: UnitOfWork, *, entity: str, states: Collection[str] = UNFINISHED
) -> Sequence[sa.RowMapping]:
    """The entity's messages in these states, the doubtful first, then by day and key."""
    doubt_first = sa.case((outbox.c.state == "in_doubt", 0), else_=1)
    query = (
        sa.select(*(outbox.c[name] for name in _COLUMNS))
        .where(outbox.c.entity == entity, outbox.c.state.in_(sorted(states)))
        .order_by(doubt_first, outbox.c.on_date, outbox.c.key)
    )
    return uow.execute(query).mappings().all()


def resolve(uow: UnitOfWork, *, key: str, sent: bool, by: str, reason: str) -> str:
    """Settle a message in doubt by a person's word, in this transaction; gives the contact's new state.

    `key` may be the beginning of one. Sent: the step counts as done on the message's day. Failed: it does not, and
    planning may say it again.

    Raises:
        UsageError: when no message in doubt, or more than one, has that key, or who or why is missing.
    """
    if "@" not in by or not reason.strip():
        raise UsageError(
            "A message in doubt is settled by somebody, for a reason.", hint="Give --by EMAIL and --reason."
        )
    begins = outbox.c.key.startswith(key, autoescape=True)
    found = (
        uow.execute(sa.select(outbox).where(begins, outbox.c.state == "in_doubt").with_for_update())
        .mappings()
        .all()
    )
    if len(found) != 1:
        text = "No message" if not found else "More than one message"
        raise UsageError(
            f"{text} in doubt has a key that begins with {key!r}.", hint="See `relance outbox ENTITY`."
        )
    return settle(uow, found[0], sent=sent, by=by, note=f"settled by hand: {reason.strip()}")
