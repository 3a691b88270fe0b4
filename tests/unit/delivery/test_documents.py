"""Invoices' files: what may be read, from where, how much, how long; with a real server on this machine."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from relance.delivery.documents import Files, Missing, fetch, file_name, invoice_files
from relance.delivery.extras import Attachment
from relance.delivery.web import _is_outside
from relance.errors import DeliveryError
from relance.settings import Documents

PDF = b"%PDF-1.7\n" + b"x" * 991
HERE = frozenset({"127.0.0.1"})
LIMITS = Documents(hosts=HERE, max_file=5_000, max_message=10_000, timeout_s=0.6)


class Handler(BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        try:
            getattr(self, "_" + self.path.strip("/").partition("?")[0].partition("/")[0], self._nothing)()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _good(self) -> None:
        self._answer(200, PDF, Content_Type="application/pdf")

    def _html(self) -> None:
        self._answer(200, b"<!doctype html><p>Please log in. %PDF-1.7", Content_Type="application/pdf")

    def _nothing(self) -> None:
        self._answer(404, b"")

    def _broken(self) -> None:
        self._answer(503, b"")

    def _announced(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "999999999")
        self.end_headers()

    def _huge(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for _ in range(1000):
            self.wfile.write(PDF)

    def _slow(self) -> None:
        time.sleep(2)
        self._answer(200, PDF)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PDF)))
        self.end_headers()
        for byte in PDF[:40]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.1)

    def _stall(self) -> None:
        time.sleep(0.7)
        self.send_response(200)
        self.send_header("Content-Length", str(len(PDF)))
        self.end_headers()
        self.wfile.flush()
        time.sleep(2)

    def _moved(self) -> None:
        self._answer(302, b"", Location="/good")

    def _circle(self) -> None:
        self._answer(302, b"", Location="/circle")

    def _inside(self) -> None:
        self._answer(302, b"", Location=f"https://localhost:{self.server.server_address[1]}/good")

    def _file(self) -> None:
        self._answer(302, b"", Location="file:///etc/hostname")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, dict[str, str]]]:
    kept: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(Handler, "asked", kept, raising=False)
    return kept


@pytest.fixture
def server(asked) -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.block_on_close = False
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def why(found: Attachment | Missing) -> str:
    assert isinstance(found, Missing)
    return found.why


# --- a path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "ledger"
    (root / "pdf").mkdir(parents=True)
    (root / "pdf" / "F-1.pdf").write_bytes(PDF)
    (tmp_path / "secret.pdf").write_bytes(PDF)
    return root


@pytest.mark.parametrize("reference", ["pdf/F-1.pdf", "./pdf/../pdf/F-1.pdf", " pdf/F-1.pdf "])
def test_a_path_below_the_folder_is_read(folder, reference):
    assert fetch(reference, name="F-1.pdf", limits=LIMITS, root=folder) == Attachment(
        "F-1.pdf", "application/pdf", PDF
    )


def test_an_absolute_path_below_the_folder_is_read(folder):
    assert isinstance(fetch(str(folder / "pdf" / "F-1.pdf"), limits=LIMITS, root=folder), Attachment)


@pytest.mark.parametrize(
    "reference", ["../secret.pdf", "pdf/../../secret.pdf", "/etc/hostname", "pdf/../../ledger2"]
)
def test_a_path_out_of_the_folder_is_not(folder, reference):
    (folder.parent / "ledger2").write_bytes(PDF)  # begins like the folder's own name
    assert why(fetch(reference, limits=LIMITS, root=folder)) == "outside"


def test_a_link_out_of_the_folder_is_not_followed_one_inside_is(folder):
    (folder / "out.pdf").symlink_to(folder.parent / "secret.pdf")
    (folder / "in.pdf").symlink_to(folder / "pdf" / "F-1.pdf")
    (folder / "way").symlink_to(folder.parent)
    assert why(fetch("out.pdf", limits=LIMITS, root=folder)) == "outside"
    assert why(fetch("way/secret.pdf", limits=LIMITS, root=folder)) == "outside"
    assert isinstance(fetch("in.pdf", limits=LIMITS, root=folder), Attachment)


def test_what_is_no_file_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.pdf")
    (folder / "circle.pdf").symlink_to(folder / "circle.pdf")
    for reference in ("pipe.pdf", "circle.pdf", "pdf", "none.pdf", "a\0b.pdf", "x" * 5000):
        assert why(fetch(reference, limits=LIMITS, root=folder)) == "not_there"


def test_a_file_that_is_too_large_or_no_pdf_is_left_out(folder):
    (folder / "large.pdf").write_bytes(PDF * 6)
    (folder / "page.pdf").write_bytes(b"<html>%PDF-1.7")
    (folder / "empty.pdf").write_bytes(b"")
    assert why(fetch("large.pdf", limits=LIMITS, root=folder)) == "too_large"
    assert why(fetch("page.pdf", limits=LIMITS, root=folder)) == "not_a_pdf"
    assert why(fetch("empty.pdf", limits=LIMITS, root=folder)) == "not_a_pdf"


def test_without_a_folder_no_path_is_read(folder):
    assert why(fetch(str(folder / "pdf" / "F-1.pdf"), limits=LIMITS)) == "refused"


def test_a_folder_of_its_own_goes_before_the_ledgers(folder):
    limits = Documents(folder=folder / "pdf")
    assert isinstance(fetch("F-1.pdf", limits=limits, root=folder.parent), Attachment)
    assert why(fetch(str(folder.parent / "secret.pdf"), limits=limits, root=folder.parent)) == "outside"


# --- an address


def test_an_address_is_fetched_and_nothing_of_ours_goes_along(url, asked, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert fetch(f"{url}/good?a=b#c", limits=LIMITS) == Attachment("document.pdf", "application/pdf", PDF)
    path, headers = asked[0]
    assert path == "/good?a=b"
    assert set(headers) == {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("html", "not_a_pdf"), ("nothing", "not_there"), ("broken", "unreachable"), ("announced", "too_large"),
        ("huge", "too_large"), ("circle", "refused"), ("inside", "refused"), ("file", "refused"),
    ],
)  # fmt: skip
def test_what_goes_wrong_has_its_reason(url, path, reason):
    assert why(fetch(f"{url}/{path}", limits=LIMITS)) == reason


def test_a_file_that_has_moved_is_found(url):
    assert isinstance(fetch(f"{url}/moved", limits=LIMITS), Attachment)


@pytest.mark.parametrize("path", ["slow", "drip"])
def test_the_whole_takes_no_longer_than_its_limit(url, path):
    began = time.monotonic()
    assert why(fetch(f"{url}/{path}", limits=LIMITS)) == "unreachable"
    assert time.monotonic() - began < 1.5


def test_a_server_that_stalls_has_only_what_is_left_of_the_time(url):
    began = time.monotonic()
    limits = Documents(hosts=HERE, timeout_s=1)
    assert why(fetch(f"{url}/stall", limits=limits)) == "unreachable"
    assert time.monotonic() - began < 1.5


def test_our_own_network_is_not_reached_unless_the_host_is_listed(server, asked, url):
    port = server.server_address[1]
    for address in (
        f"https://127.0.0.1:{port}/good", f"https://localhost:{port}/good", f"http://localhost:{port}/good",
        f"https://[::1]:{port}/good", f"https://[::ffff:127.0.0.1]:{port}/good", f"https://2130706433:{port}/good",
        f"https://0x7f.1:{port}/good", "https://169.254.169.254/latest", "https://10.0.0.1/a.pdf", "https://0.0.0.0/a.pdf",
    ):  # fmt: skip
        assert why(fetch(address, limits=Documents(timeout_s=0.5))) == "refused", address
    assert asked == []


@pytest.mark.parametrize(
    "reference",
    [
        "http://files.example/a.pdf", "ftp://files.example/a.pdf", "file:///etc/passwd", "https://me:secret@127.0.0.1/a.pdf",
        "https:///a.pdf", "https://[::1/a.pdf", "gopher://127.0.0.1/", "://x", "https://\ud800.example/",
    ],
)  # fmt: skip
def test_other_schemes_and_credentials_in_addresses_are_refused(reference):
    assert why(fetch(reference, limits=LIMITS)) == "refused"


def test_the_address_that_was_checked_is_the_one_connected_to(url, server, asked, monkeypatch):
    looked_up = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
        looked_up.append(host)
        where = "127.0.0.1" if host == "files.example" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    address = f"http://files.example:{server.server_address[1]}/good"
    assert isinstance(fetch(address, limits=Documents(hosts=frozenset({"files.example"}))), Attachment)
    assert looked_up[0] == "files.example"
    assert "files.example" not in looked_up[1:]
    assert asked[0][1]["host"].startswith("files.example:")
    # The same name, not listed: refused before anything is sent.
    assert why(fetch(address.replace("http", "https"), limits=Documents())) == "refused"


def test_certificates_are_checked(server, monkeypatch, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"https://127.0.0.1:{server.server_address[1]}/good"
    assert why(fetch(address, limits=LIMITS)) == "unreachable"
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert isinstance(fetch(address, limits=LIMITS), Attachment)


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False),
        ("::ffff:10.0.0.1", False), ("::ffff:93.184.216.34", True), ("64:ff9b::a00:1", False), ("2002:a00:1::", False),
    ],
)  # fmt: skip
def test_what_counts_as_our_own_network(address, outside):
    assert _is_outside(address) is outside


def test_a_dead_host_is_asked_three_times_and_then_no_more(url, asked):
    with Files(LIMITS) as files:
        for number in range(6):
            assert why(files.fetch(f"{url}/broken/{number}", "a.pdf")) == "unreachable"
        assert len(asked) == 3
        assert why(files.fetch(f"{url}/good", "a.pdf")) == "unreachable"


# --- a connection


def test_a_connection_is_asked_by_the_entrance():
    calls = []

    def connection(conn_id: str, path: str, most: int) -> bytes:
        calls.append((conn_id, path, most))
        return PDF

    assert isinstance(fetch("dms_fr:2026/F 1.pdf", limits=LIMITS, connection=connection), Attachment)
    assert calls == [("dms_fr", "2026/F 1.pdf", 5_000)]


def test_without_connections_or_when_one_fails_the_file_is_left_out():
    def failing(conn_id: str, path: str, most: int) -> bytes:
        raise DeliveryError("no such share") if conn_id == "a" else OSError("gone")

    assert why(fetch("dms_fr:F1.pdf", limits=LIMITS)) == "refused"
    assert why(fetch("a:F1.pdf", limits=LIMITS, connection=failing)) == "unreachable"
    assert why(fetch("b:F1.pdf", limits=LIMITS, connection=failing)) == "unreachable"
    assert why(fetch("c:F1.pdf", limits=LIMITS, connection=lambda *_: PDF * 6)) == "too_large"


# --- the files of a message


def item(number: str, document: str | None, level: str | None = "level_1") -> dict[str, Any]:
    return {"invoice_id": number, "document": document, "level": level}


def test_each_file_is_fetched_once_a_run(url, asked):
    with Files(LIMITS) as files:
        for _ in range(3):
            attached, missing = invoice_files(
                [item("F-1", f"{url}/good"), item("F-2", f"{url}/nothing")], files
            )
            assert [one.name for one in attached] == ["F-1.pdf"]
            assert missing == (Missing("F-2.pdf", "not_there"),)
    assert len(asked) == 2


def test_only_invoices_of_the_message_with_a_document_are_attached(folder):
    items = [
        item("F-1", "pdf/F-1.pdf"),
        item("F-2", None),
        item("F-3", "pdf/F-1.pdf", level=None),
        item("F-4", ""),
    ]
    with Files(LIMITS, ledger=folder) as files:
        attached, missing = invoice_files(items, files)
    assert [one.name for one in attached] == ["F-1.pdf"]
    assert missing == ()


def test_what_is_over_a_messages_limit_is_left_out_by_name(folder):
    (folder / "big.pdf").write_bytes(PDF + b"x" * 3_000)
    items = [item("A", "big.pdf"), item("B", "big.pdf"), item("C", "big.pdf"), item("D", "pdf/F-1.pdf")]
    with Files(LIMITS, ledger=folder) as files:
        attached, missing = invoice_files(items, files, used=1_000)
        assert [one.name for one in attached] == ["A.pdf", "B.pdf", "D.pdf"]
        assert missing == (Missing("C.pdf", "too_large"),)
        assert invoice_files(items, files, used=10_000)[0] == ()


def test_a_message_has_fifty_files_at_most(folder):
    items = [item(f"F{number}", "pdf/F-1.pdf") for number in range(60)]
    with Files(Documents(), ledger=folder) as files:
        attached, missing = invoice_files(items, files)
    assert (len(attached), len(missing)) == (50, 10)


@pytest.mark.parametrize(
    ("invoice", "name"),
    [
        ("F-1", "F-1.pdf"), ("FA 2026/0117", "FA-2026-0117.pdf"), ("../../etc/passwd", "etc-passwd.pdf"), ("", "invoice.pdf"),
        ('a"\r\nBcc: x@y.example', "a-Bcc-x-y.example.pdf"), ("CON", "invoice-CON.pdf"), ("é\u202egpj.exe", "é-gpj.exe.pdf"),
        ("x" * 300, "x" * 80 + ".pdf"), ("...", "invoice.pdf"), ("nul.txt", "invoice-nul.txt.pdf"),
    ],
)  # fmt: skip
def test_hostile_numbers_make_harmless_names(invoice, name):
    assert file_name(invoice) == name


def test_two_invoices_of_like_names_have_two_files(folder):
    with Files(LIMITS, ledger=folder) as files:
        attached, _ = invoice_files([item(one, "pdf/F-1.pdf") for one in ("F/1", "F-1", "f-1")], files)
    assert [one.name for one in attached] == ["F-1.pdf", "F-1-2.pdf", "f-1-3.pdf"]


@given(st.text(max_size=120))
def test_any_number_makes_a_name_without_paths_or_control_characters(invoice):
    name = file_name(invoice)
    assert name.endswith(".pdf")
    assert len(name) <= 92
    assert not set(name) & set('/\\:*?"<>|\r\n\0 ')
    assert ".." not in name
    assert not name.startswith((".", "-"))
    assert name.isprintable()


@given(st.text(max_size=200))
def test_whatever_a_ledger_names_nothing_goes_wrong(reference):
    if "://" not in reference:
        found = fetch(reference, limits=LIMITS, root=Path(__file__).parent)
        assert isinstance(found, Missing)
