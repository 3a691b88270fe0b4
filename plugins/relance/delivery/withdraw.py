"""Messages that wait and have not left go back to being planned, so that the day can be decided again on newer facts."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from relance.store import contacts
from relance.store.schema import outbox
from relance.store.uow import UnitOfWork


def withdraw(uow: UnitOfWork, *, entity: str, as_of: date) -> list[str]:
    """Take the day's intended messages that no sender has out of the outbox, in this transaction; gives their keys.

    Their contacts are `planned` again; the outbox keeps the row as `cancelled` until it is written anew.
    """
    free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= sa.func.now())
    waiting = (
        sa.update(outbox)
        .where(outbox.c.entity == entity, outbox.c.on_date == as_of, outbox.c.state == "intended", free)
        .values(state="cancelled", lease_owner=None, lease_until=None, error="withdrawn for a last look")
        .returning(outbox.c.key)
    )
    keys = sorted(uow.execute(waiting).scalars())
    return contacts.set_state(
        uow, keys, "planned", "planning", note="withdrawn for a last look at the facts", only_from={"sending"}
    )
