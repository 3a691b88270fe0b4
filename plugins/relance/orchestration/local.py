"""Airflow on one machine, beside the embedded PostgreSQL: its environment, its secrets, its metadata.

Everything of such an installation lies in two folders: RELANCE_HOME holds the databases (ours and Airflow's,
in one server), AIRFLOW_HOME holds logs, generated secrets and the administrator's password. A variable that
is set already is left as it is, so that each of these choices can be overruled.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from relance.settings import REPOSITORY
from relance.store import embedded

ADMIN = "admin"
HOST = "127.0.0.1"
PORT = 8080


def folders() -> tuple[Path, Path]:
    """RELANCE_HOME and AIRFLOW_HOME; beside the repository's files unless said otherwise."""
    home = REPOSITORY / os.environ.get("RELANCE_HOME", ".relance")
    airflow_home = REPOSITORY / os.environ.get("AIRFLOW_HOME", ".airflow")
    return home.absolute(), airflow_home.absolute()


def enter_environment() -> None:
    """Make Airflow, imported after this, the local one; starts the database."""
    home, airflow_home = folders()
    airflow_home.mkdir(parents=True, exist_ok=True)
    port = os.environ.get("AIRFLOW__API__PORT", str(PORT))
    os.environ["AIRFLOW_HOME"], os.environ["RELANCE_HOME"] = str(airflow_home), str(home)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    defaults = {
        "RELANCE_CONFIG": str(REPOSITORY / "config"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__CORE__FERNET_KEY": _secret(airflow_home, "fernet_key"),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__SECRET_KEY": _secret(airflow_home, "secret_key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(airflow_home, "jwt_secret"),
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    if "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in os.environ:
        defaults["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = _metadata_url(home)
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    kept = password_file(airflow_home)
    kept.touch()
    kept.chmod(0o600)  # Airflow fills it, and would let everybody read it


def password_file(airflow_home: Path) -> Path:
    """Where Airflow keeps the administrator's password that it makes on its first start."""
    return airflow_home / "simple_auth_manager_passwords.json.generated"


def _metadata_url(home: Path) -> str:
    socket = parse_qs(urlsplit(embedded.start(home, database="airflow")).query)["host"][0]
    return f"postgresql+psycopg2://postgres@/airflow?host={quote(socket, safe='/')}"


def _secret(airflow_home: Path, name: str) -> str:
    """A secret made on first use and kept readable by its owner alone."""
    path = airflow_home / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text(encoding="ascii")
