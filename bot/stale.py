"""Cards drawn before a case's last change, and cards that the database does not know."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from bot.desk import Desk
from relance.cases.reading import Case, lock_case, read_events
from relance.errors import AlreadyDoneError
from relance.slack.actions import Target
from relance.slack.outbox import adopt
from relance.slack.queue import queue_case
from relance.store.schema import slack_card
from relance.store.uow import UnitOfWork


def check_fresh(uow: UnitOfWork, case: Case, target: Target) -> None:
    """Refuse a decision about a case that has changed since the card was drawn; a closed one is told by the verb itself.

    Raises:
        AlreadyDoneError: it has; names who did what last, and when.
    """
    if case.state != "open" or case.revision == target.revision:
        return
    last = read_events(uow, case.case_id)[-1]
    raise AlreadyDoneError(
        f"Case {case.case_id} has changed since this card was drawn: {last.verb} by {last.actor} on {last.on_date}.",
        hint="Look at it again.",
        key="stale",
        event=last.verb,
        who=last.actor,
        on=last.on_date,
    )


def bind(uow: UnitOfWork, case: Case, card: Sequence[str] | None) -> bool:
    """Take a message that was pressed for the case's card, where the database knows of none: a sender was killed. Doesn't commit.

    Gives whether it was.
    """
    query = sa.select(slack_card.c.ts).where(slack_card.c.case_id == case.case_id)
    if card is None or uow.execute(query).scalar() is not None:
        return False
    lock_case(uow, case.case_id)  # before the card, as every verb does: two orders would wait for each other
    channel_id, ts = card
    return adopt(uow, case_id=case.case_id, channel_id=channel_id, ts=ts)


def refresh(desk: Desk, uow: UnitOfWork, case: Case) -> None:
    """Have the card drawn anew. Doesn't commit."""
    queue_case(uow, policy=desk.policy, case_id=case.case_id, as_of=desk.services.today(case.entity))
