"""What mail that came back says."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.inbox.bounces import LONGEST_TEXT, read_mail
from relance.inbox.words import without_quotes
from tests.unit.inbox import samples
from tests.unit.inbox.samples import KEY, TO, answer, recipient, report


@pytest.mark.parametrize(
    ("raw", "fate", "status"),
    [
        (samples.POSTFIX, "bounced", "5.1.1"),
        (samples.EXCHANGE, "bounced", "5.1.10"),
        (samples.GMAIL, "bounced", "5.1.1"),
        (samples.ONLY_HEADERS, "bounced", "5.1.1"),
        (samples.BASE64, "bounced", "5.1.1"),
        (samples.EXIM, "bounced", "5.1.1"),
        (samples.FULL, "failed", "5.2.2"),
        (samples.GAVE_UP, "failed", "4.4.1"),
        (samples.DELAYED, "deferred", "4.4.1"),
        (samples.DELIVERED, "delivered", "2.1.5"),
        (samples.GATEWAY, "failed", "5.2.2"),
    ],
    ids=[
        "postfix",
        "exchange",
        "gmail",
        "headers",
        "base64",
        "exim",
        "full",
        "gave-up",
        "delayed",
        "delivered",
        "gateway",
    ],
)
def test_a_notice_says_what_became_of_whom(raw: bytes, fate: str, status: str) -> None:
    mail = read_mail(raw)
    (outcome,) = mail.outcomes
    assert (mail.kind, outcome.fate, outcome.status) == ("notice", fate, status)
    assert outcome.addresses[0] == TO
    assert mail.keys[0] == KEY


def test_a_notice_in_words_alone_names_nobody_but_says_why() -> None:
    mail = read_mail(samples.QMAIL)
    (outcome,) = mail.outcomes
    assert (mail.kind, outcome.fate, outcome.addresses, outcome.status) == ("notice", "bounced", (), "5.0.0")
    assert outcome.diagnostic.startswith("550 sorry, no mailbox")
    assert TO in mail.told
    assert "chef@client.example" not in mail.told  # it stands only in the mail given back
    assert mail.event.startswith("sha256:")


def test_reminders_before_are_not_what_a_notice_is_about() -> None:
    assert read_mail(samples.POSTFIX).keys == (KEY, "20260302080001.ABC")


def test_each_recipient_has_an_outcome_of_its_own() -> None:
    raw = report(recipient(), recipient("4.2.2", "delayed", "chef@client.example", "452 4.2.2 Full"))
    assert [(one.addresses[0], one.fate) for one in read_mail(raw).outcomes] == [
        (TO, "bounced"),
        ("chef@client.example", "deferred"),
    ]


def test_where_mail_was_forwarded_the_first_address_counts_too() -> None:
    raw = report(recipient(address="new@other.example", more=f"Original-Recipient: rfc822;{TO.upper()}\n"))
    assert read_mail(raw).outcomes[0].addresses == ("new@other.example", TO)


def test_a_failure_without_a_code_is_not_a_hard_one() -> None:
    assert read_mail(report(recipient(status="", diagnostic="who knows"))).outcomes[0].fate == "failed"


def test_an_absence_is_no_answer() -> None:
    mail = read_mail(samples.AWAY)
    assert (mail.kind, mail.keys, mail.text) == ("absence", (KEY,), "")
    older = answer("Away", references=False, head="X-Autoreply: yes\n")
    assert read_mail(older).kind == "absence"


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-generated\n",
        "Precedence: bulk\n",
        "List-Id: <x.example>\n",
        f"X-Relance-Key: {KEY}\n",
    ],
)
def test_mail_of_machines_and_our_own_is_no_answer(head: str) -> None:
    assert read_mail(answer("Hello", head=head)).kind == "machine"


def test_a_person_answers() -> None:
    mail = read_mail(
        answer("Bonjour,\n\nLe virement part demain.\n\nLe 2 mars 2026, Lumen a écrit :\n> Bonjour\n> F-1")
    )
    assert (mail.kind, mail.sender, mail.subject) == ("reply", TO, "Re: Facture F-1")
    assert mail.keys == (KEY, "2e" * 16)
    assert mail.text == "Bonjour,\n\nLe virement part demain."
    assert mail.event == "<r-1@client.example>"


@pytest.mark.parametrize(
    "intro",
    [
        "On Mon, 2 Mar 2026 at 09:00, Lumen <compta@lumen.example>\nwrote:",
        "Am 02.03.2026 um 09:00 schrieb Lumen:",
        "El lun, 2 mar 2026 a las 9:00, Lumen escribió:",
        "Il giorno lun 2 mar 2026 Lumen ha scritto:",
        "Op ma 2 mrt 2026 schreef Lumen:",
        "Em seg., 2 de mar. de 2026, Lumen escreveu:",
        "-----Original Message-----",
        "________________________________",
        "De : Lumen <compta@lumen.example>",
        "-- ",
    ],
)
def test_what_is_quoted_is_left_out(intro: str) -> None:
    assert without_quotes(f"Payé hier.\n\n{intro}\nold words\nmore") == "Payé hier."


def test_a_sentence_that_begins_like_a_quote_stays() -> None:
    text = "On Monday we paid: see below.\nDe notre part tout est bon."
    assert without_quotes(text) == text


def test_html_alone_is_read_as_text() -> None:
    raw = answer("<p>Bonjour&nbsp;!</p><script>x()</script><div>Payé<br>hier</div>").replace(
        b"text/plain", b"text/html"
    )
    assert read_mail(raw).text.split("\n") == ["Bonjour !", "Payé", "hier"]


def test_no_more_than_two_thousand_characters_are_kept() -> None:
    assert len(read_mail(answer("x" * 5000)).text) == LONGEST_TEXT


def test_text_that_was_made_to_cost_time_does_not() -> None:
    began = time.monotonic()
    read_mail(answer("On x\n" * 100_000))
    read_mail(answer("<!--" * 100_000).replace(b"text/plain", b"text/html"))
    assert time.monotonic() - began < 3


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([samples.POSTFIX, samples.EXIM, samples.AWAY, samples.QMAIL, answer("x")]),
    st.lists(st.tuples(st.integers(0, 1500), st.binary(max_size=12) | st.just(b"\x00")), max_size=6),
    st.integers(0, 2500),
)
def test_broken_mail_is_read_or_refused_and_nothing_else(
    raw: bytes, cuts: list[tuple[int, bytes]], end: int
) -> None:
    for at, junk in cuts:
        raw = raw[:at] + junk + raw[at + len(junk) :]
    try:
        mail = read_mail(raw[:end])
    except ValueError:
        return
    texts = (mail.event, *mail.keys, mail.sender or "", mail.subject, mail.text, mail.told)
    told = [text for one in mail.outcomes for text in (*one.addresses, one.status or "", one.diagnostic)]
    for text in (*texts, *told):
        assert "\x00" not in text
        text.encode()  # no halves of characters: a database takes it as it is


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 300,
        b"From: =?bogus?q?x?= <a@b.example>\n\nhi",
        b"Content-Type: text/plain; charset=nobody-knows\n\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=\n\nx",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!",
        b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\n\xff\n--B--",
    ],
)
def test_strange_mail_does_no_harm(raw: bytes) -> None:
    assert read_mail(raw).outcomes == ()
