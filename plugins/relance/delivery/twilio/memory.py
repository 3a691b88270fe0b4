"""What the store remembers of a provider's messages; adapters ask it what the provider can't tell them."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa

from relance.store.database import Database
from relance.store.inbound import normal_address
from relance.store.schema import outbox, receipt, reply
from relance.store.uow import UnitOfWork

PROVIDER = "twilio"
_HOURS = 24


class Memory(Protocol):
    """What adapters ask about what happened before."""

    def window_open(self, address: str) -> bool:
        """Whether the number has written to us by WhatsApp within 24 hours, so that free text may answer it."""
        ...

    def told(self, key: str) -> str | None:
        """The id under which the provider has called back about a message, if it has and did not say that it failed."""
        ...

    def is_anothers(self, sid: str, key: str) -> bool:
        """Whether an id of the provider belongs to another message, or to an earlier try of this one."""
        ...


class StoredMemory:
    """The store's memory; each question is a short transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def window_open(self, address: str) -> bool:
        """Whether the number has written to us by WhatsApp within 24 hours."""
        since = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, _HOURS)
        return self._is(
            sa.exists().where(
                reply.c.channel == "whatsapp",
                reply.c.address == normal_address("whatsapp", address),
                reply.c.at > since,
            )
        )

    def told(self, key: str) -> str | None:
        """The id of the provider's callbacks about a message."""
        sid = receipt.c.detail["sid"].astext
        query = (
            sa.select(sid)
            .where(receipt.c.key == key, receipt.c.provider == PROVIDER)
            .group_by(sid)
            .having(sa.not_(sa.func.bool_or(receipt.c.kind.in_(["bounced", "failed"]))))
            .order_by(sa.func.max(receipt.c.receipt_id).desc())
            .limit(1)
        )
        with UnitOfWork(self._database) as uow:
            found = uow.execute(query).scalar()
        return None if found is None else str(found)

    def is_anothers(self, sid: str, key: str) -> bool:
        """Whether the id belongs to another message, or to a try of this one that failed."""
        another = sa.exists().where(
            outbox.c.provider == PROVIDER, outbox.c.receipt == sid, outbox.c.key != key
        )
        failed = sa.exists().where(
            receipt.c.key == key,
            receipt.c.provider == PROVIDER,
            receipt.c.detail["sid"].astext == sid,
            receipt.c.kind.in_(["bounced", "failed"]),
        )
        return self._is(sa.or_(another, failed))

    def _is(self, condition: sa.ColumnElement[bool]) -> bool:
        with UnitOfWork(self._database) as uow:
            return bool(uow.execute(sa.select(condition)).scalar())
