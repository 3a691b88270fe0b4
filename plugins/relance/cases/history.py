"""What the store knows about payers beyond the ledger's day: levels, last contact, what comes next, money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from relance.cases.among import among
from relance.cases.facts import History
from relance.cases.measure import Payment
from relance.config.models import LEVELS
from relance.store.schema import contact, dunning_case, hold, invoice_version, outcome, payment_version, plan
from relance.store.uow import UnitOfWork

DONE = ("sent", "confirmed", "completed", "not_made")
"""States in which a contact or task has done its step (planning.md, "Which step", 2)."""
_REACHED = ("sent", "confirmed", "bounced", "completed")


def read_history(
    uow: UnitOfWork, entity: str, payers: Iterable[str], as_of: date, *, items: set[str]
) -> History:
    """Levels, last contacts and next steps of the payers on a day; levels only of the given open items."""
    wanted = sorted(set(payers))
    if not wanted:
        return History()
    return History(
        level_reached=_levels(uow, entity, wanted, as_of, items),
        last_contact=_last_contacts(uow, entity, wanted, as_of),
        next=_next_steps(uow, entity, wanted, as_of),
    )


def handed_over(uow: UnitOfWork, entity: str, as_of: date) -> set[str]:
    """Items that a completed hand-over of ours acted for, and whose `handover` case is not closed: they are not ours to chase."""
    return {item for row in handovers(uow, entity, as_of) for item in row["invoices"]}


def handovers(uow: UnitOfWork, entity: str, as_of: date) -> Sequence[sa.RowMapping]:
    """Completed hand-overs whose case is not closed, as planning sees them (`plans.history_frames`).

    Rows of payer_id, acted_on, invoices.
    """
    closed = sa.exists().where(
        dunning_case.c.entity == contact.c.entity,
        dunning_case.c.payer_id == contact.c.payer_id,
        dunning_case.c.kind == "handover",
        dunning_case.c.state == "closed",
        dunning_case.c.opened_on >= contact.c.acted_on,
    )
    query = sa.select(contact.c.payer_id, contact.c.acted_on, contact.c.invoices).where(
        contact.c.entity == entity,
        contact.c.kind == "handoff",
        contact.c.state == "completed",
        contact.c.acted_on <= as_of,
        ~closed,
    )
    return uow.execute(query.order_by(contact.c.payer_id, contact.c.acted_on, contact.c.key)).mappings().all()


def item_endings(uow: UnitOfWork, entity: str, items: Iterable[str], as_of: date) -> dict[str, str]:
    """Why items are no longer open: cancelled, written_off, assigned, closed_by_source, else paid."""
    wanted = sorted(set(items))
    if not wanted:
        return {}
    query = (
        sa.select(invoice_version.c.item_id, invoice_version.c.status, invoice_version.c.closed)
        .where(invoice_version.c.entity == entity, among(invoice_version.c.item_id, wanted))
        .ext(distinct_on(invoice_version.c.item_id))
        .order_by(invoice_version.c.item_id, *_newest(invoice_version, as_of))
    )
    endings = dict.fromkeys(wanted, "paid")
    for item, status, closed in uow.execute(query):
        if status in {"cancelled", "written_off", "assigned"}:
            endings[item] = status
        elif closed:
            endings[item] = "closed_by_source"
    return endings


def payments_of(
    uow: UnitOfWork, entity: str, payer_id: str, *, customers: Iterable[str], since: date, until: date
) -> list[Payment]:
    """The payer's money dated `since` … `until`, as the ledger knew it at `until`.

    `customers` are those it pays for, itself included. Money on an invoice belongs to the invoice's payer;
    money on an unknown invoice, or in another currency than the invoice's, is unallocated and belongs to
    the customer's payer.
    """
    own = set(customers)
    invoices = _invoices_of(uow, entity, payer_id, own, until)
    ours = sa.or_(among(payment_version.c.customer_id, own), among(payment_version.c.invoice_id, invoices))
    candidates = sa.select(payment_version.c.payment_id).where(payment_version.c.entity == entity, ours)
    newest = (
        sa.select(payment_version)
        .where(payment_version.c.entity == entity, payment_version.c.payment_id.in_(candidates))
        .ext(distinct_on(payment_version.c.payment_id))
        .order_by(payment_version.c.payment_id, *_newest(payment_version, until))
        .subquery()
    )
    known = sa.exists().where(
        invoice_version.c.entity == entity,
        invoice_version.c.invoice_id == newest.c.invoice_id,
        invoice_version.c.currency == newest.c.currency,
    )
    query = (
        sa.select(newest, known.label("allocated"))
        .where(newest.c.date.between(since, until))
        .order_by(newest.c.payment_id)
    )
    found = []
    for row in uow.execute(query).mappings():
        invoice = row["invoice_id"] if row["allocated"] else None
        if (row["customer_id"] in own) if invoice is None else (invoice in invoices):
            found.append(Payment(row["payment_id"], row["date"], row["amount"], row["currency"], invoice))
    return found


def scenario_of(uow: UnitOfWork, entity: str, payer_id: str, as_of: date) -> str | None:
    """The payer's scenario in the newest stored plan, or None while there is none."""
    query = (
        sa.select(outcome.c.scenario)
        .where(outcome.c.plan_id == _newest_plan(entity, as_of), outcome.c.payer_id == payer_id)
        .limit(1)
    )
    found = uow.execute(query).scalar()
    return str(found) if found else None


def _newest(table: sa.Table, as_of: date) -> tuple[sa.ColumnElement[Any], ...]:
    """Order in which the version that counts on a day comes first: the newest up to it, else the oldest."""
    known = table.c.extract_date <= as_of
    return (
        known.desc(),
        sa.case((known, table.c.extract_date)).desc(),
        sa.case((~known, table.c.extract_date)).asc(),
        table.c.import_id.desc(),
    )


def _invoices_of(uow: UnitOfWork, entity: str, payer_id: str, customers: set[str], as_of: date) -> set[str]:
    """Every invoice that the payer pays, open or not, by its id without a term."""
    table = invoice_version
    named = sa.or_(table.c.payer_id == payer_id, among(table.c.customer_id, customers))
    candidates = sa.select(table.c.item_id).where(table.c.entity == entity, named)
    query = (
        sa.select(table.c.invoice_id, table.c.payer_id, table.c.customer_id)
        .where(table.c.entity == entity, table.c.item_id.in_(candidates))
        .ext(distinct_on(table.c.item_id))
        .order_by(table.c.item_id, *_newest(table, as_of))
    )
    return {
        invoice
        for invoice, payer, customer in uow.execute(query)
        if payer == payer_id or (payer is None and customer in customers)
    }


def _levels(uow: UnitOfWork, entity: str, payers: list[str], as_of: date, items: set[str]) -> dict[str, str]:
    query = sa.select(
        contact.c.payer_id, sa.func.unnest(contact.c.invoices), sa.func.unnest(contact.c.levels)
    ).where(
        contact.c.entity == entity,
        among(contact.c.payer_id, payers),
        contact.c.state.in_(DONE),
        contact.c.acted_on <= as_of,
    )
    best: dict[str, int] = {}
    for payer, item, level in uow.execute(query):
        if item in items and level in LEVELS:
            best[payer] = max(best.get(payer, -1), LEVELS.index(level))
    return {payer: LEVELS[rank] for payer, rank in best.items()}


def _last_contacts(uow: UnitOfWork, entity: str, payers: list[str], as_of: date) -> dict[str, dict[str, Any]]:
    query = (
        sa.select(contact.c.payer_id, contact.c.acted_on, contact.c.channel, contact.c.level, contact.c.state)
        .where(
            contact.c.entity == entity,
            among(contact.c.payer_id, payers),
            contact.c.kind.in_(("message", "call")),
            contact.c.state.in_(_REACHED),
            contact.c.acted_on <= as_of,
        )
        .ext(distinct_on(contact.c.payer_id))
        .order_by(contact.c.payer_id, contact.c.acted_on.desc(), contact.c.key)
    )
    return {
        payer: {"on": on.isoformat(), "channel": channel, "level": level, "state": state}
        for payer, on, channel, level, state in uow.execute(query)
    }


def _newest_plan(entity: str, as_of: date) -> sa.ScalarSelect[int]:
    return (
        sa.select(plan.c.plan_id)
        .where(plan.c.entity == entity, plan.c.as_of <= as_of)
        .order_by(plan.c.as_of.desc(), plan.c.live.desc(), plan.c.plan_id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _next_steps(uow: UnitOfWork, entity: str, payers: list[str], as_of: date) -> dict[str, dict[str, Any]]:
    """What comes next for each payer: today's step, the soonest wait, what was done today, a hold, else none left.

    A card must not announce what does not come: what went out today is told as done, and what rests since the plan, or for
    longer than it waits, as held.
    """
    query = (
        sa.select(
            outcome.c.payer_id, outcome.c.invoice_id, outcome.c.outcome, outcome.c.reason, outcome.c.step, outcome.c.level,
            outcome.c.next_step, outcome.c.next_on, outcome.c.holds, contact.c.state, contact.c.acted_on,
        )
        .outerjoin(contact, contact.c.key == outcome.c.contact_key)
        .where(outcome.c.plan_id == _newest_plan(entity, as_of), among(outcome.c.payer_id, payers))
        .order_by(outcome.c.invoice_id)
    )  # fmt: skip
    rests = _rests(uow, entity, payers, as_of)
    best: dict[str, tuple[tuple[int, str], dict[str, Any]]] = {}
    for row in uow.execute(query).mappings():
        rank, said = _say_next(row, rests)
        if row["payer_id"] not in best or rank < best[row["payer_id"]][0]:
            best[row["payer_id"]] = (rank, said)
    return {payer: said for payer, (_, said) in best.items()}


def _rests(
    uow: UnitOfWork, entity: str, payers: list[str], as_of: date
) -> dict[tuple[str, str | None], tuple[str, date | None]]:
    """What people and promises hold whole on the day: reason and last day, by payer and invoice (None: all of the payer's)."""
    query = sa.select(hold.c.payer_id, hold.c.invoice_id, hold.c.reason, hold.c.until).where(
        hold.c.entity == entity,
        among(hold.c.payer_id, payers),
        hold.c.amount.is_(None),
        hold.c.from_date <= as_of,
        sa.or_(hold.c.until.is_(None), hold.c.until >= as_of),
        sa.or_(hold.c.ended_on.is_(None), hold.c.ended_on > as_of),
    )
    # the one that stands longest is what counts for what comes next
    rows = uow.execute(query.order_by(hold.c.until.asc().nulls_last(), hold.c.hold_id))
    return {(payer, invoice): (reason, until) for payer, invoice, reason, until in rows}


def _say_next(
    row: Mapping[Any, Any], rests: Mapping[tuple[str, str | None], tuple[str, date | None]]
) -> tuple[tuple[int, str], dict[str, Any]]:
    waits = row["outcome"] == "wait" and row["next_on"] is not None
    if row["outcome"] == "act" and row["state"] in DONE:
        return (2, ""), {"what": "done", "step": row["step"], "on": row["acted_on"].isoformat()}
    if waits or row["outcome"] == "act":
        on = row["next_on"] if waits else None
        for place in ((row["payer_id"], None), (row["payer_id"], row["invoice_id"])):
            reason, until = rests.get(place, (None, None))
            if reason and (until is None or on is None or until >= on):
                return _held(reason, until.isoformat() if until else None)
    if row["outcome"] == "act":
        return (0, ""), {"what": "act", "step": row["step"], "level": row["level"]}
    if waits:
        on = row["next_on"].isoformat()
        return (1, on), {"what": "wait", "step": row["next_step"], "on": on}
    if row["outcome"] == "hold":
        untils = [one.get("until") for one in row["holds"] if one.get("reason") == row["reason"]]
        return _held(row["reason"], untils[0] if untils else None)
    return (4, ""), {"what": "exhausted"}


def _held(reason: str, until: str | None) -> tuple[tuple[int, str], dict[str, Any]]:
    return (3, until or "9999"), {"what": "hold", "reason": reason, "until": until}
