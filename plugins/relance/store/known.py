"""What the store knew at a past moment: imports, contacts and holds as they were, and what came to it later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.store import schema
from relance.store.database import Database
from relance.store.plans import acts_of, yeses
from relance.store.uow import UnitOfWork

_ACTED = ("sent", "confirmed", "bounced", "completed", "not_made")
"""States in which a contact has a day on which it acted."""

_THEN = """
  SELECT c.key, c.payer_id, c.as_of, c.plan_id, c.kind, c.channel, c.scenario, c.step, c.level, c.acted_on,
         e.state IS NULL AND b.plan_id IS NULL AS untold,
         coalesce(e.state, b.state, c.state) AS state, coalesce(p.plan_id, b.plan_id) AS plan_then
  FROM contact c
  LEFT JOIN LATERAL (
    SELECT state FROM contact_event WHERE key = c.key AND at <= $3::text::timestamptz
    ORDER BY event_id DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (
    SELECT substring(note FROM 6)::bigint AS plan_id FROM contact_event
    WHERE key = c.key AND at <= $3::text::timestamptz AND actor = 'planning' AND note ~ '^plan [0-9]+$'
    ORDER BY event_id DESC LIMIT 1) p ON true
  LEFT JOIN LATERAL (
    SELECT l.plan_id, CASE WHEN d.body::json->>'approval' IS NULL THEN 'planned' ELSE 'awaiting_approval' END AS state
    FROM plan l JOIN plan_contact d ON d.plan_id = l.plan_id AND d.key = c.key
    WHERE l.entity = c.entity AND l.as_of = c.as_of AND l.live AND l.at <= $3::text::timestamptz
    ORDER BY l.plan_id LIMIT 1) b ON true
  WHERE c.entity = $1 AND c.as_of < $2::text::date AND c.kind <> 'notice'
    AND (e.state IS NOT NULL OR b.plan_id IS NOT NULL OR NOT EXISTS (SELECT FROM plan l WHERE l.plan_id = c.plan_id))
"""
"""Contacts of the days before that existed at the moment, in the state that their last event by then gave them.

A contact begins with the first live plan of its day that made it; only plans that change it leave an event.
"""


@dataclass(frozen=True)
class StoredPlan:
    """A plan as it was stored: who made it of what, and all that it decided, as plain rows of the plan's JSON."""

    plan_id: int
    at: datetime
    live: bool
    policy_version: str
    policy_content: dict[str, Any]
    snapshot_digest: str
    outcomes: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    tasks: list[dict[str, Any]]


def stored_plan(uow: UnitOfWork, head: sa.RowMapping) -> StoredPlan:
    """All of the plan whose row is `head` (`plans.newest`)."""
    version = sa.select(schema.policy_version.c.content).where(
        schema.policy_version.c.version == head["policy_version"]
    )
    decided = sa.select(schema.plan_contact).where(schema.plan_contact.c.plan_id == head["plan_id"])
    rows = uow.execute(decided).mappings().all()
    return StoredPlan(
        plan_id=head["plan_id"],
        at=head["at"],
        live=head["live"],
        policy_version=head["policy_version"],
        policy_content=uow.execute(version).scalar_one(),
        snapshot_digest=head["snapshot_digest"],
        outcomes=stored_outcomes(uow, head["plan_id"]),
        contacts=[json.loads(row["body"]) for row in rows if not row["task"]],
        tasks=[json.loads(row["body"]) for row in rows if row["task"]],
    )


def stored_outcomes(uow: UnitOfWork, plan_id: int, *, invoice_id: str | None = None) -> list[dict[str, Any]]:
    """Outcomes of a plan (or of one invoice in it) as rows of the plan's JSON, by invoice."""
    query = sa.select(schema.outcome).where(schema.outcome.c.plan_id == plan_id)
    if invoice_id is not None:
        query = query.where(schema.outcome.c.invoice_id == invoice_id)
    ordered = query.order_by(sa.collate(schema.outcome.c.invoice_id, "C"))
    return [
        {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in row.items()
            if name != "plan_id"
        }
        for row in uow.execute(ordered).mappings()
    ]


def imports_until(uow: UnitOfWork, entity: str, moment: datetime) -> tuple[set[int], list[date]]:
    """Numbers of the imports taken by the moment, and the dates of their extracts."""
    run = schema.import_run.c
    query = sa.select(run.import_id, run.extract_date).where(
        run.entity == entity, run.status == "done", run.at <= moment
    )
    rows = uow.execute(query).all()
    return {row[0] for row in rows}, sorted({row[1] for row in rows})


def imports_after(uow: UnitOfWork, entity: str, moment: datetime) -> dict[int, tuple[date, datetime]]:
    """Imports taken after the moment: number → date of the extract, and when."""
    run = schema.import_run.c
    query = sa.select(run.import_id, run.extract_date, run.at).where(
        run.entity == entity, run.status == "done", run.at > moment
    )
    return {row[0]: (row[1], row[2]) for row in uow.execute(query)}


def history_then(
    database: Database, entity: str, before: date, moment: datetime
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """As `plans.history_frames`, in the state that everything had at the moment."""
    parameters = [entity, before.isoformat(), moment.isoformat()]
    found = database.read(_THEN, parameters)
    acts = database.read(
        "SELECT key, invoices, steps, levels FROM contact WHERE entity = $1 AND as_of < $2::text::date",
        parameters[:2],
    )
    contacts, acts = _as_planned_then(database, found, acts_of(acts))
    contacts = contacts.with_columns(
        acted_on=pl.when(pl.col("state").is_in(list(_ACTED)) | pl.col("untold")).then("acted_on"),
        settled=_settled(contacts, _handovers_closed(database, entity, moment)),
    )
    given = yeses(database, entity, before, moment=moment.isoformat())
    return contacts, acts.join(contacts, on="key", how="semi"), given


def _as_planned_then(
    database: Database, contacts: pl.DataFrame, acts: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A contact that a later plan of its own day changed has the content of the plan that counted then."""
    changed = contacts.filter(pl.col("plan_then").is_not_null() & (pl.col("plan_then") != pl.col("plan_id")))
    if changed.is_empty():
        return contacts, acts
    rows = []
    for key, plan_id in changed.select("key", "plan_then").iter_rows():
        body = database.read("SELECT body FROM plan_contact WHERE plan_id = $1 AND key = $2", [plan_id, key])
        rows += [json.loads(text) for text in body["body"]]
    columns = ("kind", "channel", "scenario", "step", "level")
    fresh = pl.DataFrame(
        [
            {
                "key": row["key"],
                **{name: row.get(name, "internal") for name in columns},
            }
            for row in rows
        ],
        schema=dict.fromkeys(("key", *columns), pl.String),
    )
    done = pl.DataFrame(
        [{"key": row["key"], **act} for row in rows for act in row["acts"]],
        schema=dict.fromkeys(("key", "invoice_id", "step", "level"), pl.String),
    )
    kept = acts.join(fresh, on="key", how="anti")
    return contacts.update(fresh, on="key"), pl.concat([kept, done.select(kept.columns)])


def _handovers_closed(database: Database, entity: str, moment: datetime) -> pl.DataFrame:
    """Hand-over cases that were closed at the moment: `payer_id`, `opened_on`."""
    return database.read(
        "SELECT d.payer_id, d.opened_on FROM dunning_case d WHERE d.entity = $1 AND d.kind = 'handover' AND "
        "coalesce((SELECT e.verb FROM case_event e WHERE e.case_id = d.case_id "
        "AND e.verb IN ('close', 'resolve', 'complete', 'reopen') "
        "AND e.at <= $2::text::timestamptz ORDER BY e.event_id DESC LIMIT 1), 'reopen') <> 'reopen'",
        [entity, moment.isoformat()],
    )


def _settled(contacts: pl.DataFrame, closed: pl.DataFrame) -> pl.Series:
    keys = (
        contacts.filter(pl.col("kind") == "handoff")
        .join(closed, on="payer_id")
        .filter(pl.col("opened_on") >= pl.col("acted_on"))["key"]
    )
    return contacts["key"].is_in(keys.unique().to_list()).alias("settled")


def holds_then(database: Database, entity: str, as_of: date, moment: datetime) -> pl.DataFrame:
    """As `plans.hold_frame`, with the holds and their ends that were known at the moment."""
    return database.read(
        "SELECT payer_id, invoice_id, reason, until, source, amount FROM hold WHERE entity = $1 "
        "AND from_date <= $2::text::date AND at <= $3::text::timestamptz "
        "AND (ended_on IS NULL OR ended_on > $2::text::date OR ended_at > $3::text::timestamptz)",
        [entity, as_of.isoformat(), moment.isoformat()],
    )


def contacts_changed(uow: UnitOfWork, entity: str, before: date, moment: datetime) -> Sequence[sa.RowMapping]:
    """Events after the moment on contacts of days before: key, payer, day, step, state, actor and when."""
    event, contact = schema.contact_event.c, schema.contact.c
    query = (
        sa.select(
            contact.key, contact.payer_id, contact.as_of, contact.step, event.state, event.actor, event.at
        )
        .join_from(schema.contact_event, schema.contact, event.key == contact.key)
        .where(contact.entity == entity, contact.as_of < before, event.at > moment)
        .order_by(event.event_id)
    )
    return uow.execute(query).mappings().all()


def holds_changed(uow: UnitOfWork, entity: str, as_of: date, moment: datetime) -> Sequence[sa.RowMapping]:
    """Holds that stand on the day but came after the moment, and those lifted for the day after it."""
    hold = schema.hold.c
    query = (
        sa.select(schema.hold)
        .where(
            hold.entity == entity,
            hold.from_date <= as_of,
            (hold.at > moment) | ((hold.ended_at > moment) & (hold.ended_on <= as_of)),
        )
        .order_by(hold.hold_id)
    )
    return uow.execute(query).mappings().all()
