"""Whose number it is: the payers that we have written to there, else those whose contacts have it in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from relance.inbox.desk import PROVIDER, Desk
from relance.store.inbound import normal_address
from relance.store.schema import contact_version, outbox
from relance.store.uow import UnitOfWork

_DAYS = 400
"""How far back a message to the number still says whose it is."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A payer behind a number, None where nobody is known; `key`: our newest message there, where there is one."""

    entity: str
    payer_id: str | None
    key: str | None = None


def owners(uow: UnitOfWork, *, channel: str, address: str) -> list[Owner]:
    """Everybody that we know by the number, whom we wrote to last first; then those known from the ledger alone."""
    written = _written_to(uow, channel=channel, address=address)
    entities = {one.entity for one in written}
    # Where we have written to the number, the message says on whose behalf; the ledger's word only adds other entities.
    return written + [one for one in _listed(uow, address) if one.entity not in entities]


def entity_of(desk: Desk, our_number: str) -> str | None:
    """The entity that a number of ours belongs to: the one that sends from it, else the only one there is."""
    number = normal_address("sms", our_number)
    for name, entity in desk.policy.entities.items():
        if entity.sender and entity.sender.sms and normal_address("sms", entity.sender.sms) == number:
            return name
    return next(iter(desk.policy.entities)) if len(desk.policy.entities) == 1 else None


def _written_to(uow: UnitOfWork, *, channel: str, address: str) -> list[Owner]:
    since = sa.func.now() - sa.func.make_interval(0, 0, 0, _DAYS)
    query = (
        sa.select(outbox.c.entity, outbox.c.payer_id, outbox.c.key)
        .where(
            outbox.c.provider == PROVIDER,
            outbox.c.sent_at > since,
            outbox.c.channel == channel,
            outbox.c.recipient == address,
        )
        .order_by(outbox.c.sent_at.desc(), outbox.c.key)
    )
    newest: dict[tuple[str, str], Owner] = {}
    for row in uow.execute(query):
        newest.setdefault((row.entity, row.payer_id), Owner(row.entity, row.payer_id, row.key))
    return list(newest.values())


def _listed(uow: UnitOfWork, address: str) -> list[Owner]:
    query = (
        sa.select(contact_version.c.entity, contact_version.c.customer_id)
        .where(sa.or_(contact_version.c.phone == address, contact_version.c.whatsapp == address))
        .distinct()
        .order_by(contact_version.c.entity, contact_version.c.customer_id)
    )
    return [Owner(row.entity, row.customer_id) for row in uow.execute(query)]
