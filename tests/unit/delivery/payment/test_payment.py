"""What a message asks to be paid with: EPC069-12 and Swiss QR-bill texts, exact and within their limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qrbill import QRBill

from relance.config.models import Entity
from relance.delivery.payment import Payment, payment_of
from relance.delivery.payment.epc import epc_text
from relance.delivery.payment.swiss import is_qr_iban, latin, read
from relance.money import Money

ADDRESS = {"street": "Rue du Lac", "house_no": "1268", "postcode": "2501", "city": "Biel", "country": "CH"}
FRENCH = {"holder": "Lumen SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}
SWISS = {"holder": "Robert Schneider AG", "iban": "CH5800791123000889012", "bic": None}
QR_IBAN = {"holder": "Robert Schneider AG", "iban": "CH4431999123000889012", "bic": None}


def entity(bank: dict[str, object] | None, *, address: dict[str, str] | None = None) -> Entity:
    return Entity.model_validate(
        {
            "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard", "bank": bank,
            "sender": {"email": "compta@lumen.example", "address": address},
        }
    )  # fmt: skip


def asked(bank: dict[str, object] | None, reference: str, *totals: Money, address=None) -> Payment | None:
    return payment_of(
        entity=entity(bank, address=address), payer="Client", reference=reference, totals=totals
    )


def euros(minor: int) -> Money:
    return Money("EUR", minor)


def test_no_account_no_payment():
    assert asked(None, "F-1", euros(100)) is None


def test_epc_code_with_a_reference_that_banks_check():
    # FR00001 with RF00: 15 27 00001 27 15 00 → 98 - (152700001271500 mod 97) = 98 - 93 = 05.
    payment = asked(FRENCH, "FR-00001", euros(1234567))
    assert payment is not None
    assert payment.reference == "RF05 FR00 001"
    assert payment.epc == (
        "BCD\n002\n1\nSCT\nAGRIFRPP\nLumen SAS\nFR7630006000011234567890189\nEUR12345.67\n\nRF05FR00001"
    )
    assert payment.swiss is None


def test_a_number_that_no_reference_can_hold_goes_as_text_never_both():
    payment = asked(FRENCH, "11-1 é", euros(1))
    assert payment is not None
    assert payment.reference == "11-1 é"
    assert payment.epc is not None
    assert payment.epc.split("\n")[7:] == ["EUR0.01", "", "", "11-1 é"]


def test_two_currencies_have_no_code():
    payment = asked(FRENCH, "FR-00001", euros(100), Money("USD", 100))
    assert payment == Payment(reference="RF05 FR00 001")


def test_nothing_asked_has_no_code():
    assert asked(FRENCH, "FR-00001") == Payment(reference="FR-00001")
    assert asked(FRENCH, "FR-00001", euros(0)) == Payment(reference="RF05 FR00 001")


def test_pounds_to_a_british_account_have_a_plain_reference_and_no_code():
    bank = {"iban": "GB29NWBK60161331926819", "bic": "NWBKGB2L"}
    assert asked(bank, "UK-7", Money("GBP", 100)) == Payment(reference="UK-7")


def test_the_code_needs_a_bic_outside_the_eea_only():
    british = {"iban": "GB29NWBK60161331926819"}
    assert asked(british, "UK-7", euros(100)).epc is None
    assert asked(british | {"bic": "NWBKGB2L"}, "UK-7", euros(100)).epc is not None
    french = asked(FRENCH | {"bic": None}, "F-7", euros(100))
    assert french.epc.split("\n")[4] == ""


def test_an_account_outside_the_sepa_has_no_code():
    bank = {"iban": "TR330006100519786457841326", "bic": "TCZBTR2A"}
    assert asked(bank, "F-7", euros(100)) == Payment(reference="F-7")


@pytest.mark.parametrize(
    ("minor", "there"), [(0, False), (1, True), (99_999_999_999, True), (10**11, False), (-5, False)]
)
def test_amounts_of_a_code_lie_between_a_cent_and_a_thousand_million(minor, there):
    assert (asked(FRENCH, "F-7", euros(minor)).epc is not None) is there


def test_names_end_at_seventy_characters():
    payment = asked(FRENCH | {"holder": "L" * 80}, "F-7", euros(100))
    assert payment.epc.split("\n")[5] == "L" * 70


def test_a_text_above_140_characters_has_no_code_rather_than_half_a_reference():
    assert asked(FRENCH, "#" * 140, euros(100)).epc is not None
    assert asked(FRENCH, "#" * 141, euros(100)).epc is None


def test_a_code_above_331_bytes_is_none_at_all():
    # Lines: 3 3 1 3 8 140 27 7 0 0 and ten ends of line are 202 bytes, which leave 129 for the text: 64 letters of two.
    bank = FRENCH | {"holder": "é" * 70}
    assert len(asked(bank, "é" * 64, euros(100)).epc.encode()) == 330
    assert len(asked(bank, "é" * 64 + "#", euros(100)).epc.encode()) == 331
    assert asked(bank, "é" * 65, euros(100)).epc is None


_LINE = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=90)


@given(_LINE, _LINE, st.integers(1, 99_999_999_999), st.none() | st.just("RF18539007547034"))
def test_an_epc_code_never_exceeds_its_limits_and_its_amount_is_exact(name, text, minor, structured):
    code = epc_text(
        name=name, iban=FRENCH["iban"], bic=None, amount=euros(minor), structured=structured, text=text
    )
    if code is None:
        return
    lines = code.split("\n")
    assert len(code.encode()) <= 331
    assert lines[:4] == ["BCD", "002", "1", "SCT"]
    assert len(lines) <= 11
    assert len(lines[5]) <= 70
    assert lines[7].startswith("EUR")
    assert "." in lines[7]
    assert Decimal(lines[7][3:]) * 100 == minor
    assert lines[-1] != ""
    if structured:
        assert lines[8:] == ["", structured]


def test_francs_to_a_swiss_account_have_a_qr_bill():
    payment = asked(SWISS, "539007547034", Money("CHF", 194975), address=ADDRESS)
    assert payment.reference == "RF18 5390 0754 7034"
    assert payment.epc is None
    assert payment.swiss == "\n".join(
        ["SPC", "0200", "1", "CH5800791123000889012", "S", "Robert Schneider AG", "Rue du Lac", "1268", "2501", "Biel", "CH"]
        + [""] * 7 + ["1949.75", "CHF"] + [""] * 7 + ["SCOR", "RF18539007547034", "539007547034", "EPD"]
    )  # fmt: skip


def test_a_qr_iban_takes_a_qr_reference_and_nothing_else():
    payment = asked(QR_IBAN, "21000000000313947143000901", euros(19900), address=ADDRESS)
    assert payment.reference == "21 00000 00003 13947 14300 09017"
    assert payment.epc is None
    bill = read(payment.swiss)
    assert (bill.kind, bill.reference) == ("QRR", "210000000003139471430009017")
    assert asked(QR_IBAN, "F-7", euros(100), address=ADDRESS) == Payment(reference="F-7")


def test_without_a_reference_the_bill_says_so_and_carries_the_text():
    payment = asked(SWISS, "11-1", Money("CHF", 100), address=ADDRESS)
    bill = read(payment.swiss)
    assert (bill.kind, bill.reference, bill.message) == ("NON", "", "11-1")


def test_no_address_of_ours_no_qr_bill():
    assert asked(SWISS, "F-7", Money("CHF", 100)).swiss is None


def test_dollars_have_no_qr_bill():
    assert asked(SWISS, "F-7", Money("USD", 100), address=ADDRESS) == Payment(reference="F-7")


@pytest.mark.parametrize(
    ("iban", "qr"),
    [
        ("CH4431999123000889012", True),
        ("CH5800791123000889012", False),
        ("FR7630006000011234567890189", False),
    ],
)
def test_qr_ibans_are_told_by_their_institution(iban, qr):
    assert is_qr_iban(iban) is qr


def test_characters_outside_the_extended_latin_set_are_replaced():
    assert latin("Zürich Łódź Ș €") == "Zürich Łódź Ș €"
    assert latin("Ắ 日 ﬁ\n\tx") == "A . f x"


@given(
    st.sampled_from([SWISS, QR_IBAN]), _LINE, st.sampled_from(["CHF", "EUR"]), st.integers(1, 99_999_999_999),
    st.sampled_from(["539007547034", "F-7", "11-1", "C0001"]),
)  # fmt: skip
def test_our_lines_are_those_of_the_library(bank, name, currency, minor, reference):
    payment = asked(bank | {"holder": f"L {name}"}, reference, Money(currency, minor), address=ADDRESS)
    if payment.swiss is None:
        assert is_qr_iban(bank["iban"])
        return
    ours = read(payment.swiss)
    theirs = QRBill(
        account=bank["iban"],
        creditor={
            "name": ours.name, "street": "Rue du Lac", "house_num": "1268", "pcode": "2501", "city": "Biel", "country": "CH",
        },
        amount=ours.amount, currency=currency, reference_number=ours.reference or None,
        additional_information=ours.message,
    )  # fmt: skip
    assert theirs.qr_data().split("\r\n") == payment.swiss.split("\n")
    assert Decimal(ours.amount) * 100 == minor
    assert len(payment.swiss.encode()) <= 997
