"""The inbox as an ASGI application: four addresses for Twilio, one that says that it lives.

    POST /twilio/status/<key>          what became of a message or call
    POST /twilio/message               an incoming SMS or WhatsApp message (set in Twilio's console)
    POST /twilio/voice/<key>           a call was answered: what to say
    POST /twilio/voice/<key>/<step>    keys were pressed
    GET  /healthz

Every request but the last must be signed by the account's token; what is too large or unsigned is turned away before it is
looked at. Nothing that could name a payer is logged: no address, no key, no field.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.twiml.messaging_response import MessagingResponse

from relance.inbox import answers, calls, messages, signed, twilio_callbacks
from relance.inbox.calls import Refused
from relance.inbox.desk import PROVIDER, Account, Desk
from relance.inbox.signed import Parameters

log = logging.getLogger("relance")
LARGEST = 64 * 1024
"""Bytes that a request may have; Twilio's largest (a WhatsApp message) have a tenth of it."""
FIELDS = 200
EVERY_S = 300.0
"""Seconds between looks at what was kept and is not worked yet."""
_NAMING = ("From", "To", "MessageSid", "SmsSid", "CallSid")
"""Fields that are looked up or kept as they come: no text of the database has a NUL."""
_XML = "application/xml"

Handler = Callable[[Request, Parameters], Awaitable[Response]]


def create_app(desk: Desk, account: Account) -> Starlette:
    """The application; while it lives it works, now and then, what was kept and is not worked yet."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001 - the framework's signature
        working = asyncio.create_task(_keep_working(desk))
        yield
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    inbox = _Inbox(desk, account)
    return Starlette(
        routes=[
            Route("/healthz", _alive, methods=["GET"]),
            Route("/twilio/status/{key}", inbox.checked(inbox.status), methods=["POST"]),
            Route("/twilio/message", inbox.checked(inbox.message), methods=["POST"]),
            Route("/twilio/voice/{key}", inbox.checked(inbox.answered), methods=["POST"]),
            Route("/twilio/voice/{key}/{step}", inbox.checked(inbox.pressed), methods=["POST"]),
        ],
        lifespan=lifespan,
    )


class _Inbox:
    """The handlers; the store is asked in threads, so that a slow answer holds up no other."""

    def __init__(self, desk: Desk, account: Account) -> None:
        self._desk = desk
        self._account = account

    def checked(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A handler of requests that are Twilio's; all others are turned away here."""

        async def endpoint(request: Request) -> Response:
            sent = await self._signed(request)
            if isinstance(sent, Response):
                return sent
            try:
                return await handler(request, sent)
            except Refused as refused:
                return _plain(refused.status)
            except Exception as error:  # noqa: BLE001 - a traceback could quote what a payer wrote; Twilio calls again
                log.error("inbox: a request failed (%s)", type(error).__name__)  # noqa: TRY400
                return _plain(500)

        return endpoint

    async def _signed(self, request: Request) -> Parameters | Response:
        body = await _read(request)
        if body is None:
            return _plain(413)
        try:
            pairs = parse_qsl(
                body.decode("utf-8", "strict"),
                keep_blank_values=True,
                max_num_fields=FIELDS,
                errors="replace",
            )
        except ValueError:
            return _plain(400)
        sent = signed.parameters(pairs)
        signature = request.headers.get("X-Twilio-Signature", "")
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"{self._account.public_url}{_path(request)}{query}"
        if not signed.is_twilios(token=self._account.token, url=url, sent=sent, signature=signature):
            log.warning("inbox: an unsigned request was turned away")
            return _plain(403)
        if sent.get("AccountSid") not in {None, self._account.sid}:
            return _plain(403)
        # Twilio writes none; and what a message says (Body) is cleaned, not refused.
        named = (*request.path_params.values(), *(sent.get(name) for name in _NAMING))
        if any("\x00" in str(one) for one in named):
            return _plain(400)
        return sent

    async def status(self, request: Request, sent: Parameters) -> Response:
        """A status callback."""
        key = request.path_params["key"]
        return _plain(await run_in_threadpool(twilio_callbacks.status, self._desk, key, sent))

    async def message(self, request: Request, sent: Parameters) -> Response:  # noqa: ARG002 - as the others
        """An incoming message: never answered by a machine."""
        try:
            event = await run_in_threadpool(messages.message, self._desk, sent)
        except ValueError:
            return _plain(400)
        return Response(str(MessagingResponse()), media_type=_XML, background=self._work(event))

    async def answered(self, request: Request, sent: Parameters) -> Response:
        """A call was answered."""
        key = request.path_params["key"]
        twiml = await run_in_threadpool(calls.answered, self._desk, self._account, key, sent)
        return Response(twiml, media_type=_XML)

    async def pressed(self, request: Request, sent: Parameters) -> Response:
        """Keys were pressed."""
        key, step = request.path_params["key"], request.path_params["step"]
        state = request.query_params.get("s", "")
        turn = partial(calls.pressed, self._desk, self._account, key=key, step=step, state=state, sent=sent)
        twiml, event = await run_in_threadpool(turn)
        return Response(twiml, media_type=_XML, background=self._work(event))

    def _work(self, event: str | None) -> BackgroundTask | None:
        """Work an answer once Twilio has been answered: reading a large ledger must not keep a caller waiting."""
        if event is None:
            return None
        return BackgroundTask(answers.work_quietly, self._desk, provider=PROVIDER, event=event)


async def _keep_working(desk: Desk) -> None:
    while True:
        await run_in_threadpool(_catch_up, desk)
        await asyncio.sleep(EVERY_S)


def _catch_up(desk: Desk) -> None:
    try:
        worked = answers.catch_up(desk, provider=PROVIDER)
    except Exception as error:  # noqa: BLE001 - the database may be away; the next time it is not
        log.error("inbox: what was left unworked could not be read (%s)", type(error).__name__)  # noqa: TRY400
    else:
        if worked:
            log.info("inbox: %d answers worked that were left", worked)


async def _alive(request: Request) -> Response:  # noqa: ARG001 - the framework's signature
    return PlainTextResponse("ok")


async def _read(request: Request) -> bytes | None:
    """The body, or None when it is larger than a request may be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _path(request: Request) -> str:
    """The path as it was called, percent signs and all: that is what was signed."""
    raw = request.scope.get("raw_path")
    return raw.decode("ascii", "replace").split("?", 1)[0] if raw else request.url.path


def _plain(status: int) -> Response:
    return Response(status_code=status)
