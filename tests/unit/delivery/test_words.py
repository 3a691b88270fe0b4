"""What the words say: by tone, within the law, with everything to pay; in every language."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache

import pytest

from relance.delivery import gsm7, render, samples, view
from relance.delivery.extras import Attachment, ChargeLine, Extras
from relance.delivery.payment import Payment
from relance.delivery.samples import Words
from relance.delivery.templates import Language, Templates
from relance.delivery.twilio.compose import voice_body
from relance.money import Money
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

BOTH = ("interest", "compensation")
LINK = "https://pay.lumen.example/p/Zk3v9QhT2mXw"
SWISS = {
    "currency": "CHF", "bank": {"holder": "Lumen AG", "iban": "CH9300762011623852957", "bic": None},
    "sender": {
        "email": "compta@lumen.example",
        "address": {"street": "Seestrasse", "house_no": "1", "postcode": "8002", "city": "Zürich", "country": "CH"},
    },
}  # fmt: skip


@cache
def templates() -> Templates:
    return Templates(DIRECTORY)


def words_of(language: str, template: str) -> Language:
    return templates().language(language, template)


def mail_of(words: Words, language: str, shape: str = "one", **seller) -> tuple[view.View, render.Email]:
    shown = samples.view(words, shape, entity(**seller))
    return shown, render.email(shown, words_of(language, words.template))


def said(words: Words, language: str, shape: str = "one") -> str:
    """The text of an e-mail without its list of invoices."""
    return re.sub(r"^(- |  ).*$", "", mail_of(words, language, shape)[1].text, flags=re.MULTILINE)


# ---- tone


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_reminder_differs_by_tone(language: str):
    texts = [
        said(Words("first", "level_1", tone, "email"), language) for tone in ("friendly", "neutral", "firm")
    ]
    assert len(set(texts)) == 3
    sms = {
        render.text(
            samples.view(Words("first", "level_1", tone, "sms"), "one", entity()), words_of(language, "first")
        )
        for tone in ("neutral", "firm")
    }
    assert len(sms) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_firm_second_reminder_names_a_day_and_a_friendly_due_note_asks_for_nothing_more(language: str):
    firm = Words("second", "level_2", "firm", "email")
    shown, mail = mail_of(firm, language)
    deadline = words_of(language, "second").formats.long_date(shown.deadline)
    assert deadline in mail.text
    assert deadline not in said(replace(firm, tone="neutral"), language)
    due = Words("due", "preventive", "friendly", "email")
    assert said(due, language) != said(replace(due, tone="neutral"), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_level_three_on_words_close_formally_whatever_soft_tone_the_step_has(language: str):
    for template, level in (("formal_notice", "level_3"), ("handover", "litigation")):
        soft = said(Words(template, level, "neutral", "email"), language)
        assert soft == said(Words(template, level, "formal", "email"), language)
        assert "Camille Durand" not in soft
    closing = words_of(language, "final").words["closing"]
    assert closing["formal"] in said(Words("final", "level_3", "friendly", "email"), language)
    assert closing["firm"] in said(Words("final", "level_3", "firm", "email"), language)


def test_a_french_formal_notice_closes_with_the_full_courtesy():
    assert "Veuillez agréer, Madame, Monsieur" in said(
        Words("formal_notice", "level_3", "neutral", "email"), "fr"
    )


# ---- the law

FORBIDDEN = {
    "fr": r"tribunal|juge\b|huissier|commissaire de justice|injonction|saisie|poursuites|titre exécutoire|assignation"
    r"|frais de (relance|dossier)|pénal|offre|promotion|remise commerciale",
    "en": r"\bcourt\b|bailiff|lawsuit|\bsue\b|legal (action|proceedings)|prosecut|seiz|enforcement order|criminal"
    r"|admin(istration)? fee|special offer|discount",
    "de": r"gericht(?!et)|klage|vollstreck|pfändung|mahnbescheid|mahngebühr|strafanzeige|schufa|sonderangebot|rabatt",
    "es": r"tribunal|juzgado|demanda|embargo|monitorio|ejecutiv|judicial|penal\b|oferta|descuento",
    "it": r"tribunale|giudic|pignorament|decreto ingiuntivo|ufficiale giudiziario|titolo esecutivo|penale|offerta|sconto",
    "nl": r"rechtbank|rechter|deurwaarder|dagvaard|beslag|vonnis|strafrecht|aanbieding|korting",
    "pt": r"tribunal|juiz|penhora|injunção|execução|judicial|penal\b|oferta|desconto|promoção",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_threaten_with_courts_name_made_up_fees_or_promote(language: str):
    for template, (level, _) in TEMPLATES.items():
        spoken = words_of(language, template)
        for tone in ("friendly", "neutral", "firm", "formal"):
            shown = samples.view(Words(template, level, tone, "email", BOTH), "many", entity())
            mail = render.email(shown, spoken)
            texts = [mail.subject, mail.text, *(render.text(shown, spoken, channel=one) for one in CHANNELS)]
            for text in texts:
                found = re.search(FORBIDDEN[language], text, re.IGNORECASE)
                assert not found, f"{template}, {tone}: {found and found[0]!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_capitals_are_headings_only(language: str):
    """A page that shouts looks like a writ."""
    text = said(Words("formal_notice", "level_3", "formal", "email"), language)
    sentences = [line for line in text.split("\n") if len(line) > 60]
    assert sentences
    assert not [line for line in sentences if line.upper() == line]


# ---- charges


@pytest.mark.parametrize("language", LANGUAGES)
def test_charges_are_shown_by_invoice_with_their_sums_and_added_up(language: str):
    shown, mail = mail_of(Words("formal_notice", "level_3", "formal", "email", BOTH), language, "many")
    spoken = words_of(language, "formal_notice")
    f, claims = spoken.formats, spoken.words["claims"]
    for text in (mail.text, mail.html):
        for sum_ in (12345, 809, 4000, 13154, 8000):
            assert f.money(Money("EUR", sum_)) in text
        assert f.money(shown.grand_totals[0]) in text
        assert claims["interest"] in text
        assert claims["compensation"] in text
        assert f.long_date(shown.on_date) in text
    assert shown.grand_totals[0].minor == shown.totals[0].minor + 13154 + 8000
    assert spoken.words["charges"]["both"] not in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_charges_without_a_sum_are_reserved_and_one_alone_stands_alone(language: str):
    formal = Words("formal_notice", "level_3", "formal", "email", BOTH)
    words = words_of(language, "formal_notice").words
    reserved = mail_of(formal, language, "bare")[1].text
    assert words["charges"]["both"] in reserved
    assert words["claims"]["heading"].upper() not in reserved
    interest = mail_of(formal, language, "interest")[1].text
    assert words["claims"]["interest"] in interest
    assert words["claims"]["compensation"] not in interest
    assert words["charges"]["both"] not in interest
    partly = samples.view(formal, "interest", entity())
    partly = replace(partly, charges_missing="no rate")
    text = render.email(partly, words_of(language, "formal_notice")).text
    assert words["charges"]["both"] in text
    assert words["claims"]["interest"] in text


# ---- to pay


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_email_has_reference_code_links_and_files(language: str):
    shown, mail = mail_of(Words("second", "level_2", "neutral", "email"), language, "many")
    words = words_of(language, "second").words
    assert shown.payment
    assert shown.payment.epc
    for text in (mail.text, mail.html):
        assert shown.payment.reference in text
        assert words["online"]["see"] in text
        assert words["online"]["card"] in text
        assert "F-2026-0117.pdf, statement.pdf" in text
        assert f"{words['files']['on_page']}" in text
    assert f"{words['online']['see']}{words['colon']}{LINK}\n" in mail.text
    assert re.search(rf'<a class="button" href="{LINK}"[^>]*>{words["online"]["see"]}</a>', mail.html)
    (image,) = re.findall(r"<img [^>]*>", mail.html)
    assert 'src="cid:pay.png"' in image
    assert f'alt="{words["qr"]["alt"]}"' in image
    assert 'width="148" height="148"' in image
    assert words["qr"]["text"].replace("'", "&#39;") in mail.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_is_not_spoken_of(language: str):
    words = words_of(language, "second").words
    _, mail = mail_of(Words("second", "level_2", "neutral", "email"), language, "bare")
    assert "<img" not in mail.html
    assert "<a " not in mail.html
    assert words["online"]["see"] not in mail.text + mail.html
    assert words["files"]["attached"] not in mail.text
    assert words["files"]["on_request"] in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_swiss_bill_is_announced(language: str):
    shown, mail = mail_of(Words("first", "level_1", "neutral", "email"), language, "one", **SWISS)
    assert shown.payment
    assert shown.payment.swiss
    note = words_of(language, "first").words["qr"]["swiss"]
    assert note in mail.text
    assert note in mail.html
    assert "cid:pay.png" not in mail.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_and_addresses_of_files_stay_text(language: str):
    bad = '"><img src=x onerror=alert(1)>{{ 7*7 }}'
    extras = Extras(
        charges=(ChargeLine(bad, Money("EUR", 1), None),), attachments=(Attachment(bad, "text/plain", b""),),
        left_out=(bad,), link=f"https://x.example/{bad}", card_link="https://x.example/?a=1&b=2",
    )  # fmt: skip
    shown = view.build(contact("formal_notice", language=language), entity(), extras)
    shown = replace(shown, payment=Payment(reference=bad, epc="BCD"))
    mail = render.email(shown, words_of(language, "formal_notice"))
    assert "<img src=x" not in mail.html
    assert mail.html.count("<img") == 1
    assert "{{ 7*7 }}" in mail.html
    assert 'href="https://x.example/?a=1&amp;b=2"' in mail.html


# ---- SMS, WhatsApp, voice


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_an_ordinary_sms_is_one_part_with_its_link_if_it_fits(language: str, template: str):
    level = TEMPLATES[template][0]
    spoken = words_of(language, template)
    for tone in ("friendly", "neutral", "firm", "formal"):
        row = samples.contact(
            Words(template, level, tone, "sms"), "announced" if template == "preventive" else "one"
        )
        plain = view.build(row, entity())
        linked = view.build(row, entity(), Extras(link=LINK))
        for shown in (plain, linked):
            text = render.text(shown, spoken).rstrip("\n")
            assert gsm7.transliterate(text) == text
            assert gsm7.parts(text) == 1, text
        without = gsm7.length(
            gsm7.transliterate(spoken.speaker(render.names_for(linked, spoken.formats, "sms")).say("sms"))
        )
        link = gsm7.transliterate(spoken.words["sms_link"].replace("{{ m.link }}", LINK))
        assert (LINK in render.text(linked, spoken)) == (without + 1 + gsm7.length(link) <= gsm7.ONE_PART)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_link_of_a_first_sms_goes_before_the_contact(language: str):
    shown = view.build(
        samples.contact(Words("first", "level_1", "neutral", "sms"), "one"), entity(), Extras(link=LINK)
    )
    text = render.text(shown, words_of(language, "first"))
    assert LINK in text
    assert "compta@lumen.example" not in text or text.index(LINK) < text.index("compta@lumen.example")


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatsapp_has_the_link(language: str):
    shown = view.build(
        samples.contact(Words("first", "level_1", "neutral", "whatsapp"), "one"), entity(), Extras(link=LINK)
    )
    assert LINK in render.text(shown, words_of(language, "first"))


PRIVATE = ("F-2026-0117", "1.234", "1 234", "1,234", "Atelier Marchand")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_by_machine_asks_who_is_there_before_it_says_anything_private(language: str):
    shown = samples.view(Words("first", "level_1", "neutral", "voice"), "one", entity())
    said = json.loads(voice_body(shown, words_of(language, "first")))
    assert "1" in said["identify"]
    assert "Atelier Marchand" in said["identify"]
    for private in PRIVATE[:-1]:
        assert private not in said["identify"]
    assert "F-2026-0117" in said["text"]
    assert [one in said["menu"] for one in "123"] == [True] * 3
    assert "14" in said["promise_ask"]


DEBT = r"factur|fatur|fattur|rechnung|invoic|pa[yg]|zahl|betal|régl|dett|debt|schuld|due|éch|retard|vencid|scadut|€|\beuros?\b"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_voicemail_says_nothing_of_a_debt(language: str):
    shown = samples.view(Words("formal_notice", "level_3", "formal", "voice", BOTH), "many", entity())
    said = json.loads(voice_body(shown, words_of(language, "formal_notice")))
    for private in PRIVATE:
        assert private not in said["mail"]
    assert not re.search(DEBT, said["mail"], re.IGNORECASE), said["mail"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_invoice_of_many_characters_still_reads_well(language: str):
    level = TEMPLATES["first"][0]
    content = contact("first")["content"] | {
        "items": packed({"F-" + "9" * 60: item(12, 12000)}, {"F-" + "9" * 60: 12000}, {"F-" + "9" * 60: level}), "credit": [],
    }  # fmt: skip
    shown = view.build(contact("first", language=language, content=content), entity())
    assert "word-break:break-word" in render.email(shown, words_of(language, "first")).html
