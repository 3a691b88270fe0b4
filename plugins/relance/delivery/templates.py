"""The words and layouts of messages: `include/templates`, read once, rendered in a sandbox.

    _layout/<file>.j2                      one layout a surface, for all languages
    <language>/words.yaml                  words that all templates of a language share
    <language>/<template>/wording.yaml     what a template says: subject, opening, request, sms, voice, purpose
    <language>/<template>/<file>.j2        optional: a layout of its own for this template

Strings of the YAML files are Jinja themselves. Undefined names are errors; HTML is escaped.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateNotFound, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from relance.delivery import gsm7
from relance.errors import PermanentError
from relance.money import Money, digits, to_decimal

FILES = (
    "email.subject", "email.html", "email.txt", "sms.txt", "whatsapp.txt", "voice.txt", "letter.txt", "call.txt",
    "internal.txt",
)  # fmt: skip
"""The surfaces of a template."""

WORDING = ("subject", "opening", "request", "sms", "voice", "purpose")
"""What every template says in every language."""

_BLANKS = re.compile(r"[ \t\r\n]+")
# Where a language tag names no country: the one whose dates and numbers a European business letter has.
_HOME = {"en": "GB", "pt": "PT", "fr": "FR", "de": "DE", "es": "ES", "it": "IT", "nl": "NL"}


def locale_of(language: str) -> Locale:
    """The locale that amounts, dates and plurals follow: "fr" → fr_FR, "fr-BE" → fr_BE, "en" → en_GB.

    Raises:
        PermanentError: for a tag that CLDR does not know.
    """
    primary, _, rest = language.replace("_", "-").partition("-")
    tag = f"{primary}-{rest or _HOME.get(primary, '')}".rstrip("-")
    for candidate in (tag, primary):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise PermanentError(f"{language!r} is no language that dates and amounts can be written in")


@dataclass(frozen=True, slots=True)
class Formats:
    """Amounts, dates, numbers and plurals as one locale writes them; the filters of the templates."""

    locale: Locale

    def money(self, value: Money | Sequence[Money]) -> str:
        """As in "1 234,56 €"; several amounts are joined by "and"."""
        if isinstance(value, Money):
            return _money(value, self.locale)
        return (
            format_list([self.money(one) for one in value], locale=self.locale) if value else self.number(0)
        )

    def money_code(self, value: Money | Sequence[Money]) -> str:
        """With the currency's code, for surfaces that have no currency signs: "1 234,56 EUR"."""
        if isinstance(value, Money):
            pattern = "#,##0" + ("." + "0" * digits(value.currency) if digits(value.currency) else "")
            decimal = to_decimal(value.minor, value.currency)
            return f"{format_decimal(decimal, format=pattern, locale=self.locale)} {value.currency}"
        return " + ".join(self.money_code(one) for one in value)

    def money_name(self, value: Money | Sequence[Money]) -> str:
        """As it is spoken: "1 234,56 euros"."""
        if isinstance(value, Money):
            decimal = to_decimal(value.minor, value.currency)
            return format_currency(decimal, value.currency, locale=self.locale, format_type="name")
        return (
            format_list([self.money_name(one) for one in value], locale=self.locale)
            if value
            else self.number(0)
        )

    def date(self, value: dt.date) -> str:
        """As in "21 nov. 2026"."""
        return _date(value, "medium", self.locale)

    def long_date(self, value: dt.date) -> str:
        """As in "21 novembre 2026"."""
        return _date(value, "long", self.locale)

    def short_date(self, value: dt.date) -> str:
        """In digits: "21/11/2026"."""
        separator = {"de": ".", "nl": "-"}.get(self.locale.language, "/")
        return _date(value, separator.join(("dd", "MM", "y")), self.locale)

    def number(self, value: int) -> str:
        """With the locale's grouping."""
        return str(format_decimal(value, locale=self.locale))

    def plural(self, count: int, one: str, other: str) -> str:
        """The form that goes with a count."""
        return one if self.locale.plural_form(count) == "one" else other


# A batch writes the same days and many of the same amounts again and again; Babel takes 30 µs for each.
@lru_cache(maxsize=8192)
def _money(value: Money, locale: Locale) -> str:
    amount = format_currency(to_decimal(value.minor, value.currency), value.currency, locale=locale)
    # Mail programs and fonts that lack the narrow no-break space break amounts in two.
    return amount.replace("\u202f", "\u00a0")


@lru_cache(maxsize=8192)
def _date(value: dt.date, pattern: str, locale: Locale) -> str:
    return format_date(value, pattern, locale=locale)


class Templates:
    """A folder of templates; compiles what is used and keeps it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._environments = {html: _environment(directory, html=html) for html in (True, False)}
        self._languages: dict[tuple[str, str], Language] = {}

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
    environments: Mapping[bool, ImmutableSandboxedEnvironment]

    def render(self, file: str, names: Mapping[str, Any]) -> str:
        """Render a surface ("email.html", "sms.txt" …) with the names that its words may use.

        Raises:
            jinja2.TemplateError: for an undefined name, a missing word, or what the sandbox forbids.
        """
        html = file.endswith(".html")
        speaker = Speaker(self, html=html, names=names)
        return self._layout(file, html).render(speaker.names, say=speaker.say, paragraphs=speaker.paragraphs)

    def _layout(self, file: str, html: bool) -> Template:
        environment = self.environments[html]
        try:
            return environment.get_template(f"{self.folder}/{self.template}/{file}.j2")
        except TemplateNotFound:
            return environment.get_template(f"_layout/{file}.j2")

    @cached_property
    def compiled(self) -> dict[tuple[bool, str], Template | str]:
        """Words that were used, compiled; those without markup as they are."""
        return {}

    def word(self, path: str, *, html: bool) -> Template | str:
        """The word at a dotted path.

        Raises:
            UndefinedError: when this language lacks it.
        """
        if (known := self.compiled.get((html, path))) is not None:
            return known
        found: Any = self.words
        for part in path.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise UndefinedError(f"{self.folder}/{self.template} has no word {path!r}")
            found = found[part]
        if not isinstance(found, str):
            raise UndefinedError(f"{self.folder}/{self.template}: {path!r} is no text")
        compiled = self.environments[html].from_string(found) if "{{" in found or "{%" in found else found
        self.compiled[html, path] = compiled
        return compiled


class Speaker:
    """The words of one message: what templates call to speak."""

    def __init__(self, language: Language, *, html: bool, names: Mapping[str, Any]) -> None:
        self._language = language
        self._html = html
        self._said: dict[tuple[str, object], str] = {}
        formats = language.formats
        self.names: dict[str, Any] = {
            **names,
            "f": formats,
            "plural": formats.plural,
            "lang": language.folder,
            "dir": "rtl" if formats.locale.character_order == "right-to-left" else "ltr",
            "fit": gsm7.fit,
            "value": None,
        }
        for phrase in ("on_due", "what"):  # words that other words are made of
            self.names[phrase] = self.say(phrase)

    def say(self, path: str, value: object = None) -> str:
        """The word at a dotted path, with `value` for the place it leaves open."""
        known = self._said.get((path, value))
        if known is None:
            known = self._said[path, value] = self._speak(path, value)
        return known

    def _speak(self, path: str, value: object) -> str:
        word = self._language.word(path, html=self._html)
        if isinstance(word, str):
            return escape(word) if self._html else word
        names = self.names if value is None else {**self.names, "value": value}
        text = word.render(names)
        return Markup(text) if self._html else text  # noqa: S704 - rendered with autoescape on

    def paragraphs(self, path: str) -> list[str]:
        """The paragraphs of a longer word, each on one line."""
        text = self.say(path)
        kind = type(text)
        return [kind(one_line(block)) for block in str(text).split("\n\n") if block.strip()]


def one_line(text: str) -> str:
    """The text on one line; no-break spaces stay, so that an amount is not torn apart."""
    return _BLANKS.sub(" ", text).strip(" ")


def _environment(directory: Path, *, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(directory),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        cache_size=1000,
        auto_reload=False,
    )
    environment.filters["capitalise"] = lambda text: text[:1].upper() + text[1:]
    return environment


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PermanentError(f"{path} can't be read: {error}") from error
    if not isinstance(data, dict):
        raise PermanentError(f"{path} holds no words")
    return data
