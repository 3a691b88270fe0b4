"""The tasks of a day: each calls one use case of `relance.day`, may be run again, and logs its figures."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context, task

from relance.errors import LedgerError, TransientError
from relance.orchestration.waiting import Waiting
from relance.orchestration.working_day import WorkingDay, working_day

if TYPE_CHECKING:
    from relance.services import Services

log = logging.getLogger(__name__)

BATCH = 500
"""Contacts a delivery task: a task costs about a second, and Airflow maps at most 1,024 of them."""

PARALLEL_BATCHES = 4
ORDER = (
    "import_ledger", "read_mailbox", "plan", "delivery_batches", "deliver", "delivered", "deliver_waiting", "cases",
    "publish", "erase_expired", "complete",
)  # fmt: skip


def day_of(entity: str) -> None:
    """Wire the entity's tasks inside the DAG that is open."""
    imported = import_ledger(entity)
    planned = plan(entity)
    batches = delivery_batches(entity)
    sent = deliver.partial(entity=entity).expand(keys=batches)
    worked = cases(entity)
    published = publish(entity)
    done = delivered()
    imported >> read_mailbox(entity) >> planned >> batches >> sent >> done >> worked >> published
    waited = Waiting(
        task_id="deliver_waiting", done=partial(deliver_waiting, entity), trigger_rule="all_done"
    )
    done >> waited
    # without a plan there is no work on cases; where a delivery failed there is, and the run is red all the same
    planned >> worked
    erased = erase_expired(entity)
    published >> erased
    [sent, waited, erased] >> complete()


@task
def import_ledger(entity: str) -> dict[str, Any]:
    """Takes the newest extract into the ledger; the same extract again changes nothing."""
    from relance import day

    services, today = _services(entity)
    try:
        report = day.import_extract(services, entity, extract_date=today.as_of if today.forced else None)
    except LedgerError as error:
        log.error("%s: the ledger was not taken, nothing was changed: %s", entity, error)  # noqa: TRY400 — raised on
        day.notify_data_problem(services, entity, str(error))
        raise
    return report.as_dict() if report is not None else {}


@task
def read_mailbox(entity: str) -> dict[str, Any]:
    """Files what came back by e-mail, so that today's plan knows it."""
    from relance import day

    services, today = _services(entity)
    if today.why_not or today.as_of != services.today(entity):
        return {}
    return day.read_mailbox(services, entity, today.as_of).as_dict()


@task
def plan(entity: str) -> dict[str, Any]:
    """Decides who is chased today, how, and why not; stores it."""
    from relance import day

    services, today = _services(entity)
    if today.why_not:
        log.info("%s %s: planned and stored only: %s", entity, today.as_of, today.why_not)
    report = day.decide(services, entity, today.as_of, live=today.live, reason=today.reason)
    return report.as_dict()


@task
def delivery_batches(entity: str) -> list[list[str]]:
    """Keys of the contacts to deliver, in batches; none on a day that may not send."""
    from relance import day

    services, today = _services(entity)
    if _nothing_leaves(entity, today):
        return []
    return day.delivery_batches(services, entity, today.as_of, size=BATCH)


@task(max_active_tis_per_dagrun=PARALLEL_BATCHES)
def deliver(entity: str, keys: list[str]) -> dict[str, Any]:
    """Sends the messages of these contacts, each once, whatever happens; what has to wait is tried again."""
    from relance import day

    services, today = _services(entity)
    if _nothing_leaves(entity, today):
        return {}
    report = day.deliver(services, entity, today.as_of, keys, alone=False, forced=today.forced)
    if report.deferred:
        raise TransientError(
            f"{entity} {today.as_of}: {report.deferred} messages wait for another try: {report.problem or 'put off'}."
        )
    return report.as_dict()


@task(trigger_rule="all_done")
def delivered() -> None:
    """Waits for the deliveries, however they ended."""


def deliver_waiting(entity: str) -> bool:
    """Sends what waits for its payer's hours, or for another try, and may go by now; True when nothing more can."""
    from relance import day

    services, today = _services(entity)
    if _nothing_leaves(entity, today):
        return True
    return day.deliver_waiting(services, entity, today.as_of)


@task(trigger_rule="none_failed")
def cases(entity: str) -> dict[str, Any]:
    """Opens, updates and closes cases by what the day brought."""
    from relance import day

    services, today = _services(entity)
    if today.why_not:
        log.info("%s %s: cases are left as they are: %s", entity, today.as_of, today.why_not)
        return {}
    return day.work_cases(services, entity, today.as_of).as_dict()


@task
def publish(entity: str) -> dict[str, Any]:
    """Sends the cards of changed cases to Slack, or keeps them where there is no token."""
    from relance import day

    services, today = _services(entity)
    if _nothing_leaves(entity, today):
        return {}
    return day.publish(services, entity, today.as_of).as_dict()


@task
def erase_expired(entity: str) -> dict[str, Any]:
    """Erases what is older than the region keeps it; hashes stay."""
    from relance import day

    services, today = _services(entity)
    if today.why_not or today.as_of != services.today(entity):
        return {}
    return day.erase_expired(services, entity, today.as_of).as_dict()


@task(trigger_rule="none_failed")
def complete() -> None:
    """Fails with a delivery that failed for good, after the rest of the day was done."""


def _services(entity: str) -> tuple[Services, WorkingDay]:
    """What the task works with, and on which day."""
    from relance.orchestration.composition import services_of_task

    services = services_of_task(entity)
    context = get_current_context()
    run = context["dag_run"]
    return services, working_day(
        today=services.today(entity),
        timezone=services.policy.entity(entity).timezone,
        run_type=str(getattr(run.run_type, "value", run.run_type)),
        logical_date=run.logical_date,
        run_after=run.run_after,
        params=dict(context["params"]),
    )


def _nothing_leaves(entity: str, today: WorkingDay) -> bool:
    if today.why_not:
        log.info("%s %s: nothing is sent: %s", entity, today.as_of, today.why_not)
    return not today.live
