"""Slack's side of Socket Mode: `apps.connections.open`, a WebSocket that says hello, sends envelopes and waits for their acks.

Protocol: docs.slack.dev/apis/events-api/using-socket-mode. A payload goes to one connection; what is not acknowledged within
three seconds is a failure; `disconnect` asks the client to open another connection.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.slack_emulator.driver import Answer, Post
from tests.slack_emulator.fault_proxy import Proxy

ACK_S = 3.0


@dataclass
class SocketMode:
    """The open connections, and the acks that came."""

    url: str = ""
    opened: int = 0
    connections: list[ServerConnection] = field(default_factory=list)
    acks: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def connect(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to apps.connections.open."""
        return {"ok": True, "url": f"{self.url}/link/?ticket={uuid.uuid4().hex}&app_id=A1"}

    def serve(self, connection: ServerConnection) -> None:
        """One connection: hello, then acks are taken until it ends."""
        with self.changed:
            self.connections.append(connection)
            self.opened += 1
            self.changed.notify_all()
        hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}}
        try:
            connection.send(json.dumps(hello))
            for raw in connection:
                ack = json.loads(raw)
                with self.changed:
                    self.acks[ack["envelope_id"]] = ack
                    self.changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self.changed:
                self.connections.remove(connection)
                self.changed.notify_all()

    def wait(self, count: int = 1, timeout: float = 20.0) -> None:
        """Wait until so many connections were opened in all, and one is open."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.opened >= count and self.connections, timeout):
                raise AssertionError(f"{self.opened} connections were opened, not {count}")

    def refresh(self) -> None:
        """Ask for another connection, and close this one, as Slack does every few hours."""
        with self.changed:
            (connection,) = self.connections
        connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}))
        with suppress(ConnectionClosed):
            connection.close()

    def deliver(
        self, kind: str, payload: Mapping[str, Any], envelope_id: str | None = None, **more: Any
    ) -> Answer:
        """Send an envelope to a connection, and wait for its ack."""
        self.wait()
        envelope_id = envelope_id or str(uuid.uuid4())
        envelope = {
            "type": kind, "envelope_id": envelope_id, "payload": dict(payload),
            "accepts_response_payload": kind != "events_api", **more,
        }  # fmt: skip
        begun = time.perf_counter()
        with self.changed:
            self.acks.pop(envelope_id, None)
            connection = self.connections[-1]
        connection.send(json.dumps(envelope))
        with self.changed:
            if not self.changed.wait_for(lambda: envelope_id in self.acks, ACK_S):
                return Answer(504, "", {}, time.perf_counter() - begun)
            answered = self.acks[envelope_id].get("payload")
        return Answer(200, json.dumps(answered) if answered else "", {}, time.perf_counter() - begun)


def by_socket(socket: SocketMode) -> Post:
    """The driver's line through Socket Mode: what it would post by HTTP goes into an envelope; signatures are left out."""

    def post(body: bytes, headers: Mapping[str, str]) -> Answer:
        if headers["Content-Type"] == "application/json":
            more = {"retry_attempt": int(headers.get("X-Slack-Retry-Num", "0")), "retry_reason": ""}
            return socket.deliver("events_api", json.loads(body), **more)
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        if "payload" in form:
            return socket.deliver("interactive", json.loads(form["payload"]))
        return socket.deliver("slash_commands", form)

    return post


@contextmanager
def listening(proxy: Proxy) -> Iterator[SocketMode]:
    """A Socket Mode server whose address the proxy gives."""
    socket = SocketMode()
    server: Server = serve(socket.serve, "127.0.0.1", 0)
    socket.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    proxy.answers["apps.connections.open"] = socket.connect
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield socket
    finally:
        for connection in list(socket.connections):
            with suppress(ConnectionClosed):
                connection.close()
        server.shutdown()
        thread.join()
