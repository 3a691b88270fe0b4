"""What AR24's documentation demands of a call, in a small HTTP server: written by us, so no judge of how AR24 behaves.

Its signatures are our own `Seal`'s; `test_eletter.py` holds that against what the `openssl` command writes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from relance.delivery.eletter import Seal

TOKEN, KEY, USER = "token-of-ours", "secret-key", "4711"


@dataclass
class State:
    """What was taken, and what goes wrong: `answer` by path (a status and a body), `silence`: seconds without an answer."""

    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    answer: dict[str, tuple[int, Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    silence: dict[str, float] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    state: State

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self._handle("GET", url.path, {name: values[-1] for name, values in parse_qs(url.query).items()}, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        kind = self.headers["content-type"]
        fields, files = _form(kind, body)
        self._handle("POST", urlsplit(self.path).path, fields, files)

    def _handle(
        self, method: str, path: str, fields: dict[str, str], files: dict[str, tuple[str, bytes]]
    ) -> None:
        path = path.removeprefix("/api")
        self.state.calls.append((method, path))
        if (forced := self.state.answer.get(path)) is not None:
            self._answer(*forced)
            return
        problem = self._problem(fields)
        if problem:
            self._answer(200, {"status": "ERROR", "slug": problem, "message": problem})
            return
        result = self._done(method, path, fields, files)
        time.sleep(self.state.silence.get(path, 0))
        if isinstance(result, str):
            self._answer(200, {"status": "ERROR", "slug": result, "message": f"for {fields.get('to_email')}"})
        else:
            self._answer(200, _sealed(json.dumps({"status": "SUCCESS", "result": result}), fields["date"]))

    def _problem(self, fields: dict[str, str]) -> str | None:
        """The slug of what is wrong with who calls."""
        if fields.get("token") != TOKEN:
            return "token_invalid"
        date = datetime.strptime(fields["date"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        now = datetime.now(ZoneInfo("Europe/Paris")).replace(tzinfo=None)
        if abs(now - date) > timedelta(minutes=10):
            return "expired_date"
        return (
            None if self.headers.get("signature") == Seal(KEY).sign(fields["date"]) else "invalid_signature"
        )

    def _done(
        self, method: str, path: str, fields: dict[str, str], files: dict[str, tuple[str, bytes]]
    ) -> dict[str, Any] | list[Any] | str:
        if fields.get("id_user") != USER:
            return "user_not_exist"
        if (method, path) == ("POST", "/attachment"):
            if "file" not in files:
                return "attachment_missing_file"
            file_id = f"file-{len(self.state.files) + 1}"
            self.state.files[file_id] = files["file"]
            return {"file_id": file_id}
        if (method, path) == ("POST", "/mail"):
            return self._mail(fields)
        if (method, path) == ("GET", "/user/mail"):
            return list(self.state.mails)
        return "unknown_route"

    def _mail(self, fields: dict[str, str]) -> dict[str, Any] | str:
        if not fields.get("to_email"):
            return "missing_email"
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", fields["to_email"]):
            return "invalid_recipient"
        if fields.get("dest_statut") not in {"particulier", "professionnel"} or not fields.get("to_company"):
            return "missing_parameter"
        attached = [value for name, value in fields.items() if re.fullmatch(r"attachment\[\d*\]", name)]
        if not attached or any(one not in self.state.files for one in attached):
            return "attachment_not_exists"
        mail = {**fields, "id": 100 + len(self.state.mails), "status": "waiting"}
        self.state.mails.append(mail)
        return {"id": mail["id"], "status": "waiting", "ref_dossier": fields.get("ref_dossier")}

    def _answer(self, status: int, body: Any) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in self.state.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with suppress(OSError):  # the caller may have stopped waiting
            self.wfile.write(data)


class Ar24Server:
    """Listens on a free port of this machine until closed."""

    def __init__(self) -> None:
        self.state = State()
        handler = type("Handler", (_Handler,), {"state": self.state})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/api"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _form(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    if kind.startswith("application/x-www-form-urlencoded"):
        read = parse_qs(body.decode(), keep_blank_values=True)
        return {name: values[-1] for name, values in read.items()}, {}
    parsed = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in parsed.get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename():
            files[name] = (part.get_filename(), content)
        else:
            fields[name] = content.decode()
    return fields, files


def _sealed(text: str, date: str) -> str:
    """As PHP's `openssl_encrypt` writes it: base64 of AES-256-CBC, keys cut from hashes in hexadecimal."""
    hashed = hashlib.sha256(KEY.encode()).hexdigest()
    vector = hashlib.sha256(hashed.encode()).hexdigest()[:16].encode()
    key = hashlib.sha256((date + KEY).encode()).hexdigest()[:32].encode()
    pad = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return base64.b64encode(
        cipher.update(pad.update(text.encode()) + pad.finalize()) + cipher.finalize()
    ).decode()
