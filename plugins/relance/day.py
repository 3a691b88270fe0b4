"""One working day of one entity: import → decide → deliver → cases → publish.

The use cases that DAG tasks, `relance run` and the tests call. Each opens its own units of work, holds the entity's day
while it works, may be run again without doing anything twice, and logs one line of figures.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from psycopg.errors import DeadlockDetected

from relance import cases, profiling, slack
from relance.cases import CasesReport
from relance.cases.data import refused_case
from relance.cases.record import Journal
from relance.config.models import Entity
from relance.deciding import (
    PlanReport,
    decide,
    decided,
    digest_of,
    history_before,
    holds_on,
    in_words,
    record_of,
    snapshot_of,
)
from relance.delivering import DeliveryReport, deliver, deliver_waiting, delivery_batches, messages_by_channel
from relance.delivery.port import ChannelDownError, ChannelRefusedError
from relance.errors import LedgerError, UsageError
from relance.evidence import erasing
from relance.evidence.erasing import EraseReport
from relance.inbox import mailbox
from relance.inbox.mailbox import MailboxReport
from relance.insight.alerts import queue_alerts
from relance.ledger.importing import import_ledger
from relance.ledger.loading import load_versions
from relance.ledger.mapping import PLAIN, load_mapping
from relance.ledger.report import ImportReport
from relance.ledger.snapshot import Snapshot
from relance.services import Services
from relance.slack import SlackReport
from relance.slack.queue import queue_case
from relance.store.locks import day_lock

__all__ = [
    "DeliveryReport",
    "PlanReport",
    "decide",
    "decided",
    "deliver",
    "deliver_waiting",
    "delivery_batches",
    "digest_of",
    "erase_expired",
    "history_before",
    "holds_on",
    "import_extract",
    "messages_by_channel",
    "notify_data_problem",
    "publish",
    "read_mailbox",
    "record_of",
    "run",
    "snapshot_of",
    "work_cases",
]  # fmt: skip

log = logging.getLogger("relance")

TRIES = 4
"""How often the day's work on cases is begun, where it is given up for somebody else's."""


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
    mapping = load_mapping(services.located(one.ledger.mapping)) if one.ledger.mapping else PLAIN
    with (
        day_lock(services.database, entity, extract_date, what="import"),
        services.unit_of_work() as uow,
    ):
        report = import_ledger(uow, entity=one, source=source, mapping=mapping, extract_date=extract_date)
        uow.commit()
    log.info("%s: extract of %s imported: %s", entity, extract_date, in_words(report.as_dict()))
    return report


def read_mailbox(services: Services, entity: str, as_of: date) -> MailboxReport:
    """File bounces and answers that came back by e-mail, before the day is decided; a mailbox that is shut keeps no day back.

    People are told in Slack when it does not let us in.
    """
    try:
        report = mailbox.read_mailbox(
            services.database, settings=services.settings, policy=services.policy, entity=entity, as_of=as_of
        )
    except ChannelDownError as error:
        log.warning("%s: the mailbox can't be read now: %s", entity, error)
        return MailboxReport()
    except ChannelRefusedError as error:
        log.error("%s: the mailbox is not read: %s", entity, error)  # noqa: TRY400 - the reason is enough
        notify_data_problem(services, entity, str(error))
        return MailboxReport()
    log.info("%s %s: mailbox: %s", entity, as_of, in_words(report.as_dict()))
    return report


def work_cases(services: Services, entity: str, as_of: date) -> CasesReport:
    """Open, update and close cases by what the day brought; once a week, look at what the payers are like."""
    with day_lock(services.database, entity, as_of, what="cases"):
        report = _worked_cases(services, entity, as_of, snapshot_of(services, entity, as_of))
    profiling.work_profiles(services, entity, as_of)
    log.info("%s %s: cases: %s", entity, as_of, in_words(report.as_dict()))
    return report


def _worked_cases(services: Services, entity: str, as_of: date, snapshot: Snapshot) -> CasesReport:
    """The day's work on cases, once more where the database gave it up because it and a person waited for each other."""
    for left in reversed(range(TRIES)):
        try:
            with services.unit_of_work() as uow:
                report = cases.work(
                    uow, policy=services.policy, entity=entity, snapshot=snapshot, as_of=as_of
                )
                uow.commit()
        except sa.exc.OperationalError as error:
            if not left or not isinstance(error.orig, DeadlockDetected):
                raise
            log.warning("%s %s: cases: somebody worked on the same ones; once more", entity, as_of)
        else:
            return report
    raise AssertionError("the last try raises or returns")


def publish(services: Services, entity: str, as_of: date) -> SlackReport:
    """Queue the cards of changed cases and management's alerts, and send what waits; without a token they are kept."""
    with services.unit_of_work() as uow:
        slack.queue(uow, policy=services.policy, entity=entity, as_of=as_of)
        queue_alerts(uow, policy=services.policy, entity=entity, as_of=as_of)
        uow.commit()
    report = slack.send_unless_served(
        services.database, settings=services.settings, policy=services.policy, entity=entity
    )
    log.info("%s %s: slack: %s", entity, as_of, in_words(report.as_dict()))
    return report


def erase_expired(services: Services, entity: str, as_of: date) -> EraseReport:
    """Erase contents that are older than the region keeps them, of payers with whom nothing is open; hashes stay."""
    report = erasing.erase_expired(
        services.database, policy=services.policy, entity=entity, as_of=as_of, home=services.settings.home
    )
    log.info("%s %s: erased: %s", entity, as_of, in_words(report.as_dict()))
    return report


def notify_data_problem(services: Services, entity: str, message: str, *, as_of: date | None = None) -> None:
    """Tell the people who look after the data, in Slack: a refused import has a case whose card says it, the rest a notice."""
    policy, on = services.policy, as_of or services.today(entity)
    with services.unit_of_work() as uow:
        journal = Journal(uow=uow, entity=entity, on=on, policy=policy)
        case_id = refused_case(journal, name=policy.entity(entity).name, message=message)
        journal.write()
        if case_id is None:
            slack.notice(uow, policy=policy, entity=entity, kind="data", message=message)
        else:
            queue_case(uow, policy=policy, case_id=case_id, as_of=on)
        uow.commit()
    slack.send(services.database, settings=services.settings, policy=policy, entity=entity)


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
            notify_data_problem(services, entity, str(error), as_of=as_of)
            raise
        if as_of == services.today(entity):
            read_mailbox(services, entity, as_of)
        planned = decide(services, entity, as_of, live=True, reason=reason)
        try:
            delivered, refused = deliver(services, entity, as_of, forced=force), None
        except ChannelRefusedError as error:
            delivered, refused = DeliveryReport(problem=str(error)), error  # the day's cases need no provider
        worked = work_cases(services, entity, as_of)
        published = publish(services, entity, as_of)
        if refused is not None:
            raise refused
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
        "held": delivered.held,
        "over_the_cap": delivered.capped,
        "awaiting_approval": planned.awaiting_approval,
        "cases_opened": worked.opened,
        "cases_updated": worked.updated,
        "slack": {
            "posted": published.posted,
            "updated": published.updated,
            "pending": published.pending,
        },
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
        queries = services.located(ledger.queries or "")
        return {
            path.stem: services.sql_source(ledger.conn_id or "", path)
            for path in sorted(queries.glob("*.sql"))
        }
    path = services.located(ledger.path or "")
    if path.exists():
        return path
    if load_versions(services.database, entity.entity).extracts:
        log.warning("%s: no extract in %s; going on with the ledger as it is", entity.entity, path)
        return None
    raise LedgerError(
        f"{entity.entity}: there is no extract in {path}.",
        hint="Put customers and invoices there, or correct ledger.path in the entity's file.",
    )


def _newest(path: Path, entity: Entity) -> date:
    """The day, in the entity's zone, on which the newest file of the extract was written."""
    zone = ZoneInfo(entity.timezone)
    files = [file for file in path.iterdir() if file.is_file()] if path.is_dir() else [path]
    moments = (datetime.fromtimestamp(file.stat().st_mtime, zone).date() for file in files)
    return max(moments, default=date.max)
