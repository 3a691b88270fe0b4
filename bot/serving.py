"""How Slack reaches the bot: a Socket Mode connection that the bot opens, or requests by HTTP; and whether it lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.desk import Desk
from bot.working import Workers

LARGEST = 1024 * 1024
"""Bytes that a request may have: a modal with all its choices has a few hundred thousand."""
PATH = "/slack/events"
PING_S = 5.0
AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between attempts to connect; the last one from then on."""
log = logging.getLogger("relance")


def create_app(desk: Desk, workers: Workers, bolt: App | None, connected: Callable[[], bool]) -> Starlette:
    """The addresses of the bot: `/healthz`, and with `bolt` the one that Slack calls."""

    async def alive(request: Request) -> Response:  # noqa: ARG001 - the framework's signature
        ill = await run_in_threadpool(_ill, desk, workers, connected)
        return PlainTextResponse(ill or "ok", status_code=503 if ill else 200)

    routes = [Route("/healthz", alive, methods=["GET"])]
    if bolt is not None:
        routes.append(Route(PATH, _answering(bolt), methods=["POST"]))
    return Starlette(routes=routes)


def _ill(desk: Desk, workers: Workers, connected: Callable[[], bool]) -> str:
    """What is wrong, in a word; empty when nothing is."""
    if not workers.alive:
        return "workers"
    try:
        with desk.unit_of_work() as uow:
            uow.execute(sa.text("SELECT 1"))
        desk.services.database.read("SELECT 1")  # bulk reads have connections of their own
    except Exception:  # noqa: BLE001 - whatever it is, the database can't be used
        return "database"
    return "" if connected() else "slack"


def _answering(bolt: App) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await _read(request)
        if body is None:
            return _plain(413)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return _plain(400)
        headers: dict[str, str | list[str]] = dict(request.headers.items())
        return await run_in_threadpool(_dispatch, bolt, text, headers)

    return endpoint


def _dispatch(bolt: App, text: str, headers: dict[str, str | list[str]]) -> Response:
    try:
        asked = BoltRequest(body=text, headers=headers)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - Bolt reads JSON before it looks at signatures
        return _plain(400)
    given = bolt.dispatch(asked)
    answer = Response(given.body, status_code=given.status)
    for name, values in given.headers.items():
        for value in values:
            answer.headers[name] = value
    if 400 <= given.status < 500:
        answer.headers["X-Slack-No-Retry"] = "1"  # it would be turned away again
    return answer


async def _read(request: Request) -> bytes | None:
    """The body as it came, which is what was signed; None when it is larger than a request may be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _plain(status: int) -> Response:
    return Response(status_code=status, headers={"X-Slack-No-Retry": "1"})


class Socket:
    """The Socket Mode connection, opened again for as long as the bot lives."""

    def __init__(self, bolt: App, app_token: str) -> None:
        # a line that is cut without a word is noticed after four pings
        self._handler = SocketModeHandler(bolt, app_token, ping_interval=PING_S)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="relance-socket", daemon=True)

    def start(self) -> None:
        """Connect, and keep trying while Slack is down; once connected, the client renews its connection itself."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more."""
        self._stop.set()
        self._thread.join(15)
        self._handler.client.close()

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us."""
        return bool(self._handler.client.is_connected())

    def _connect(self) -> None:
        tried = 0
        while not self._stop.is_set():
            try:
                self._handler.client.connect()
            except Exception as error:  # noqa: BLE001 - refused, unreachable, no answer: tried again
                log.warning("slack: no connection (%s)", type(error).__name__)
                self._stop.wait(AGAIN_S[min(tried, len(AGAIN_S) - 1)])
                tried += 1
            else:
                log.info("slack: connected")
                return
