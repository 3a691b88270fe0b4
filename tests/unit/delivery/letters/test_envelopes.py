"""Addresses of one line, taken apart into the lines of an envelope."""

from __future__ import annotations

import pytest

from relance.delivery.envelopes import MOST_LINES, Seller, country_line, lines_of, window_of
from tests.unit.delivery.examples import entity
from tests.unit.delivery.letters.examples import made


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("12, rue du Lac, 75002 Paris", ("12, rue du Lac", "75002 Paris")),
        ("Bâtiment B, 14, avenue de la République, 69003 Lyon", ("Bâtiment B", "14, avenue de la République", "69003 Lyon")),
        ("12 rue du Lac 75002 Paris", ("12 rue du Lac", "75002 Paris")),
        ("Calle Mayor, 5, 28013 Madrid", ("Calle Mayor, 5", "28013 Madrid")),
        ("Via Roma, 5 bis, 20121, Milano", ("Via Roma, 5 bis", "20121 Milano")),
        ("10115, Berlin", ("10115 Berlin",)),
        ("1 High Street; London; SW1A 1AA", ("1 High Street", "London", "SW1A 1AA")),
        ("Am Markt 3 D-10115 Berlin", ("Am Markt 3", "D-10115 Berlin")),
        ("Musterweg 1\n80331 München", ("Musterweg 1", "80331 München")),
        ("a, b, c, d, e, f, g", ("a", "b", "c", "d", "e, f, g")),
        ("compta@client.example", ("compta@client.example",)),
        ("5", ("5",)),
        (" , ;", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_a_house_number_keeps_its_street_and_a_postcode_its_town(address: str, lines: tuple[str, ...]):
    assert lines_of(address) == lines
    assert len(lines) <= MOST_LINES


def test_a_country_is_named_only_abroad_and_only_once():
    assert country_line(("Hauptstraße 7", "80331 München"), "DE", "FR", "fr") == "ALLEMAGNE"
    assert country_line(("Hauptstraße 7", "Germany"), "DE", "FR", "fr") is None
    assert country_line(("x",), "DE", "DE", "fr") is None
    assert country_line(("x",), None, "DE", "fr") is None
    assert country_line(("x",), "ZZ9", "DE", "fr") is None


def test_a_country_without_a_custom_of_its_own_has_the_window_on_the_left():
    assert window_of("NL") == window_of(None) == window_of("GB")
    assert window_of("FR").side == "right"
    assert window_of("AT").folds


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("FR", ("12 Rue du Lac", "75002 Paris")),
        ("DE", ("Lindenallee 5", "10115 Berlin")),
        ("GB", ("1 High Street", "London SW1A 1AA")),
    ],
)
def test_a_seller_writes_its_address_as_its_country_does(country: str, lines: tuple[str, ...]):
    assert made(country, "en").seller == Seller(country=country, address=lines)


def test_a_seller_without_an_address_still_has_a_country():
    assert Seller.of(entity(sender=None), "CH") == Seller(country="CH")
