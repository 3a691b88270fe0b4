"""The words of archives and hand-over files are whole in every language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relance.evidence.words import languages, words_for
from relance.settings import REPOSITORY

TEMPLATES = REPOSITORY / "include" / "templates"
SEVEN = ["de", "en", "es", "fr", "it", "nl", "pt"]


def leaves(table: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        here = f"{path}.{name}"
        found |= leaves(value, here) if isinstance(value, dict) else {here: value}
    return found


def read(language: str, templates: Path = TEMPLATES) -> dict[str, str]:
    return leaves(yaml.safe_load((templates / language / "evidence.yaml").read_text(encoding="utf-8")))


def test_there_are_seven_languages() -> None:
    assert languages(TEMPLATES) == SEVEN


@pytest.mark.parametrize("language", SEVEN)
def test_each_says_the_same_things_in_the_same_order_with_the_same_names(language: str) -> None:
    own, english = read(language), read("en")
    assert list(own) == list(english)  # the heads of a table stand in the order of its columns
    assert all(isinstance(text, str) and text for text in own.values())
    names = {
        path: (sorted(set(re.findall(r"{(\w+)}", text))), sorted(set(re.findall(r"{(\w+)}", english[path]))))
        for path, text in own.items()
    }
    assert {path: pair for path, pair in names.items() if pair[0] != pair[1]} == {}


def test_without_a_language_the_first_that_the_region_speaks_is_taken_else_english() -> None:
    assert words_for(TEMPLATES, None, ("sv", "de-AT", "en")).language == "de"
    assert words_for(TEMPLATES, None, ("sv",)).language == "en"
    assert words_for(TEMPLATES, "fr-BE", ("nl",)).language == "fr"
