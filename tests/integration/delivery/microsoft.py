"""Microsoft 365 for tests: the token endpoint of npm `emulate`, and Graph's mail as far as a mailbox needs it, both over TLS.

Nobody publishes an emulator of Graph's mail: the mailbox here is ours, after Microsoft's pages on `message`, `send` and
`createUploadSession`. What we send to it is judged by others: microsoft-graph-types and the TypeScript compiler.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

from relance.settings import Graph
from tests.slack_emulator import server as node

TENANT, CLIENT, SECRET = "lumen", "relance-client", "relance-secret"
MAILBOX = "relances@lumen.example"


@dataclass
class Fault:
    """What becomes of the next request whose line matches `on`: `status`, else the line breaks.

    `done`: it is carried out all the same, and only its answer is lost.
    """

    on: str
    status: int | None = None
    code: str = ""
    retry_after: str | None = None
    done: bool = False


@dataclass
class Mailbox:
    """The mailbox: messages by id, and every request that came, with its token."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    uploads: dict[str, tuple[str, dict[str, Any], bytearray]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    base_url: str = ""
    tokens: set[str] = field(default_factory=set)
    inbox: dict[str, bytes] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What has left."""
        return [one for one in self.messages.values() if not one["isDraft"]]

    @property
    def drafts(self) -> list[dict[str, Any]]:
        """What lies among the drafts."""
        return [one for one in self.messages.values() if one["isDraft"] and one["parentFolderId"] == "drafts"]

    def lines(self, pattern: str) -> int:
        """How many requests match."""
        return sum(1 for line, _ in self.requests if re.search(pattern, line))

    def age(self, seconds: float) -> None:
        """Let everything in it have been changed that long ago."""
        for one in self.messages.values():
            one["lastModifiedDateTime"] = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()

    def fault(self, line: str) -> Fault | None:
        """Take the next fault that is meant for this request."""
        for number, one in enumerate(self.faults):
            if re.search(one.on, line):
                return self.faults.pop(number)
        return None

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """What Graph would do and answer."""
        place = path.removeprefix(f"/v1.0/users/{MAILBOX}")
        if place == path:
            return 404, {"error": {"code": "ErrorInvalidUser", "message": f"{path} not found"}}
        if place == "/mailFolders/deleteditems":
            return 200, {"id": "deleted"}
        if place == "/mailFolders/inbox/messages" and "isRead eq false" in query["$filter"][0]:
            first = int(query.get("$skip", ["0"])[0])
            unread = [one for one in self.inbox if one not in self.read][first:]
            return 200, {"value": [{"id": one} for one in unread[: int(query["$top"][0])]]}
        if place == "/messages":
            return self._create(body) if method == "POST" else self._find(query)
        _, _, identifier, *more = (unquote(part) for part in place.split("/"))
        if identifier in self.inbox:
            return self._arrived(method, identifier, more, body)
        if identifier not in self.messages:
            return 404, {"error": {"code": "ErrorItemNotFound", "message": ""}}
        return self._change(method, identifier, more, body)

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        identifier = f"AAkALg{len(self.messages):04d}="
        self.files[identifier] = list(body.pop("attachments", []))
        self.messages[identifier] = {
            **body, "id": identifier, "isDraft": True, "parentFolderId": "drafts",
            "lastModifiedDateTime": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }  # fmt: skip
        return 201, self.messages[identifier]

    def _find(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        form = r"singleValueExtendedProperties/Any\(ep: ep/id eq '(?P<id>[^']+)' and ep/value eq '(?P<value>[^']+)'\)"
        wanted = re.fullmatch(form, query["$filter"][0])
        if wanted is None:
            return 400, {"error": {"code": "ErrorInvalidUrlQueryFilter", "message": ""}}
        names = query["$select"][0].split(",")
        found = [
            {name: one[name] for name in names}
            for one in self.messages.values()
            if {"id": wanted["id"], "value": wanted["value"]} in one["singleValueExtendedProperties"]
        ]
        return 200, {"value": found}

    def _arrived(self, method: str, identifier: str, more: list[str], body: Any) -> tuple[int, Any]:
        if more == ["$value"]:
            return 200, self.inbox[identifier]
        if method == "PATCH" and body == {"isRead": True}:
            self.read.add(identifier)
            return 200, {"id": identifier, "isRead": True}
        return 400, {"error": {"code": "ErrorInvalidRequest", "message": ""}}

    def _change(self, method: str, identifier: str, more: list[str], body: Any) -> tuple[int, Any]:
        if method == "DELETE":
            self.messages[identifier]["parentFolderId"] = "deleted"
            return 204, None
        if more == ["send"]:
            self.messages[identifier] |= {"isDraft": False, "parentFolderId": "sentitems"}
            return 202, None
        if more == ["attachments"]:
            self.files[identifier].append(body)
            return 201, body
        item = body["AttachmentItem"]
        number = str(len(self.uploads))
        self.uploads[number] = (identifier, item, bytearray())
        return 201, {
            "uploadUrl": f"{self.base_url}/upload/{number}?authtoken=t",
            "nextExpectedRanges": ["0-"],
        }

    def upload(self, number: str, content_range: str, content: bytes) -> tuple[int, Any]:
        """Take a range in its order; the last one makes the attachment."""
        identifier, item, taken = self.uploads[number]
        self.ranges.append(content_range)
        start, end, size = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range).groups())  # type: ignore[union-attr]
        if (
            start != len(taken)
            or end - start + 1 != len(content)
            or size != item["size"]
            or len(content) > 4_000_000
        ):
            return 416, {"error": {"code": "ErrorInvalidRange", "message": ""}}
        taken += content
        if len(taken) < size:
            return 200, {"nextExpectedRanges": [str(len(taken))]}
        self.files[identifier].append({"name": item["name"], "content": bytes(taken)})
        return 201, None


class _Graph(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    mailbox: Mailbox

    def _work(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url, token = urlsplit(self.path), self.headers.get("Authorization", "")
        line = f"{self.command} {unquote(url.path)}"
        self.mailbox.requests.append((line, token))
        fault = self.mailbox.fault(line)
        if fault and not fault.done:
            return self._fail(fault)
        if "/upload/" in url.path:
            status, body = self.mailbox.upload(
                url.path.rsplit("/", 1)[1], self.headers["Content-Range"], content
            )
            status = 400 if token else status  # the URL lets us in; a token here would go to another host
        elif token.removeprefix("Bearer ") not in self.mailbox.tokens:
            status, body = 401, {"error": {"code": "InvalidAuthenticationToken", "message": ""}}
        else:
            given = json.loads(content) if content else None
            status, body = self.mailbox.answer(self.command, url.path, parse_qs(url.query), given)
        return self._fail(fault) if fault else self._reply(status, body)

    def _fail(self, fault: Fault) -> None:
        if fault.status is None:
            self.close_connection = True
            self.connection.close()
            return
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        words = {"error": {"code": fault.code, "message": "for somebody@client.example"}}
        self._reply(fault.status, words, headers)

    def _reply(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        told = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(told))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _work  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


class _Pipe(BaseHTTPRequestHandler):
    """TLS in front of the emulator, which speaks plain HTTP and which `msal` would not take so."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: str
    asked: list[str]
    tokens: set[str]

    def _pass(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(f"{self.command} {self.path}")
        kind = {"Content-Type": self.headers["Content-Type"]} if self.headers["Content-Type"] else {}
        request = urllib.request.Request(
            self.upstream + self.path, data=content or None, headers=kind, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, told = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, told = error.code, error.read()
        if token := json.loads(told).get("access_token"):
            self.tokens.add(token)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = _pass  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


@dataclass(frozen=True)
class Entra:
    """The token endpoint: where it is, the CA of all that is here, and what was asked of it."""

    authority: str
    ca_file: Path
    certificate: trustme.LeafCert
    asked: list[str]
    tokens: set[str]


@contextmanager
def entra(folder: Path) -> Iterator[Entra]:
    """`emulate --service microsoft` behind TLS."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    certificate = authority.issue_cert("localhost")
    pipe: type[_Pipe] = type("Pipe", (_Pipe,), {"asked": [], "tokens": set()})
    with _serve(pipe, certificate) as url, _emulator(folder, url) as upstream:
        pipe.upstream = upstream
        yield Entra(url, ca_file, certificate, pipe.asked, pipe.tokens)


@contextmanager
def graph(one: Entra) -> Iterator[tuple[Mailbox, Graph]]:
    """An empty mailbox, and the settings that lead to it."""
    mailbox = Mailbox(tokens=one.tokens)
    with _serve(type("Handler", (_Graph,), {"mailbox": mailbox}), one.certificate) as url:
        mailbox.base_url = url
        yield mailbox, Graph(
            tenant=TENANT, client_id=CLIENT, client_secret=SECRET, mailbox=MAILBOX, authority=one.authority,
            base_url=f"{url}/v1.0", ca_file=str(one.ca_file), timeout_s=5.0,
        )  # fmt: skip


@contextmanager
def _serve(handler: type[BaseHTTPRequestHandler], certificate: trustme.LeafCert) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]  # a client that left
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _emulator(folder: Path, public: str) -> Iterator[str]:
    script = node._install() / "node_modules" / "emulate" / "dist" / "index.js"
    port = node.free_port()
    seed = folder / "seed.yaml"
    clients = [{"client_id": CLIENT, "client_secret": SECRET, "name": "Relance", "redirect_uris": [public]}]
    seed.write_text(json.dumps({"microsoft": {"oauth_clients": clients}}), encoding="utf-8")
    command = [
        str(node._node()), str(script), "start", "--port", str(port), "--service", "microsoft", "--seed", str(seed),
        "--base-url", public,
    ]  # fmt: skip
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "NO_COLOR": "1"}
    with (folder / "emulate.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        try:
            _await(f"http://127.0.0.1:{port}/.well-known/openid-configuration", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise node.EmulatorError(f"emulate ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise node.EmulatorError("emulate did not answer within 20 s")
