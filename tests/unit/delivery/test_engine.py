"""The engine of the templates: as fast as plain Jinja, as strict as its sandbox, and the same words."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError
from markupsafe import Markup

from relance.bench.rendering import rendering
from relance.delivery import render, view
from relance.delivery.extras import NOTHING, Attachment, ChargeLine, Extras
from relance.delivery.formats import Formats, locale_of
from relance.delivery.templates import Templates
from relance.money import Money, to_decimal
from tests.unit.delivery.examples import (
    CHANNELS,
    DIRECTORY,
    LANGUAGES,
    TEMPLATES,
    contact,
    entity,
    item,
    packed,
)
from tests.unit.delivery.plain_engine import PlainEngine

# ---- the same words

FULL = Extras(
    charges=(
        ChargeLine("F-1", Money("EUR", 1234), Money("EUR", 4000)),
        ChargeLine("F-2", None, Money("EUR", 4000)),
    ),
    attachments=(Attachment("<a> & b.pdf", "application/pdf", b"x"),),
    left_out=("large.pdf",),
    link="https://pay.example/x?a=1&b=2",
    card_link="https://card.example/y",
)


def shown_in(template: str, language: str) -> list[view.View]:
    """Full and bare, with text that HTML has to escape."""
    odd = contact(template, language=language, name="A & B <i> \"q\" 'x'")
    bare = contact(template, language=language)
    one = {"F-9": item(12, 12000, po_number="<PO>&", description="x <b>")}
    levels = {"F-9": TEMPLATES[template][0]}
    bare["content"] |= {"items": packed(one, {"F-9": 12000}, levels), "credit": [], "person": None}
    return [view.build(odd, entity(), FULL), view.build(bare, entity(bank=None, sender=None), NOTHING)]


@pytest.mark.parametrize(("language", "template"), list(zip([*LANGUAGES, "fr-BE"], TEMPLATES, strict=True)))
def test_all_surfaces_are_those_of_the_plain_engine_to_the_byte(language: str, template: str):
    fast = Templates(DIRECTORY).language(language, template)
    plain = PlainEngine(DIRECTORY, fast)
    for shown in shown_in(template, language):
        assert render.email(shown, fast) == render.email(shown, plain)
        for channel in CHANNELS:
            assert render.text(shown, fast, channel=channel) == render.text(shown, plain, channel=channel)


LOCALES = [
    *LANGUAGES,
    "fr-BE",
    "fr-CH",
    "de-CH",
    "de-AT",
    "it-CH",
    "en-US",
    "en-IN",
    "es-MX",
    "pt-BR",
    "pl",
    "sv",
]


@given(
    st.sampled_from(LOCALES),
    st.sampled_from(["EUR", "CHF", "USD", "GBP", "JPY", "TND", "HUF", "SEK"]),
    st.integers(-(10**6), 10**13),
)
def test_amounts_are_written_as_babel_writes_them(language: str, currency: str, minor: int):
    locale = locale_of(language)
    text = format_currency(to_decimal(minor, currency), currency, locale=locale).replace("\u202f", "\u00a0")
    assert Formats(locale).money(Money(currency, minor)) == text


# ---- as strict as a sandbox

HOSTILE = [
    "{{ m.__class__.__mro__ }}",
    "{{ ''.__class__ }}",
    "{{ payer._name }}",
    "{{ say.__globals__ }}",
    "{{ payer.format(m) }}",
    "{% set say = payer.format %}{{ say(m) }}",
    "{{ payer.format_map({}) }}",
    "{{ payer|attr('__class__') }}",
    "{{ ['__class__']|map('attr')|list }}",
    "{{ ['__class__']|map(payer)|list }}",
    "{{ '%s'|format(m) }}",
    "{{ payer|safe }}",
    "{% autoescape false %}{{ payer }}{% endautoescape %}",
    "{{ payer|xmlattr }}",
    "{{ self.body() }}",
    "{{ lipsum() }}",
    "{{ cycler('a').next() }}",
    "{{ _say('subject') }}",
    "{{ m.lead.append(1) }}",
    "{{ {}.update({}) }}",
    "{{ m.payer.name.encode() }}",
    "{{ (payer ~ '')(1) }}",
    "{{ payer[0](1) }}",
    "{{ say(*['subject']) }}",
    "{{ dict(**{'a': 1}) }}",
    "{{ 9 ** 9 }}",
    "{% import '_layout/_rows.html.j2' as rows %}",
    "{% from '../../etc/x.j2' import a %}",
    "{% include '/etc/passwd' %}",
    "{% include payer %}",
    "{% extends '_layout/email.html.j2' %}",
    "{% call say('subject') %}{% endcall %}",
    "{% block a %}{% endblock %}",
    "{{ m.gi_frame }}",
    "{{ plural.func_globals }}",
]


def words_with(folder, *, wording: dict | None = None, layouts: dict | None = None) -> Templates:
    """The French first reminder with some of its words, or layouts of its own."""
    for part in ("_layout", "fr/first"):
        (folder / part).mkdir(parents=True)
    for path in (DIRECTORY / "_layout").iterdir():
        (folder / "_layout" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "fr" / "words.yaml").write_text(
        (DIRECTORY / "fr" / "words.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    own = yaml.safe_load((DIRECTORY / "fr" / "first" / "wording.yaml").read_text(encoding="utf-8")) | (
        wording or {}
    )
    (folder / "fr" / "first" / "wording.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    for name, text in (layouts or {}).items():
        (folder / "fr" / "first" / name).write_text(text, encoding="utf-8")
    return Templates(folder)


def sms(templates: Templates) -> str:
    return render.text(view.build(contact(channel="sms"), entity()), templates.language("fr", "first"))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_no_template_may_do_is_refused_before_any_of_its_words_is_written(tmp_path, hostile: str):
    """The word stands in `purpose`, which an SMS does not use."""
    with pytest.raises(SecurityError, match=r"^fr/first: purpose: line 1: "):
        sms(words_with(tmp_path, wording={"purpose": hostile}))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_layout_that_does_what_none_may_is_refused_with_its_line(tmp_path, hostile: str):
    templates = words_with(
        tmp_path, layouts={"sms.txt.j2": "{{ say('sms') }}\n{% if n > 99 %}" + hostile + "{% endif %}"}
    )
    with pytest.raises(SecurityError, match=r"^fr/first/sms\.txt\.j2, line 2: "):
        sms(templates)


@pytest.mark.parametrize(
    "hidden",
    [
        "{{ m['__class__'] }}",
        "{{ m['__cl' ~ 'ass__'] }}",
        "{{ payer['format'] }}",
        "{{ payer['for' ~ 'mat'] }}",
        "{{ plural['__self__'] }}",
        "{{ [payer]|map(attribute='format')|first }}",
        "{{ [m]|map(attribute='__class__')|first }}",
    ],
)
def test_a_subscript_reaches_no_attribute_that_is_private_or_can_be_called(tmp_path, hidden: str):
    with pytest.raises(UndefinedError):
        sms(words_with(tmp_path, wording={"sms": hidden}))


def test_a_range_is_short(tmp_path):
    with pytest.raises(OverflowError):
        sms(
            words_with(
                tmp_path,
                wording={"sms": "{% for one in range(1000000000) %}{% endfor %}"},
            )
        )


def test_what_templates_need_is_there(tmp_path):
    text = (
        "{% set found = namespace(n=0) %}{% for row in m.lead %}{% set found.n = found.n + row.amount.minor %}{% endfor %}"
        "{{ found.n }} {{ m.lead|map(attribute='invoice_id')|join(',') }} {{ payer.upper() }} {{ m['level'] }} "
        "{{ {'a': 1}['a'] }} {{ {'a': 2}.get('a') }} {{ m.lead[:1]|length }} {{ 'x' if m.bank else 'y' }} {{ [3, 1]|sort|first }}"
    )
    assert sms(words_with(tmp_path, layouts={"sms.txt.j2": text})) == (
        "1348617 F-1,F-2,F-6 CLIENT SARL level_1 1 2 1 x 1\n"
    )


def test_only_markup_of_the_templates_is_markup(tmp_path):
    """A word without markup of its own is said as text and escaped; one with markup keeps it and escapes what it is given."""
    language = words_with(
        tmp_path, wording={"subject": "{{ payer }} & {{ value }}", "request": "{{ payer }}, {{ value }}"}
    ).language("fr", "first")
    shown = view.build(contact(name="<b> & 'c'"), entity())
    names = render.names_for(shown, language.formats, "email")
    layout = "{{ say('request', '<u>') }}|{{ say('subject', '<u>') }}|{{ say('request', say('columns.invoice')) }}|{{ payer }}"
    (tmp_path / "fr" / "first" / "email.html.j2").write_text(layout, encoding="utf-8")
    payer = str(Markup.escape("<b> & 'c'"))
    said = language.render("email.html", names).split("|")
    assert said == [f"{payer}, &lt;u&gt;", f"{payer} & &lt;u&gt;", f"{payer}, Facture", payer]


def test_a_word_is_not_taken_for_another_of_an_equal_value(tmp_path):
    layout = "{{ say('late', 1) }}|{{ say('late', true) }}|{{ say('late', 1.0) }}|{{ say('po', '1') }}|{{ say('po', 1) }}"
    templates = words_with(tmp_path, layouts={"sms.txt.j2": layout}, wording={"late": "{{ value }}"})
    assert sms(templates).split("|")[:3] == ["1", "True", "1.0"]


# ---- figures


def test_the_bench_renders_and_tells_its_figures():
    figures = rendering(seconds=0.2, invoices=(1, 2))
    assert set(figures) == {
        f"{one}_{count}" for one in ("emails_per_s", "bare_html_per_s", "bytes") for count in (1, 2)
    }
    assert all(value > 0 for value in figures.values())


@given(st.text())
def test_clean_text_is_the_same_whether_it_is_looked_at_as_a_whole_or_one_by_one(text: str):
    line = " ".join(view._printable(text).split())
    assert view.clean(text) == (line if len(line) <= 300 else line[:299] + "…")


@pytest.mark.parametrize("tag", ["fr", "fr-BE", "fr-CH", "fr-CA"])
def test_french_writes_the_first_of_a_month_as_an_ordinal(tag: str):
    formats = Formats(locale_of(tag))
    first, eleventh = date(2026, 5, 1), date(2026, 5, 11)
    assert (formats.long_date(first), formats.long_date(eleventh)) == ("1er mai 2026", "11 mai 2026")
    assert formats.date(date(2026, 1, 1)).startswith("1er janv")
    assert formats.date(date(2026, 1, 21)).startswith("21 janv")
    assert formats.short_date(first) == "01/05/2026"
    assert Formats(locale_of("it")).long_date(first) == "1 maggio 2026"


@pytest.mark.parametrize(
    ("name", "role", "human"),
    [
        ("Accounts payable", "accounts_payable", False), ("Comptabilité", "accounts_payable", False),
        ("SERVICE COMPTABILITÉ FOURNISSEURS", None, False), ("Kreditorenbuchhaltung", None, False),
        ("Cuentas a pagar, administración", None, False), ("Ufficio contabilità", None, False),
        ("Credit manager", "credit_manager", False), ("Contas a pagar / financeiro", None, False), ("-", None, False),
        ("Marie Durand", "accounts_payable", True), ("Jean Comptable", None, True), ("Frau Office", "buyer", True),
        ("王芳", None, True),
    ],
)  # fmt: skip
def test_only_a_human_is_greeted_by_name(name: str, role: str | None, human: bool):
    row = contact("first")
    row["content"]["person"] = {"contact_id": "P1", "name": name, "role": role}
    shown = view.build(row, entity())
    words = Templates(DIRECTORY).language("en", "first")
    mail, greeting = render.email(shown, words), f"Dear {name}," if human else "Dear Sir or Madam,"
    for surface in (
        mail.text,
        mail.html,
        *(render.text(shown, words, channel=one) for one in ("letter", "whatsapp")),
    ):
        assert greeting in surface


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("attached", [True, False])
def test_two_hundred_rows_are_listed_and_the_others_counted(language: str, attached: bool):
    items = {f"N-{number:04}": item(31, 100) for number in range(1234 + 200)}
    row = contact("first")
    row["content"] |= {
        "items": packed(items, dict.fromkeys(items, 100), dict.fromkeys(items, "level_1")),
        "credit": [],
    }
    name = f"statement_C-42_{row['as_of'].isoformat()}.xlsx" if attached else "N-0000.pdf"
    shown = view.build(row, entity(), Extras(attachments=(Attachment(name, "application/pdf", b""),)))
    words = Templates(DIRECTORY).language(language, "first")
    more = words.words["more"]["attached" if attached else "on_request"]
    told = more.replace("{{ value }}", words.formats.number(1234))
    mail = render.email(shown, words)
    assert told in mail.text
    assert told in render.text(shown, words, channel="letter")
    assert told in mail.html
    assert {text.count("N-0199") for text in (mail.text, mail.html)} == {1}
    assert "N-0200" not in mail.text + mail.html


def test_two_hundred_rows_are_all_listed():
    items = {f"N-{number:04}": item(31, 100) for number in range(200)}
    row = contact("first")
    row["content"] |= {
        "items": packed(items, dict.fromkeys(items, 100), dict.fromkeys(items, "level_1")),
        "credit": [],
    }
    mail = render.email(view.build(row, entity()), Templates(DIRECTORY).language("en", "first"))
    assert "N-0199" in mail.text
    assert "… and" not in mail.text
