"""Profiles in the database: a score a week, what is in force on a day, and what people know of payers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy.dialects.postgresql import insert

from relance.store.database import Database
from relance.store.schema import payer_profile, profile_week
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Week:
    """A week's look: its Monday, the day on which was looked, and the policy whose thresholds held."""

    week: date
    as_of: date
    policy_version: str


def save_week(
    uow: UnitOfWork, *, entity: str, week: Week, counts: dict[str, Any], scores: pl.DataFrame
) -> bool:
    """Store a week's scores; False, and nothing is stored, where the week has some already.

    `scores`: payer_id, candidate, weeks, profile, figures (JSON text).
    """
    row = {
        "entity": entity, "week": week.week, "as_of": week.as_of, "policy_version": week.policy_version,
        "counts": counts,
    }  # fmt: skip
    made = insert(profile_week).values(row).on_conflict_do_nothing().returning(profile_week.c.week)
    if uow.execute(made).first() is None:
        return False
    columns = [column.name for column in payer_profile.columns]
    stamped = scores.with_columns(entity=pl.lit(entity), week=pl.lit(week.week))
    uow.copy(payer_profile, stamped.select(columns))
    return True


def profiles_on(
    database: Database, entity: str, as_of: date, *, known_at: datetime | None = None
) -> pl.DataFrame:
    """`payer_id`, `profile`: those in force on a day, by payer_id; a payer that isn't named has none.

    A score counts from the day after it was made, so that a day's plan doesn't depend on whether payers were looked
    at before it or after. With `known_at`, scores stored after that moment are left out.
    """
    week = last_week(database, entity, as_of, known_at=known_at)
    if week is None:
        return pl.DataFrame(schema={"payer_id": pl.String, "profile": pl.String})
    return database.read(
        "SELECT payer_id, profile FROM payer_profile WHERE entity = $1 AND week = $2::text::date "
        'AND profile IS NOT NULL ORDER BY payer_id COLLATE "C"',
        [entity, week.week.isoformat()],
    )


def last_week(
    database: Database, entity: str, before: date, *, known_at: datetime | None = None
) -> Week | None:
    """The last look made before a day, or None."""
    found = database.read(
        "SELECT week, as_of, policy_version FROM profile_week WHERE entity = $1 AND as_of < $2::text::date "
        "AND at <= coalesce($3::text::timestamptz, 'infinity') ORDER BY week DESC LIMIT 1",
        [entity, before.isoformat(), known_at.isoformat() if known_at else None],
    )
    return Week(*found.row(0)) if found.height else None


def latest_week(database: Database, entity: str) -> Week | None:
    """The last look of all, or None."""
    return last_week(database, entity, date.max)


def scores_of(database: Database, entity: str, week: date) -> pl.DataFrame:
    """`payer_id`, `candidate`, `weeks`, `profile`, `figures` (JSON text) of a week, by payer_id."""
    return database.read(
        "SELECT payer_id, candidate, weeks, profile, figures::text AS figures FROM payer_profile "
        'WHERE entity = $1 AND week = $2::text::date ORDER BY payer_id COLLATE "C"',
        [entity, week.isoformat()],
    )


def disputes_until(database: Database, entity: str, as_of: date) -> pl.DataFrame:
    """`payer_id`, `invoice_id` (null: all of the payer's), `on`: disputes that people put, lifted ones too."""
    return database.read(
        'SELECT payer_id, invoice_id, from_date AS "on" FROM hold '
        "WHERE entity = $1 AND reason = 'disputed' AND from_date <= $2::text::date",
        [entity, as_of.isoformat()],
    )


def plans_until(database: Database, entity: str, as_of: date) -> pl.DataFrame:
    """`payer_id`, `on`: instalment plans agreed by the day, one however many invoices and holds it has."""
    return database.read(
        'SELECT payer_id, made_on AS "on" FROM instalment_plan WHERE entity = $1 AND made_on <= $2::text::date',
        [entity, as_of.isoformat()],
    )


def promises_until(database: Database, entity: str, as_of: date) -> pl.DataFrame:
    """`payer_id`, `state`, `on`: promises kept, partly kept or broken by the day; one replaced never came to its end."""
    return database.read(
        'SELECT payer_id, state, concluded_on AS "on" FROM promise WHERE entity = $1 '
        "AND state IN ('kept', 'partly_kept', 'broken') AND concluded_on <= $2::text::date",
        [entity, as_of.isoformat()],
    )
