"""What the documents and the Makefile name is there: variables, ports, files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relance.orchestration import local

REPOSITORY = Path(__file__).resolve().parents[3]
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
# Those that name files of ours; how-tos name files that their reader will write.
NAMING = [REPOSITORY / "Makefile", DOCUMENTS[0], REPOSITORY / "docs" / "operations.md"]
NAMING += sorted((REPOSITORY / "docs" / "adr").glob("*.md"))
SOURCES = [path for folder in ("plugins", "bot", "tests") for path in (REPOSITORY / folder).rglob("*.py")]


def read_variables() -> set[str]:
    """Variables that some module or test reads."""
    return {
        name
        for path in SOURCES
        for name in re.findall(r'"(RELANCE_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_variable_that_a_document_names_is_read(document: Path) -> None:
    named = set(re.findall(r"\b(RELANCE_[A-Z_]*[A-Z])(?!\w|\*|_)", document.read_text(encoding="utf-8")))
    assert named - read_variables() == set()


def test_each_variable_that_the_settings_read_is_documented() -> None:
    source = (REPOSITORY / "plugins" / "relance" / "settings.py").read_text(encoding="utf-8")
    documented = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    assert (
        set(re.findall(r'"(RELANCE_[A-Z_]+)"', source)) - set(re.findall(r"RELANCE_[A-Z_]+", documented))
        == set()
    )


def test_the_ports_are_those_that_are_served() -> None:
    compose = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    served = {str(local.PORT), *re.findall(r"127\.0\.0\.1:(\d+):", compose)}
    for document in DOCUMENTS:
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", document.read_text(encoding="utf-8"))) <= served, (
            document.name
        )


@pytest.mark.parametrize("document", NAMING, ids=lambda path: path.name)
def test_each_file_of_ours_that_is_named_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    roots = "config|dags|plugins|include|docs|scripts|tests|examples"
    for name in re.findall(rf"(?<![\w/.…<])((?:{roots})/[\w./-]*\w)(?![\w<*{{…]|/[<*{{])", text):
        assert (REPOSITORY / name).exists(), name


def test_modules_that_the_makefile_runs_are_there() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    modules = re.findall(r"-m (relance[\w.]+)", makefile)
    assert modules
    assert all((REPOSITORY / "plugins" / f"{name.replace('.', '/')}.py").is_file() for name in modules)
