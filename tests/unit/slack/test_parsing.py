"""Amounts and dates as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from babel.numbers import format_currency
from hypothesis import assume, given
from hypothesis import strategies as st

from relance.money import Money, is_currency, to_decimal
from relance.slack.parsing import LARGEST, Doubt, notation_of, parse_amount, parse_day
from relance.slack.words import WORDS

TAGS = (
    "fr-FR",
    "en-US",
    "en-GB",
    "de-DE",
    "es-ES",
    "es-LA",
    "de-CH",
    "fr-CH",
    "it-IT",
    "pt-BR",
    "en-IN",
    "ja-JP",
    "fr",
    "en",
)


@pytest.mark.parametrize(
    ("text", "currency", "tag", "minor"),
    [
        ("1.234,50", "EUR", "de-DE", 123450),
        ("1 234,50 €", "EUR", "fr-FR", 123450),
        ("1\u202f234,50\xa0€", "EUR", "fr-FR", 123450),
        ("1,234.50", "EUR", "en-US", 123450),
        ("1234.5", "EUR", "fr-FR", 123450),
        ("1.234,50", "EUR", "en-US", 123450),
        ("1,234.50", "EUR", "de-DE", 123450),
        ("€1,234.50", "EUR", "en-GB", 123450),
        ("1.234,50 EUR", "EUR", "es-ES", 123450),
        ("eur 12", "EUR", "en-GB", 1200),
        ("CHF 1'234.50", "CHF", "de-CH", 123450),
        ("1’234.50", "CHF", "fr-CH", 123450),
        ("100,-", "EUR", "de-DE", 10000),
        ("12,34,567.50", "INR", "en-IN", 123456750),
        ("$12", "CAD", "en-US", 1200),
        ("¥1,200", "JPY", "ja-JP", 1200),
        ("0,500", "EUR", "fr-FR", 50),
        (".5", "EUR", "en-US", 50),
        ("１２", "EUR", "en-US", 1200),
        ("1.000.000,5", "EUR", "en-US", 100000050),
        ("1,234", "TND", "fr-FR", 1234),
    ],
)
def test_amounts_are_read_as_they_are_written(text: str, currency: str, tag: str, minor: int) -> None:
    assert parse_amount(text, currency, tag) == Money(currency, minor)


@pytest.mark.parametrize(
    ("text", "tag", "minor"),
    [
        ("1.234", "de-DE", 123400),
        ("1.234", "es-ES", 123400),
        ("1,234", "en-US", 123400),
        ("1,234", "en-GB", 123400),
    ],
)
def test_three_digits_after_the_own_mark_of_thousands_are_thousands(text: str, tag: str, minor: int) -> None:
    assert parse_amount(text, "EUR", tag) == Money("EUR", minor)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("1.234", "en-US"),
        ("1,234", "de-DE"),
        ("1,234", "fr-FR"),
        ("1.234", "fr-FR"),
        ("1.234", "es-LA"),
        ("1,234", "es-LA"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_an_example_in_the_own_notation(
    text: str, tag: str
) -> None:
    found = parse_amount(text, "EUR", tag)
    assert isinstance(found, Doubt)
    assert found.key == "parse.amount.doubtful"
    example = str(found.values["example"])
    assert parse_amount(example, "EUR", tag) == Money("EUR", 123400)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "unreadable"), ("abc", "unreadable"), ("-5", "unreadable"), ("1e5", "unreadable"), ("12 34", "unreadable"),
        ("1.2.3", "unreadable"), ("1,23,45", "unreadable"), ("NaN", "unreadable"), ("∞", "unreadable"), ("0", "positive"),
        ("0.00", "positive"), ("1234.567", "decimals"), ("12 USD", "currency"), ("$12", "currency"), ("9" * 20, "large"),
        ("1 234.567,89", "unreadable"), ("12 34,5", "unreadable"), ("<!channel>", "unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str, key: str) -> None:
    found = parse_amount(text, "EUR", "en-GB")
    assert isinstance(found, Doubt)
    assert found.key == f"parse.amount.{key}"


@given(
    st.integers(1, LARGEST),
    st.sampled_from(["EUR", "USD", "JPY", "TND", "CHF", "HUF", "GBP"]),
    st.sampled_from(TAGS),
)
def test_every_amount_that_slack_shows_can_be_typed_back(minor: int, currency: str, tag: str) -> None:
    locale = notation_of(tag).locale
    shown = format_currency(to_decimal(minor, currency), currency, locale=locale, decimal_quantization=False)
    found = parse_amount(shown, currency, tag)
    if isinstance(found, Doubt):
        assert found.key == "parse.amount.doubtful"  # never another amount, never unreadable
    else:
        assert found == Money(currency, minor)


@given(
    st.text(max_size=60),
    st.sampled_from(["EUR", "JPY", "TND"]),
    st.sampled_from([*TAGS, "", "xx-YY", "zh-CN"]),
)
def test_any_text_is_an_amount_or_a_doubt_that_words_can_tell(text: str, currency: str, tag: str) -> None:
    found = parse_amount(text, currency, tag)
    if isinstance(found, Doubt):
        assert all(words[found.key].format(**found.values) for words in WORDS.values())
    else:
        assert 0 < found.minor <= LARGEST


@given(st.sampled_from(TAGS), st.sampled_from(["EUR", "JPY", "TND"]))
def test_the_example_of_each_notation_is_read_by_it(tag: str, currency: str) -> None:
    assume(is_currency(currency))
    found = parse_amount(notation_of(tag).example(currency), currency, tag)
    assert isinstance(found, Money) or found.key == "parse.amount.doubtful"


@pytest.mark.parametrize(
    ("text", "tag", "day"),
    [
        ("2026-03-15", "en-US", date(2026, 3, 15)), ("15/03/2026", "fr-FR", date(2026, 3, 15)),
        ("3/4/2026", "en-US", date(2026, 3, 4)), ("3/4/2026", "en-GB", date(2026, 4, 3)), ("15.3.26", "de-DE", date(2026, 3, 15)),
        ("3/15/2026", "en", date(2026, 3, 15)), ("5-3-2026", "es-ES", date(2026, 3, 5)),
    ],
)  # fmt: skip
def test_dates_are_read_in_the_own_order(text: str, tag: str, day: date) -> None:
    assert parse_day(text, tag) == day


@pytest.mark.parametrize(
    ("text", "tag", "key"),
    [("3/4/2026", "en", "doubtful"), ("31/02/2026", "fr-FR", "unreadable"), ("soon", "fr-FR", "unreadable"),
     ("", "de", "unreadable"), ("15/15/2026", "en", "unreadable"), ("1/1/026", "fr-FR", "unreadable")],
)  # fmt: skip
def test_dates_that_are_none_or_doubtful_are_refused(text: str, tag: str, key: str) -> None:
    found = parse_day(text, tag)
    assert isinstance(found, Doubt)
    assert found.key == f"parse.day.{key}"
