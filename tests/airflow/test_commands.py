"""Each command that the container files, the Makefile and the documents name is one that exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from relance.orchestration.serve import PARTS

pytestmark = pytest.mark.airflow

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    REPOSITORY / "README.md",
    REPOSITORY / "CHANGELOG.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]


def compose_commands() -> Iterator[list[str]]:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    for service in compose["services"].values():
        for command in (service.get("command"), service.get("healthcheck", {}).get("test", [])[1:]):
            if not command:
                continue
            if command[:2] == ["sh", "-c"]:
                yield from (shlex.split(part) for part in command[2].split("&&"))
            else:
                yield command


def docker_commands() -> Iterator[list[str]]:
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    for command in re.findall(r"^CMD (\[.+\])$", text, flags=re.MULTILINE):
        yield yaml.safe_load(command)


def test_each_airflow_command_can_be_parsed() -> None:
    from airflow.cli.cli_parser import get_parser

    commands = [words[1:] for words in (*compose_commands(), *docker_commands()) if words[0] == "airflow"]
    commands += [list(part) for part in PARTS.values()]
    assert len(commands) > 10
    parser = get_parser()
    for command in commands:
        assert parser.parse_args(command).func


def _relance(words: list[str]) -> None:
    """Walk down the command line's tree as far as the words are subcommands."""
    from typer.main import get_command

    from relance.cli.main import app

    command = get_command(app)
    for word in words:
        subcommands = getattr(command, "commands", None)
        if subcommands is None or word.startswith("-"):
            return
        assert word in subcommands, f"relance {' '.join(words)}"
        command = subcommands[word]


def test_each_relance_command_exists() -> None:
    named = [words[1:] for words in (*compose_commands(), *docker_commands()) if words[0] == "relance"]
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        code = "\n".join(
            [*re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL), *re.findall(r"`([^`\n]+)`", text)]
        )
        named += [
            match.split() for match in re.findall(r"(?:^|\s|bin/)relance ((?:[a-z]+(?:-[a-z]+)* ?)+)", code)
        ]
    assert len(named) > 5
    for words in named:
        _relance(words)


def test_each_make_target_that_is_named_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    assert set(phony.split()) == targets
    for document in (*DOCUMENTS, REPOSITORY / ".ci" / "run"):
        for name in re.findall(r"(?:^|`|\n)make ([a-z]+)", document.read_text(encoding="utf-8")):
            assert name in targets, f"{document.name}: make {name}"


def test_each_path_that_a_document_links_to_exists() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
