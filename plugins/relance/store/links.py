"""Links that no longer open: those of one contact, or all of a payer's until now. Append-only."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from relance.store.schema import contact, link_revocation
from relance.store.uow import UnitOfWork


def revoke(uow: UnitOfWork, *, entity: str, payer_id: str, key: str | None, by: str, reason: str) -> int:
    """Revoke in this transaction the links of the contact `key`, or without one all of the payer's until now; its number."""
    row = {"entity": entity, "payer_id": payer_id, "key": key, "by": by, "reason": reason}
    wish = sa.insert(link_revocation).values(row).returning(link_revocation.c.revocation_id)
    return int(uow.execute(wish).scalar_one())


def is_revoked(uow: UnitOfWork, *, entity: str, payer_id: str, key: str, issued_at: datetime) -> bool:
    """Whether a link of this contact, issued at this moment, has been revoked since.

    A moment is known to the second: a link made within the second of a revocation counts as made before it.
    """
    of_all = link_revocation.c.key.is_(None) & (link_revocation.c.at >= issued_at)
    query = sa.select(sa.literal(1)).where(
        link_revocation.c.entity == entity,
        link_revocation.c.payer_id == payer_id,
        sa.or_(link_revocation.c.key == key, of_all),
    )
    return uow.execute(query.limit(1)).first() is not None


def whose(uow: UnitOfWork, key: str) -> tuple[str, str] | None:
    """Entity and payer of a contact, or None when there is no such contact."""
    found = uow.execute(sa.select(contact.c.entity, contact.c.payer_id).where(contact.c.key == key)).first()
    return (found[0], found[1]) if found else None


def keys_of(uow: UnitOfWork, begins: str, *, most: int = 2) -> list[tuple[str, str, str]]:
    """Key, entity and payer of at most `most` contacts whose key begins like this."""
    query = sa.select(contact.c.key, contact.c.entity, contact.c.payer_id)
    query = query.where(contact.c.key.startswith(begins, autoescape=True)).order_by(contact.c.key).limit(most)
    return [(row[0], row[1], row[2]) for row in uow.execute(query)]


def is_written_to(uow: UnitOfWork, entity: str, payer_id: str) -> bool:
    """Whether the entity has any contact of this payer."""
    query = sa.select(sa.literal(1)).where(contact.c.entity == entity, contact.c.payer_id == payer_id)
    return uow.execute(query.limit(1)).first() is not None
