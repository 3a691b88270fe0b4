"""What an import did, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.ledger.versions import LedgerWarning


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Rows over all tables: `read` = inserted + updated + unchanged + quarantined.

    `import_id` is None where the same extract was taken before and nothing changed.
    """

    entity: str
    extract_date: date
    import_id: int | None
    read: int
    inserted: int
    updated: int
    unchanged: int
    closed: int
    quarantined: int
    warned: tuple[LedgerWarning, ...] = ()

    @property
    def warnings(self) -> int:
        """How many warnings."""
        return len(self.warned)

    def as_dict(self) -> dict[str, int]:
        """The figures under the names of `relance ledger import --json`."""
        names = ("read", "inserted", "updated", "unchanged", "closed", "quarantined", "warnings")
        return {name: int(getattr(self, name)) for name in names}
