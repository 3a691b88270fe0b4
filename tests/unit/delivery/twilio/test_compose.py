"""What WhatsApp and calls say, as it is stored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from relance.delivery.templates import Templates, locale_of
from relance.delivery.twilio.compose import LATEST_DAYS, spoken_language, voice_body, whatsapp_body
from relance.delivery.view import View, build
from relance.errors import PermanentError
from tests.unit.delivery.examples import DIRECTORY, LANGUAGES, contact, entity

TEMPLATES = Templates(DIRECTORY)


@dataclass
class Approved:
    sid: str
    variables: tuple[str, ...]


FIRST = Approved("HX" + "0" * 32, ("payer", "what", "total", "on_due"))


def view_of(template: str = "first", **changes) -> View:
    return build(contact(template, **changes), entity())


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_machine_and_whoever_picks_up_hear_nothing_private(tag: str) -> None:
    view = view_of(channel="voice")
    words = json.loads(voice_body(view, TEMPLATES.language(tag, "first")))
    assert words["text"]
    for word, digits in (("identify", "1"), ("mail", "")):
        assert "Lumen" in words[word]
        assert "".join(re.findall(r"\d", words[word])) == digits
        assert not [row.invoice_id for row in view.lead if row.invoice_id in words[word]]
    assert view.payer.name not in words["mail"]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_each_day_that_may_be_promised_is_spoken_as_a_date(tag: str) -> None:
    language = TEMPLATES.language(tag, "first")
    view = view_of(channel="voice")
    words = json.loads(voice_body(view, language))
    assert set(words["dates"]) == set(words["promise_done"]) == {str(n) for n in range(1, LATEST_DAYS + 1)}
    for n, day in words["dates"].items():
        assert date.fromisoformat(day) == view.on_date + timedelta(days=int(n))
        assert language.formats.long_date(date.fromisoformat(day)) in words["promise_done"][n]


def test_the_same_contact_gives_the_same_bytes() -> None:
    language = TEMPLATES.language("fr", "first")
    first, second = (voice_body(view_of(channel="voice"), language) for _ in range(2))
    assert first == second
    assert b": " not in first.split(b'"text"')[0]


def test_a_call_is_one_line_a_word_whatever_a_customer_is_called() -> None:
    words = json.loads(
        voice_body(view_of(channel="voice", name="A\n\x00<Say>B</Say>"), TEMPLATES.language("en", "first"))
    )
    assert not any("\n" in one or "\x00" in one for one in words.values() if isinstance(one, str))


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [("fr", "fr-FR"), ("fr-BE", "fr-BE"), ("fr-CH", "fr-FR"), ("en", "en-GB"), ("pt", "pt-PT"), ("nl", "nl-NL")],
)  # fmt: skip
def test_a_language_that_twilio_does_not_speak_is_spoken_as_its_neighbours_do(tag: str, spoken: str) -> None:
    assert spoken_language(locale_of(tag)) == spoken


def test_an_approved_template_goes_with_its_variables_by_place() -> None:
    body = json.loads(
        whatsapp_body(view_of(), TEMPLATES.language("fr", "first"), {"first": {"fr": FIRST}}, tag="fr")
    )
    assert body["template"]["sid"] == FIRST.sid
    variables = body["template"]["variables"]
    assert list(variables) == ["1", "2", "3", "4"]
    assert variables["1"] == "Client SARL"
    assert "factures" in variables["2"]
    assert all(value and "\n" not in value and "  " not in value for value in variables.values())
    assert body["text"]


def test_the_tags_own_template_goes_before_its_languages() -> None:
    own = Approved("HX" + "1" * 32, ("payer",))
    templates = {"first": {"fr": FIRST, "fr-BE": own}}
    body = json.loads(whatsapp_body(view_of(), TEMPLATES.language("fr-BE", "first"), templates, tag="fr-BE"))
    assert body["template"]["sid"] == own.sid


def test_without_an_approved_template_there_is_only_text() -> None:
    body = json.loads(whatsapp_body(view_of(), TEMPLATES.language("de", "first"), {"first": {"fr": FIRST}}))
    assert body["template"] is None
    assert body["name"] == "first"


@pytest.mark.parametrize(
    ("name", "says"), [("nonsense", "is no word"), ("m", "has no value"), ("person", "has no value")]
)
def test_a_variable_that_whatsapp_would_refuse_is_refused_here(name: str, says: str) -> None:
    approved = Approved("HX" + "0" * 32, (name,))
    with pytest.raises(PermanentError, match=says):
        whatsapp_body(
            replace(view_of(), person=None), TEMPLATES.language("fr", "first"), {"first": {"fr": approved}}
        )
