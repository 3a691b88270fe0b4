"""A stored plan made again: with the policy it was made with and what was known then, it must give the same bytes.

Made with what is known now it may differ: then facts dated on or before the day arrived later, and they are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from relance import day
from relance.config.policy import Policy
from relance.errors import StoreError, UsageError
from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.tables import TABLES
from relance.ledger.versions import LedgerVersions, windows
from relance.planning.comparison import Comparison, PlanRows, compare, fields_that_differ
from relance.planning.model import ACT_HISTORY, APPROVALS, CONTACT_HISTORY, HOLDS, History, Plan
from relance.planning.plan import plan
from relance.planning.present import as_json
from relance.services import Services
from relance.store import known, plans
from relance.store.known import StoredPlan
from relance.store.profiles import profiles_on
from relance.store.uow import UnitOfWork

_DATED = {"invoices": "issue_date", "payments": "date", "signals": "from_date"}
"""The columns by which rows of these tables are dated; customers and contacts have no date of their own."""


@dataclass(frozen=True, slots=True)
class LateFact:
    """Something dated on or before the day that came after the plan was stored.

    `kind`: a table of the ledger (one row version), `extract`, `contact`, `hold` or `hold_ended`. `subject` names it,
    `payer_id` whom it concerns, `dated` its own date, `arrived` when it came, `what` says the rest.
    """

    kind: str
    subject: str
    payer_id: str | None
    dated: date | None
    arrived: datetime
    what: str


@dataclass(frozen=True)
class Replay:
    """A stored plan against itself: `then` with what was known when it was stored, `now` with what is known today."""

    entity: str
    as_of: date
    stored: StoredPlan
    same_snapshot: bool
    then: Comparison
    now: Comparison
    late: tuple[LateFact, ...]


@dataclass(frozen=True)
class StoredOutcome:
    """What was stored for one invoice on a day, and how the plan made now differs from it."""

    plan_id: int
    at: datetime
    same_policy: bool
    outcome: dict[str, Any] | None
    fields: dict[str, tuple[Any, Any]]
    late: tuple[LateFact, ...]


def replay(services: Services, entity: str, as_of: date) -> Replay:
    """Plan the day's newest stored plan again, twice, and compare.

    Raises:
        UsageError: when no plan of the day is stored.
        StoreError: when the stored policy can't be read by this release.
    """
    with services.unit_of_work() as uow:
        stored = _newest(uow, entity, as_of)
        if stored is None:
            raise UsageError(
                f"No plan of {entity} for {as_of} is stored.",
                hint=f"`relance plan {entity} --as-of {as_of} --save` stores one.",
            )
        imports, extracts = known.imports_until(uow, entity, stored.at)
    policy = policy_of(stored)
    versions = load_versions(services.database, entity)
    then_versions = _known_then(versions, imports, extracts)
    snapshot = snapshot_on(services.database, then_versions, as_of, moment=stored.at)
    history = _history(*known.history_then(services.database, entity, as_of, stored.at))
    holds = _typed(known.holds_then(services.database, entity, as_of, stored.at), HOLDS)
    before = PlanRows(stored.outcomes, stored.contacts, stored.tasks)
    in_force = profiles_on(services.database, entity, as_of, known_at=stored.at)
    then = compare(before, rows_of(plan(snapshot, policy, history, holds, as_of, profiles=in_force)))
    return Replay(
        entity=entity,
        as_of=as_of,
        stored=stored,
        same_snapshot=snapshot.digest == stored.snapshot_digest,
        then=then,
        now=compare(before, rows_of(_planned_now(services, versions, policy, as_of))),
        late=late_facts(services, versions, as_of, stored.at),
    )


def stored_outcome(
    services: Services, versions: LedgerVersions, made: Plan, invoice_id: str
) -> StoredOutcome | None:
    """How the plan that was stored for the day of `made` decided on one invoice; None when none is stored."""
    with services.unit_of_work() as uow:
        head = plans.newest(uow, made.entity, made.as_of)
        if head is None:
            return None
        old = next(iter(known.stored_outcomes(uow, head["plan_id"], invoice_id=invoice_id)), None)
    outcomes = made.outcomes
    mine = outcomes.filter(pl.col("invoice_id") == invoice_id) if outcomes.width else outcomes
    small = Plan(made.entity, made.as_of, made.policy_version, mine, pl.DataFrame(), pl.DataFrame())
    new = next(iter(as_json(small)["outcomes"]), None)
    fields = fields_that_differ(old or {}, new or {}) if old != new else {}
    late = late_facts(services, versions, made.as_of, head["at"]) if fields else ()
    same_policy = head["policy_version"] == made.policy_version
    return StoredOutcome(head["plan_id"], head["at"], same_policy, old, fields, late)


def policy_of(stored: StoredPlan) -> Policy:
    """The policy with which a plan was made.

    Raises:
        StoreError: when this release reads it as another one.
    """
    policy = Policy.model_validate(stored.policy_content)
    if policy.version != stored.policy_version:
        raise StoreError(
            f"The policy {stored.policy_version[:12]} of plan {stored.plan_id} reads as {policy.version[:12]} now.",
            hint="It was stored by another release; replay it with that one.",
        )
    return policy


def rows_of(made: Plan) -> PlanRows:
    """A plan as rows of its JSON."""
    plain = as_json(made)
    return PlanRows(plain["outcomes"], plain["contacts"], plain["tasks"])


def _newest(uow: UnitOfWork, entity: str, as_of: date) -> StoredPlan | None:
    head = plans.newest(uow, entity, as_of)
    return None if head is None else known.stored_plan(uow, head)


def _planned_now(services: Services, versions: LedgerVersions, policy: Policy, as_of: date) -> Plan:
    history = day.history_before(services, versions.entity, as_of)
    holds = day.holds_on(services, versions.entity, as_of)
    in_force = profiles_on(services.database, versions.entity, as_of)
    snapshot = snapshot_on(services.database, versions, as_of)
    return plan(snapshot, policy, history, holds, as_of, profiles=in_force)


def _known_then(versions: LedgerVersions, imports: set[int], extracts: list[date]) -> LedgerVersions:
    """The row versions that those imports brought."""
    brought = pl.col("import_id").is_in(sorted(imports))
    tables = {name: frame.filter(brought) for name, frame in versions.tables.items()}
    return LedgerVersions(versions.entity, tables, tuple(extracts))


def _history(contacts: pl.DataFrame, acts: pl.DataFrame, approvals: pl.DataFrame) -> History:
    return History(_typed(contacts, CONTACT_HISTORY), _typed(acts, ACT_HISTORY), _typed(approvals, APPROVALS))


def _typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


# ---------------------------------------------------------------- what came later


def late_facts(
    services: Services, versions: LedgerVersions, as_of: date, moment: datetime
) -> tuple[LateFact, ...]:
    """Facts dated on or before `as_of` that came after `moment`, in the order in which they came."""
    entity = versions.entity
    with services.unit_of_work() as uow:
        later = known.imports_after(uow, entity, moment)
        events = known.contacts_changed(uow, entity, as_of, moment)
        holds = known.holds_changed(uow, entity, as_of, moment)
    facts = [
        *_extracts(later, as_of),
        *(fact for name in TABLES for fact in _rows(versions, name, later, as_of)),
        *(
            LateFact("contact", one["key"], one["payer_id"], one["as_of"], one["at"],
                     f"step {one['step']}: {one['state']}, by {one['actor']}")
            for one in events
        ),
        *(_hold(one, moment) for one in holds),
    ]  # fmt: skip
    return tuple(sorted(facts, key=lambda fact: (fact.arrived, fact.kind, fact.subject)))


def _extracts(later: dict[int, tuple[date, datetime]], as_of: date) -> Iterable[LateFact]:
    for number, (extract_date, at) in later.items():
        if extract_date <= as_of:
            yield LateFact(
                "extract", f"import {number}", None, extract_date, at, f"extract of {extract_date}"
            )


def _rows(
    versions: LedgerVersions, name: str, later: dict[int, tuple[date, datetime]], as_of: date
) -> Iterable[LateFact]:
    """Row versions of later imports that count on the day."""
    table, frame = TABLES[name], versions.tables[name]
    fresh = pl.col("import_id").is_in(sorted(later))
    touched = frame.filter(fresh).select(table.key).unique()
    if touched.is_empty():
        return
    counted = windows(frame.join(touched, on=list(table.key), how="semi"), table).filter(
        fresh, pl.col("counts_from") <= as_of, pl.col("counts_until") > as_of
    )
    dated = _DATED.get(name)
    if dated is not None:
        counted = counted.filter(pl.col(dated) <= as_of)
    for row in counted.sort(*table.key).iter_rows(named=True):
        extract_date, at = later[row["import_id"]]
        closed = ", gone from the extract" if row.get("closed") else ""
        yield LateFact(
            kind=name,
            subject=" ".join(str(row[column]) for column in table.key),
            payer_id=row.get("payer_id") or row["customer_id"],
            dated=row[dated] if dated else None,
            arrived=at,
            what=f"import {row['import_id']} of the extract of {extract_date}{closed}",
        )


def _hold(row: Any, moment: datetime) -> LateFact:
    about = row["invoice_id"] or "all of the payer's"
    added = row["at"] > moment
    return LateFact(
        kind="hold" if added else "hold_ended",
        subject=f"{row['reason']} {about}",
        payer_id=row["payer_id"],
        dated=row["from_date"] if added else row["ended_on"],
        arrived=row["at"] if added else row["ended_at"],
        what=f"from {row['source']}",
    )
