"""Letters: where the address stands, what is printed, what a bank's app reads, and that they keep."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.delivery import letter, typesetting
from relance.delivery.envelopes import Seller
from relance.delivery.extras import Extras
from relance.delivery.pdf_facts import facts_of
from relance.delivery.typesetting import INSTEAD, Typesetter
from relance.errors import PermanentError
from tests.unit.delivery.examples import DIRECTORY, LANGUAGES, contact, item, packed
from tests.unit.delivery.letters.examples import CHARGES, MM, TO, box_of, made, pictures, plain, texts

WINDOWS = {
    "FR": (100, 55, 190, 79),
    "DE": (20, 62.7, 105, 90),
    "CH": (117, 49, 198, 85),
    "GB": (20, 57, 100, 81),
}
"""What shows of an A4 page wherever it has slid to: left, top, right, bottom, in millimetres."""


# ---- the window


@pytest.mark.parametrize("country", WINDOWS)
def test_an_address_is_inside_the_window_of_its_country(country: str):
    pdf = plain(country, "fr").pdf()
    left, top, right, bottom = WINDOWS[country]
    for line in ("Client SARL", TO[country].split(", ")[-1]):
        box = box_of(pdf, line)
        assert box is not None, line
        assert left <= box[0] < box[2] <= right, (line, box)
        assert top <= box[1] < box[3] <= bottom, (line, box)


def test_nothing_else_is_in_the_window():
    pdf = plain("FR", "fr").pdf()
    for other in ("Lumen SAS", "Le 2 mars 2026", "Objet"):
        box = box_of(pdf, other)
        assert box is not None
        assert box[3] < 45 or box[1] > 90


def test_an_endless_name_shrinks_and_stays_in_the_window():
    content = contact()["content"]
    content["payer"]["name"] = "Wwwwwwwwww" * 30
    pdf = made("GB", "en", content=content).pdf()
    last = box_of(pdf, "M1 2AB")
    assert last is not None
    assert last[3] <= 81


def test_germany_has_its_return_line_and_fold_marks():
    made_ = plain("DE", "de")
    line = box_of(made_.pdf(), "Lumen GmbH · Lindenallee 5 · 10115 Berlin")
    assert line is not None
    assert 45 <= line[1] < line[3] <= 62.7


def test_germany_has_the_mention_in_the_zone_of_notes():
    mention = box_of(plain("DE", "de", channel="registered").pdf(), "EINSCHREIBEN")
    assert mention is not None
    assert 45 <= mention[1] < mention[3] <= 62.7


def test_without_a_country_the_bank_account_tells_the_window():
    made_ = plain("DE", "de")
    pdf = letter.pdf(made_.view, made_.language)
    box = box_of(pdf, "Client SARL")
    assert box is not None
    assert 24 < box[0] < 26
    assert letter.pdf(made_.view, made_.language, seller=Seller("FR")) != pdf


def test_a_letter_abroad_names_the_country():
    assert "FRANKREICH" in texts(made("DE", "de").pdf())[0]
    assert "DEUTSCHLAND" not in texts(plain("DE", "de").pdf())[0]


def test_an_electronic_letter_shows_the_electronic_address():
    assert (
        "compta@client.example"
        in texts(made(recipient="compta@client.example", channel="registered").pdf())[0]
    )


# ---- what is printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_says_everything_in_its_language(language: str):
    made_ = made("FR", language, template="formal_notice", extras=CHARGES, channel="registered")
    text = " ".join(texts(made_.pdf()))
    speaker = made_.language.speaker(letter.names_for(made_.view, made_.language.formats, "letter"))
    say = speaker.say
    wanted = [
        say("letter.registered"), say("subject"), say("greeting_formal"), say("closing.formal"), say("already_paid"),
        say("sections.announced"), say("sections.mentioned"), say("claims.interest"), say("claims.compensation"),
        say("states.disputed"), say("total"), say("footer"), "PO-77", "Maintenance T3", "Credit management",
        *speaker.paragraphs("opening"), *speaker.paragraphs("request"),
        say("statement.page").replace("{page}", "1").replace("{pages}", "2"),
        made_.language.formats.money(made_.view.grand_totals[0]), made_.view.bank.iban if made_.view.bank else "",
    ]  # fmt: skip
    for one in wanted:
        assert " ".join(one.split()) in text, one


def test_only_registered_letters_carry_the_mention():
    assert "LETTRE RECOMMANDÉE" in texts(plain(channel="registered").pdf())[0]
    assert "LETTRE RECOMMANDÉE" not in texts(plain().pdf())[0]


def test_charges_are_shown_by_invoice_and_added_up():
    text = " ".join(texts(made(template="formal_notice", extras=CHARGES).pdf()))
    for one in ("F-1 12,34 € 40,00 €", "F-2 1,05 € 40,00 €", "13,39 €", "80,00 €"):
        assert one in text.replace("\xa0", " ")


def test_charges_that_can_not_be_told_are_reserved():
    unknown = Extras(charges_missing="no rate is known")
    reserved = "Nous nous réservons la possibilité de réclamer en outre les intérêts"
    assert reserved in " ".join(texts(made(template="formal_notice", extras=unknown).pdf()))
    assert reserved not in " ".join(texts(made(template="formal_notice", extras=CHARGES).pdf()))


def test_a_long_table_repeats_its_header_and_counts_its_pages():
    pages = texts(plain(rows=200).pdf())
    assert len(pages) > 5
    for number, page in enumerate(pages, 1):
        assert f"Page {number} sur {len(pages)}" in page
        if re.search(r"\bF-\d+ ", page):
            assert "Facture Émise le Échéance Montant À régler" in page
    shown = re.findall(r"\b(F-\d+) \d", " ".join(pages))
    assert len(set(shown)) == 200


def test_links_files_and_what_was_left_out_are_named():
    extras = Extras(
        link="https://pay.lumen.example/p/" + "x" * 60,
        card_link="https://card.example/1",
        left_out=("F-9.pdf",),
    )
    pdf = made(extras=extras).pdf()
    text = " ".join(texts(pdf)).replace(" ", "")
    assert "https://pay.lumen.example/p/" + "x" * 60 in text
    assert "F-9.pdf" in text
    assert b"https://pay.lumen.example/p/" + b"x" * 60 in pdf  # a link to follow, whole


# ---- ledger text is data

HOSTILE = (
    '#import "@preview/x:1.0.0": *', "$ sum_1^2 $", "*bold* _it_ `raw` <label> @ref", "\\ #panic(1) ]", '"quotes\' {{ x }}',
    "= heading // comment /* x", "#set page(width: 1cm)",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_ledger_text_prints_as_text(text: str):
    content = contact()["content"]
    content["payer"]["name"] = text
    items = {"F-1": item(38, 1234567, paid=234567, description=text, po_number=text)}
    made_ = made("GB", "en", content=content)
    assert text in texts(made_.pdf())[0]
    printed = " ".join(texts(made("GB", "en", items=items).pdf()))
    assert printed.count(text) == 2


@given(text=st.text(max_size=300))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_stops_a_letter(text: str):
    content = contact()["content"]
    content["payer"]["name"] = text
    pdf = made(
        "FR", "fr", content=content, recipient=text, items={"F-1": item(38, 10000, description=text)}
    ).pdf()
    assert pdf.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Ελληνική Εταιρεία ΑΕ", "Ελληνική Εταιρεία ΑΕ"),
        ("ООО Щука", "ООО Щука"),
        ("Łódź Ő Ș ğ ẞ", "Łódź Ő Ș ğ ẞ"),
        ("株式会社 Nord", f"{INSTEAD * 4} Nord"),
        ("Ok 👩\u200d💻 Sarl", "Ok"),
    ],
)
def test_names_in_other_scripts_are_printed_as_far_as_there_are_letters(name: str, printed: str):
    content = contact()["content"]
    content["payer"]["name"] = name
    assert printed in texts(made(content=content).pdf())[0]


@pytest.mark.parametrize("name", ["شركة الاتحاد للتجارة", "חברת אור בעמ", "ไทย จำกัด", "नमस्ते"])
def test_names_from_right_to_left_and_of_joined_scripts_do_not_stop_a_letter(name: str):
    content = contact()["content"]
    content["payer"]["name"] = name
    assert len(texts(made(content=content).pdf())) == 2


# ---- codes


def test_a_bank_reads_the_code_of_a_euro_letter():
    made_ = plain("FR", "fr")
    (code,) = zxingcpp.read_barcodes(pictures(made_.pdf())[0])
    assert made_.view.payment is not None
    assert code.text == made_.view.payment.epc
    assert "EUR840.51" in code.text


def test_a_bank_reads_the_code_of_a_swiss_letter_where_the_guidelines_put_it():
    made_ = plain("CH", "de", rows=2)
    pages = pictures(made_.pdf())
    (code,) = zxingcpp.read_barcodes(pages[-1])
    assert made_.view.payment is not None
    assert [line.strip() for line in code.text.splitlines()] == [
        line.strip() for line in (made_.view.payment.swiss or "").splitlines()
    ]
    corner = code.position.top_left
    # 46 mm square, 67 mm from the left and 17 mm below the payment part's upper edge (3.5.2.2).
    assert corner.x / 3 / MM == pytest.approx(67, abs=1)
    assert corner.y / 3 / MM == pytest.approx(297 - 105 + 17, abs=1)
    assert (code.position.top_right.x - corner.x) / 3 / MM == pytest.approx(46, abs=1)


def test_the_payment_part_is_alone_in_the_lowest_105_mm():
    text = texts(plain("CH", "de", rows=2).pdf())
    assert "Zahlteil" in text[-1]
    assert "Kundenkonto" not in text[-1]
    assert f"Seite {len(text)} von {len(text)}" in text[-1]


# ---- kept for years


def check_pdf_a(pdf: bytes, tmp_path: Any) -> pikepdf.Pdf:
    """What ISO 19005-2 wants at level B, as far as pikepdf can tell."""
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf)
    document = pikepdf.open(path)
    assert not document.is_encrypted
    assert document.trailer.get("/ID") is not None
    meta = document.open_metadata()
    assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "B")
    root = document.Root
    (intent,) = root.OutputIntents
    assert intent.S == pikepdf.Name.GTS_PDFA1
    assert bytes(intent.DestOutputProfile.read_bytes())[36:40] == b"acsp"  # an ICC profile
    for forbidden in ("/OpenAction", "/AA", "/JavaScript", "/EmbeddedFiles", "/XFA"):
        assert forbidden not in root
        assert forbidden not in root.get("/Names", {})
    kinds = {str(one.get("/Type")) for one in document.objects if isinstance(one, pikepdf.Dictionary)}
    assert "/Font" in kinds
    for one in document.objects:
        if isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
            check_object(one)
    return document


def check_object(one: pikepdf.Object) -> None:
    if one.get("/Type") == pikepdf.Name.FontDescriptor:
        assert any(f"/FontFile{kind}" in one for kind in ("", "2", "3")), one.FontName
    if one.get("/Type") == pikepdf.Name.Font and one.get("/Subtype") == pikepdf.Name.Type0:
        assert "/ToUnicode" in one
    if isinstance(one, pikepdf.Stream):
        assert one.get("/Filter") != pikepdf.Name.LZWDecode
        assert "/F" not in one
    if one.get("/Subtype") == pikepdf.Name.Link:
        assert int(one.F) & 4  # printed, not hidden
    assert one.get("/S") not in {pikepdf.Name.JavaScript, pikepdf.Name.Launch}


@pytest.mark.parametrize(("country", "language"), [("FR", "fr"), ("CH", "it"), ("DE", "de")])
def test_a_letter_is_pdf_a_2b(country: str, language: str, tmp_path):
    extras = Extras(charges=CHARGES.charges, link="https://pay.lumen.example/p/1")
    check_pdf_a(made(country, language, template="formal_notice", extras=extras).pdf(), tmp_path)
    check_pdf_a(plain(country, language).pdf(), tmp_path)


def test_the_same_contact_gives_the_same_bytes():
    first = made().pdf()
    assert made().pdf() == first
    assert plain().pdf() != first


def test_a_letter_is_dated_its_day_and_names_its_subject(tmp_path):
    document = check_pdf_a(plain().pdf(), tmp_path)
    meta = document.open_metadata()
    assert datetime.fromisoformat(meta["xmp:CreateDate"]) == datetime(2026, 3, 2, tzinfo=UTC)
    assert str(meta["dc:title"]) == "Rappel : facture F-1 échue, 840,51\xa0€"
    assert "Lumen SAS" in str(meta["dc:creator"])


def test_a_letter_tells_whoever_hands_it_over_its_pages_language_and_address():
    facts = facts_of(plain(rows=80).pdf())
    assert facts.language == "fr-FR"
    assert facts.pages == len(texts(plain(rows=80).pdf()))
    assert facts.address == (
        "Client SARL",
        "À l’attention de Comptabilité",
        "14, avenue de la République",
        "69003 Lyon",
    )


def test_a_typst_file_that_does_not_compile_says_so_without_what_was_to_be_printed(tmp_path):
    (tmp_path / "broken.typ").write_text("#let d = json(bytes(sys.inputs.data))\n#d.missing")
    with pytest.raises(PermanentError, match=r"broken\.typ can't be set") as caught:
        Typesetter(tmp_path).pdf("broken.typ", {"payer": "Secret SARL"}, on_date=date(2026, 3, 2))
    assert "Secret" not in str(caught.value)


def test_a_folder_of_templates_may_bring_its_own_letter(tmp_path):
    own = tmp_path / "_letter"
    own.mkdir()
    (own / "letter.typ").write_text("#let d = json(bytes(sys.inputs.data))\nOurs: #d.address.first()")
    made_ = plain()
    assert texts(letter.pdf(made_.view, made_.language, templates=tmp_path)) == ["Ours: Client SARL"]


def test_threads_share_the_typesetter():
    wanted = [plain(rows=rows).pdf() for rows in (1, 2, 3)]
    with ThreadPoolExecutor(4) as pool:
        made_ = list(pool.map(lambda rows: plain(rows=rows).pdf(), [1, 2, 3] * 4))
    assert made_ == wanted * 4


@pytest.mark.parametrize("number", ["客42 😀", "<svg>&\"'", "C" * 300])
def test_a_hostile_customer_number_does_not_stop_a_payment_part(number: str):
    hostile = contact("first")["content"]
    items = {"F-1": item(31, 84050, currency="CHF"), "F-2": item(31, 84050, currency="CHF")}
    hostile["items"] = packed(items, dict.fromkeys(items, 84050), dict.fromkeys(items, "level_1"))
    hostile["payer"]["customer_id"] = number
    made_ = made("CH", "de", content=hostile)
    assert texts(made_.pdf())


def test_what_is_held_to_be_drawable_is_drawn(tmp_path):
    """The last resort for a text that no font sets may keep nothing that they don't have."""
    (tmp_path / "all.typ").write_text(
        '#set text(font: ("Liberation Sans", "Libertinus Serif", "DejaVu Sans Mono"))\n#json(bytes(sys.inputs.data)).text'
    )
    fonts = DIRECTORY / "_letter" / "fonts"
    everything = (
        "".join(chr(code) for low, high in typesetting._SURE for code in range(low, high + 1)) + INSTEAD
    )
    sure = Typesetter(tmp_path, fonts=fonts).pdf("all.typ", {"text": everything}, on_date=date(2026, 3, 2))
    assert texts(sure)[0].count(INSTEAD) == 1
    mixed = Typesetter(tmp_path, fonts=fonts).pdf(
        "all.typ", {"text": "\u0e44\u0e17\u0e22 ok 株"}, on_date=date(2026, 3, 2)
    )
    assert texts(mixed)[0].endswith(f"ok {INSTEAD}")


@pytest.mark.parametrize("address", ["Marguerite.de-la-Tour@compta.client.example", "relances@lumen.example"])
def test_what_is_copied_from_a_letter_has_no_characters_of_ours_in_it(address: str):
    reference = "RF18" + "5390075470340000" * 2
    row = contact("first", items={"F-1": item(38, 1234567, description=f"{reference} {address}")})
    row["content"]["credit"] = [{"currency": "EUR", "amount": 10_000_000_002_999}]
    with pypdfium2.PdfDocument(made("DE", "de", content=row["content"]).pdf()) as document:
        copied = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert "\u200b" not in copied
    assert "100.000.000.029,99\u00a0€" in copied
    assert "accounts@lumen.example" in copied
    assert "".join(f"{reference}{address}".split()) in "".join(copied.split())


def test_addresses_and_amounts_stay_whole_in_running_text():
    for whole in (
        "relances@lumen.example",
        "100.000.000.029,99\u00a0€",
        "1\u00a0234\u00a0567\u00a0890,00\u00a0EUR",
    ):
        assert typesetting.breakable(f"an {whole} ja") == f"an {whole} ja"
        assert "\u200b" in typesetting.breakable(whole, 12)  # a narrow column has no room for it
    for long in ("x" * 41, "y" * 30 + "@" + "z" * 30, "1" * 30):
        assert "\u200b" in typesetting.breakable(long)


def test_a_letter_lists_two_hundred_rows_and_says_how_many_more_there_are():
    pages = texts(plain(rows=203).pdf())
    whole = " ".join(pages)
    assert whole.count("31 jours de retard") == 200
    assert "… et 3 de plus ; le relevé de toutes les factures est disponible sur demande." in whole
