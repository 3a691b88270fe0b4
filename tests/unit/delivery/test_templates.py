"""Every template in every language: complete, correct, escaped."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import jinja2
import pytest
import yaml
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.delivery import gsm7, render, view
from relance.delivery.templates import FILES, WORDING, Formats, Templates, locale_of
from relance.errors import PermanentError
from relance.money import Money
from tests.unit.delivery.examples import (
    CHANNELS,
    DAY,
    DIRECTORY,
    LANGUAGES,
    TEMPLATES,
    contact,
    entity,
    item,
    packed,
)

ALL = [(language, template) for language in LANGUAGES for template in TEMPLATES]
VOID = {"meta", "br", "hr", "img", "link", "input"}


def test_a_folder_of_templates_is_read_again_only_when_a_file_of_it_has_changed(tmp_path):
    wording = tmp_path / "fr" / "first" / "wording.yaml"
    wording.parent.mkdir(parents=True)
    (tmp_path / "fr" / "words.yaml").write_text("{}")
    wording.write_text("subject: one")
    known = Templates.of(tmp_path)
    assert known.language("fr", "first").words["subject"] == "one"
    assert Templates.of(tmp_path) is known
    wording.write_text("subject: another")
    assert Templates.of(tmp_path).language("fr", "first").words["subject"] == "another"
    wording.unlink()
    with pytest.raises(PermanentError, match="no template"):
        Templates.of(tmp_path).language("fr", "first")


@cache
def templates() -> Templates:
    return Templates(DIRECTORY)


def write(language: str, template: str, **changes) -> tuple[view.View, render.Email]:
    shown = view.build(contact(template, language=language, **changes), entity())
    return shown, render.email(shown, templates().language(language, template))


class Page(HTMLParser):
    """Balanced tags, and the text a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"unclosed {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", "".join(self.words))


# ---- complete


def keys_of(value: object, prefix: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {prefix}
    return {
        one for key, inner in value.items() for one in keys_of(inner, f"{prefix}.{key}" if prefix else key)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_words(language: str):
    def words(one: str) -> set[str]:
        return keys_of(yaml.safe_load((DIRECTORY / one / "words.yaml").read_text(encoding="utf-8")))

    assert words(language) == words("fr")


@pytest.mark.parametrize(("language", "template"), ALL)
def test_every_template_says_everything_and_nothing_else(language: str, template: str):
    wording = yaml.safe_load((DIRECTORY / language / template / "wording.yaml").read_text(encoding="utf-8"))
    assert set(wording) == set(WORDING)
    assert all(isinstance(text, str) and text.strip() for text in wording.values())


def test_there_is_a_layout_for_every_surface():
    assert all((DIRECTORY / "_layout" / f"{file}.j2").is_file() for file in FILES)


@pytest.mark.parametrize(("language", "template"), ALL)
def test_every_template_renders_on_every_channel(language: str, template: str):
    shown, mail = write(language, template)
    assert mail.subject == mail.subject.strip()
    assert "\n" not in mail.subject
    spoken = templates().language(language, template)
    for channel in CHANNELS:
        text = render.text(shown, spoken, channel=channel)
        assert text.endswith("\n")
        for rubbish in ("{{", "}}", "None", "Undefined", "\n\n\n"):
            assert rubbish not in text
    for rubbish in ("{{", "}}", ">None<", "Undefined"):
        assert rubbish not in mail.html + mail.text


@pytest.mark.parametrize(("language", "template"), ALL)
def test_an_email_says_what_is_needed_to_pay_at_once(language: str, template: str):
    shown, mail = write(language, template)
    page = Page(mail.html).text
    f = templates().language(language, template).formats
    needed = [
        "F-1", "PO-77", "Maintenance T3", f.money(Money("EUR", 1000000)), f.money(Money("EUR", 1234567)),
        f.money(Money("EUR", 79050)), f.money(Money("USD", 30000)), f.money(shown.totals[0]),
        f.date(shown.lead[0].due_date), f.date(shown.lead[0].issue_date), "FR76 3000 6000 0112 3456 7890 189", "AGRIFRPP",
        "Lumen SAS", "C-42", "compta@lumen.example", "Service recouvrement", "F-3", "F-4", "F-5",
    ]  # fmt: skip
    for words in needed:
        assert words in mail.text
        assert words in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_lower_not_yet_due_or_disputed_stands_apart(language: str):
    _, mail = write(language, "formal_notice")
    words = yaml.safe_load((DIRECTORY / language / "words.yaml").read_text(encoding="utf-8"))
    headings = [words["sections"][one].upper() for one in ("lower", "announced", "mentioned")]
    places = [
        mail.text.index(one) for one in ("F-1", headings[0], "F-3", headings[1], "F-4", headings[2], "F-5")
    ]
    assert places == sorted(places)
    assert words["states"]["disputed"] in mail.text[places[-1] :]


@pytest.mark.parametrize("language", LANGUAGES)
def test_formal_words_name_the_sum_of_the_formal_invoices_and_a_deadline_of_eight_days(language: str):
    shown, mail = write(language, "formal_notice")
    f = templates().language(language, "formal_notice").formats
    opening = mail.text.split("- F-")[0]
    assert f.money(shown.lead_totals) in opening
    assert f.long_date(shown.deadline) in opening
    assert (shown.deadline - DAY).days == 8
    assert shown.lead_totals == (Money("EUR", 1079050), Money("USD", 30000))


def test_a_french_formal_notice_uses_the_words_that_make_it_one():
    _, mail = write("fr", "formal_notice")
    assert "mettons en demeure" in mail.text
    assert mail.subject.startswith("Mise en demeure")


@pytest.mark.parametrize("language", LANGUAGES)
def test_charges_are_named_only_where_the_step_charges_them(language: str):
    words = yaml.safe_load((DIRECTORY / language / "words.yaml").read_text(encoding="utf-8"))["charges"]
    assert words["both"] in write(language, "final")[1].text
    assert words["both"] not in write(language, "second")[1].text
    content = contact("final")["content"] | {"charges": ["interest"]}
    assert words["interest"] in write(language, "final", content=content)[1].text


@pytest.mark.parametrize(("language", "template"), ALL)
def test_one_invoice_is_spoken_of_in_the_singular(language: str, template: str):
    level = TEMPLATES[template][0]
    content = contact(template)["content"] | {
        "items": packed({"F-9": item(12, 12000)}, {"F-9": 12000}, {"F-9": level}), "credit": [],
    }  # fmt: skip
    shown, mail = write(language, template, content=content)
    assert "F-9" in mail.subject
    assert shown.reference == "F-9"
    plural = write(language, template)[1].subject
    assert "F-1" not in plural
    assert "3" in plural


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_announcement_without_demands_asks_for_nothing_yet(language: str):
    content = contact("preventive")["content"] | {
        "items": packed({"F-4": item(-6, 99900)}, {}, {"F-4": "preventive"}), "credit": [],
    }  # fmt: skip
    shown, mail = write(language, "preventive", content=content)
    words = yaml.safe_load((DIRECTORY / language / "words.yaml").read_text(encoding="utf-8"))
    assert shown.totals == ()
    assert words["total_announced"] in mail.text
    assert words["total"] not in mail.text.replace(words["total_announced"], "")
    assert words["already_paid"] not in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_entity_without_bank_details_points_to_its_invoices(language: str):
    shown = view.build(contact("first", language=language), entity(bank=None))
    mail = render.email(shown, templates().language(language, "first"))
    assert "IBAN" not in mail.text + mail.html


# ---- pages


@pytest.mark.parametrize(("language", "template"), ALL)
def test_the_page_is_sound_loads_nothing_and_adapts_to_the_dark(language: str, template: str):
    page = Page(write(language, template)[1].html)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"img", "script", "link", "iframe", "form", "a"}
    attributes = [f"{name}={value}" for _, attrs in page.tags for name, value in attrs.items()]
    assert not any("url(" in one or "http" in one for one in attributes)
    html = write(language, template)[1].html
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html
    assert f'lang="{language}"' in html
    assert len(html.encode()) < 100_000  # beyond 102 kB some mail programs cut a page


# ---- hostile text

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{ 7*7 }}", "{% raw %}", "&amp;<b>", "שלום עולם",
            "\u202eevil\u202c", "a\r\nBcc: all@client.example", "🏢 Société",
            "x" * 5000, "\x00\x07", "\ud800", "=cmd|'/C calc'!A0",
        ]
    ),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    name=HOSTILE, person=HOSTILE, description=HOSTILE, po=HOSTILE, number=HOSTILE, which=st.sampled_from(ALL)
)
def test_hostile_text_stays_text(name, person, description, po, number, which):
    language, template = which
    odd = number or "?"
    told = item(38, 1234567, paid=234567, po_number=po, description=description)
    row = contact(template, language=language, name=name, items={odd: item(3, 700), "F-1": told})
    content = row["content"]
    content["person"]["name"] = person
    shown = view.build(row, entity())
    spoken = templates().language(language, template)
    mail = render.email(shown, spoken)
    plain = Page(write(language, template)[1].html)
    page = Page(mail.html)
    grown = {tag for tag, _ in page.tags} - {tag for tag, _ in plain.tags}
    assert grown == set()
    assert not [one for _, attrs in page.tags for one in attrs if one.startswith("on")]
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject + mail.text + mail.html
    assert not set(mail.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00")
    mail.html.encode()
    for channel in CHANNELS:
        render.text(shown, spoken, channel=channel).encode()
    if "{{ 7*7 }}" in (name, description):
        assert "{{ 7*7 }}" in mail.text or "{{ 7*7 }}" not in mail.html


def test_ledger_text_is_one_clean_line():
    assert view.clean("a\r\n\tb\u2028c \u00a0 d") == "a b c d"
    assert view.clean("x\u202ey\u2066z\ufeff") == "xyz"
    assert view.clean("e\u0301") == "é"
    assert len(view.clean("y" * 5000)) == 300
    assert view.clean("👩‍💻") == "👩‍💻"


# ---- the sandbox


def test_an_undefined_name_is_an_error(tmp_path):
    _copy(tmp_path, 'subject: "{{ nobody }}"')
    with pytest.raises(jinja2.UndefinedError, match="nobody"):
        render.email(view.build(contact("first"), entity()), Templates(tmp_path).language("fr", "first"))


def test_a_missing_word_is_an_error(tmp_path):
    _copy(tmp_path, "opening: hello")
    with pytest.raises(jinja2.UndefinedError, match="has no word 'subject'"):
        render.email(view.build(contact("first"), entity()), Templates(tmp_path).language("fr", "first"))


def test_words_can_not_leave_the_sandbox(tmp_path):
    _copy(tmp_path, 'subject: "{{ m.__class__.__mro__ }}"')
    with pytest.raises(jinja2.TemplateError):
        render.email(view.build(contact("first"), entity()), Templates(tmp_path).language("fr", "first"))


def test_a_template_may_have_a_layout_of_its_own(tmp_path):
    wording = (DIRECTORY / "fr" / "first" / "wording.yaml").read_text(encoding="utf-8")
    _copy(tmp_path, wording)
    (tmp_path / "fr" / "first" / "sms.txt.j2").write_text("ours: {{ customer_id }}", encoding="utf-8")
    shown = view.build(contact("first", channel="sms"), entity())
    assert render.text(shown, Templates(tmp_path).language("fr", "first")) == "ours: C-42\n"


def _copy(folder, wording: str) -> None:
    for path in (DIRECTORY / "_layout").iterdir():
        (folder / "_layout").mkdir(exist_ok=True)
        (folder / "_layout" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "fr" / "first").mkdir(parents=True)
    (folder / "fr" / "words.yaml").write_text(
        (DIRECTORY / "fr" / "words.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (folder / "fr" / "first" / "wording.yaml").write_text(wording, encoding="utf-8")


# ---- languages


def test_a_language_with_a_country_uses_the_language_s_words_and_the_country_s_formats():
    assert templates().language("fr-BE", "first").folder == "fr"
    assert (
        templates().language("de-CH", "first").formats.money(Money("CHF", 123456789)) == "CHF\xa01’234’567.89"
    )
    with pytest.raises(PermanentError, match="no template 'first' in language 'xx'"):
        templates().language("xx", "first")
    with pytest.raises(PermanentError, match="no template 'nothing'"):
        templates().language("fr", "nothing")


@pytest.mark.parametrize(
    ("language", "money", "day", "long", "short"),
    [
        ("fr", "1\xa0234,50\xa0€", "2 mars 2026", "2 mars 2026", "02/03/2026"),
        ("en", "€1,234.50", "2 Mar 2026", "2 March 2026", "02/03/2026"),
        ("de", "1.234,50\xa0€", "02.03.2026", "2. März 2026", "02.03.2026"),
        ("es", "1.234,50\xa0€", "2 mar 2026", "2 de marzo de 2026", "02/03/2026"),
        ("it", "1.234,50\xa0€", "2 mar 2026", "2 marzo 2026", "02/03/2026"),
        ("nl", "€\xa01.234,50", "2 mrt 2026", "2 maart 2026", "02-03-2026"),
        ("pt", "1\xa0234,50\xa0€", "02/03/2026", "2 de março de 2026", "02/03/2026"),
    ],
)
def test_amounts_and_dates_are_written_as_the_language_does(language, money, day, long, short):
    f = Formats(locale_of(language))
    assert f.money(Money("EUR", 123450)) == money
    assert (f.date(DAY), f.long_date(DAY), f.short_date(DAY)) == (day, long, short)


def test_amounts_have_the_digits_of_their_currency():
    f = Formats(locale_of("en"))
    assert f.money(Money("JPY", 1234)) == "JP¥1,234"
    assert f.money_code(Money("TND", 1234567)) == "1,234.567 TND"
    assert f.money_code(Money("JPY", 1234)) == "1,234 JPY"
    assert f.money([Money("EUR", 100), Money("USD", 200)]) == "€1.00 and US$2.00"


def test_plurals_follow_the_language():
    assert [Formats(locale_of("fr")).plural(n, "one", "other") for n in (0, 1, 2)] == ["one", "one", "other"]
    assert [Formats(locale_of("de")).plural(n, "one", "other") for n in (0, 1, 2)] == [
        "other",
        "one",
        "other",
    ]
    assert locale_of("en-US") == Locale("en", "US")
    with pytest.raises(PermanentError):
        locale_of("zz-!!")


# ---- SMS


@pytest.mark.parametrize(("language", "template"), ALL)
def test_an_sms_is_one_part_of_plain_characters(language: str, template: str):
    shown = view.build(contact(template, language=language, channel="sms"), entity())
    text = render.text(shown, templates().language(language, template)).rstrip("\n")
    assert gsm7.transliterate(text) == text
    assert gsm7.parts(text) == 1, f"{gsm7.length(text)}: {text}"
