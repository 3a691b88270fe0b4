"""What is owed: extracts taken in, bad rows turned away, the open items as of any day.

`import_ledger` takes an extract; `load_versions` and `take_snapshot` give the ledger on a day; `balance`
sums it up.
"""

from __future__ import annotations

from relance.ledger.balance import balance
from relance.ledger.importing import import_ledger
from relance.ledger.loading import load_versions
from relance.ledger.mapping import PLAIN, Mapping, load_mapping
from relance.ledger.quarantine import Quarantined, list_quarantine
from relance.ledger.report import ImportReport
from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.ledger.versions import LedgerVersions, LedgerWarning

__all__ = [
    "PLAIN",
    "ImportReport",
    "LedgerVersions",
    "LedgerWarning",
    "Mapping",
    "Quarantined",
    "Snapshot",
    "balance",
    "import_ledger",
    "list_quarantine",
    "load_mapping",
    "load_versions",
    "take_snapshot",
]
