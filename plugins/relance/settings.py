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
class Settings:
    """Every outside address and local folder, read once from the environment; what is secret stays out of its repr."""

    home: Path
    database_url: str | None = field(repr=False)
    config: Path
    templates: Path
    smtp: Smtp
    slack_token: str | None = field(repr=False)
    slack_base_url: str

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
                starttls=env.get("RELANCE_SMTP_STARTTLS", "true").lower() in {"true", "yes", "1", "y"},
                ca_file=env.get("RELANCE_SMTP_CA"),
                timeout_s=_number(env, "RELANCE_SMTP_TIMEOUT", 30),
            ),
            slack_token=env.get("RELANCE_SLACK_TOKEN"),
            slack_base_url=env.get("RELANCE_SLACK_BASE_URL", "https://slack.com/api/"),
        )


def _number(env: Mapping[str, str], name: str, default: int) -> float:
    text = env.get(name, str(default))
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}.", hint=f"Write a number, such as {default}.") from error
