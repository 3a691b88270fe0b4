"""A token opens what it was signed for, as long as it was signed for, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.delivery.links import (
    Claims,
    LinkExpiredError,
    LinkForgedError,
    LinkScopeError,
    check,
    make_link,
    make_token,
)
from relance.errors import UsageError
from relance.settings import Settings, Smtp

KEY = "00112233445566778899aabbccddeeff"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OLD, NEW = "o" * 32, "n" * 40
SETTINGS = Settings(
    home=Path("x"), database_url=None, config=Path("x"), templates=Path("x"), smtp=Smtp(), slack_token=None,
    slack_base_url="http://127.0.0.1:9/", public_url="https://pay.lumen.example", link_secret=OLD,
)  # fmt: skip
TOKEN = make_token(SETTINGS, KEY, issued=NOW)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_a_token_gives_back_what_was_signed():
    assert check(SETTINGS, TOKEN, now=NOW) == Claims(KEY, "pay", NOW, NOW + timedelta(days=60))


def test_a_token_is_what_its_description_says():
    body = bytes([1, 0]) + int(NOW.timestamp()).to_bytes(4) + int(NOW.timestamp() + 60 * 86_400).to_bytes(4)
    body += bytes.fromhex(KEY)
    tag = hmac.new(OLD.encode(), b"relance link" + body, hashlib.sha256).digest()[:16]
    assert base64.urlsafe_b64encode(body + tag).decode() == TOKEN  # 42 bytes: no padding


def test_addresses_are_short_and_made_for_urls():
    assert make_link(SETTINGS, KEY, issued=NOW) == f"https://pay.lumen.example/pay/{TOKEN}"
    assert len(TOKEN) == 56
    assert set(TOKEN) <= set(ALPHABET)
    card = make_link(SETTINGS, KEY, issued=NOW, scope="card")
    assert card.startswith("https://pay.lumen.example/pay/card/")
    assert make_link(SETTINGS, KEY, issued=NOW, scope="view").startswith("https://pay.lumen.example/view/")


@pytest.mark.parametrize("missing", [{"public_url": None}, {"link_secret": None}])
def test_no_address_or_no_secret_no_link(missing):
    assert make_link(replace(SETTINGS, **missing), KEY, issued=NOW) is None


@pytest.mark.parametrize("secret", ["short", "s" * 31, f"{OLD},short", " , "])
def test_a_secret_below_32_characters_is_refused_and_not_shown(secret):
    with pytest.raises(UsageError, match="RELANCE_LINK_SECRET is") as caught:
        make_link(replace(SETTINGS, link_secret=secret), KEY, issued=NOW)
    assert "token_urlsafe(32)" in str(caught.value)
    assert "sss" not in str(caught.value)


def test_it_opens_until_the_second_it_expires():
    end = NOW + timedelta(days=60)
    assert check(SETTINGS, TOKEN, now=end - timedelta(microseconds=1)).expires == end
    with pytest.raises(LinkExpiredError):
        check(SETTINGS, TOKEN, now=end)


def test_its_life_is_a_setting():
    token = make_token(replace(SETTINGS, link_days=1), KEY, issued=NOW)
    assert check(SETTINGS, token, now=NOW).expires == NOW + timedelta(days=1)


def test_a_token_for_one_thing_opens_no_other():
    with pytest.raises(LinkScopeError):
        check(SETTINGS, TOKEN, now=NOW, scopes={"view", "card"})
    assert check(SETTINGS, TOKEN, now=NOW, scopes={"pay"}).scope == "pay"


def test_the_first_secret_signs_and_all_verify():
    rotated = replace(SETTINGS, link_secret=f"{NEW}, {OLD}")
    assert check(rotated, TOKEN, now=NOW).key == KEY
    fresh = make_token(rotated, KEY, issued=NOW)
    assert check(replace(SETTINGS, link_secret=NEW), fresh, now=NOW).key == KEY
    with pytest.raises(LinkForgedError):
        check(SETTINGS, fresh, now=NOW)
    with pytest.raises(LinkForgedError):
        check(replace(SETTINGS, link_secret=NEW), TOKEN, now=NOW)


def test_a_version_that_we_do_not_know_is_refused_though_signed():
    body = bytes([2, 0]) + bytes(8) + bytes.fromhex(KEY)
    tag = hmac.new(OLD.encode(), b"relance link" + body, hashlib.sha256).digest()[:16]
    with pytest.raises(LinkForgedError):
        check(SETTINGS, base64.urlsafe_b64encode(body + tag).decode(), now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "A",
        TOKEN[:-1],
        TOKEN[1:],
        TOKEN + "A",
        TOKEN + "=",
        f" {TOKEN}",
        f"{TOKEN}\n",
        TOKEN * 5,
        "é" * 56,
    ],
)
def test_a_token_cut_off_or_lengthened_is_refused(token):
    with pytest.raises(LinkForgedError):
        check(SETTINGS, token, now=NOW)


@given(st.data(), st.sampled_from([KEY, KEY * 2, KEY[:30]]))
def test_any_changed_character_is_refused(data, key):
    token = make_token(SETTINGS, key, issued=NOW)  # of lengths with 0, 1 and 2 spare groups of bits
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([one for one in ALPHABET + "+/=. é" if one != token[place]]))
    with pytest.raises(LinkForgedError):
        check(SETTINGS, token[:place] + other + token[place + 1 :], now=NOW)


@given(st.text(max_size=80) | st.text(ALPHABET, min_size=50, max_size=80))
def test_whatever_comes_is_refused_and_nothing_else_goes_wrong(token):
    with pytest.raises(LinkForgedError):
        check(SETTINGS, token, now=NOW)


@given(st.binary(min_size=1, max_size=40), st.sampled_from(["pay", "view", "card"]))
def test_any_key_comes_back(raw, scope):
    token = make_token(SETTINGS, raw.hex(), issued=NOW, scope=scope)
    assert check(SETTINGS, token, now=NOW).key == raw.hex()
    assert check(SETTINGS, token, now=NOW).scope == scope


@pytest.mark.parametrize("key", ["", "xyz", "AB", "abc"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(ValueError):
        make_token(SETTINGS, key, issued=NOW)
