"""Ledgers as of today, kept in memory between clicks until an import, a correction or another day makes them old."""

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

KEPT = 4
"""Entities whose ledgers are kept at once."""


_NEWEST = sa.text(
    "SELECT (SELECT max(import_id) FROM import_run WHERE entity = :entity AND status = 'done'), concat_ws(',', "
    "(SELECT concat_ws(',', count(*), count(withdrawn_on), count(erased_on)) FROM contact_correction WHERE entity = :entity), "
    "(SELECT concat_ws(',', count(*), count(lifted_on)) FROM reach_mark WHERE entity = :entity))"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A ledger with its history, as of the day and the import of `mark`, which says too what people have corrected by then."""

    mark: tuple[date, int | None, str]
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
            mark = (today, *self._newest(entity))
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

    def _newest(self, entity: str) -> tuple[int | None, str]:
        """The last import, and how many persons were given, addresses marked, and each of them taken back."""
        with self.services.unit_of_work() as uow:
            newest, corrected = uow.execute(_NEWEST, {"entity": entity}).one()
            return newest, corrected
