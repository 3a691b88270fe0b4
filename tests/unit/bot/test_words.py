"""Every refusal that can be raised has words in every language; no language says less than another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from relance.slack.words import LOCALES, WORDS

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCES = (
    REPOSITORY / "bot",
    REPOSITORY / "plugins" / "relance" / "cases",
    REPOSITORY / "plugins" / "relance" / "slack",
)
RAISED = {"CaseError", "NotAllowedError", "AlreadyDoneError", "already"}


def refusals() -> Iterator[tuple[str, Path, int]]:
    """Each key with which a refusal is raised."""
    for path in (path for folder in SOURCES for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in RAISED:
                for keyword in (one for one in node.keywords if one.arg == "key"):
                    for one in ast.walk(keyword.value):
                        made = isinstance(
                            keyword.value, ast.JoinedStr
                        )  # its words are of a family: contact_email …
                        if isinstance(one, ast.Constant) and isinstance(one.value, str) and not made:
                            yield one.value, path, node.lineno


def test_every_refusal_has_words_in_every_language() -> None:
    keys = {key for key, _, _ in refusals()}
    assert {"stale", "not_allowed", "no_email"} <= keys
    for locale in LOCALES:
        missing = sorted(key for key in keys if f"refusal.{key}" not in WORDS[locale])
        assert not missing, (locale, missing)


def test_every_language_fills_in_the_same_values() -> None:
    for key, english in WORDS["en"].items():
        if key.startswith(("bot.", "refusal.")):
            wanted = {name for _, name, _, _ in Formatter().parse(english) if name}
            for locale in LOCALES:
                words = WORDS[locale][key]
                assert {name for _, name, _, _ in Formatter().parse(words) if name} == wanted, (locale, key)
