"""Builds one DAG an entity: import, plan, deliver in batches, cases, publish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pendulum
from airflow.sdk import DAG, Param, get_parsing_context

from relance.config.load import load_policy
from relance.orchestration import tasks
from relance.orchestration.connections import environment_settings
from relance.orchestration.outlook import Outlook, outlooks
from relance.orchestration.retries import by_kind_of_error
from relance.orchestration.timetable import RegionBusinessDays

PREFIX = "dunning_"
FIRST_DAY = (2000, 1, 1)
"""A run dated before a DAG's start date executes nothing and is a success: so it lies before any ledger."""


def dunning_dags() -> Iterator[DAG]:
    """One DAG for each sound entity file; a task's process, which needs only its own, gets only that one."""
    wanted = get_parsing_context().dag_id
    for outlook in outlooks(
        environment_settings().config, wanted=lambda name: wanted in (None, dag_id(name))
    ):
        yield dunning_dag(outlook)


def refuse_unsound_policy() -> None:
    """Check the whole policy, so that Airflow's list of import errors names every problem with file and line.

    Raises:
        PolicyError: with all of them.
    """
    load_policy(environment_settings().config)


def dag_id(entity: str) -> str:
    """The id of an entity's DAG."""
    return f"{PREFIX}{entity.lower()}"


def dunning_dag(outlook: Outlook) -> DAG:
    """The DAG of one entity."""
    entity, region = outlook.entity, outlook.region
    dag = DAG(
        dag_id=dag_id(entity.entity),
        dag_display_name=f"Dunning {entity.entity} · {entity.name}",
        description=f"One working day of {entity.name}: ledger in, decisions, messages out, cards.",
        doc_md=_doc(outlook),
        schedule=RegionBusinessDays(
            entity.schedule,
            timezone=entity.timezone,
            country=region.country,
            subdivision=region.subdivision,
            business_days=region.business_days,
            extra_holidays=region.extra_holidays,
        ),
        start_date=pendulum.datetime(*FIRST_DAY, tz=entity.timezone),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=18),
        tags=["relance", "dunning", entity.entity, region.region, entity.currency],
        params={
            "force": Param(
                False,
                type="boolean",
                title="Act on a day that is not today",
                description="Sends what this day's plan decides, dated that day. Wants a reason.",
            ),
            "reason": Param(
                None,
                type=["null", "string"],
                title="Why",
                description="Kept with the plan; wanted when forcing.",
            ),
        },
        default_args={
            "owner": "collections",
            "retries": 6,
            "retry_delay": timedelta(minutes=5),
            "retry_policy": by_kind_of_error(),
            "execution_timeout": timedelta(hours=4),
        },
    )
    with dag:
        tasks.day_of(entity.entity)
    return dag


def _doc(outlook: Outlook) -> str:
    entity, region = outlook.entity, outlook.region
    source = "none configured"
    if entity.ledger is not None:
        place = entity.ledger.path or f"{entity.ledger.queries} through connection `{entity.ledger.conn_id}`"
        source = f"{entity.ledger.source}, {place}"
    holidays = f"{region.country}-{region.subdivision}" if region.subdivision else region.country
    rows = {
        "Entity": f"{entity.entity}, {entity.name}, {entity.currency}",
        "Region": f"{region.region}: {', '.join(region.business_days)}, holidays of {holidays}",
        "Schedule": f"`{entity.schedule}` in {entity.timezone}",
        "Ledger": source,
        "Scenario": f"{entity.default_scenario}, unless a rule of segments.yaml says otherwise",
        "Languages": ", ".join(region.languages),
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"| {entity.entity} | |\n|---|---|\n{table}\n\n"
        "The day is the logical date in the entity's time zone. Messages leave only when that is today, or "
        "when a run is triggered with *force* and a reason; backfills plan and store, and never send. Every "
        "task may be run again.\n"
    )
