"""Two plans of one day held against each other, byte for byte: what was stored, and what is planned again. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PlanRows:
    """What a plan decided, as rows of its JSON."""

    outcomes: Sequence[Row]
    contacts: Sequence[Row]
    tasks: Sequence[Row]

    def content(self) -> bytes:
        """One canonical line a row: outcomes by invoice, contacts and tasks by key."""
        lines: list[str] = []
        for name, rows, key in self.groups():
            lines += [f"{name} {canonical(row)}" for row in sorted(rows, key=lambda row: str(row[key]))]
        return "\n".join(lines).encode()

    def groups(self) -> Iterable[tuple[str, Sequence[Row], str]]:
        """Each kind of row with its name and the column that tells rows apart."""
        yield "outcome", self.outcomes, "invoice_id"
        yield "contact", self.contacts, "key"
        yield "task", self.tasks, "key"


@dataclass(frozen=True)
class Deviation:
    """One row that differs: `fields` are `name: (stored, planned again)`; `missing` on one side when it is only on the other."""

    kind: str
    subject: str
    payer_id: str
    missing: str | None
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Comparison:
    """`equal`: the same bytes; else every row that differs, in the order of the output."""

    equal: bool
    stored_sha256: str
    again_sha256: str
    deviations: tuple[Deviation, ...]


def canonical(row: Row) -> str:
    """A row as JSON with sorted keys and no blanks; the same content gives the same text."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def compare(stored: PlanRows, again: PlanRows) -> Comparison:
    """Whether both say the same, and where not."""
    old, new = stored.content(), again.content()
    found: list[Deviation] = []
    if old != new:
        for (kind, before, key), (_, after, _) in zip(stored.groups(), again.groups(), strict=True):
            found += _deviations(kind, key, before, after)
    return Comparison(
        equal=old == new,
        stored_sha256=hashlib.sha256(old).hexdigest(),
        again_sha256=hashlib.sha256(new).hexdigest(),
        deviations=tuple(found),
    )


def _deviations(kind: str, key: str, before: Sequence[Row], after: Sequence[Row]) -> Iterable[Deviation]:
    old = {str(row[key]): row for row in before}
    new = {str(row[key]): row for row in after}
    for subject in sorted({*old, *new}):
        was, becomes = old.get(subject), new.get(subject)
        if was is None or becomes is None:
            row = was or becomes or {}
            missing = "stored" if was is None else "again"
            yield Deviation(kind, subject, str(row["payer_id"]), missing, {})
        elif fields := fields_that_differ(was, becomes):
            yield Deviation(kind, subject, str(was["payer_id"]), None, fields)


def fields_that_differ(stored: Row, again: Row) -> dict[str, tuple[Any, Any]]:
    """The fields of two rows of one subject that aren't the same."""
    names = sorted({*stored, *again})
    return {
        name: (stored.get(name), again.get(name)) for name in names if stored.get(name) != again.get(name)
    }
