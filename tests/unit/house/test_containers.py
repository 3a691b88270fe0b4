"""No container engine runs in the tests: each name in the container files is held against what it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
COMPOSE = REPOSITORY / "docker-compose.yml"
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
SECRETS = {"POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET"}
# From the compose specification: what a service, a health check and a dependency may say.
SERVICE_KEYS = {
    "stop_grace_period",
    "image", "build", "restart", "environment", "volumes", "depends_on", "configs", "healthcheck", "ports",
    "command", "profiles",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


def services(compose: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(compose["services"].items())


def stages() -> dict[str, str]:
    """Each stage of the Dockerfile with its text."""
    parts = re.split(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)[1:]
    return {name: text for _, name, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}


def test_the_file_has_the_shape_of_a_compose_file(compose: dict[str, Any]) -> None:
    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "configs", "volumes"}
    for name, service in services(compose):
        assert set(service) <= SERVICE_KEYS, name
        assert "image" in service, name
        for needed, how in service.get("depends_on", {}).items():
            assert needed in compose["services"], name
            assert how["condition"] in CONDITIONS
            if how["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][needed]
        if (health := service.get("healthcheck")) is not None:
            assert set(health) <= HEALTH_KEYS
            assert health["test"][0] == "CMD"
        assert all(isinstance(part, str) for part in service.get("command", []))
        assert all(
            value is None or isinstance(value, str) for value in service.get("environment", {}).values()
        )


def test_everything_is_published_on_the_loopback_address_only(compose: dict[str, Any]) -> None:
    ports = [port for _, service in services(compose) for port in service.get("ports", [])]
    assert len(ports) >= 2
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)


def test_the_api_answers_on_the_port_that_others_ask(compose: dict[str, Any]) -> None:
    api = compose["services"]["api-server"]
    port = api["command"][api["command"].index("--port") + 1]
    assert api["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f":{port}/api/v2/monitor/health" in api["healthcheck"]["test"][-1]
    assert (
        api["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
        == f"http://api-server:{port}/execution/"
    )


def test_postgres_is_seventeen_and_has_both_databases(compose: dict[str, Any]) -> None:
    postgres = compose["services"]["postgres"]
    environment = compose["services"]["scheduler"]["environment"]
    assert postgres["image"] == "postgres:17"
    assert environment["RELANCE_DATABASE_URL"].endswith(
        "@postgres:5432/" + postgres["environment"]["POSTGRES_DB"]
    )
    assert compose["configs"]["airflow-database"]["content"] == "CREATE DATABASE airflow;"
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("@postgres:5432/airflow")


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    for secret in SECRETS:
        uses = re.findall(rf"\$\{{{secret}[^}}]*\}}", text)
        assert uses, secret
        assert all(use == f"${{{secret}:?see .env.example}}" for use in uses)
    for default in re.findall(r"\$\{\w*(?:PASSWORD|TOKEN|KEY|SECRET)\w*:-([^}]*)\}", text):
        assert default == ""


def test_each_variable_is_in_the_example_and_each_of_the_example_is_used() -> None:
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))
    assert ".env" in (REPOSITORY / ".gitignore").read_text(encoding="utf-8").split()
    assert all(re.search(rf"^{secret}=$", example, flags=re.MULTILINE) for secret in SECRETS)


def test_each_relance_variable_is_one_that_the_settings_read(compose: dict[str, Any]) -> None:
    known = (REPOSITORY / "plugins" / "relance" / "settings.py").read_text(encoding="utf-8")
    names = {name for _, service in services(compose) for name in service.get("environment", {})}
    names |= set(re.findall(r"\b(RELANCE_\w+)=", DOCKERFILE))
    for name in names:
        if name.startswith("RELANCE_"):
            assert f'"{name}"' in known, name


def test_each_path_and_volume_exists(compose: dict[str, Any]) -> None:
    named = set()
    for _, service in services(compose):
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (REPOSITORY / source).exists(), source
                assert volume.endswith(":ro")
            else:
                named.add(source)
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]
        if (build := service.get("build")) is not None:
            assert build["target"] in stages()
            assert (REPOSITORY / build["context"] / "Dockerfile").is_file()
    assert named == set(compose["volumes"])


def test_each_copied_path_exists_and_is_let_into_the_build() -> None:
    allowed = {
        line[1:]
        for line in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split()
        if line.startswith("!")
    }
    copies = re.findall(r"^COPY (.+)$", DOCKERFILE, flags=re.MULTILINE)
    assert copies
    for copy in copies:
        for source in copy.split()[:-1]:
            assert (REPOSITORY / source).exists(), source
            assert source in allowed or source.split("/")[0] in allowed, source


def test_the_bot_image_has_no_airflow(compose: dict[str, Any]) -> None:
    bot_service = compose["services"]["bot"]
    assert bot_service["build"]["target"] == "bot"
    assert not any("AIRFLOW" in name for name in bot_service["environment"])
    bot, airflow = stages()["bot"], stages()["airflow"]
    assert "airflow" not in bot
    assert '".[airflow]"' in airflow
    assert "--constraint requirements.txt" in bot
    assert "--constraint requirements.txt" in airflow
