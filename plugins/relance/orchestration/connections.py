"""Settings inside Airflow: the environment's, with addresses and credentials from connections where defined.

| connection | gives |
|---|---|
| `relance_db` | the PostgreSQL that RELANCE_DATABASE_URL names elsewhere |
| `smtp_default` | host, port, login, password; extra `disable_tls`, `timeout` |
| `slack_api_default` | the bot token (password); extra `base_url` |
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from relance.settings import REPOSITORY, Settings, Smtp
from relance.store.database import normalise_url

DATABASE, SMTP, SLACK = "relance_db", "smtp_default", "slack_api_default"


def environment_settings() -> Settings:
    """The environment's settings, with relative defaults taken from the repository.

    Airflow starts its processes in folders of its own choice, so "here" means nothing to them.
    """
    settings = Settings.from_environment()
    return replace(
        settings,
        home=_from_repository("RELANCE_HOME", ".relance"),
        config=_from_repository("RELANCE_CONFIG", "config"),
    )


def task_settings() -> Settings:
    """`environment_settings`, overridden by those connections that exist. For tasks; asks Airflow."""
    settings = environment_settings()
    if (database := _connection(DATABASE)) is not None:
        settings = replace(settings, database_url=normalise_url(database.get_uri()))
    if (smtp := _connection(SMTP)) is not None and smtp.host:
        settings = replace(settings, smtp=_smtp(smtp, settings.smtp))
    if (slack := _connection(SLACK)) is not None and slack.password:
        base_url = slack.extra_dejson.get("base_url") or settings.slack_base_url
        settings = replace(settings, slack_token=slack.password, slack_base_url=base_url)
    return settings


def _smtp(connection: Connection, default: Smtp) -> Smtp:
    extra = connection.extra_dejson
    return replace(
        default,
        host=connection.host,
        port=connection.port or default.port,
        user=connection.login or None,
        password=connection.password or None,
        starttls=not _true(extra.get("disable_tls", not default.starttls)),
        timeout_s=float(extra.get("timeout", default.timeout_s)),
    )


def _connection(name: str) -> Connection | None:
    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None


def _true(value: object) -> bool:
    return str(value).strip().lower() in {"true", "yes", "y", "1"}


def _from_repository(variable: str, default: str) -> Path:
    return (REPOSITORY / (os.environ.get(variable, "").strip() or default)).absolute()
