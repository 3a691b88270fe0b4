"""Words that would fail at a customer, found before: every text that a step can send is written once with made contacts.

What is looked for: a word that a language lacks, a name that words don't have, what can't be read; with the file and line
to mend. Warnings: a word that another language has and this one lacks, words that follow a tone in one language only, and
an ordinary SMS of more than one part.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from relance.config.document import Document, Place, read_document
from relance.config.models import Entity
from relance.config.policy import Policy
from relance.config.problems import Problem
from relance.config.values import nearest
from relance.delivery import gsm7, guard, render, samples
from relance.delivery.templates import WORDING, Formats, Language, Templates, locale_of
from relance.delivery.view import View
from relance.errors import PermanentError

_MISSING = re.compile(r"has no word '([^']+)'")
_TONE = re.compile(r"\btone\s*(?:==|!=|in|not in)\s*(\([^)]*\)|\"\w+\"|'\w+')")
_GIVEN = frozenset(
    {"f", "plural", "lang", "dir", "fit", "value", "on_due", "what", "say", "paragraphs", "range", "dict"}
)
"""Names that words may use beside those of `render.names_for`."""
_MANY = 3
_FAULTS = (TemplateError, PermanentError, KeyError, ValueError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Use:
    """Words in a language; `names`: a seller's, whose length an SMS has to bear."""

    language: str
    words: samples.Words
    names: str


def check_words(policy: Policy, templates: Path) -> list[Problem]:
    """Every problem of the words that the policy's steps use, by file and line; templates that don't exist are left out.

    The same words are looked at once a process: a day that is planned asks again.
    """
    if not templates.is_dir():
        return []
    seen = tuple(
        (path.as_posix(), (stat := path.stat()).st_mtime_ns, stat.st_size)
        for path in sorted(templates.rglob("*"))
        if path.is_file()
    )
    return list(_checked(templates, seen, uses_of(policy)))


@lru_cache(maxsize=8)
def _checked(
    templates: Path, seen: tuple[tuple[str, int, int], ...], uses: frozenset[Use]
) -> tuple[Problem, ...]:
    del seen  # only tells the words apart
    check = _Check(templates)
    check.words(uses)
    check.texts(uses)
    return tuple(sorted(set(check.problems)))


def uses_of(policy: Policy) -> frozenset[Use]:
    """What the steps of the scenarios that entities can get say, in the languages of these entities' regions."""
    found = set()
    for name, scenario in policy.scenarios.items():
        sellers = [one for one in policy.entities.values() if _can_get(policy, one, name)]
        for seller in sellers:
            called = (seller.sender.name if seller.sender else None) or seller.name
            for language in policy.region_of(seller).languages:
                for channel in ("email", "sms"):
                    confirms = samples.Words(samples.CONFIRMED, "preventive", "friendly", channel)
                    found.add(Use(language, confirms, called))
                for step in scenario.steps:
                    for channel in step.channels:
                        words = samples.Words(step.template, step.level, step.tone, channel, step.charges)
                        found.add(Use(language, words, called))
    return frozenset(found)


def _can_get(policy: Policy, entity: Entity, scenario: str) -> bool:
    """By default, or by a segment rule that admits the entity; profiles lead to scenarios by rules too."""
    if entity.default_scenario == scenario:
        return True
    rules = [rule for rule in policy.segments if rule.scenario == scenario]
    return any(
        (rule.when.entity is None or entity.entity in rule.when.entity)
        and (rule.when.region is None or entity.region in rule.when.region)
        for rule in rules
    )


class _Check:
    """One look at a folder of templates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.templates = Templates(folder)
        self.problems: list[Problem] = []
        self._documents: dict[Path, Document] = {}
        self._set: set[tuple[str, str]] = set()

    # ---- what stands in the files

    def words(self, uses: Iterable[Use]) -> None:
        """Problems of the files themselves, word by word, and against the other languages."""
        files = {path for use in uses for path in self._files(use.language, use.words.template)}
        for path in sorted(files):
            document = self._document(path)
            self.problems += document.problems
            if isinstance(document.data, dict):
                self._own(document)
                self._against_others(path)
            elif not document.problems:
                self._add(document, (), "holds no words", "write its words, each with a name")
        # What a language has beside them (the words of an evidence file) is put together elsewhere.
        beside = {
            path for shared in files if shared.name == "words.yaml" for path in shared.parent.glob("*.yaml")
        }
        for path in sorted(beside - files):
            self._against_others(path)

    def _own(self, document: Document) -> None:
        """Words that can't be read or do what none may, and names that no word may use."""
        for place, text in _leaves(document.data):
            try:
                tree = _environment().parse(text)
                guard.check(tree)
            except TemplateError as error:
                self._add(document, place, f"{_path(place)} can't be read: {error.message}", "mend the word")
                continue
            for name in sorted(meta.find_undeclared_variables(tree) - _names()):
                guess = nearest(name, sorted(_names()))
                mend = f"write {guess}" if guess else "see docs/templates.md for the names that there are"
                self._add(document, place, f"{_path(place)}: there is no {name!r} to write here", mend)

    def _against_others(self, path: Path) -> None:
        document = self._document(path)
        mine = dict(_leaves(document.data))
        inner = path.relative_to(self.folder).parts[1:]
        for other in sorted(self.folder.glob("/".join(("[!_]*", *inner)))):
            tag = other.relative_to(self.folder).parts[0]
            if other == path:
                continue
            for place, text in _leaves(self._document(other).data):
                if place not in mine:
                    what = f"{_path(place)} is missing, which {tag} has"
                    self._warn(document, place, what, f"write {_path(place)}")
                elif lacking := sorted(_tones(text) - _tones(mine[place])):
                    what = f"{_path(place)} is the same in a {' or '.join(lacking)} tone, which it is not in {tag}"
                    self._warn(document, place, what, 'write {% if tone == "' + lacking[0] + '" %}')

    # ---- what comes of them

    def texts(self, uses: Iterable[Use]) -> None:
        """Write everything once; what fails is a problem of the word or layout in which it fails."""
        sellers = sorted(
            uses, key=lambda use: (use.language, use.words.template, use.words.channel, str(use))
        )
        done = set()
        for use in sellers:
            what = (use.language, use.words)
            if (language := self._language(use.language, use.words.template)) is None:
                continue
            if what not in done:
                done.add(what)
                for shape in _shapes(use.words):
                    self._write(language, use, shape)
            if use.words.channel == "sms":
                self._length(language, use)

    def _write(self, language: Language, use: Use, shape: str) -> None:
        view = samples.view(use.words, shape, _seller(use.names, swiss=shape == "announced"))
        try:
            self._on_its_surface(view, language, shape)
        except _FAULTS as error:
            self._blame(use, error, render.names_for(view, language.formats, use.words.channel))

    def _on_its_surface(self, view: View, language: Language, shape: str) -> None:
        if view.channel == "email":
            render.email(view, language)
        elif view.channel == "voice":
            from relance.delivery.twilio.compose import voice_body  # Twilio's client takes its time to load

            voice_body(view, language)
        else:
            render.text(view, language)
        # Setting a page takes a while, and most of its words are those of the text: two of a language show the rest.
        sheet = (language.folder, shape)
        if view.channel in ("letter", "registered") and shape in ("many", "bare") and sheet not in self._set:
            from relance.delivery import letter

            self._set.add(sheet)
            letter.pdf(view, language, templates=self.folder if (self.folder / "_letter").is_dir() else None)

    def _length(self, language: Language, use: Use) -> None:
        """An ordinary SMS, of one invoice or of several, that takes more than one part."""
        for shape in ("one", "several"):
            view = samples.view(use.words, "one", _seller(use.names))
            if shape == "several":
                view = replace(view, lead=view.lead * _MANY)
            try:
                text = render.text(view, language).rstrip("\n")
            except _FAULTS:
                return  # told already
            if (parts := gsm7.parts(text)) > 1:
                document = self._document(self._files(use.language, use.words.template)[1])
                what = f"sms: {gsm7.length(text)} characters of an ordinary message take {parts} parts"
                self._warn(
                    document, ("sms",), what, f"write {gsm7.length(text) - gsm7.ONE_PART} characters less"
                )
                return

    def _blame(self, use: Use, error: Exception, names: Mapping[str, Any]) -> None:
        """Find the word or the line of a layout that failed."""
        shared, own = (self._document(path) for path in self._files(use.language, use.words.template))
        if missing := _MISSING.search(str(error)):
            place = tuple(missing[1].split("."))
            document = own if place[0] in WORDING else shared
            self._add(document, place, f"there is no word {missing[1]!r}", f"write {missing[1]}: …")
            return
        told = " ".join(str(error).split())[:200] or type(error).__name__
        for document in (own, shared):
            for place, text in _leaves(document.data):
                if not _stands(text, names):
                    self._add(document, place, f"{_path(place)}: {told}", "mend the word")
                    return
        file, line = self._layout_of(error) or (own.file, 1)
        self._note(Problem(file, line, told, "mend the layout"))

    def _layout_of(self, error: Exception) -> tuple[str, int] | None:
        """The innermost frame of a layout; Jinja rewrites tracebacks to its own lines."""
        if isinstance(error, TemplateSyntaxError) and error.filename:
            return error.filename, error.lineno
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.lineno and Path(frame.filename).is_relative_to(self.folder):
                return frame.filename, frame.lineno
        return None

    # ---- helpers

    def _language(self, tag: str, template: str) -> Language | None:
        """The words; None where they can't be had, which is told by then, or by the check of the policy."""
        try:
            return self.templates.language(tag, template)
        except (PermanentError, TemplateError):
            return None

    def _files(self, tag: str, template: str) -> tuple[Path, ...]:
        """The shared words and the template's own, as `Templates` finds them; none where there is no such template."""
        for name in (tag, tag.replace("_", "-").split("-")[0].lower()):
            folder = self.folder / name
            if (folder / template / "wording.yaml").is_file():
                return folder / "words.yaml", folder / template / "wording.yaml"
        return ()

    def _document(self, path: Path) -> Document:
        if path not in self._documents:
            self._documents[path] = read_document(path)
        return self._documents[path]

    def _add(self, document: Document, place: Place, message: str, mend: str) -> None:
        self._note(Problem(document.file, document.line(place), message, mend))

    def _warn(self, document: Document, place: Place, message: str, mend: str) -> None:
        self._note(Problem(document.file, document.line(place), message, mend, "warning"))

    def _note(self, problem: Problem) -> None:
        """One error a line: what else is amiss there mostly follows from it."""
        known = ((one.file, one.line) for one in self.problems if one.severity == "error")
        if problem.severity == "warning" or (problem.file, problem.line) not in known:
            self.problems.append(problem)


def _shapes(words: samples.Words) -> list[str]:
    """The shapes that say something new for a step: those of charges only where it charges."""
    return [
        shape
        for shape in samples.SHAPES
        if shape not in ("interest", "compensation") or shape in words.charges
    ]


@cache
def _seller(name: str, *, swiss: bool = False) -> Entity:
    """A seller of that name: in euros, or with what a Swiss bill needs."""
    address = {"street": "Seestrasse", "house_no": "1", "postcode": "8002", "city": "Zürich", "country": "CH"}
    iban, bic = ("CH9300762011623852957", None) if swiss else ("FR7630006000011234567890189", "AGRIFRPP")
    return Entity.model_validate(
        {
            "entity": "E1", "name": name, "region": "r", "currency": "CHF" if swiss else "EUR",
            "timezone": "Europe/Zurich", "default_scenario": "s", "bank": {"holder": name, "iban": iban, "bic": bic},
            "sender": {"email": "accounts@lumen.example", "name": name, "address": address},
        }
    )  # fmt: skip


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """To read single words with; what they may do is `guard`'s to say."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    environment.filters["capitalise"] = lambda text: text[:1].upper() + text[1:]
    return environment


@cache
def _names() -> frozenset[str]:
    shown = samples.view(samples.Words("t", "level_1", "neutral", "email"), "one", _seller("Lumen"))
    return _GIVEN | set(render.names_for(shown, Formats(locale_of("en")), "email"))


def _leaves(data: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    if isinstance(data, dict):
        for name, inner in data.items():
            yield from _leaves(inner, (*place, name))
    elif isinstance(data, str):
        yield place, data


def _path(place: Place) -> str:
    return ".".join(map(str, place))


def _tones(text: str) -> set[str]:
    return {tone for found in _TONE.findall(text) for tone in re.findall(r"\w+", found)}


def _stands(text: str, names: Mapping[str, Any]) -> bool:
    """Whether a word alone can be written; names that other words make are put in its place."""
    more = {
        "value": 1,
        "on_due": "",
        "what": "",
        "plural": lambda n, one, other: one if n == 1 else other,
        "f": None,
    }
    try:
        _environment().from_string(text).render({**names, **more})
    except _FAULTS:
        return False
    return True
