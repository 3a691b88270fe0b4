"""Deciding a day: the ledger as of it, its history and holds, and the plan that is made of them and stored."""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from relance import delivery
from relance.catching_up import catch_up
from relance.config.check import check_policy
from relance.config.load import refuse
from relance.delivery.check import check_words
from relance.delivery.links import check_secrets
from relance.errors import LedgerError, UsageError
from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.snapshot import Snapshot
from relance.planning.content import contents
from relance.planning.model import ACT_HISTORY, APPROVALS, CONTACT_HISTORY, HOLDS, History, Plan
from relance.planning.plan import plan
from relance.services import Services
from relance.store import plans, profiles
from relance.store.facts import Facts, facts_now, keep_facts
from relance.store.locks import day_lock

log = logging.getLogger("relance")


@dataclass(frozen=True, slots=True)
class PlanReport:
    """Figures of a day's plan. `new`: it differs from what was stored before; `live`: it may be sent."""

    plan_id: int
    new: bool
    live: bool
    outcomes: dict[str, int]
    holds: dict[str, int]
    contacts: int
    tasks: int
    awaiting_approval: int

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return asdict(self)


def snapshot_of(services: Services, entity: str, as_of: date) -> Snapshot:
    """The entity's ledger as of a day."""
    return snapshot_on(services.database, load_versions(services.database, entity), as_of)


def history_before(services: Services, entity: str, as_of: date) -> History:
    """Contacts and tasks of the days before, as they are now."""
    contacts, acts, approvals = plans.history_frames(services.database, entity, as_of)
    return History(_typed(contacts, CONTACT_HISTORY), _typed(acts, ACT_HISTORY), _typed(approvals, APPROVALS))


def holds_on(services: Services, entity: str, as_of: date) -> pl.DataFrame:
    """Holds of cases and people that stand on the day."""
    return _typed(plans.hold_frame(services.database, entity, as_of), HOLDS)


def decided(
    services: Services, entity: str, as_of: date, *, snapshot: Snapshot | None = None
) -> tuple[Plan, Snapshot]:
    """The plan of a day and the snapshot it rests on (read unless given); nothing is written."""
    services.policy.entity(entity)
    snapshot = snapshot or snapshot_of(services, entity, as_of)
    if snapshot.extract_date is None:
        raise LedgerError(
            f"{entity} has no ledger yet.", hint=f"Import one: relance ledger import {entity} PATH"
        )
    history = history_before(services, entity, as_of)
    holds = holds_on(services, entity, as_of)
    in_force = profiles.profiles_on(services.database, entity, as_of)
    return plan(snapshot, services.policy, history, holds, as_of, profiles=in_force), snapshot


def decide(
    services: Services, entity: str, as_of: date, *, live: bool, reason: str | None = None
) -> PlanReport:
    """Plan the day and store it; the same plan again stores nothing. Contacts are made only of a live plan.

    Raises:
        UsageError: for an unknown entity, or a live plan of another day than today without a reason.
        BusyError: when another run works on this day.
    """
    services.policy.entity(entity)
    if live and reason is None and as_of != services.today(entity):
        raise UsageError(
            f"{as_of} is not {entity}'s today: a plan of another day never sends by itself.",
            hint="Force it and say why: --force --reason TEXT",
        )
    if live:
        _refuse_unsayable(services)
        delivery.settle(
            services.database, settings=services.settings, policy=services.policy, entity=entity, as_of=as_of
        )
    with day_lock(services.database, entity, as_of, what="plan"):
        imports = _facts(
            services, entity
        ).imports  # before they are read: what comes after is seen at the last look
        snapshot = snapshot_of(services, entity, as_of)
        if live:
            catch_up(services, entity, as_of, snapshot)
        facts = _facts(services, entity)._replace(imports=imports)
        made, _ = decided(services, entity, as_of, snapshot=snapshot)
        record = record_of(services, made, snapshot, live=live, reason=reason)
        with services.unit_of_work() as uow:
            plan_id, new = plans.save(uow, record)
            if live:
                keep_facts(uow, entity, as_of, facts)
            uow.commit()
    report = PlanReport(plan_id=plan_id, new=new, live=live, **record.counts)
    log.info("%s %s: planned: %s", entity, as_of, in_words(report.as_dict()))
    return report


def record_of(
    services: Services, made: Plan, snapshot: Snapshot, *, live: bool, reason: str | None
) -> plans.PlanRecord:
    """A plan as it is stored, with what its contacts and tasks carry."""
    with ThreadPoolExecutor(1) as beside:
        snapshot_digest = beside.submit(lambda: snapshot.digest)
        digest = digest_of(made)
    return plans.PlanRecord(
        entity=made.entity,
        as_of=made.as_of,
        policy_version=made.policy_version,
        policy_content=services.policy.content,
        snapshot_digest=snapshot_digest.result(),
        digest=digest,
        outcomes=made.outcomes,
        contacts=made.contacts,
        tasks=made.tasks,
        contents=partial(contents, made, snapshot, services.policy),
        live=live,
        reason=reason,
        counts=_counts(made),
    )


def digest_of(made: Plan) -> str:
    """SHA-256 of everything a plan decides; the same decisions give the same digest."""
    total = hashlib.sha256(f"{made.entity}\n{made.as_of}\n{made.policy_version}\n".encode())
    for frame in (made.outcomes, made.contacts, made.tasks):
        if not frame.is_empty():
            total.update(frame.rechunk().write_ipc(None).getbuffer())
    return total.hexdigest()


def in_words(figures: dict[str, Any]) -> str:
    """Figures as the log has them."""
    return ", ".join(f"{name} {value}" for name, value in figures.items())


def _facts(services: Services, entity: str) -> Facts:
    with services.unit_of_work() as uow:
        return facts_now(uow, entity)


def _refuse_unsayable(services: Services) -> None:
    """What is planned to be sent must have its words, and links their secret; `config check` says it of words earlier."""
    check_secrets(services.settings)
    directory, templates = services.settings.config, services.settings.templates
    refuse(check_policy(directory, templates), directory, only=services.only)
    refuse(check_words(services.policy, templates), directory, only=services.only)


def _counts(made: Plan) -> dict[str, Any]:
    outcomes = dict.fromkeys(("act", "hold", "wait", "exhausted"), 0)
    held: dict[str, int] = {}
    if not made.outcomes.is_empty():
        outcomes |= dict(made.outcomes["outcome"].value_counts().iter_rows())
        reasons = made.outcomes["reason"].drop_nulls().value_counts(sort=True)
        held = {str(reason): int(number) for reason, number in reasons.iter_rows()}
    waiting = sum(
        frame["approval"].is_not_null().sum() for frame in (made.contacts, made.tasks) if frame.height
    )
    return {
        "outcomes": outcomes,
        "holds": held,
        "contacts": made.contacts.height,
        "tasks": made.tasks.height,
        "awaiting_approval": int(waiting),
    }


def _typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
