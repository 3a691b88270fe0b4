"""A Web API of Slack that takes everything: `python -m relance.bench.slack_sink` prints its port and serves.

It knows as much of Slack as the bot's side of a conversation needs: a team, members by their ids, a ts for each post.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from relance.bench.slack_load import CHANNEL, TEAM, email_of

_NUMBERS = count(1)


def _answer(method: str, asked: dict[str, str]) -> dict[str, Any]:
    if method == "auth.test":
        return {"team_id": TEAM, "user_id": "UBOT", "url": "https://lumen.slack.com/"}
    if method == "users.info":
        user = asked["user"]
        profile = {"email": email_of(user), "display_name": user}
        return {"user": {"id": user, "team_id": TEAM, "name": user, "locale": "en-US", "profile": profile}}
    if method == "usergroups.list":
        return {"usergroups": []}
    if method == "conversations.open":
        return {"channel": {"id": f"D{asked.get('users', '')[:10]}"}}
    if method in {"views.open", "views.update", "views.publish"}:
        return {"view": {"id": f"V{next(_NUMBERS)}", "hash": "1"}}
    return {"channel": CHANNEL, "ts": f"{int(time.time())}.{next(_NUMBERS):06d}", "message_ts": "1.1"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        is_json = "json" in (self.headers.get("Content-Type") or "")
        given = parse_qs(address.query) | ({} if is_json else parse_qs(body.decode()))
        asked = {name: values[-1] for name, values in given.items()}
        if is_json:
            asked |= {
                name: value for name, value in json.loads(body or b"{}").items() if isinstance(value, str)
            }
        answer = json.dumps({"ok": True, **_answer(address.path.rsplit("/", 1)[-1], asked)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815 - the server's name for it

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def serve() -> None:
    """Serve on a free port of the loopback until killed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve()
