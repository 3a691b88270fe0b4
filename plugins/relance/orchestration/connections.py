"""Settings inside Airflow: the environment's, with addresses and credentials from connections where defined.

| connection | gives |
|---|---|
| `relance_db` | the PostgreSQL that RELANCE_DATABASE_URL names elsewhere |
| `smtp_default` | host, port, login, password; extra `disable_tls`, `timeout` |
| `slack_api_default` | the bot token (password); extra `base_url` |
| `msgraph_default` | client id (login), secret (password); extra `tenant_id`, `mailbox`, `authority`, `base_url` |
| `twilio_default` | account (login), token (password); extra `sms_from`, `whatsapp_from`, `voice_from`, `base_url` |
| `imap_default` | the mailbox of bounces: host, port, login, password; extra `use_ssl`, `folder` |
| `relance_letters` | SFTP of the print service: host, port, login, password; extra `key_file`, `known_hosts`, `folder` |
| `relance_registered` | registered electronic letters: user id (login), token (password); extra `key`, `base_url` |
| `stripe_default` | the secret key (password); extra `base_url` |
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from relance.settings import REPOSITORY, Graph, Letters, Mailbox, Registered, Settings, Smtp, Stripe, Twilio
from relance.store.database import normalise_url

DATABASE, SMTP, SLACK = "relance_db", "smtp_default", "slack_api_default"
GRAPH, TWILIO, IMAP, STRIPE = "msgraph_default", "twilio_default", "imap_default", "stripe_default"
LETTERS, REGISTERED = "relance_letters", "relance_registered"


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
    return _providers(settings)


def _providers(settings: Settings) -> Settings:
    """Settings of the further channels, by those connections that exist."""
    if (graph := _connection(GRAPH)) is not None:
        settings = replace(settings, graph=_graph(graph, settings.graph))
    if (twilio := _connection(TWILIO)) is not None:
        settings = replace(settings, twilio=_twilio(twilio, settings.twilio))
    if (imap := _connection(IMAP)) is not None and imap.host:
        settings = replace(settings, mailbox=_mailbox(imap, settings.mailbox))
    if (letters := _connection(LETTERS)) is not None and letters.host:
        settings = replace(settings, letters=_letters(letters, settings.letters))
    if (registered := _connection(REGISTERED)) is not None:
        settings = replace(settings, registered=_registered(registered, settings.registered))
    if (stripe := _connection(STRIPE)) is not None:
        url = stripe.extra_dejson.get("base_url") or settings.stripe.base_url
        key = stripe.password or settings.stripe.api_key
        settings = replace(settings, stripe=Stripe(key, url, settings.stripe.timeout_s))
    return settings


def _graph(connection: Connection, default: Graph) -> Graph:
    extra = connection.extra_dejson
    return replace(
        default,
        tenant=extra.get("tenant_id") or default.tenant,
        client_id=connection.login or default.client_id,
        client_secret=connection.password or default.client_secret,
        mailbox=extra.get("mailbox") or default.mailbox,
        authority=extra.get("authority") or default.authority,
        base_url=extra.get("base_url") or default.base_url,
    )


def _twilio(connection: Connection, default: Twilio) -> Twilio:
    extra = connection.extra_dejson
    named = {
        name: extra[name]
        for name in ("sms_from", "whatsapp_from", "voice_from", "base_url")
        if extra.get(name)
    }
    account, token = connection.login or default.account_sid, connection.password or default.auth_token
    return replace(default, account_sid=account, auth_token=token, **named)


def _mailbox(connection: Connection, default: Mailbox) -> Mailbox:
    extra = connection.extra_dejson
    return replace(
        default,
        host=connection.host,
        port=connection.port or default.port,
        user=connection.login or None,
        password=connection.password or None,
        folder=extra.get("folder") or default.folder,
        tls=_true(extra.get("use_ssl", default.tls)),
    )


def _letters(connection: Connection, default: Letters) -> Letters:
    extra = connection.extra_dejson
    return replace(
        default,
        sftp_host=connection.host,
        sftp_port=connection.port or default.sftp_port,
        sftp_user=connection.login or default.sftp_user,
        sftp_password=connection.password or default.sftp_password,
        sftp_key_file=extra.get("key_file") or default.sftp_key_file,
        sftp_known_hosts=extra.get("known_hosts") or default.sftp_known_hosts,
        sftp_folder=extra.get("folder") or default.sftp_folder,
    )


def _registered(connection: Connection, default: Registered) -> Registered:
    extra = connection.extra_dejson
    return replace(
        default,
        token=connection.password or default.token,
        key=extra.get("key") or default.key,
        user_id=connection.login or default.user_id,
        base_url=extra.get("base_url") or default.base_url,
    )


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
