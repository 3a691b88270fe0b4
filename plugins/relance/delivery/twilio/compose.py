"""What WhatsApp and a call by machine say, written when the message is: canonical JSON, so that one digest fits it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from babel import Locale

from relance.delivery import render
from relance.delivery.templates import Language, one_line
from relance.delivery.view import View
from relance.errors import PermanentError

LATEST_DAYS = 14
"""How many days ahead a caller may promise by keypad."""
_SAID = ("identify", "menu", "promise_ask", "contest_done", "call_back_done", "unknown", "mail", "bye")
_PHRASES = ("what", "on_due")
_APART = "\x1f"
_LONGEST = 1600
_SPACES = re.compile(r"\s+")
# Languages in which Twilio speaks (https://www.twilio.com/docs/voice/twiml/say/text-speech), the first of each our own.
_SPOKEN = {
    "fr": ("fr-FR", "fr-CA", "fr-BE"),
    "en": ("en-GB", "en-US", "en-AU", "en-IN", "en-IE", "en-NZ", "en-ZA"),
    "de": ("de-DE", "de-AT"),
    "es": ("es-ES", "es-MX", "es-US"),
    "it": ("it-IT",),
    "nl": ("nl-NL", "nl-BE"),
    "pt": ("pt-PT", "pt-BR"),
}


class Approved(Protocol):
    """A template as WhatsApp approved it, in one language."""

    @property
    def sid(self) -> str:
        """The template's id at Twilio (HX…)."""
        ...

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what its places {{1}}, {{2}} … hold, among those that words may use."""
        ...


def whatsapp_body(
    view: View, language: Language, templates: Mapping[str, Mapping[str, Approved]], *, tag: str | None = None
) -> bytes:
    """Canonical JSON: `text`, and `template` (`sid`, `variables` by place) where one is approved, else null.

    `templates`: approved ones by our template, then by language; the tag's own ("fr-BE") goes before "fr".

    Raises:
        PermanentError: a variable that words don't have, or that is empty.
        jinja2.TemplateError: for a name or word that is missing.
    """
    tags = [one for one in (tag, language.folder) if one]
    known = templates.get(language.template, {})
    approved = next((known[one] for one in tags if one in known), None)
    return _canonical(
        {
            "name": language.template,
            "language": tags[0],
            "text": render.text(view, language, channel="whatsapp").strip(),
            "template": None if approved is None else _filled(view, language, approved),
        }
    )


def voice_body(view: View, language: Language) -> bytes:
    """Canonical JSON of everything that a call may say.

    `language` (as Twilio names it), `identify`, `text`, `menu`, `promise_ask`, `promise_done` (by days ahead, "1" to "14"),
    `dates` (the same days as ISO dates), `contest_done`, `call_back_done`, `unknown`, `mail` (for machines: nothing
    private), `bye`.

    Raises:
        jinja2.TemplateError: for a name or word that is missing.
    """
    days = {str(n): view.on_date + timedelta(days=n) for n in range(1, LATEST_DAYS + 1)}
    wanted: list[tuple[str, str | None]] = [(f"voice_{word}", None) for word in _SAID]
    wanted += [("voice_promise_done", language.formats.long_date(day)) for day in days.values()]
    said = _say(view, language, "voice", wanted)
    return _canonical(
        {
            "language": spoken_language(language.formats.locale),
            "text": one_line(render.text(view, language, channel="voice")),
            "promise_done": dict(zip(days, said[len(_SAID) :], strict=True)),
            "dates": {n: day.isoformat() for n, day in days.items()},
            **dict(zip(_SAID, said, strict=False)),
        }
    )


def spoken_language(locale: Locale) -> str:
    """The language as Twilio names it: the locale's own where Twilio speaks it, else the language's usual one."""
    known = _SPOKEN.get(locale.language, _SPOKEN["en"])
    own = f"{locale.language}-{locale.territory}"
    return own if own in known else known[0]


def _filled(view: View, language: Language, approved: Approved) -> dict[str, Any]:
    names = dict(render.names_for(view, language.formats, "whatsapp"))
    phrases = _say(view, language, "whatsapp", [(one, None) for one in _PHRASES])
    names.update(zip(_PHRASES, phrases, strict=True))
    return {
        "sid": approved.sid,
        "variables": {
            str(place): _value(names, name, approved.sid)
            for place, name in enumerate(approved.variables, start=1)
        },
    }


def _say(view: View, language: Language, surface: str, wanted: Sequence[tuple[str, str | None]]) -> list[str]:
    """Single words of a language, each on one line."""
    names = render.names_for(view, language.formats, surface)
    said = language.render("said.txt", {**names, "wanted": wanted, "apart": _APART})
    return [one_line(word) for word in said.split(_APART)[:-1]]


def _value(names: Mapping[str, Any], name: str, sid: str) -> str:
    """A variable's value as WhatsApp takes it: not empty, on one line (Twilio's code 21656)."""
    found = names.get(name)
    text = _SPACES.sub(" ", str(found)).strip() if isinstance(found, (str, int)) else ""
    if not text or len(text) > _LONGEST:
        what = "is no word that a message has" if name not in names else "has no value that WhatsApp takes"
        raise PermanentError(
            f"{name!r} {what}; the approved template {sid} needs it.",
            hint="Correct its variables in channels.yaml, or the template at the provider.",
        )
    return text


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
