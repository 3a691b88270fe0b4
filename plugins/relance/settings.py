"""What the environment says: folders, addresses, credentials. Nothing here comes from `config/`, nothing there from here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relance.errors import UsageError

REPOSITORY = Path(__file__).resolve().parents[2]
"""The checkout that this package lives in; sample data and templates lie beside it."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """Where e-mail goes. Without a host, messages are kept as `.eml` files."""

    host: str | None = None
    port: int = 587
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = True
    ca_file: str | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Graph:
    """Microsoft 365: e-mail through Microsoft Graph, by an application's own credentials. Without a tenant, not used."""

    tenant: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    mailbox: str | None = None
    authority: str = "https://login.microsoftonline.com"
    base_url: str = "https://graph.microsoft.com/v1.0"
    ca_file: str | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Twilio:
    """SMS, WhatsApp and calls by machine. Without an account, these are kept as files.

    `sms_from`, `whatsapp_from`, `voice_from`: numbers of ours, or a messaging service's id (MG…); an entity's own
    `sender.sms` goes before `sms_from`.
    """

    account_sid: str | None = None
    auth_token: str | None = field(default=None, repr=False)
    sms_from: str | None = None
    whatsapp_from: str | None = None
    voice_from: str | None = None
    base_url: str = "https://api.twilio.com"
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Letters:
    """Where letters are handed over to a print service: a folder, or a server by SFTP. Without either, kept as files."""

    folder: Path | None = None
    sftp_host: str | None = None
    sftp_port: int = 22
    sftp_user: str | None = None
    sftp_password: str | None = field(default=None, repr=False)
    sftp_key_file: str | None = None
    sftp_known_hosts: str | None = None
    sftp_folder: str = "."
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Registered:
    """The provider of registered electronic letters. Without a token, they are kept as files."""

    token: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    user_id: str | None = None
    base_url: str | None = None
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox that bounces and replies come back to, read by IMAP. Without a host, not read."""

    host: str | None = None
    port: int = 993
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    folder: str = "INBOX"
    tls: bool = True
    ca_file: str | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Stripe:
    """Card payments by Stripe Checkout. Without a key, messages carry no card link."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str = "https://api.stripe.com"
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Documents:
    """Invoices' PDFs that go with messages: where they may come from, and how large they may be (bytes).

    `folder`: paths in the ledger are looked up below it only; unset, below the ledger's own folder. `hosts`: those of our
    own network, and those without TLS; other URLs must be https and lead outside.
    """

    folder: Path | None = None
    hosts: frozenset[str] = frozenset()
    max_file: int = 5_000_000
    max_message: int = 10_000_000
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Bot:
    """How Slack reaches the bot: through Socket Mode by an app-level token (xapp-…), or by HTTP, signed with a secret."""

    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8088


@dataclass(frozen=True, slots=True)
class Settings:
    """Every outside address and local folder, read once from the environment; what is secret stays out of its repr."""

    home: Path
    database_url: str | None = field(repr=False)
    config: Path
    templates: Path
    smtp: Smtp
    slack_token: str | None = field(repr=False)
    slack_base_url: str
    bot: Bot = Bot()
    graph: Graph = Graph()
    twilio: Twilio = Twilio()
    letters: Letters = Letters()
    registered: Registered = Registered()
    mailbox: Mailbox = Mailbox()
    stripe: Stripe = Stripe()
    public_url: str | None = None
    link_secret: str | None = field(default=None, repr=False)
    link_days: int = 60
    documents: Documents = Documents()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `RELANCE_*` (documented in docs/settings.md); a blank value counts as unset.

        Raises:
            UsageError: for what should be a number and is none.
        """
        env = {k: v for k, v in (os.environ if environ is None else environ).items() if v.strip()}
        return cls(
            home=Path(env.get("RELANCE_HOME", ".relance")).absolute(),
            database_url=env.get("RELANCE_DATABASE_URL"),
            config=Path(env.get("RELANCE_CONFIG", "config")).absolute(),
            templates=Path(env.get("RELANCE_TEMPLATES", REPOSITORY / "include" / "templates")).absolute(),
            smtp=Smtp(
                host=env.get("RELANCE_SMTP_HOST"),
                port=int(_number(env, "RELANCE_SMTP_PORT", 587)),
                user=env.get("RELANCE_SMTP_USER"),
                password=env.get("RELANCE_SMTP_PASSWORD"),
                starttls=_truth(env, "RELANCE_SMTP_STARTTLS"),
                ca_file=env.get("RELANCE_SMTP_CA"),
                timeout_s=_number(env, "RELANCE_SMTP_TIMEOUT", 30),
            ),
            slack_token=env.get("RELANCE_SLACK_TOKEN"),
            slack_base_url=env.get("RELANCE_SLACK_BASE_URL", "https://slack.com/api/"),
            bot=_bot(env),
            graph=_graph(env),
            twilio=_twilio(env),
            letters=_letters(env),
            registered=_registered(env),
            mailbox=_mailbox(env),
            stripe=Stripe(
                api_key=env.get("RELANCE_STRIPE_KEY"),
                base_url=env.get("RELANCE_STRIPE_BASE_URL", "https://api.stripe.com"),
                timeout_s=_number(env, "RELANCE_STRIPE_TIMEOUT", 20),
            ),
            public_url=(env.get("RELANCE_PUBLIC_URL") or "").rstrip("/") or None,
            link_secret=env.get("RELANCE_LINK_SECRET"),
            link_days=int(_number(env, "RELANCE_LINK_DAYS", 60)),
            documents=_documents(env),
        )


def _bot(env: Mapping[str, str]) -> Bot:
    return Bot(
        app_token=env.get("RELANCE_SLACK_APP_TOKEN"),
        signing_secret=env.get("RELANCE_SLACK_SIGNING_SECRET"),
        host=env.get("RELANCE_SLACK_HOST", "127.0.0.1"),
        port=int(_number(env, "RELANCE_SLACK_PORT", 8088)),
    )


def _graph(env: Mapping[str, str]) -> Graph:
    return Graph(
        tenant=env.get("RELANCE_GRAPH_TENANT"),
        client_id=env.get("RELANCE_GRAPH_CLIENT_ID"),
        client_secret=env.get("RELANCE_GRAPH_CLIENT_SECRET"),
        mailbox=env.get("RELANCE_GRAPH_MAILBOX"),
        authority=env.get("RELANCE_GRAPH_AUTHORITY", "https://login.microsoftonline.com").rstrip("/"),
        base_url=env.get("RELANCE_GRAPH_BASE_URL", "https://graph.microsoft.com/v1.0").rstrip("/"),
        ca_file=env.get("RELANCE_GRAPH_CA"),
        timeout_s=_number(env, "RELANCE_GRAPH_TIMEOUT", 30),
    )


def _twilio(env: Mapping[str, str]) -> Twilio:
    return Twilio(
        account_sid=env.get("RELANCE_TWILIO_ACCOUNT"),
        auth_token=env.get("RELANCE_TWILIO_TOKEN"),
        sms_from=env.get("RELANCE_TWILIO_SMS_FROM"),
        whatsapp_from=env.get("RELANCE_TWILIO_WHATSAPP_FROM"),
        voice_from=env.get("RELANCE_TWILIO_VOICE_FROM"),
        base_url=env.get("RELANCE_TWILIO_BASE_URL", "https://api.twilio.com").rstrip("/"),
        timeout_s=_number(env, "RELANCE_TWILIO_TIMEOUT", 30),
    )


def _letters(env: Mapping[str, str]) -> Letters:
    folder = env.get("RELANCE_LETTERS_FOLDER")
    return Letters(
        folder=Path(folder).absolute() if folder else None,
        sftp_host=env.get("RELANCE_LETTERS_SFTP_HOST"),
        sftp_port=int(_number(env, "RELANCE_LETTERS_SFTP_PORT", 22)),
        sftp_user=env.get("RELANCE_LETTERS_SFTP_USER"),
        sftp_password=env.get("RELANCE_LETTERS_SFTP_PASSWORD"),
        sftp_key_file=env.get("RELANCE_LETTERS_SFTP_KEY_FILE"),
        sftp_known_hosts=env.get("RELANCE_LETTERS_SFTP_KNOWN_HOSTS"),
        sftp_folder=env.get("RELANCE_LETTERS_SFTP_FOLDER", "."),
        timeout_s=_number(env, "RELANCE_LETTERS_TIMEOUT", 30),
    )


def _registered(env: Mapping[str, str]) -> Registered:
    return Registered(
        token=env.get("RELANCE_REGISTERED_TOKEN"),
        key=env.get("RELANCE_REGISTERED_KEY"),
        user_id=env.get("RELANCE_REGISTERED_USER"),
        base_url=env.get("RELANCE_REGISTERED_BASE_URL"),
        timeout_s=_number(env, "RELANCE_REGISTERED_TIMEOUT", 60),
    )


def _mailbox(env: Mapping[str, str]) -> Mailbox:
    return Mailbox(
        host=env.get("RELANCE_MAILBOX_HOST"),
        port=int(_number(env, "RELANCE_MAILBOX_PORT", 993)),
        user=env.get("RELANCE_MAILBOX_USER"),
        password=env.get("RELANCE_MAILBOX_PASSWORD"),
        folder=env.get("RELANCE_MAILBOX_FOLDER", "INBOX"),
        tls=_truth(env, "RELANCE_MAILBOX_TLS"),
        ca_file=env.get("RELANCE_MAILBOX_CA"),
        timeout_s=_number(env, "RELANCE_MAILBOX_TIMEOUT", 30),
    )


def _documents(env: Mapping[str, str]) -> Documents:
    folder = env.get("RELANCE_DOCUMENTS")
    hosts = env.get("RELANCE_DOCUMENTS_HOSTS", "").lower().replace(",", " ").split()
    return Documents(
        folder=Path(folder).absolute() if folder else None,
        hosts=frozenset(hosts),
        max_file=int(_number(env, "RELANCE_DOCUMENTS_MAX_FILE", 5) * 1_000_000),
        max_message=int(_number(env, "RELANCE_DOCUMENTS_MAX_MESSAGE", 10) * 1_000_000),
        timeout_s=_number(env, "RELANCE_DOCUMENTS_TIMEOUT", 20),
    )


def _truth(env: Mapping[str, str], name: str) -> bool:
    """True unless the environment says otherwise."""
    return env.get(name, "true").lower() in {"true", "yes", "1", "y"}


def _number(env: Mapping[str, str], name: str, default: int) -> float:
    text = env.get(name, str(default))
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}.", hint=f"Write a number, such as {default}.") from error
