"""Ledgers as of today, kept in memory between clicks until an import or another day makes them old."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.snapshot import Snapshot
from relance.ledger.versions import LedgerVersions
from relance.services import Services
from relance.store.schema import import_run

KEPT = 4
"""Entities whose ledgers are kept at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """A ledger with its history, as of the day and the import of `mark`."""

    mark: tuple[date, int | None]
    versions: LedgerVersions
    snapshot: Snapshot


@dataclass(slots=True)
class Ledgers:
    """Ledgers by entity. The first question after an import loads one, as a day's plan does; the next ones find it."""

    services: Services
    _kept: OrderedDict[str, Known] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, entity: str) -> Snapshot:
        """The entity's ledger as of its today.

        Raises:
            UsageError: for an unknown entity.
        """
        return self.known(entity).snapshot

    def versions(self, entity: str) -> LedgerVersions:
        """The entity's ledger with its history.

        Raises:
            UsageError: for an unknown entity.
        """
        return self.known(entity).versions

    def known(self, entity: str) -> Known:
        """Both.

        Raises:
            UsageError: for an unknown entity.
        """
        today = self.services.today(entity)
        with self._lock:
            mark = (today, self._newest_import(entity))
            known = self._kept.get(entity)
            if known is None or known.mark != mark:
                database = self.services.database
                versions = (
                    known.versions
                    if known is not None and known.mark[1] == mark[1]
                    else load_versions(database, entity)
                )
                known = Known(mark, versions, snapshot_on(database, versions, today))
            self._kept[entity] = known
            self._kept.move_to_end(entity)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return known

    def _newest_import(self, entity: str) -> int | None:
        query = sa.select(sa.func.max(import_run.c.import_id)).where(
            import_run.c.entity == entity, import_run.c.status == "done"
        )
        with self.services.unit_of_work() as uow:
            newest: int | None = uow.execute(query).scalar()
            return newest
