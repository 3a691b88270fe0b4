"""Ledgers as of today, kept in memory between clicks until an import or another day makes them old."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.snapshot import Snapshot
from relance.services import Services
from relance.store.schema import import_run

KEPT = 4
"""Entities whose ledgers are kept at once."""


@dataclass(slots=True)
class Ledgers:
    """Snapshots by entity. The first question after an import loads the ledger, as a day's plan does; the next ones find it."""

    services: Services
    _kept: OrderedDict[str, tuple[tuple[date, int | None], Snapshot]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, entity: str) -> Snapshot:
        """The entity's ledger as of its today.

        Raises:
            UsageError: for an unknown entity.
        """
        database, today = self.services.database, self.services.today(entity)
        with self._lock:
            mark = (today, self._newest_import(entity))
            known = self._kept.get(entity)
            if known is None or known[0] != mark:
                known = (mark, snapshot_on(database, load_versions(database, entity), today))
            self._kept[entity] = known
            self._kept.move_to_end(entity)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return known[1]

    def _newest_import(self, entity: str) -> int | None:
        query = sa.select(sa.func.max(import_run.c.import_id)).where(
            import_run.c.entity == entity, import_run.c.status == "done"
        )
        with self.services.unit_of_work() as uow:
            newest: int | None = uow.execute(query).scalar()
            return newest
