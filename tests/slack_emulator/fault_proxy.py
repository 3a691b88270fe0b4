"""A proxy in front of the emulator that fails as told: 429, 500, dropped sockets, slowness; else it passes on."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Fault:
    """What happens to the next call of `method` (None: of any), in `channel` (None: in any); `lasting`: to all of them.

    `pass_on`: the call still reaches Slack, and only its answer is lost, as when a line dies between. `slow` answers
    `seconds` after Slack has done what it was asked.
    """

    kind: str
    method: str | None = None
    retry_after: int = 1
    error: str = ""
    pass_on: bool = False
    seconds: float = 0.0
    channel: str | None = None
    lasting: bool = False


@dataclass
class Call:
    """A call as it came in."""

    at: float
    method: str
    arguments: dict[str, Any]
    answer: str


@dataclass
class Proxy:
    """The script of faults, used up in order, and what was called."""

    upstream: str
    base_url: str = ""
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    """By method, what is answered in the emulator's place: what it does not have."""
    changes: dict[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = field(
        default_factory=dict
    )
    """By method, `(arguments, answer) → answer`: what the emulator leaves out."""
    heard: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """Method, arguments and answer of each call that was answered with JSON."""

    def fault_for(self, method: str, arguments: dict[str, Any]) -> Fault | None:
        """Take the next fault that is meant for this call."""
        with self.lock:
            for number, fault in enumerate(self.faults):
                if fault.method in (None, method) and fault.channel in (None, arguments.get("channel")):
                    return fault if fault.lasting else self.faults.pop(number)
        return None

    def named(self, method: str) -> list[Call]:
        """The calls of a method, in order."""
        return [call for call in self.calls if call.method == method]


@contextmanager
def in_front_of(upstream: str) -> Iterator[Proxy]:
    """A proxy before the emulator's base URL."""
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            _serve(proxy, self)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.base_url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _serve(proxy: Proxy, handler: BaseHTTPRequestHandler) -> None:
    method = handler.path.split("/api/")[-1].split("?")[0]
    body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    arguments = _arguments(handler, body)
    fault = proxy.fault_for(method, arguments)
    kind = fault.kind if fault else "none"
    proxy.calls.append(Call(time.monotonic(), method, arguments, kind))
    if fault is None or fault.pass_on or kind == "slow":
        status, answer = _answered(proxy, handler, method, body)
        if fault is not None:
            time.sleep(fault.seconds)
        if fault is None or kind == "slow":
            _answer(handler, status, answer)
            return
    if kind == "429":
        _answer(
            handler,
            429,
            json.dumps({"ok": False, "error": "ratelimited"}).encode(),
            {"Retry-After": str(fault.retry_after)},
        )
    elif kind == "error":
        headers = {"Retry-After": str(fault.retry_after)} if fault.error == "ratelimited" else {}
        _answer(handler, 200, json.dumps({"ok": False, "error": fault.error}).encode(), headers)
    elif kind == "500":
        _answer(handler, 500, b"<html>Internal Server Error</html>")
    elif kind == "drop":
        handler.close_connection = True
        handler.connection.shutdown(2)


def _answered(proxy: Proxy, handler: BaseHTTPRequestHandler, method: str, body: bytes) -> tuple[int, bytes]:
    """The emulator's answer, or ours in its place, or ours made of its."""
    asked = _arguments(handler, body)
    if method in proxy.answers:
        status, answer = 200, json.dumps(proxy.answers[method](asked)).encode()
    else:
        status, answer = _forward(proxy, handler, method, body)
    try:
        told: dict[str, Any] = json.loads(answer)
    except ValueError:
        return status, answer
    if method in proxy.changes:
        told = proxy.changes[method](asked, told)
        answer = json.dumps(told).encode()
    proxy.heard.append((method, asked, told))
    return status, answer


def _arguments(handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    if "json" in (handler.headers.get("Content-Type") or ""):
        return dict(json.loads(body or b"{}"))
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}


def _forward(proxy: Proxy, handler: BaseHTTPRequestHandler, method: str, body: bytes) -> tuple[int, bytes]:
    kept = {
        name: handler.headers[name] for name in ("Content-Type", "Authorization") if handler.headers[name]
    }
    query = handler.path.partition("?")[2]
    url = f"{proxy.upstream}{method}{'?' + query if query else ''}"
    request = urllib.request.Request(url, data=body, headers=kept, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _answer(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    try:
        handler.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
    except OSError:
        handler.close_connection = True  # the caller was killed
