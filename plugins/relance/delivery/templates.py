"""The words and layouts of messages: `include/templates`, read once, checked, and rendered.

    _layout/<file>.j2                      one layout a surface, for all languages
    <language>/words.yaml                  words that all templates of a language share
    <language>/<template>/wording.yaml     what a template says: subject, opening, request, sms, voice, purpose
    <language>/<template>/<file>.j2        optional: a layout of its own for this template

Strings of the YAML files are Jinja themselves. Undefined names are errors; HTML is escaped; what a template may do is
decided when it is read (`guard`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

import yaml
from jinja2 import Environment, Template, TemplateNotFound, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.utils import missing
from markupsafe import Markup, escape

from relance.delivery import gsm7, guard
from relance.delivery.compiling import PlainEnvironment
from relance.delivery.formats import Formats, locale_of
from relance.errors import PermanentError

__all__ = ["FILES", "WORDING", "Formats", "Language", "Speaker", "Templates", "locale_of", "one_line"]

FILES = (
    "email.subject", "email.html", "email.txt", "sms.txt", "whatsapp.txt", "voice.txt", "letter.txt", "call.txt",
    "internal.txt",
)  # fmt: skip
"""The surfaces of a template."""

WORDING = ("subject", "opening", "request", "sms", "voice", "purpose")
"""What every template says in every language."""

_BLANKS = re.compile(r"[ \t\r\n]+")
_PHRASES = frozenset({"on_due", "what"})  # words that other words are made of
_OWN = frozenset({"value", "plural", "f", "fit", "lang", "dir"})  # what a word can be made of in any message
_KEPT = 20_000


class Templates:
    """A folder of templates; compiles what is used and keeps it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._environments = {html: _environment(directory, html=html) for html in (True, False)}
        self._languages: dict[tuple[str, str], Language] = {}

    @classmethod
    def of(cls, directory: Path) -> Templates:
        """The templates of a folder, those read before while none of its files has changed."""
        seen = tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in _files(directory))
        known = _READ.get(directory)
        if known is None or known[0] != seen:
            known = _READ[directory] = seen, cls(directory)
        return known[1]

    def language(self, tag: str, template: str) -> Language:
        """The words of a template in a language: the tag's own folder ("fr-BE") or its primary language's ("fr").

        Raises:
            PermanentError: when there is no such template in that language.
        """
        known = self._languages.get((tag, template))
        if known is None:
            known = self._languages[tag, template] = self._load(tag, template)
        return known

    def _load(self, tag: str, template: str) -> Language:
        for folder in (tag, tag.replace("_", "-").split("-")[0].lower()):
            wording = self.directory / folder / template / "wording.yaml"
            if wording.is_file():
                words = {**_read(self.directory / folder / "words.yaml"), **_read(wording)}
                return Language(folder, template, words, Formats(locale_of(tag)), self._environments)
        raise PermanentError(
            f"there is no template {template!r} in language {tag!r}.",
            hint=f"Write {self.directory / folder / template / 'wording.yaml'}.",
        )


@dataclass(frozen=True)
class Language:
    """One template in one language."""

    folder: str
    template: str
    words: Mapping[str, Any]
    formats: Formats
    environments: Mapping[bool, Environment]

    def render(self, file: str, names: Mapping[str, Any]) -> str:
        """Render a surface ("email.html", "sms.txt" …) with the names that its words may use.

        Raises:
            jinja2.TemplateError: for an undefined name, a missing word, or what no template may do.
        """
        return self.message(names).render(file)

    def message(self, names: Mapping[str, Any]) -> Message:
        """A message of which several surfaces are rendered; what they say alike is said once."""
        return Message(self, names)

    def speaker(self, names: Mapping[str, Any]) -> Speaker:
        """Says the words as text (`say`, `paragraphs`), for documents that no layout of ours lays out."""
        return Speaker(self, html=False, names=names)

    @cached_property
    def constants(self) -> dict[str, Any]:
        """The names that are the same in all messages."""
        formats = self.formats
        return {
            "f": formats,
            "plural": formats.plural,
            "lang": self.folder,
            "dir": "rtl" if formats.locale.character_order == "right-to-left" else "ltr",
            "fit": gsm7.fit,
            "value": None,
        }

    @cached_property
    def vocabularies(self) -> dict[bool, _Vocabulary]:
        """The words for HTML and for text.

        Raises:
            SecurityError: (a TemplateError) when one of them does what no template may do, whether it is used or not.
        """
        where = f"{self.folder}/{self.template}"
        _check(self.words, where)
        return {
            html: _Vocabulary(where, self.words, one, html=html) for html, one in self.environments.items()
        }

    @cached_property
    def _layouts(self) -> dict[str, Template]:
        return {}

    def layout(self, file: str) -> Template:
        """The layout of a surface: the template's own, or that of all.

        Raises:
            jinja2.TemplateError: when there is none, or it does what no template may do.
        """
        if (known := self._layouts.get(file)) is not None:
            return known
        environment = self.environments[file.endswith(".html")]
        try:
            found = environment.get_template(f"{self.folder}/{self.template}/{file}.j2")
        except TemplateNotFound:
            found = environment.get_template(f"_layout/{file}.j2")
        self._layouts[file] = found
        return found


@dataclass(frozen=True, slots=True)
class _Mould:
    """A word that is made anew each time.

    `own`: of nothing but the value it is given, so that it can be kept. `bare`: without markup of its own, so that its HTML is
    its text, escaped.
    """

    write: Callable[[Context], Iterator[str]]
    own: bool
    bare: bool


class _Vocabulary:
    """The words of one template in one language as they are written on one kind of surface.

    `fixed`: words that are always the same, escaped for HTML; `kept`: words that their value alone makes, by path and value,
    from message to message.
    """

    def __init__(self, where: str, words: Mapping[str, Any], environment: Environment, *, html: bool) -> None:
        self.html = html
        self.environment = environment
        self.fixed: dict[str, str] = {}
        self.kept: dict[tuple[str, type, object], str] = {}
        self._where = where
        self._words = words
        self._moulds: dict[str, _Mould] = {}

    def mould(self, path: str) -> _Mould | None:
        """How the word at a dotted path is made; None for a fixed one, which is in `fixed` from then on.

        Raises:
            UndefinedError: when this language lacks it.
        """
        known = self._moulds.get(path)
        if known is None and path not in self.fixed:
            text = self._find(path)
            if not _is_jinja(text):
                self.fixed[path] = escape(text) if self.html else text
                return None
            known = self._moulds[path] = self._compile(text)
        return known

    def _compile(self, text: str) -> _Mould:
        tree = self.environment.parse(text)
        names = {one.name for one in tree.find_all(nodes.Name)}
        bare = all(escape(one.data) == one.data for one in tree.find_all(nodes.TemplateData))
        return _Mould(self.environment.from_string(text).root_render_func, own=names <= _OWN, bare=bare)

    def _find(self, path: str) -> str:
        found: Any = self._words
        for part in path.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise UndefinedError(f"{self._where} has no word {path!r}")
            found = found[part]
        if not isinstance(found, str):
            raise UndefinedError(f"{self._where}: {path!r} is no text")
        return found


class _Context(Context):
    """Names of a message; phrases that words are made of are spoken when one first asks for them.

    It is made several times a message, so it keeps only what templates without blocks and without a switch of the escaping
    need (`guard` lets in no others).
    """

    def __init__(
        self,
        environment: Environment,
        parent: dict[str, Any],
        name: str | None,
        blocks: Mapping[str, Any],  # noqa: ARG002 - Jinja's
        globals: Mapping[str, Any] | None = None,  # noqa: A002, ARG002 - Jinja's
    ) -> None:
        self.parent = parent
        self.vars = {}
        self.environment = environment
        self.eval_ctx = cast("PlainEnvironment", environment).eval_context
        self.exported_vars = set()
        self.name = name
        self.globals_keys = set()
        self.blocks = {}

    def resolve_or_missing(self, key: str) -> Any:
        """The value of a name, or Jinja's mark that there is none."""
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        return self.parent["_say"](key) if key in _PHRASES else missing


class Message:
    """One message in words, surface by surface."""

    def __init__(self, language: Language, names: Mapping[str, Any]) -> None:
        self._language = language
        self._names = names
        self._text = Speaker(language, html=False, names=names)

    def render(self, file: str) -> str:
        """A surface, as `Language.render` gives it.

        Raises:
            jinja2.TemplateError: for an undefined name, a missing word, or what no template may do.
        """
        layout = self._language.layout(file)
        html = file.endswith(".html")
        speaker = (
            Speaker(self._language, html=True, names=self._names, text=self._text) if html else self._text
        )
        context = layout.new_context(speaker.layout_names, shared=True)
        try:
            return "".join(layout.root_render_func(context))
        except Exception:  # noqa: BLE001 - raised again, with the template's own lines
            self._language.environments[html].handle_exception()


class Speaker:
    """The words of one message: what layouts call to speak. `text`: who says the same words as text, for HTML.

    Raises:
        jinja2.TemplateError: here and whenever it speaks, for what the language lacks or may not do.
    """

    def __init__(
        self, language: Language, *, html: bool, names: Mapping[str, Any], text: Speaker | None = None
    ) -> None:
        vocabulary = language.vocabularies[html]
        own = {"_say": self.say}  # no template can name what begins with an underscore
        self._names = {**vocabulary.environment.globals, **names, **language.constants, **own}
        self._vocabulary = vocabulary
        self._text = text
        self._fixed = vocabulary.fixed
        self._kept = vocabulary.kept
        self._said: dict[tuple[str, type, object], str] = {}
        self._paragraphs: dict[str, list[str]] = {}
        # One for all words of the message: making one takes as long as writing a word.
        self._context = _Context(vocabulary.environment, self._names, None, {})

    @property
    def names(self) -> dict[str, Any]:
        """What words can name, the phrases that they are made of included."""
        return {**self._names, **{phrase: self.say(phrase) for phrase in _PHRASES}}

    @property
    def layout_names(self) -> dict[str, Any]:
        """What a layout can name beside: it has words said; phrases are made when it asks for them."""
        return {**self._names, "say": self.say, "paragraphs": self.paragraphs}

    def say(self, path: str, value: object = None) -> str:
        """The word at a dotted path, with `value` for the place it leaves open."""
        if (fixed := self._fixed.get(path)) is not None:
            return fixed
        # With its type: "1", 1 and markup of the same letters are written differently.
        key = (path, value.__class__, value)
        known = self._kept.get(key)
        if known is None:
            known = self._said.get(key)
        return known if known is not None else self._speak(key)

    def _speak(self, key: tuple[str, type, object]) -> str:
        path, _, value = key
        mould = self._vocabulary.mould(path)
        if mould is None:
            return self._fixed[path]
        if self._text and mould.bare and value.__class__ is not Markup:
            text: str = escape(self._text.say(path, value))
        else:
            text = self._write(mould, value)
            if self._vocabulary.html:
                text = Markup(text)  # noqa: S704 - rendered with autoescape on
        if not mould.own:
            self._said[key] = text
            return text
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[key] = text
        return text

    def _write(self, mould: _Mould, value: object) -> str:
        names, outer = self._names, self._names["value"]
        names["value"] = value
        try:
            return "".join(mould.write(self._context))
        finally:
            names["value"] = outer
            self._context.vars.clear()

    def paragraphs(self, path: str) -> list[str]:
        """The paragraphs of a longer word, each on one line."""
        known = self._paragraphs.get(path)
        if known is None:
            text = self.say(path)
            kind = type(text)
            blocks = str(text).split("\n\n")
            known = self._paragraphs[path] = [kind(one_line(block)) for block in blocks if block.strip()]
        return known


def one_line(text: str) -> str:
    """The text on one line; no-break spaces stay, so that an amount is not torn apart."""
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        text = _BLANKS.sub(" ", text)
    return text.strip(" ")


def _environment(directory: Path, *, html: bool) -> Environment:
    environment = PlainEnvironment(directory, html=html)
    environment.context_class = _Context
    return environment


def _is_jinja(text: str) -> bool:
    return "{{" in text or "{%" in text


def _check(words: Mapping[str, Any], where: str, above: str = "") -> None:
    for name, word in words.items():
        if isinstance(word, Mapping):
            _check(word, where, f"{above}{name}.")
        elif isinstance(word, str) and _is_jinja(word) and (complaint := _complaint(word)):
            raise SecurityError(f"{where}: {above}{name}: {complaint}")


@lru_cache(maxsize=4096)
def _complaint(word: str) -> str | None:
    try:
        guard.check(_PARSER.parse(word))
    except SecurityError as error:
        return error.message
    except TemplateSyntaxError:
        return None  # told when the word is used, with its place
    return None


_PARSER = PlainEnvironment(None, html=False)


# libyaml's, where PyYAML was built with it: ten times as fast.
_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_SAFE)  # noqa: S506 - a safe loader
    except (OSError, yaml.YAMLError) as error:
        raise PermanentError(f"{path} can't be read: {error}") from error
    if not isinstance(data, dict):
        raise PermanentError(f"{path} holds no words")
    return data


_READ: dict[Path, tuple[object, Templates]] = {}


def _files(directory: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All files below a folder, in the order that the folder has them."""
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - some hundreds of them, before each batch
            yield path, os.stat(path)  # noqa: PTH116
