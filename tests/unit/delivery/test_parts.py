"""The small parts of delivery: SMS characters, back-off, the view, the folder, e-mail headers, the SMTP body."""

from __future__ import annotations

import email
import hashlib
import os
from datetime import UTC, date, datetime
from email import policy as email_policy

import mailparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.config.policy import Policy
from relance.delivery import gsm7, mime, retry, view
from relance.delivery.folder import Folder
from relance.delivery.port import ChannelDownError, Message
from relance.delivery.registry import Channels
from relance.delivery.render import Email
from relance.delivery.smtp import _stuffed
from relance.errors import PermanentError
from relance.money import Money
from relance.settings import Settings
from relance.store.database import Database
from tests.unit.delivery.examples import contact, entity, item, packed

# ---- GSM 7-bit


def test_characters_outside_the_sms_alphabet_are_replaced():
    assert gsm7.transliterate("reçu, prêt, cœur, l’été, n° 5, « 10 € », João, Łódź, Ağa") == (
        'recu, pret, coeur, l\'été, no 5, " 10 € ", Joao, Lódz, Aga'.replace("ó", "o")
    )
    assert gsm7.transliterate("1\u202f234,50\xa0EUR") == "1 234,50 EUR"
    assert gsm7.transliterate("🏢 שלום") == "? ????"
    assert gsm7.transliterate("a\u200bb") == "ab"


@given(st.text())
def test_what_comes_out_is_always_of_the_alphabet_and_stays_as_it_is(text: str):
    once = gsm7.transliterate(text)
    assert gsm7.transliterate(once) == once
    assert gsm7.length(once) >= len(once)


def test_an_sms_is_counted_in_septets_and_parts():
    assert gsm7.length("€[]") == 6
    assert gsm7.parts("a" * 160) == 1
    assert gsm7.parts("a" * 161) == 2
    assert gsm7.parts("€" * 80) == 1
    assert gsm7.parts("€" * 81) == 2
    assert gsm7.parts("a" * 307) == 3


def test_pieces_are_added_as_long_as_one_part_holds_them():
    assert gsm7.fit("a", "b", "", "c") == "a b c"
    assert gsm7.fit("a" * 150, "b" * 20, "c") == "a" * 150 + " c"
    assert gsm7.fit("a" * 200, "b") == "a" * 200


# ---- back-off


@given(st.text(min_size=1), st.integers(1, 40))
def test_waits_grow_are_spread_and_end(key: str, attempt: int):
    wait = retry.delay_s(key=key, attempt=attempt)
    base = min(60 * 2 ** (attempt - 1), 6 * 3600)
    assert 0.75 * base <= wait <= 1.25 * base
    assert retry.delay_s(key=key, attempt=attempt) == wait
    assert retry.delay_s(key=key, attempt=attempt, retry_after=1e6) == 1e6


# ---- the view


def test_rows_are_grouped_by_the_contacts_level():
    shown = view.build(contact("formal_notice"), entity())
    assert [row.invoice_id for row in shown.lead] == ["F-1", "F-2", "F-6"]
    assert [row.invoice_id for row in shown.lower] == ["F-3"]
    assert [row.invoice_id for row in shown.announced] == ["F-4"]
    assert [(row.invoice_id, row.state) for row in shown.mentioned] == [("F-5", "disputed")]
    assert shown.totals == (Money("EUR", 1319050), Money("USD", 30000))
    assert shown.lead[1].covered == Money("EUR", 5000)
    assert shown.lead[0].covered is None
    assert shown.days_late == 38


@pytest.mark.parametrize(
    "reason", ["snoozed", "awaiting_approval", "below_minimum", "cooldown", "commercial_hold"]
)
def test_our_own_reasons_for_resting_are_not_the_payers_to_read(reason: str):
    row = contact(items={"F-4": item(-6, 99900, state=reason), "F-5": item(60, 500000, state=reason)})
    shown = view.build(row, entity())
    assert shown.mentioned[0].state == "due"
    assert shown.announced[0].state == "not_due"


def test_the_reference_is_the_one_invoice_or_the_customer():
    assert view.build(contact(), entity()).reference == "C-42"
    row = contact()
    row["content"] |= {"items": packed({"F-1": item(3, 100)}, {"F-1": 100}, {"F-1": "level_1"})}
    assert view.build(row, entity()).reference == "F-1"


def test_an_iban_is_shown_in_groups_of_four():
    bank = view.build(contact(), entity()).bank
    assert bank == view.Bank("Lumen SAS", "FR76 3000 6000 0112 3456 7890 189", "AGRIFRPP")


# ---- headers

MAIL = Email(subject="Facture n° 7", html="<p>é</p>\n", text="é\n.\nFrom x\n")


def headers(**changes) -> mime.Headers:
    fields = {
        "key": "ab" * 32, "sender": "compta@lumen.example", "sender_name": "Lumen", "reply_to": None,
        "recipient": "a@client.example", "recipient_name": "Comptabilité", "copies": (),
        "date": datetime(2026, 3, 2, 7, tzinfo=UTC), "language": "fr",
    } | changes  # fmt: skip
    return mime.Headers(**fields)


def parsed(**changes):
    return email.message_from_bytes(mime.compose(MAIL, headers(**changes)), policy=email_policy.default)


def test_the_same_contact_gives_the_same_bytes():
    assert mime.compose(MAIL, headers()) == mime.compose(MAIL, headers())


def test_identifiers_stand_on_one_line():
    lines = mime.compose(MAIL, headers(earlier=["<1@x.example>", "<2@x.example>"])).split(b"\r\n")
    assert b"Message-ID: <" + b"ab" * 32 + b"@lumen.example>" in lines
    assert b"In-Reply-To: <2@x.example>" in lines


def test_a_long_thread_is_folded_and_read_back_whole():
    earlier = [f"<{number:064}@lumen.example>" for number in range(10)]
    assert parsed(earlier=earlier)["References"].split() == earlier


@given(name=st.text(max_size=80))
def test_no_name_can_write_a_header(name: str):
    body = mime.compose(MAIL, headers(recipient_name=view.clean(name), sender_name=view.clean(name) or "x"))
    message = email.message_from_bytes(body, policy=email_policy.default)
    assert message["Bcc"] is None
    assert [one.addr_spec for one in message["To"].addresses] == ["a@client.example"]
    assert mailparser.parse_from_bytes(body).message_id == f"<{'ab' * 32}@lumen.example>"


@pytest.mark.parametrize("field", ["recipient_name", "sender_name"])
def test_a_line_break_that_comes_this_far_is_refused(field: str):
    with pytest.raises(PermanentError, match="headers can't be written"):
        mime.compose(MAIL, headers(**{field: "a\r\nBcc: all@client.example"}))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.example",
        "a@",
        "a b@c.example",
        "a@b.example,c@d.example",
        "a@b\r\nBcc: x@y",
        "a@" + "x" * 80,
    ],
)
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(PermanentError):
        mime.compose(MAIL, headers(recipient=address))


def test_international_addresses_are_written_as_servers_want_them():
    assert mime.ascii_address("a@bücher.example") == "a@xn--bcher-kva.example"
    assert "<müller@client.example>\r\n".encode() in mime.compose(
        MAIL, headers(recipient="müller@client.example")
    )
    assert parsed(recipient="a@bücher.example")["To"].addresses[0].addr_spec == "a@xn--bcher-kva.example"


def test_there_is_a_reply_to_only_where_it_differs():
    assert parsed()["Reply-To"] is None
    assert parsed(reply_to="compta@lumen.example")["Reply-To"] is None
    assert parsed(reply_to="r@lumen.example")["Reply-To"] == "Lumen <r@lumen.example>"


# ---- the SMTP body


def test_dots_are_doubled_and_lines_end_with_crlf():
    assert _stuffed(b".a\n..b\r\nc\rd") == b"..a\r\n...b\r\nc\r\nd\r\n"
    assert _stuffed(b"a\r\n") == b"a\r\n"


# ---- the folder


def message(body: bytes = b"hello\r\n", **changes) -> Message:
    fields = {
        "key": "k1", "entity": "FR01", "channel": "email", "on_date": date(2026, 3, 2), "sender": None, "recipient": "x",
        "copies": (), "message_id": "k1", "media": "eml", "body": body, "digest": hashlib.sha256(body).hexdigest(),
    } | changes  # fmt: skip
    return Message(**fields)


def test_a_kept_message_is_found_by_its_key(tmp_path):
    folder = Folder(root=tmp_path, entity="FR01", channel="email")
    assert folder.lookup(message()) is None
    receipt = folder.send(message())
    assert receipt == folder.lookup(message())
    assert (receipt.kept, receipt.reference) == (True, "FR01/2026-03-02/email/k1.eml")
    assert [path.name for path in (tmp_path / "FR01" / "2026-03-02" / "email").iterdir()] == ["k1.eml"]


def test_keeping_again_changes_nothing(tmp_path):
    folder = Folder(root=tmp_path, entity="FR01", channel="email")
    folder.send(message())
    path = tmp_path / "FR01" / "2026-03-02" / "email" / "k1.eml"
    before = path.stat().st_ino
    folder.send(message())
    assert path.stat().st_ino == before
    folder.send(message(b"other"))
    assert path.read_bytes() == b"other"


def test_a_half_written_file_is_not_found(tmp_path):
    path = tmp_path / "FR01" / "2026-03-02" / "email" / ".k1.eml.part"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"hal")
    folder = Folder(root=tmp_path, entity="FR01", channel="email")
    assert folder.lookup(message()) is None
    folder.send(message())
    assert [one.name for one in path.parent.iterdir()] == ["k1.eml"]


@pytest.mark.parametrize("key", ["../up", "a/b", "", ".hidden", "a\0b", "*"])
def test_a_key_can_not_leave_its_folder(tmp_path, key: str):
    with pytest.raises(PermanentError):
        Folder(root=tmp_path, entity="FR01", channel="email").send(message(key=key))


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    folder = Folder(root=tmp_path, entity="FR01", channel="email")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ChannelDownError, match="No space left on device"):
        folder.send(message())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# ---- the registry


def test_email_goes_by_smtp_where_a_server_is_set_and_all_else_to_the_folder(tmp_path):
    def names(environ: dict[str, str]) -> dict[str, str]:
        settings = Settings.from_environment({"RELANCE_HOME": str(tmp_path), **environ})
        with Channels(
            database=Database("postgresql://none"), settings=settings, policy=Policy(), entity="FR01"
        ) as channels:
            return {one: channels.provider_of(one) for one in ("email", "sms", "letter")}

    assert names({}) == {"email": "folder", "sms": "folder", "letter": "folder"}
    assert names({"RELANCE_SMTP_HOST": "mail.example"}) == {
        "email": "smtp",
        "sms": "folder",
        "letter": "folder",
    }
