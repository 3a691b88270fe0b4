"""One working day of one entity: import → decide → deliver → cases → publish.

The use cases that DAG tasks, `relance run` and the tests call. Each opens its own units of work, holds the entity's day
while it works, may be run again without doing anything twice, and logs one line of figures.
"""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from relance import cases, delivery, profiling, slack
from relance.cases import CasesReport
from relance.catching_up import catch_up
from relance.config.check import check_policy
from relance.config.load import refuse
from relance.config.models import Entity
from relance.errors import LedgerError, UsageError
from relance.ledger.importing import import_ledger
from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.mapping import PLAIN, load_mapping
from relance.ledger.report import ImportReport
from relance.ledger.snapshot import Snapshot
from relance.planning.content import contents
from relance.planning.model import ACT_HISTORY, APPROVALS, CONTACT_HISTORY, HOLDS, History, Plan
from relance.planning.plan import plan
from relance.services import Services
from relance.slack import SlackReport
from relance.store import plans, profiles
from relance.store.contacts import keys_in
from relance.store.locks import day_lock
from relance.store.schema import contact

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


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Figures of a delivery. `sent` includes `kept` (in a folder); `deferred` wait for another try, `problem` says why.

    `opened` are calls and tasks that became work for people.
    """

    sent: int = 0
    kept: int = 0
    failed: int = 0
    in_doubt: int = 0
    deferred: int = 0
    opened: int = 0
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return asdict(self)


def import_extract(
    services: Services, entity: str, *, extract_date: date | None = None
) -> ImportReport | None:
    """Take the entity's configured extract into its ledger; None when it has no source, or no new files today.

    Without `extract_date` an extract of files is dated by its newest file (at the latest today), so that an export that
    stopped coming grows old; a query is dated today.

    Raises:
        LedgerError: a source that can't be read, or a broken export (`ImportRefusedError`): nothing was changed.
    """
    one = services.policy.entity(entity)
    if one.ledger is None:
        log.info("%s: no ledger source is configured; the ledger stays as imported by hand", entity)
        return None
    today = services.today(entity)
    source = _source(services, one)
    if source is None:
        return None
    if extract_date is None:
        extract_date = min(today, _newest(source, one)) if isinstance(source, Path) else today
    mapping = load_mapping(_located(services, one.ledger.mapping)) if one.ledger.mapping else PLAIN
    with (
        day_lock(services.database, entity, extract_date, what="import"),
        services.unit_of_work() as uow,
    ):
        report = import_ledger(uow, entity=one, source=source, mapping=mapping, extract_date=extract_date)
        uow.commit()
    log.info("%s: extract of %s imported: %s", entity, extract_date, _figures(report.as_dict()))
    return report


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
        _refuse_missing_templates(services)
        delivery.settle(
            services.database, settings=services.settings, policy=services.policy, entity=entity, as_of=as_of
        )
    with day_lock(services.database, entity, as_of, what="plan"):
        snapshot = snapshot_of(services, entity, as_of)
        if live:
            catch_up(services, entity, as_of, snapshot)
        made, _ = decided(services, entity, as_of, snapshot=snapshot)
        record = record_of(services, made, snapshot, live=live, reason=reason)
        with services.unit_of_work() as uow:
            plan_id, new = plans.save(uow, record)
            uow.commit()
    report = PlanReport(plan_id=plan_id, new=new, live=live, **record.counts)
    log.info("%s %s: planned: %s", entity, as_of, _figures(report.as_dict()))
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


def delivery_batches(services: Services, entity: str, as_of: date, *, size: int = 500) -> list[list[str]]:
    """Keys of what is still to deliver for the day, in batches of `size`."""
    with services.unit_of_work() as uow:
        keys = [*keys_in(uow, entity=entity, as_of=as_of, state="planned")]
        keys += keys_in(uow, entity=entity, as_of=as_of, state="sending")
    ordered = sorted(keys)
    log.info("%s %s: %d contacts to deliver", entity, as_of, len(ordered))
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def deliver(services: Services, entity: str, as_of: date, keys: list[str] | None = None) -> DeliveryReport:
    """Word and send the day's contacts (or those of `keys`), each once; calls and tasks become open work."""
    with day_lock(services.database, entity, as_of, what="deliver", shared=True):
        with services.unit_of_work() as uow:
            intended = delivery.intend(
                uow,
                policy=services.policy,
                templates=services.settings.templates,
                entity=entity,
                as_of=as_of,
                keys=keys,
                now=services.now(),
            )
            uow.commit()
        sent = delivery.send(
            services.database,
            settings=services.settings,
            policy=services.policy,
            entity=entity,
            as_of=as_of,
            keys=keys,
        )
    report = DeliveryReport(
        sent=sent.sent,
        kept=sent.kept,
        failed=sent.failed + intended.failed,
        in_doubt=sent.in_doubt,
        deferred=sent.deferred,
        opened=intended.opened,
        problem=sent.problem,
    )
    log.info("%s %s: delivered: %s", entity, as_of, _figures(report.as_dict()))
    return report


def work_cases(services: Services, entity: str, as_of: date) -> CasesReport:
    """Open, update and close cases by what the day brought; once a week, look at what the payers are like."""
    with day_lock(services.database, entity, as_of, what="cases"):
        snapshot = snapshot_of(services, entity, as_of)
        with services.unit_of_work() as uow:
            report = cases.work(uow, policy=services.policy, entity=entity, snapshot=snapshot, as_of=as_of)
            uow.commit()
    profiling.work_profiles(services, entity, as_of)
    log.info("%s %s: cases: %s", entity, as_of, _figures(report.as_dict()))
    return report


def publish(services: Services, entity: str, as_of: date) -> SlackReport:
    """Queue the cards of changed cases and send what waits; without a token they are kept."""
    with services.unit_of_work() as uow:
        slack.queue(uow, policy=services.policy, entity=entity, as_of=as_of)
        uow.commit()
    report = slack.send(services.database, settings=services.settings, policy=services.policy, entity=entity)
    log.info("%s %s: slack: %s", entity, as_of, _figures(report.as_dict()))
    return report


def notify_data_problem(services: Services, entity: str, message: str) -> None:
    """Tell the people who look after the data, in Slack, that an import was refused."""
    with services.unit_of_work() as uow:
        slack.notice(uow, policy=services.policy, entity=entity, kind="data", message=message)
        uow.commit()
    slack.send(services.database, settings=services.settings, policy=services.policy, entity=entity)


def run(
    services: Services, entity: str, as_of: date, *, force: bool = False, reason: str | None = None
) -> dict[str, Any]:
    """The whole day, as the DAG does it; gives the figures of `relance run --json`.

    Raises:
        UsageError: another day than today without `force` and a reason.
        BusyError: when another run works on this day.
    """
    if force and not reason:
        raise UsageError("A forced run needs a reason.", hint="Add --reason TEXT; it is kept.")
    if not force and as_of != services.today(entity):
        raise UsageError(
            f"{as_of} is not {entity}'s today ({services.today(entity)}): nothing is sent for another day.",
            hint="Use `relance plan` to look at it, or force it: --force --reason TEXT",
        )
    with day_lock(services.database, entity, as_of, what="run", scope="run"):
        try:
            imported = import_extract(services, entity, extract_date=as_of if force else None)
        except LedgerError as error:
            notify_data_problem(services, entity, str(error))
            raise
        planned = decide(services, entity, as_of, live=True, reason=reason)
        delivered = deliver(services, entity, as_of)
        worked = work_cases(services, entity, as_of)
        published = publish(services, entity, as_of)
    return {
        "entity": entity,
        "as_of": as_of.isoformat(),
        "imported": imported and imported.as_dict(),
        "outcomes": planned.outcomes,
        "contacts": planned.contacts,
        "tasks": planned.tasks,
        "sent": delivered.sent,
        "kept_in_folder": delivered.kept,
        "failed": delivered.failed,
        "in_doubt": delivered.in_doubt,
        "deferred": delivered.deferred,
        "awaiting_approval": planned.awaiting_approval,
        "cases_opened": worked.opened,
        "cases_updated": worked.updated,
        "slack": {
            "posted": published.posted,
            "updated": published.updated,
            "pending": published.pending,
        },
    }


def digest_of(made: Plan) -> str:
    """SHA-256 of everything a plan decides; the same decisions give the same digest."""
    total = hashlib.sha256(f"{made.entity}\n{made.as_of}\n{made.policy_version}\n".encode())
    for frame in (made.outcomes, made.contacts, made.tasks):
        if not frame.is_empty():
            total.update(frame.rechunk().write_ipc(None).getbuffer())
    return total.hexdigest()


def messages_by_channel(services: Services, entity: str, as_of: date) -> list[tuple[str, str, str, int]]:
    """Channel, level, state and number of the day's contacts and tasks, for the summary of a day."""
    query = (
        sa.select(contact.c.channel, contact.c.level, contact.c.state, sa.func.count())
        .where(contact.c.entity == entity, contact.c.as_of == as_of)
        .group_by(contact.c.channel, contact.c.level, contact.c.state)
        .order_by(contact.c.channel, contact.c.level, contact.c.state)
    )
    with services.unit_of_work() as uow:
        return [(row[0], row[1], row[2], row[3]) for row in uow.execute(query)]


def _refuse_missing_templates(services: Services) -> None:
    """What is planned to be sent must have its words; `config check` says the same earlier."""
    directory = services.settings.config
    refuse(check_policy(directory, services.settings.templates), directory, only=services.only)


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


def _source(services: Services, entity: Entity) -> Path | dict[str, Any] | None:
    """A folder or file to read, or frames of a database; None when no files have come and a ledger is there already."""
    ledger = entity.ledger
    assert ledger is not None
    if ledger.source == "sql":
        if services.sql_source is None:
            raise LedgerError(
                f"{entity.entity}'s ledger is read through the Airflow connection {ledger.conn_id!r}.",
                hint="Run its DAG, or import files: relance ledger import ENTITY PATH",
            )
        queries = _located(services, ledger.queries or "")
        return {
            path.stem: services.sql_source(ledger.conn_id or "", path)
            for path in sorted(queries.glob("*.sql"))
        }
    path = _located(services, ledger.path or "")
    if path.exists():
        return path
    if load_versions(services.database, entity.entity).extracts:
        log.warning("%s: no extract in %s; going on with the ledger as it is", entity.entity, path)
        return None
    raise LedgerError(
        f"{entity.entity}: there is no extract in {path}.",
        hint="Put customers and invoices there, or correct ledger.path in the entity's file.",
    )


def _located(services: Services, path: str) -> Path:
    """A path of the policy: absolute, or relative to the working folder, else to the folder that holds the policy."""
    given = Path(path)
    beside = services.settings.config.parent / given
    return given if given.is_absolute() or given.exists() or not beside.exists() else beside


def _newest(path: Path, entity: Entity) -> date:
    """The day, in the entity's zone, on which the newest file of the extract was written."""
    zone = ZoneInfo(entity.timezone)
    files = [file for file in path.iterdir() if file.is_file()] if path.is_dir() else [path]
    moments = (datetime.fromtimestamp(file.stat().st_mtime, zone).date() for file in files)
    return max(moments, default=date.max)


def _typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


def _figures(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
