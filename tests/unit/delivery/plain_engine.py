"""The template language as plainly as it can be written: Jinja's own sandbox, a small template for each word, nothing kept.

What the product renders is held to it, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from relance.delivery import gsm7
from relance.delivery.templates import Language, one_line


class PlainEngine:
    """Stands in for a `Language` where a view is put in words."""

    def __init__(self, directory: Path, language: Language) -> None:
        self.language, self.formats = language, language.formats
        self.environments = {html: _environment(directory, html=html) for html in (True, False)}

    def message(self, names: Mapping[str, Any]) -> _Message:
        return _Message(self, names)

    def render(self, file: str, names: Mapping[str, Any]) -> str:
        html = file.endswith(".html")
        environment, formats = self.environments[html], self.formats

        def say(path: str, value: object = None) -> str:
            word: Any = self.language.words
            for part in path.split("."):
                word = word[part]
            if "{{" not in word and "{%" not in word:
                return escape(word) if html else word
            text = environment.from_string(word).render({**known, "value": value})
            return Markup(text) if html else text

        def paragraphs(path: str) -> list[str]:
            text = say(path)
            return [type(text)(one_line(one)) for one in str(text).split("\n\n") if one.strip()]

        known = {
            **names, "f": formats, "plural": formats.plural, "lang": self.language.folder, "fit": gsm7.fit, "value": None,
            "dir": "rtl" if formats.locale.character_order == "right-to-left" else "ltr",
        }  # fmt: skip
        for phrase in ("on_due", "what"):
            known[phrase] = say(phrase)
        try:
            layout = environment.get_template(f"{self.language.folder}/{self.language.template}/{file}.j2")
        except TemplateNotFound:
            layout = environment.get_template(f"_layout/{file}.j2")
        return layout.render(known, say=say, paragraphs=paragraphs)


class _Message:
    def __init__(self, engine: PlainEngine, names: Mapping[str, Any]) -> None:
        self.engine, self.names = engine, names

    def render(self, file: str) -> str:
        return self.engine.render(file, self.names)


def _environment(directory: Path, *, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(directory), autoescape=html, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=False, auto_reload=False,
    )  # fmt: skip
    environment.filters["capitalise"] = lambda text: text[:1].upper() + text[1:]
    return environment
