"""Whether what the database holds still fits its chains: entries, their ends, and each message's SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from relance.evidence.record import IS_MESSAGE, IS_TOLD
from relance.store import timeline as chains
from relance.store.schema import outbox, timeline, timeline_head
from relance.store.uow import UnitOfWork

_AT_ONCE = 1_000
_SETTLED = ("sent", "confirmed", "failed", "in_doubt", "cancelled")


@dataclass(slots=True)
class CheckReport:
    """Figures, and every problem as a sentence that says which and where."""

    chains: int = 0
    entries: int = 0
    messages: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "intact": not self.problems, "chains": self.chains, "entries": self.entries, "messages": self.messages,
            "erased": self.erased, "problems": list(self.problems),
        }  # fmt: skip


def check(uow: UnitOfWork, entity: str, payer_id: str | None = None) -> CheckReport:
    """Check the chains and messages of an entity, or of one payer; memory does not grow with their number."""
    report = CheckReport()
    heads = _heads(uow, entity, payer_id)
    query = (
        sa.select(timeline).where(timeline.c.entity == entity).order_by(timeline.c.payer_id, timeline.c.seq)
    )
    if payer_id is not None:
        query = query.where(timeline.c.payer_id == payer_id)
    for payer, rows in groupby(_stream(uow, query), key=itemgetter("payer_id")):
        entries = list(rows)
        _check_chain(report, payer, entries, heads.pop(payer, None))
    for payer, (seq, _) in sorted(heads.items()):
        if seq:
            report.problems.append(f"payer {payer}: all {seq} entries are gone")
    _check_messages(uow, report, entity, payer_id)
    return report


def _check_chain(
    report: CheckReport, payer: str, entries: list[Mapping[str, Any]], head: tuple[int, bytes] | None
) -> None:
    report.chains += 1
    report.entries += len(entries)
    broken = chains.verify(entries)
    if broken is not None:
        report.problems.append(f"payer {payer}: the chain is broken at entry {broken}")
    last = entries[-1]
    if head is None or head != (last["seq"], bytes(last["hash"])):
        report.problems.append(
            f"payer {payer}: the chain does not end where its end is noted; entries are gone"
        )


def _check_messages(uow: UnitOfWork, report: CheckReport, entity: str, payer_id: str | None) -> None:
    """Each message's bytes have its SHA-256, and the chain tells of a settled one by that; drafts that never left are none."""
    names = ("key", "payer_id", "body", "digest", "state", "erased_on")
    query = sa.select(*(outbox.c[name] for name in names), IS_TOLD.label("told")).where(
        outbox.c.entity == entity, IS_MESSAGE
    )
    if payer_id is not None:
        query = query.where(outbox.c.payer_id == payer_id)
    for row in _stream(uow, query):
        report.messages += 1
        report.erased += row["erased_on"] is not None
        where = f"payer {row['payer_id']}, message {row['key'][:12]}"
        if row["erased_on"] is None and hashlib.sha256(row["body"]).hexdigest() != row["digest"]:
            report.problems.append(f"{where}: its bytes are not those of its SHA-256")
        if row["state"] in _SETTLED and not row["told"]:
            report.problems.append(f"{where}: the chain does not tell of it with this SHA-256")


def _heads(uow: UnitOfWork, entity: str, payer_id: str | None) -> dict[str, tuple[int, bytes]]:
    query = sa.select(timeline_head).where(timeline_head.c.entity == entity)
    if payer_id is not None:
        query = query.where(timeline_head.c.payer_id == payer_id)
    return {row["payer_id"]: (row["seq"], bytes(row["hash"])) for row in uow.execute(query).mappings()}


def _stream(uow: UnitOfWork, query: sa.Select[Any]) -> Iterator[Mapping[str, Any]]:
    result = uow.execute(query.execution_options(yield_per=_AT_ONCE))
    for row in result.mappings():
        yield dict(row)
