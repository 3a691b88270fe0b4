"""`delivery`: a payer's message came back, was given up, or nobody knows for days whether it has gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.record import Journal
from relance.cases.standing import Condition, Worked, work_standing
from relance.ledger.snapshot import Snapshot
from relance.store.inbound import normal_address
from relance.store.schema import outbox, reach_mark

KIND = "delivery"
SUBJECT = "message"
"""Tells it from reviews of holds for invoices that were not delivered."""
DOUBT_DAYS = 2
"""How long a message may be in doubt before somebody must look (spec: two days)."""
_WHY = 200

_LOST = sa.text(
    """
    SELECT DISTINCT ON (c.payer_id) c.payer_id, c.key, c.state, c.channel, c.recipient, c.as_of,
      (SELECT e.note FROM contact_event e WHERE e.key = c.key AND e.state = c.state ORDER BY e.event_id DESC LIMIT 1) AS why
    FROM contact c
    WHERE c.entity = :entity AND c.as_of <= :on AND c.kind IN ('message', 'notice') AND c.state IN ('bounced', 'failed')
      AND NOT EXISTS (
        SELECT FROM contact n WHERE n.entity = c.entity AND n.payer_id = c.payer_id AND n.kind = 'message'
          AND n.as_of > c.as_of AND n.as_of <= :on AND n.state IN ('sent', 'confirmed'))
    ORDER BY c.payer_id, c.as_of DESC, c.key
    """
)
"""The newest message of each payer that did not arrive, where none after it has gone."""


def work_undelivered(journal: Journal, *, snapshot: Snapshot) -> Worked:
    """Open, update and close; `fixed` once a later message has gone, the mark was lifted, or the doubt resolved."""
    about = {**_lost(journal), **_doubtful(journal)}
    items = snapshot.items.filter(pl.col("payer_id").is_in(sorted(about)))
    told = {payer: {"undelivered": facts} for payer, facts in about.items()}
    condition = Condition(KIND, items, over="fixed", subject=SUBJECT, by_payer=told)
    return work_standing(journal, condition, snapshot=snapshot)


def _lost(journal: Journal) -> dict[str, dict[str, Any]]:
    """A message that came back counts as long as its address is marked; one that was given up, until another goes."""
    marked = _marked(journal)
    rows = journal.uow.execute(_LOST, {"entity": journal.entity, "on": journal.on})
    return {
        row.payer_id: _facts(row.state, row.channel, row.recipient, row.as_of.isoformat(), row.why)
        for row in rows
        if row.state == "failed" or (row.channel, normal_address(row.channel, row.recipient or "")) in marked
    }


def _doubtful(journal: Journal) -> dict[str, dict[str, Any]]:
    table = outbox.c
    query = (
        sa.select(table.payer_id, table.channel, table.recipient, table.on_date, table.error)
        .where(
            table.entity == journal.entity,
            table.state == "in_doubt",
            table.on_date <= journal.on - timedelta(days=DOUBT_DAYS),
        )
        .order_by(table.on_date.desc(), table.key)
    )
    return {
        row.payer_id: _facts("in_doubt", row.channel, row.recipient, row.on_date.isoformat(), row.error)
        for row in journal.uow.execute(query)
    }


def _facts(what: str, channel: str, address: str | None, on: str, why: str | None) -> dict[str, Any]:
    return {"what": what, "channel": channel, "address": address, "on": on, "why": (why or "")[:_WHY] or None}


def _marked(journal: Journal) -> set[tuple[str, str]]:
    table = reach_mark.c
    stands = sa.or_(table.lifted_on.is_(None), table.lifted_on > journal.on)
    query = sa.select(table.channel, table.address).where(
        table.entity == journal.entity, table.on_date <= journal.on, stands
    )
    return {(channel, address) for channel, address in journal.uow.execute(query)}
