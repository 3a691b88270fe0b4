"""Codes are read back by a reader that had no part in drawing them: from the PNG, and from the SVG as a printer sets it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pypdfium2
import pytest
import segno
import typst
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from relance.delivery.payment import epc_png, epc_svg, swiss_svg
from relance.delivery.payment.codes import _MASK, CAPACITY, code_of
from relance.delivery.payment.epc import epc_text
from relance.money import Money

BILL = "\n".join(
    ["SPC", "0200", "1", "CH5800791123000889012", "S", "Hélène & <Söhne> AG", "Rue du Lac", "1268", "2501", "Biel", "CH"]
    + [""] * 7 + ["1949.75", "CHF"] + [""] * 7 + ["SCOR", "RF18539007547034", "Facture 539007547034 & Co", "EPD"]
)  # fmt: skip


def epc(name: str, minor: int = 1234567, reference: str = "RF05FR00001") -> str:
    text = epc_text(
        name=name, iban="FR7630006000011234567890189", bic="AGRIFRPP", amount=Money("EUR", minor), structured=reference
    )  # fmt: skip
    assert text is not None
    return text


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def printed(svg: str, folder: Path, *, width: str, dpi: int = 150) -> Image.Image:
    """The page that Typst sets of an SVG, as pixels."""
    (folder / "code.svg").write_text(svg, encoding="utf-8")
    (folder / "page.typ").write_text(f'#set page(margin: 0mm)\n#image("code.svg", width: {width})')
    page = pypdfium2.PdfDocument(typst.compile(folder / "page.typ"))[0]
    return page.render(scale=dpi / 72).to_pil()


@pytest.mark.parametrize("name", ["Lumen SAS", "Société Générale d'Éclairage", "Łódź Œuvre ß", "日本 ★"])
def test_a_png_is_read_back(name):
    text = epc(name)
    picture = Image.open(io.BytesIO(epc_png(text)))
    picture.verify()
    assert read(Image.open(io.BytesIO(epc_png(text)))) == [text]


def test_a_png_has_its_quiet_zone_and_four_pixels_a_module():
    picture = Image.open(io.BytesIO(epc_png(epc("Lumen SAS"))))
    code = code_of(epc("Lumen SAS"))
    assert picture.size == (4 * code.lines, 4 * code.lines)
    edges = [picture.crop(box) for box in ((0, 0, picture.width, 16), (0, 0, 16, picture.height))]
    assert all(edge.getextrema() == (255, 255) for edge in edges)
    assert picture.getpixel((16, 16)) == 0


def test_correction_is_m_and_the_longest_code_has_version_13():
    longest = "x" * 331
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(epc_png(longest))))
    assert [(one.text, one.ec_level) for one in found] == [(longest, "M")]
    assert code_of(longest).lines == 17 + 4 * 13 + 8


def test_a_text_that_no_code_holds_is_refused():
    with pytest.raises(ValueError, match="holds 997 bytes"):
        code_of("x" * 998)


def test_an_svg_is_read_back_from_print(tmp_path):
    text = epc("Société Générale")
    assert read(printed(epc_svg(text), tmp_path, width="30mm", dpi=200)) == [text]


@pytest.mark.parametrize("language", ["fr", "de", "it", "en", "nl"])
def test_a_swiss_bill_is_read_back_from_print_cross_and_all(tmp_path, language):
    assert read(printed(swiss_svg(BILL, language), tmp_path, width="210mm")) == [BILL]


def test_a_swiss_bill_speaks_its_language_and_holds_text_not_markup():
    assert "Récépissé" in swiss_svg(BILL, "fr")
    assert "Récépissé" in swiss_svg(BILL, "fr-CH")
    assert "Empfangsschein" in swiss_svg(BILL, "de")
    assert "Receipt" in swiss_svg(BILL, "pt")
    assert "&lt;Söhne&gt;" in swiss_svg(BILL)
    assert "1 949.75" in swiss_svg(BILL)


def test_the_swiss_code_is_46_mm_wide_with_its_cross_of_7(tmp_path):
    picture = printed(swiss_svg(BILL), tmp_path, width="210mm", dpi=254)
    found = zxingcpp.read_barcodes(picture)[0].position
    assert abs((found.top_right.x - found.top_left.x) / 10 - 46) < 1
    middle = picture.convert("L").crop(
        [int((found.top_left.x + found.bottom_right.x) / 2 - 3), int((found.top_left.y + found.bottom_right.y) / 2 - 3),
         int((found.top_left.x + found.bottom_right.x) / 2 + 3), int((found.top_left.y + found.bottom_right.y) / 2 + 3)]
    )  # fmt: skip
    assert middle.getextrema()[0] > 200  # the white of the cross


def test_a_long_name_leaves_the_sum_free_of_the_debtors_field():
    # Of the receipt's field (52 mm wide, from 5 mm), the lowest corner; the word above the sum stands at 73 mm.
    bill = swiss_svg(
        BILL.replace("Hélène & <Söhne> AG", "Lumen Beleuchtungsgesellschaft für die französische Schweiz AG")
    )
    corners = re.findall(r'y1="([\d.]+)" y2="([\d.]+)"', bill.partition("Acceptance point")[0])
    assert corners
    assert max(float(end) for pair in corners for end in pair) / 3.543307 < 73 - 2.5


def test_lines_that_are_no_bill_are_refused():
    with pytest.raises(ValueError, match="Swiss QR-bill"):
        swiss_svg("SPC\n0200")


@given(st.binary(min_size=1, max_size=150), st.binary(min_size=1, max_size=150))
@settings(max_examples=40, deadline=None)
def test_what_is_made_from_differences_is_what_segno_draws(first, second):
    for data in (first, second[: len(first)].ljust(len(first), b"x")):
        text = data.decode("latin-1")
        code = code_of(text)
        drawn = segno.make(
            text.encode(), error="m", mask=_MASK, mode="byte", boost_error=False, micro=False
        )  # the smallest version is segno's own choice
        rows = [f"{int.from_bytes(row, 'big'):0{8 * code.width}b}"[: code.lines] for row in code.rows()]
        assert rows == ["".join("0" if dark else "1" for dark in row) for row in drawn.matrix_iter(border=4)]


@pytest.mark.parametrize("version", range(1, 26))
def test_each_version_takes_over_where_the_one_before_ends(version):
    room = CAPACITY[version - 1]
    assert code_of("x" * room).lines == 17 + 4 * version + 8
    assert segno.make(b"x" * room, error="m", mode="byte", boost_error=False, micro=False).version == version
