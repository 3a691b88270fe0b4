"""E-mails as bytes: headers that any reader takes, texts, pictures and files that two parsers give back byte for byte."""

from __future__ import annotations

import base64
import binascii
import email
import email.utils
import re
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.delivery import mime
from relance.delivery.extras import Attachment
from relance.delivery.render import Email
from relance.errors import PermanentError

MAIL = Email(subject="Facture n° 7", html='<p>é</p><img src="cid:code.png">\n', text="é\n.\nFrom x\n")
PICTURE = Attachment("code.png", "image/png", bytes(range(256)) * 3)
FILE = Attachment("Relevé 2026.pdf", "application/pdf", b"%PDF-1.7\r\n\x00" + bytes(range(256)) * 50)


def headers(**changes) -> mime.Headers:
    fields = {
        "key": "ab" * 32, "sender": "compta@lumen.example", "sender_name": "Lumen", "reply_to": None,
        "recipient": "a@client.example", "recipient_name": "Comptabilité", "copies": (),
        "date": datetime(2026, 3, 2, 7, tzinfo=UTC), "language": "fr",
    } | changes  # fmt: skip
    return mime.Headers(**fields)


def parsed(body: bytes) -> EmailMessage:
    message = email.message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def shape(part: EmailMessage) -> object:
    kind = part.get_content_type()
    return (kind, [shape(one) for one in part.iter_parts()]) if part.is_multipart() else kind


# ---- headers

PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


@settings(max_examples=40)
@given(words=st.lists(PLAIN, min_size=1, max_size=4), subject=st.lists(PLAIN, min_size=1, max_size=6))
def test_short_plain_headers_are_those_of_the_standard_library(words: list[str], subject: list[str]):
    name, title = " ".join(words), " ".join(subject)
    if "=?" in name + title or len(name) > 34 or len(title) > 66:
        return  # the library would take the first for an encoded word, and folds the others elsewhere
    reference = EmailMessage(policy=policy.SMTP)
    reference["From"] = Address(name, "compta", "lumen.example")
    reference["To"] = Address(name, "a", "client.example")
    reference["Cc"] = [Address(username="b", domain="x.example"), Address(username="c", domain="y.example")]
    reference["Subject"] = title
    told = headers(sender_name=name, recipient_name=name, copies=("b@x.example", "c@y.example"))
    body = mime.compose(Email(title, "<p>\n", "\n"), told)
    head = b"".join(policy.SMTP.fold_binary(one, value) for one, value in reference.items())
    if max(map(len, head.split(b"\r\n"))) <= 76:
        assert body.startswith(head)


@settings(max_examples=40)
@given(name=st.text(max_size=90), title=st.text(max_size=200))
def test_any_name_and_subject_is_read_back_as_it_was(name: str, title: str):
    odd = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
    name, title = (" ".join(odd.sub(" ", one).split()) for one in (name, title))
    body = mime.compose(Email(title, "<p>\n", "\n"), headers(recipient_name=name))
    assert parsed(body)["Subject"] == title
    assert mailparser.parse_from_bytes(body).subject == title
    # Python 3.11's own structured reader puts a blank between encoded words of a name; what it is read by here does not.
    raw = email.message_from_bytes(body)["To"].replace("\r\n", "")
    shown, address = email.utils.parseaddr(raw)
    assert (str(make_header(decode_header(shown))), address) == (name, "a@client.example")
    assert max(map(len, body.split(b"\r\nDate:")[0].split(b"\r\n"))) <= 76


def test_a_name_that_looks_like_an_encoded_word_stays_what_it_is():
    name = "=?utf-8?q?boss=40lumen=2Eexample?="
    message = parsed(mime.compose(Email(name, "<p>\n", "\n"), headers(recipient_name=name)))
    assert message["Subject"] == name
    assert message["To"].addresses[0].display_name == name


@pytest.mark.parametrize("field", ["recipient_name", "sender_name"])
def test_a_line_break_in_a_name_or_subject_is_refused(field: str):
    for evil in ("a\r\nBcc: all@client.example", "a\nb", "é\rb"):
        with pytest.raises(PermanentError, match="headers can't be written"):
            mime.compose(MAIL, headers(**{field: evil}))
        with pytest.raises(PermanentError, match="headers can't be written"):
            mime.compose(Email(evil, "", ""), headers())
    with pytest.raises(PermanentError, match="headers can't be written"):
        mime.compose(MAIL, headers(earlier=["<a@b>\r\nBcc: x@y.example"]))


def test_many_copies_are_folded_between_addresses():
    copies = tuple(f"person.{number}@department-{number}.client.example" for number in range(12))
    body = mime.compose(MAIL, headers(copies=copies))
    assert [one.addr_spec for one in parsed(body)["Cc"].addresses] == list(copies)
    assert max(map(len, body.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 92  # the Message-ID


# ---- texts


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=12))
def test_texts_are_those_that_the_standard_encoder_writes(lines: list[str]):
    text = "\n".join([*lines, ""])
    whole = binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    body = mime.compose(Email("s", text, text), headers())
    assert body.count(b"\r\n\r\n" + whole + b"\r\n--") == 2
    for part in parsed(body).iter_parts():
        assert part.get_payload(decode=True) == text.replace("\n", "\r\n").encode()


def test_more_lines_than_are_kept_are_written_all_the_same():
    text = "".join(f"é={number} " * 20 + "\n" for number in range(5000))
    whole = binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    for _ in range(2):
        assert whole in mime.compose(Email("s", "", text), headers())


# ---- structure


@pytest.mark.parametrize(
    ("attachments", "inline", "structure"),
    [
        ((), (), ("multipart/alternative", ["text/plain", "text/html"])),
        ((), (PICTURE,), ("multipart/related", [("multipart/alternative", ["text/plain", "text/html"]), "image/png"])),
        ((FILE,), (), ("multipart/mixed", [("multipart/alternative", ["text/plain", "text/html"]), "application/pdf"])),
        (
            (FILE, FILE),
            (PICTURE,),
            (
                "multipart/mixed",
                [
                    ("multipart/related", [("multipart/alternative", ["text/plain", "text/html"]), "image/png"]),
                    "application/pdf",
                    "application/pdf",
                ],
            ),
        ),
    ],
)  # fmt: skip
def test_there_are_only_the_levels_that_are_needed(attachments, inline, structure):
    body = mime.compose(MAIL, headers(), attachments=attachments, inline=inline)
    assert shape(parsed(body)) == structure
    assert body == mime.compose(MAIL, headers(), attachments=attachments, inline=inline)
    assert b"\n" not in body.replace(b"\r\n", b"")
    bare = [
        part.get_payload(decode=True)
        for part in parsed(mime.compose(MAIL, headers())).walk()
        if not part.is_multipart()
    ]
    kept = [
        part.get_payload(decode=True) for part in parsed(body).walk() if part.get_content_maintype() == "text"
    ]
    assert kept == bare


def test_a_picture_is_shown_where_the_page_asks_for_it():
    message = parsed(mime.compose(MAIL, headers(), inline=[PICTURE]))
    picture = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<code.png>"
    assert picture.get_content_disposition() == "inline"
    assert "cid:code.png" in message.get_body(("html",)).get_content()
    assert message.get_param("type") == "multipart/alternative"


@pytest.mark.parametrize("name", ["", "a b.png", "a>.png", "../a.png", "é.png", "a\r\nX: y", "x" * 80])
def test_a_picture_whose_name_no_link_can_hold_is_refused(name: str):
    with pytest.raises(PermanentError):
        mime.compose(MAIL, headers(), inline=[Attachment(name, "image/png", b"x")])


# ---- files

HOSTILE = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [
            'a"b.pdf', "a\r\nContent-Type: text/html\r\n\r\n<script>.pdf", "../../etc/passwd", "C:\\Windows\\x.exe",
            "/abs/é/x.pdf", "Relevé de compte – März 2026 €.pdf", "발신.pdf", "a;b=c.pdf", "%41.pdf", "utf-8''x.pdf", "..",
            ".hidden", "", "   ", "x" * 500 + ".xlsx", "é" * 300 + ".pdf", "evil\u202efdp.exe", "=?utf-8?q?a?=.pdf",
            "a'b.pdf", "two  blanks.pdf", "tab\t.pdf", 'a\\"b.pdf',
        ]
    ),
)  # fmt: skip
MEDIA = st.sampled_from(
    [
        "application/pdf",
        "image/png",
        "text/csv",
        "message/rfc822",
        "multipart/mixed",
        "",
        "no type",
        "a/b\r\nX: y",
        "text/html; charset=x",
    ]
)


@settings(max_examples=40)
@given(name=HOSTILE, media=MEDIA, content=st.binary(max_size=300), inline=st.booleans())
def test_two_parsers_give_every_file_back_byte_for_byte_under_a_safe_name(
    name: str, media: str, content: bytes, inline: bool
):
    files = [Attachment(name, media, content), Attachment(name, media, content[::-1])]
    body = mime.compose(MAIL, headers(), attachments=files, inline=[PICTURE] if inline else [])
    found = [part for part in parsed(body).walk() if part.get_content_disposition() == "attachment"]
    assert [part.get_payload(decode=True) for part in found] == [content, content[::-1]]
    names = [part.get_filename() for part in found]
    assert names[0] == mime.file_name(name)
    assert names[0] != names[1]
    for one in names:
        assert one.isprintable() or "\u200c" in one or "\u200d" in one
        assert not set(one) & set('/\\:*?"<>|\r\n')
        assert not one.startswith(".")
        assert 0 < len(one) <= 125
    other = mailparser.parse_from_bytes(body)
    read = {one["filename"]: one for one in other.attachments if "attachment" in one["content-disposition"]}
    assert [base64.b64decode(read[one]["payload"]) for one in names] == [content, content[::-1]]
    assert parsed(body)["X"] is None
    assert max(map(len, body.split(b"\r\n"))) <= 998


def test_a_file_name_keeps_its_suffix_and_loses_its_path():
    assert mime.file_name("../../etc/Relevé 2026.pdf") == "Relevé 2026.pdf"
    assert mime.file_name("C:\\x\\y.xlsx") == "y.xlsx"
    assert mime.file_name("x" * 500 + ".pdf") == "x" * 116 + ".pdf"
    assert mime.file_name(" .. ") == "file"
    assert mime.file_name('a"b<c>.pdf') == "a_b_c_.pdf"


def test_files_of_one_name_are_told_apart():
    files = [Attachment(one, "application/pdf", b"") for one in ("a.pdf", "A.pdf", "a (2).pdf", "a.pdf")]
    found = parsed(mime.compose(MAIL, headers(), attachments=files)).iter_attachments()
    assert [one.get_filename() for one in found] == ["a.pdf", "A (2).pdf", "a (2) (2).pdf", "a (3).pdf"]
