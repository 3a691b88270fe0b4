"""Builds the digests' DAGs: one for each entity and kind that `slack.yaml` has, in the entity's time zone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import DAG, get_current_context, get_parsing_context, task
from airflow.timetables.trigger import CronTriggerTimetable

from relance.config.document import read_document
from relance.config.models import Entity
from relance.config.slack import DIGEST_KINDS, Digest, DigestKind, SlackRules
from relance.config.wording import check_model
from relance.orchestration.connections import environment_settings
from relance.orchestration.factory import FIRST_DAY
from relance.orchestration.outlook import Outlook, outlooks
from relance.orchestration.retries import by_kind_of_error

PREFIX = "digest_"
LATEST = timedelta(hours=6)
"""A digest that could not be made by then is given up: the next one tells what it would have told."""
log = logging.getLogger(__name__)


def digest_dags() -> Iterator[DAG]:
    """One DAG for each sound entity file and kind of digest; a task's process gets only its own."""
    config = environment_settings().config
    kinds = configured(config)
    wanted = get_parsing_context().dag_id
    names = {kind for kind in kinds if wanted is None or wanted.startswith(f"{PREFIX}{kind}_")}
    if not names:
        return
    for outlook in outlooks(
        config, wanted=lambda name: wanted is None or wanted.endswith(f"_{name.lower()}")
    ):
        for kind in sorted(names):
            if wanted in (None, dag_id(outlook.entity.entity, kind)):
                yield digest_dag(outlook, kind, kinds[kind])


def configured(config: Path) -> dict[DigestKind, Digest]:
    """The kinds of digests of a policy directory, by kind; none where `slack.yaml` is missing or does not hold together."""
    path = config / "slack.yaml"
    rules = check_model(SlackRules, read_document(path)) if path.is_file() else None
    found = {kind: getattr(rules.digests, kind) for kind in DIGEST_KINDS} if rules else {}
    return {kind: one for kind, one in found.items() if one is not None}


def dag_id(entity: str, kind: DigestKind) -> str:
    """The id of an entity's digest DAG."""
    return f"{PREFIX}{kind}_{entity.lower()}"


def digest_dag(outlook: Outlook, kind: DigestKind, digest: Digest) -> DAG:
    """The DAG of one entity's digest."""
    entity = outlook.entity
    dag = DAG(
        dag_id=dag_id(entity.entity, kind),
        dag_display_name=f"Digest {kind} {entity.entity} · {entity.name}",
        description=f"The {kind} digest of {entity.name}, in Slack.",
        doc_md=_doc(entity, kind, digest),
        schedule=CronTriggerTimetable(digest.at, timezone=entity.timezone),
        start_date=pendulum.datetime(*FIRST_DAY, tz=entity.timezone),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=LATEST,
        tags=["relance", "digest", entity.entity, outlook.region.region],
        default_args={
            "owner": "collections",
            "retries": 3,
            "retry_delay": timedelta(minutes=5),
            "retry_policy": by_kind_of_error(),
            "execution_timeout": timedelta(hours=1),
        },
    )
    with dag:
        tell(entity.entity, kind)
    return dag


@task
def tell(entity: str, kind: DigestKind) -> dict[str, Any]:
    """Posts what is new; nothing on a day that is not today, and nothing twice."""
    from relance import digesting
    from relance.orchestration.composition import services_of_task
    from relance.orchestration.working_day import working_day

    services = services_of_task(entity)
    run = get_current_context()["dag_run"]
    today = working_day(
        today=services.today(entity),
        timezone=services.policy.entity(entity).timezone,
        run_type=str(getattr(run.run_type, "value", run.run_type)),
        logical_date=run.logical_date,
        run_after=run.run_after,
        params={},
    )
    if today.why_not:
        log.info("%s %s: no digest is posted: %s", entity, today.as_of, today.why_not)
        return {}
    report, sent = digesting.post(services, entity, kind, today.as_of)
    return {**report.as_dict(), "posted": sent.posted, "pending": sent.pending}


def _doc(entity: Entity, kind: DigestKind, digest: Digest) -> str:
    place = digest.channel or (
        "the channels of its cases"
        if kind == "daily"
        else (entity.slack and entity.slack.channel) or "no channel"
    )
    return (
        f"The {kind} digest of {entity.entity} ({entity.name}), at `{digest.at}` in {entity.timezone}, to {place}.\n\n"
        "It says what changed since the last one and is silent when nothing did. A day's digest is told once; a run for "
        f"another day than today, and a backfill, tell nothing. `relance digest {entity.entity} --kind {kind}` shows it.\n"
    )
