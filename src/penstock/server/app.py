"""The ASGI program: its routes, its life, and what becomes of errors.

Served by itself, its lifespan starts and ends the assistant. Mounted in another program,
whose lifespan does not reach it, the first request starts it; then it ends with the
process, which loses nothing: what runs is taken over at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from penstock.errors import NotFound, PenstockError, Refused, StoreError
from penstock.server.api import Api
from penstock.server.completions import Completions
from penstock.server.desk import Desk
from penstock.server.guard import LOOPBACK
from penstock.server.metrics import CONTENT_TYPE, Metrics
from penstock.server.openapi import description
from penstock.server.problems import MethodWrong, problem
from penstock.server.socket import socket

if TYPE_CHECKING:
    from penstock.assistant import Assistant, Identify
    from penstock.settings import Settings

log = logging.getLogger("penstock.server")

# What the plain page needs and nothing else: no script but its own, no frame, no other site.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def build(
    assistant: Assistant, *, settings: Settings | None = None, identify: Identify | None = None
) -> App:
    life = Life(assistant, settings, identify)
    return App(life)


class App:
    """Starlette's router, and what becomes of errors.

    Starlette's own application wraps `send` twice for its error handling, which would cost
    every token about a tenth of its way; here a response that began answers for itself.
    """

    def __init__(self, life: Life) -> None:
        self.life = life
        self._router = Router(life.routes(), lifespan=life.lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        try:
            await self._router(scope, receive, send)
        except (PenstockError, HTTPException) as exc:
            if scope["type"] != "http":
                raise
            await _problem(scope["path"], exc)(scope, receive, send)


class Life:
    """Starts the assistant once, whoever comes first, and ends it with the program."""

    def __init__(self, assistant: Assistant, settings: Settings | None, identify: Identify | None) -> None:
        self._assistant = assistant
        self._settings = settings
        self._identify = identify
        self._metrics = Metrics()
        self._stack = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._desk: Desk | None = None

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        async with self._stack:
            await self.desk()
            yield

    async def desk(self) -> Desk:
        if self._desk is None:
            async with self._starting:
                if self._desk is None:
                    self._desk = await self._opened()
        return self._desk

    async def _opened(self) -> Desk:
        opened = await self._stack.enter_async_context(
            self._assistant.opened(self._settings, report=self._metrics.report)
        )
        # Behind a name of one's own, the host is whoever serves it to check.
        hosts = LOOPBACK if self._identify is None and opened.settings.host in LOOPBACK else ()
        return Desk(opened, self._identify, hosts)

    def routes(self) -> list[BaseRoute]:
        api, openai = Api(self.desk), Completions(self.desk)
        return [
            Route("/", self.page),
            Route("/page.js", self.script),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
            Route("/openapi.json", self.openapi),
            _route("/api/threads/{thread}", api.transcript, "GET"),
            _route("/api/threads/{thread}", api.forget, "DELETE"),
            _route("/api/threads/{thread}/questions", api.ask, "POST"),
            _route("/api/threads/{thread}/events", api.thread_events, "GET"),
            _route("/api/turns/{turn}", api.turn, "GET"),
            _route("/api/turns/{turn}/events", api.turn_events, "GET"),
            _route("/api/turns/{turn}/stop", api.stop, "POST"),
            WebSocketRoute("/api/socket", self.socket),
            _route("/v1/chat/completions", openai.create, "POST"),
            _route("/v1/models", openai.models, "GET"),
            _route("/v1/models/{name:path}", openai.models, "GET"),
        ]

    async def page(self, request: Request) -> Response:
        return HTMLResponse(_file("page.html"), headers={"Content-Security-Policy": _CSP})

    async def script(self, request: Request) -> Response:
        return Response(_file("page.js"), media_type="text/javascript")

    async def health(self, request: Request) -> Response:
        """Ready only when the store is."""
        try:
            await (await self.desk()).engine.queued()
        except StoreError as exc:
            return problem(exc)
        return Response("ready\n", media_type="text/plain")

    async def metrics(self, request: Request) -> Response:
        page = await self._metrics.page((await self.desk()).engine)
        return Response(page, headers={"Content-Type": CONTENT_TYPE})

    async def openapi(self, request: Request) -> Response:
        return Response(description((await self.desk()).settings.title), media_type="application/json")

    async def socket(self, websocket: WebSocket) -> None:
        await socket(websocket, self.desk)


def _file(name: str) -> str:
    return (files("penstock.server") / name).read_text(encoding="utf-8")


def _route(path: str, endpoint: Callable[[Request], Awaitable[ASGIApp]], method: str) -> Route:
    """An endpoint's answer is an ASGI program itself, so that one may stream in its own way."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await (await endpoint(Request(scope, receive)))(scope, receive, send)

    return Route(path, _App(call), methods=[method])


class _App:
    """Starlette takes a class or object for an ASGI program, a function for an endpoint."""

    def __init__(self, call: ASGIApp) -> None:
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._call(scope, receive, send)


def _problem(path: str, exc: PenstockError | HTTPException) -> Response:
    match exc:
        case Refused():
            return problem(exc)
        case PenstockError():
            log.warning("a request failed", extra={"path": path, "error": exc.code})
            return problem(exc)
        case _ if exc.status_code == 405:
            return problem(MethodWrong("This address does not take that method."))
        case _:
            return problem(NotFound("There is nothing at this address."))
