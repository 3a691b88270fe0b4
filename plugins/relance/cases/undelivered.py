"""`delivery`: a payer's message came back, was given up, or nobody knows for days whether it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.reading import Case
from relance.cases.record import Journal
from relance.cases.standing import Condition, Worked, work_standing
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.store.inbound import Mark, lift_marks, normal_address, put_mark
from relance.store.schema import outbox, reach_mark
from relance.store.settling import in_doubt, settle

KIND = "delivery"
SUBJECT = "message"
"""Tells it from reviews of holds for invoices that were not delivered."""
SETTLES: Mapping[str, bool] = {"arrived": True, "not_sent": False}
"""Reasons that settle a message in doubt, and whether it has gone."""
LIFTED: tuple[Mark, ...] = ("bounced", "refused", "wrong")
"""Marks that a person may lift who has found the address to be right; not the wish for no more messages."""
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


def end_undelivered(journal: Journal, case: Case, reason: str) -> dict[str, Any]:
    """What resolving a delivery case does beside closing it; gives what is told of it, and needed to take it back.

    `fixed`: the address is used again; a wish for no more messages stands. `arrived`, `not_sent`: a message in doubt is settled.

    Raises:
        CaseError: a message in doubt for another reason, which would leave its payer in doubt, or `arrived`, `not_sent` where
            nothing is in doubt.
    """
    lost = case.facts.get("undelivered") or {}
    if lost.get("what") == "in_doubt":
        return _settle_doubt(journal, case, lost, reason)
    if reason in SETTLES:
        raise CaseError(f"No message of case {case.case_id} is in doubt.", key="no_doubt", case=case.case_id)
    if reason != "fixed" or not lost.get("address"):
        return {}
    where = {"entity": journal.entity, "channel": lost["channel"], "address": lost["address"]}
    lifted = [
        mark
        for mark in LIFTED
        if lift_marks(journal.uow, **where, on_date=journal.on, by=journal.actor, mark=mark)
    ]
    return {"lifted": lifted, "channel": lost["channel"]} if lifted else {}


def reopen_undelivered(journal: Journal, case: Case, kept: Mapping[str, Any]) -> None:
    """A delivery case is open again: the marks that were lifted with it stand again; a message settled stays settled."""
    lost = case.facts.get("undelivered") or {}
    for mark in kept.get("lifted") or ():
        put_mark(
            journal.uow, entity=journal.entity, channel=lost["channel"], address=lost["address"], mark=mark,
            on_date=journal.on, source=f"{journal.actor}, {journal.on.isoformat()}", key=lost.get("key"),
        )  # fmt: skip


def _settle_doubt(journal: Journal, case: Case, lost: Mapping[str, Any], reason: str) -> dict[str, Any]:
    if reason not in SETTLES:
        raise CaseError(
            "Nobody knows whether the message has gone: say whether it has.",
            hint=f"Look at the provider, then resolve it as one of {', '.join(SETTLES)}.", key="say_doubt",
        )  # fmt: skip
    message = in_doubt(journal.uow, lost.get("key") or "")
    if message is None:
        return {}  # somebody has settled it elsewhere
    state = settle(
        journal.uow, message, sent=SETTLES[reason], by=journal.actor, note=f"settled on case {case.case_id}"
    )
    return {"settled": state}


def _lost(journal: Journal) -> dict[str, dict[str, Any]]:
    """A message that came back counts as long as its address is marked; one that was given up, until another goes."""
    marked = _marked(journal)
    rows = journal.uow.execute(_LOST, {"entity": journal.entity, "on": journal.on})
    return {
        row.payer_id: _facts(
            row.key, row.state, where=(row.channel, row.recipient), on=row.as_of, why=row.why
        )
        for row in rows
        if row.state == "failed" or (row.channel, normal_address(row.channel, row.recipient or "")) in marked
    }


def _doubtful(journal: Journal) -> dict[str, dict[str, Any]]:
    table = outbox.c
    query = (
        sa.select(table.key, table.payer_id, table.channel, table.recipient, table.on_date, table.error)
        .where(
            table.entity == journal.entity,
            table.state == "in_doubt",
            table.on_date <= journal.on - timedelta(days=DOUBT_DAYS),
        )
        .order_by(table.on_date.desc(), table.key)
    )
    return {
        row.payer_id: _facts(
            row.key, "in_doubt", where=(row.channel, row.recipient), on=row.on_date, why=row.error
        )
        for row in journal.uow.execute(query)
    }


def _facts(
    key: str, what: str, *, where: tuple[str, str | None], on: date, why: str | None
) -> dict[str, Any]:
    channel, address = where
    return {
        "key": key, "what": what, "channel": channel, "address": address, "on": on.isoformat(),
        "why": (why or "")[:_WHY] or None,
    }  # fmt: skip


def _marked(journal: Journal) -> set[tuple[str, str]]:
    table = reach_mark.c
    stands = sa.or_(table.lifted_on.is_(None), table.lifted_on > journal.on)
    query = sa.select(table.channel, table.address).where(
        table.entity == journal.entity, table.on_date <= journal.on, stands
    )
    return {(channel, address) for channel, address in journal.uow.execute(query)}
