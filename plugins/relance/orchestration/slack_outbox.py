"""Builds the DAG that sends what waits for Slack where no bot runs: after an outage, and what the command line has done."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, task
from airflow.timetables.trigger import CronTriggerTimetable

from relance.orchestration.factory import FIRST_DAY
from relance.orchestration.retries import by_kind_of_error

DAG_ID = "slack_outbox"
EVERY = "*/10 * * * *"
LATEST = timedelta(hours=6)
"""Thousands of cards take as long as Slack's rate lets them."""
log = logging.getLogger(__name__)


def slack_outbox_dag() -> DAG:
    """The DAG: one task, that does nothing while a bot sends or nothing waits."""
    dag = DAG(
        dag_id=DAG_ID,
        dag_display_name="Slack outbox",
        description="Sends what waits for Slack where no bot runs.",
        doc_md=(
            "Cards, replies and digests wait in the outbox until Slack has them. Where `python -m bot` runs it sends them, and "
            "this does nothing. Without a bot this sends what the day's `publish` could not: after an outage of Slack, or what "
            "`relance case` has changed since. It may be run again at any time.\n"
        ),
        schedule=CronTriggerTimetable(EVERY, timezone="UTC"),
        start_date=pendulum.datetime(*FIRST_DAY, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=LATEST,
        tags=["relance", "slack"],
        default_args={
            "owner": "collections",
            "retries": 2,
            "retry_delay": timedelta(minutes=2),
            "retry_policy": by_kind_of_error(),
            "execution_timeout": LATEST,
        },
    )
    with dag:
        send()
    return dag


@task
def send() -> dict[str, Any]:
    """Sends what waits; a policy that does not hold together stops nobody's cards, but then none goes elsewhere."""
    from relance.errors import PolicyError
    from relance.orchestration.connections import task_settings
    from relance.services import Services
    from relance.slack import send_unless_served

    services = Services(settings=task_settings())
    try:
        policy = services.policy
    except PolicyError as error:
        log.warning("sent without fallback channels: %s", error.message)
        policy = None
    report = send_unless_served(services.database, settings=services.settings, policy=policy)
    for problem in report.problems:
        log.warning("%s", problem)
    return report.as_dict()
