"""References that banks check: the standard's check digits, and nothing lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649
from stdnum.ch import esr

from relance.delivery.payment.reference import body_of, creditor_reference, printed, qr_reference

BODIES = st.from_regex(r"[A-Z0-9]{1,21}", fullmatch=True)


@pytest.mark.parametrize(
    ("ours", "checked"),
    [
        # Published vectors, each computed again by hand: body + "271500", A = 10 … Z = 35, 98 - (number mod 97).
        ("AB2G5", "RF68AB2G5"),
        ("1234512345", "RF451234512345"),
        ("TU06FX", "RF96TU06FX"),
        ("539007547034", "RF18539007547034"),
    ],
)
def test_check_digits_are_those_of_iso_11649(ours, checked):
    assert creditor_reference(ours) == checked


def test_check_digits_by_hand():
    # "1" → 1271500 mod 97: 97 * 13108 = 1271476, rest 24; 98 - 24 = 74.
    assert creditor_reference("1") == "RF741"


@pytest.mark.parametrize(
    ("ours", "body"),
    [
        ("FR-00001", "FR00001"),
        ("fa 2026/0117", "FA20260117"),
        ("2026-0117", "20260117"),
        ("FA2026-0117", "FA20260117"),
        ("C0001", "C0001"),
        ("F.7", "F7"),
    ],
)
def test_separators_go_where_groups_stay_apart(ours, body):
    assert body_of(ours) == body


@pytest.mark.parametrize("ours", ["1-11", "11-1", "12026-3", "2026-03-7", "A1-1", "1-2026"])
def test_digits_that_would_run_together_are_refused(ours):
    assert body_of(ours) is None


@pytest.mark.parametrize("ours", ["", " - ", "F#7", "Façade-7", "F+7", "٣٤", "F7²", "ſ7", "Straße1"])
def test_characters_that_the_standard_lacks_are_refused(ours):
    assert body_of(ours) is None
    assert creditor_reference(ours) is None


def test_twenty_one_characters_are_the_most():
    assert creditor_reference("A" * 21) is not None
    assert creditor_reference("A" * 22) is None


def test_a_number_that_is_a_creditor_reference_stays_as_it_is():
    assert creditor_reference("RF18 5390 0754 7034") == "RF18539007547034"
    # With wrong check digits it is a number like another.
    assert creditor_reference("RF19539007547034") == creditor_reference("rf19539007547034")
    assert str(creditor_reference("RF19539007547034")).endswith("RF19539007547034")


def test_printed_in_groups():
    assert printed("RF18539007547034") == "RF18 5390 0754 7034"
    assert printed("210000000003139471430009017") == "21 00000 00003 13947 14300 09017"
    assert printed("FA 1-11") == "FA 1-11"


def test_qr_reference_of_the_swiss_guidelines():
    # SIX, Implementation Guidelines QR-bill, annex: 21 00000 00003 13947 14300 09017.
    assert qr_reference("21000000000313947143000901") == "210000000003139471430009017"
    assert qr_reference("210000000003139471430009017") == "210000000003139471430009017"
    assert qr_reference("210000000003139471430009018") is None


def test_qr_reference_is_filled_with_zeros():
    # Modulo 10, recursive, over 0…01: row 0 of the table at 1 gives 9, the check digit is 10 - 9.
    assert qr_reference("1") == "0" * 25 + "11"


@pytest.mark.parametrize("ours", ["F1", "0", "000", "1" * 28])
def test_qr_reference_takes_numbers_only(ours):
    assert qr_reference(ours) is None


@given(BODIES)
def test_any_creditor_reference_is_valid_and_gives_its_number_back(body):
    made = creditor_reference(body)
    assert made is not None
    assert iso11649.is_valid(made)
    assert made == body or made[4:] == body
    assert creditor_reference(made) == made
    assert iso11649.compact(printed(made)) == made


@given(BODIES, st.data())
def test_one_wrong_character_of_a_creditor_reference_is_seen(body, data):
    made = creditor_reference(body)
    assert made is not None
    place = data.draw(st.integers(4, len(made) - 1))
    wrong = data.draw(
        st.sampled_from([c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c != made[place]])
    )
    # Mod 97 sees every substitution of a character but those that differ by a multiple of 97, which no two have.
    if made[place].isdigit() == wrong.isdigit():
        assert not iso11649.is_valid(made[:place] + wrong + made[place + 1 :])


@given(st.text(max_size=40))
def test_whatever_the_number_a_creditor_reference_is_valid_or_none(ours):
    made = creditor_reference(ours)
    assert made is None or (iso11649.is_valid(made) and made.isascii() and len(made) <= 25)


@given(st.from_regex(r"[0-9]{1,26}", fullmatch=True).filter(lambda digits: digits.strip("0")))
def test_any_qr_reference_is_valid_and_gives_its_number_back(digits):
    made = qr_reference(digits)
    assert made is not None
    assert len(made) == 27
    assert esr.is_valid(made)
    assert made[:-1] == digits.zfill(26)
