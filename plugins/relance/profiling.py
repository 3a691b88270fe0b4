"""Once a week: what each payer's own history shows, and the profile in force from then on.

The use case that the DAG, the command line and the tests call. A profile changes when several weeks in a row show
another (`profiles.yaml`, weeks_of_evidence), so each week's score is kept, and none is ever changed.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from relance.errors import LedgerError
from relance.ledger.loading import load_versions
from relance.planning.behaviour import FIGURES
from relance.planning.conduct import DISPUTES, PLANS, PROMISES, Conduct, touches_of
from relance.planning.model import ACT_HISTORY, CONTACT_HISTORY, History
from relance.planning.patience import region_calendar
from relance.planning.profiles import STATE, after_week, profile_payers
from relance.services import Services
from relance.store import plans, profiles
from relance.store.locks import day_lock

log = logging.getLogger("relance")

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class ProfilesReport:
    """Figures of a week's look. `new`: it was made now; `changed`: payers whose profile in force is another."""

    week: date
    new: bool
    payers: int = 0
    changed: int = 0
    profiles: dict[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return asdict(self) | {"week": self.week.isoformat()}


@dataclass(frozen=True, slots=True)
class Standing:
    """A payer as people see it: the profile in force, what the newest score shows, for how long, and from what."""

    payer_id: str
    profile: str | None
    candidate: str | None
    weeks: int
    figures: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Review:
    """Payers of an entity on a day. `scored_on`: when was looked last; None: never, the figures are those of the day."""

    entity: str
    as_of: date
    scored_on: date | None
    payers: tuple[Standing, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "entity": self.entity,
            "as_of": self.as_of.isoformat(),
            "scored_on": self.scored_on.isoformat() if self.scored_on else None,
            "payers": [one.as_dict() for one in self.payers],
        }


def monday_of(day: date) -> date:
    """The first day of its ISO week."""
    return day - timedelta(days=day.weekday())


def work_profiles(services: Services, entity: str, as_of: date) -> ProfilesReport:
    """Look at every payer, once a week: the same week again, or one before the newest, stores nothing.

    Raises:
        UsageError: for an unknown entity.
        LedgerError: when it has no ledger yet.
        BusyError: when another run looks at this week's payers.
    """
    services.policy.entity(entity)
    week = monday_of(as_of)
    with day_lock(services.database, entity, week, what="profiles", scope="profiles"):
        last = profiles.latest_week(services.database, entity)
        if last is not None and last.week >= week:
            log.info("%s %s: payers were looked at on %s", entity, as_of, last.as_of)
            return ProfilesReport(week, new=False)
        scored = look(services, entity, as_of)
        before = pl.DataFrame(schema=STATE)
        if last is not None:
            before = _typed(profiles.scores_of(services.database, entity, last.week), STATE)
        state = after_week(
            before,
            scored,
            follows=last is not None and last.week == week - timedelta(days=7),
            weeks_of_evidence=services.policy.profiles.weeks_of_evidence,
        )
        report = ProfilesReport(
            week, new=True, payers=scored.height, changed=_changed(before, state), profiles=_counts(state)
        )
        scores = state.join(_as_json(scored), on="payer_id", how="left").with_columns(
            pl.col("figures").fill_null("{}")
        )
        _store(services, entity, as_of, report, scores)
    log.info("%s %s: profiles: %s", entity, as_of, report.as_dict())
    return report


def look(services: Services, entity: str, as_of: date) -> pl.DataFrame:
    """`payer_id`, `profile`, and the figures of every payer, from what is dated on the day or before; nothing is written.

    Raises:
        LedgerError: when the entity has no ledger yet.
    """
    versions = load_versions(services.database, entity)
    if not versions.extracts:
        raise LedgerError(
            f"{entity} has no ledger yet.", hint=f"Import one: relance ledger import {entity} PATH"
        )
    calendar = region_calendar(services.policy.region_of(entity))
    conduct = conduct_of(services, entity, as_of)
    return profile_payers(versions, conduct, services.policy.profiles, calendar, as_of)


def conduct_of(services: Services, entity: str, as_of: date) -> Conduct:
    """What was done to the entity's payers, and what they said, until the day."""
    database = services.database
    contacts, acts, _ = plans.history_frames(database, entity, as_of)
    history = History(_typed(contacts, CONTACT_HISTORY), _typed(acts, ACT_HISTORY))
    return Conduct(
        touches=touches_of(history, services.policy),
        disputes=_typed(profiles.disputes_until(database, entity, as_of), DISPUTES),
        promises=_typed(profiles.promises_until(database, entity, as_of), PROMISES),
        plans=_typed(profiles.plans_until(database, entity, as_of), PLANS),
    )


def review(services: Services, entity: str, as_of: date, payer_id: str | None = None) -> Review:
    """The payers with a profile, or with evidence for one, on a day; or the one of `payer_id`, whatever is known of it.

    Where nobody was looked at yet, and for a payer without a score, the figures are those of the day. A payer of
    whom the ledger knows no invoice is not in the review.
    """
    services.policy.entity(entity)
    database = services.database
    in_force = dict(profiles.profiles_on(database, entity, as_of).iter_rows())
    newest = profiles.last_week(database, entity, as_of + timedelta(days=1))
    found: list[Standing] = []
    if newest is not None:
        scores = profiles.scores_of(database, entity, newest.week)
        if payer_id is not None:
            scores = scores.filter(pl.col("payer_id") == payer_id)
        found = [_stored(row, in_force) for row in scores.iter_rows(named=True)]
    if newest is None or (payer_id is not None and not found):
        seen = look(services, entity, as_of)
        if payer_id is not None:
            seen = seen.filter(pl.col("payer_id") == payer_id)
        found = [_fresh(row, in_force) for row in seen.iter_rows(named=True)]
    return Review(entity, as_of, newest.as_of if newest else None, tuple(found))


def _stored(row: dict[str, Any], in_force: dict[str, str]) -> Standing:
    return Standing(
        row["payer_id"],
        in_force.get(row["payer_id"]),
        row["candidate"],
        row["weeks"],
        json.loads(row["figures"]),
    )


def _fresh(row: dict[str, Any], in_force: dict[str, str]) -> Standing:
    figures = {
        name: round(row[name], _DECIMALS) if isinstance(row[name], float) else row[name] for name in FIGURES
    }
    return Standing(row["payer_id"], in_force.get(row["payer_id"]), row["profile"], 0, figures)


def _store(
    services: Services, entity: str, as_of: date, report: ProfilesReport, scores: pl.DataFrame
) -> None:
    week = profiles.Week(report.week, as_of, services.policy.version)
    counts = {"payers": report.payers, "changed": report.changed, "profiles": report.profiles}
    with services.unit_of_work() as uow:
        profiles.save_week(uow, entity=entity, week=week, counts=counts, scores=scores)
        uow.commit()


def _as_json(scored: pl.DataFrame) -> pl.DataFrame:
    rounded = [
        pl.col(name).round(_DECIMALS) if kind == pl.Float64 else pl.col(name)
        for name, kind in FIGURES.items()
    ]
    return scored.select("payer_id", figures=pl.struct(rounded).struct.json_encode())


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> int:
    old = before.select("payer_id", old="profile")
    both = after.select("payer_id", "profile").join(old, on="payer_id", how="full", coalesce=True)
    return both.filter(pl.col("profile").ne_missing(pl.col("old"))).height


def _counts(state: pl.DataFrame) -> dict[str, int]:
    counted = state["profile"].drop_nulls().value_counts().sort("profile")
    return {str(name): int(number) for name, number in counted.iter_rows()}


def _typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
