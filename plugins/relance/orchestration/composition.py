"""The services as a task has them: settings from connections, SQL ledgers through hooks."""

from __future__ import annotations

from relance.orchestration import documents
from relance.orchestration.connections import task_settings
from relance.orchestration.sql_source import fetch
from relance.services import Services


def services_of_task(entity: str) -> Services:
    """What the use cases work with, inside an Airflow task."""
    return Services(settings=task_settings(), sql_source=fetch, documents=documents.fetch, only=entity)
