"""Addresses are taken out of what providers say before it is kept for ever; what tells the cause stays."""

from __future__ import annotations

import time

import pytest

from relance.delivery.privacy import without_addresses


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <anne.b@client.example>: Recipient unknown", "550 5.1.1 <…>: Recipient unknown"),
        ("no mailbox for ANNE@client.example.", "no mailbox for …."),
        ('"anne b"@client.example is over quota', "… is over quota"),
        ("bounce+anne=40client.example@lumen.example", "…"),
        ("see https://help.example/?to=anne%40client.example", "see https:…"),
        ("rfc822;zoë@büro.example gone", "rfc822;… gone"),
        ("x@[192.0.2.1] refused", "… refused"),
        ("The 'To' number +33 1 99 00 00 01 is not valid", "The 'To' number … is not valid"),
        ("to whatsapp:+33199000001: failed", "to whatsapp:…: failed"),
        ("wa_id 33199000001 unknown", "wa_id … unknown"),
        ("call (0)1 99.00.00.01 now", "call … now"),
        ("01-99-00-00-01", "…"),
    ],
)
def test_addresses_and_numbers_are_taken_out(said: str, kept: str) -> None:
    assert without_addresses(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 User unknown",
        "451 4.7.500 Server busy",
        "421 192.168.100.250 is on a list since 2026-03-02",
        "the message has 26214400 bytes, the server takes 1048576",
        "Twilio 21211: invalid number",
        "queued as 4XyZ12345678901",
        "not sent on 2026-03-02, its day; planned anew",
        "",
    ],
)
def test_what_tells_the_cause_stays(said: str) -> None:
    assert without_addresses(said) == said


def test_a_known_address_is_taken_out_however_it_is_quoted() -> None:
    assert without_addresses("550 <anne> unknown here", "anne@client.example") == "550 <…> unknown here"
    assert without_addresses("mailbox full", "mailbox@client.example") == "mailbox full"
    assert without_addresses("1 Quai du Port is no address", "1 Quai du Port") == "… is no address"


def test_long_answers_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("a" * 20_000, "1 " * 10_000, '"' * 20_000, "a@" * 10_000, "+" * 20_000):
        without_addresses(text, "a@b.example")
    assert time.perf_counter() - started < 2
