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
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from penstock import logs
from penstock.errors import Busy, NotFound, PenstockError, Refused
from penstock.server import auth
from penstock.server.admin import AdminRoutes
from penstock.server.api import Api
from penstock.server.auth.door import Door
from penstock.server.completions import Completions
from penstock.server.conversations import ConversationRoutes
from penstock.server.desk import Desk
from penstock.server.guard import is_here
from penstock.server.metrics import CONTENT_TYPE, Metrics
from penstock.server.openapi import description
from penstock.server.page import BUILT, Page, nowhere
from penstock.server.patience import STALLED_S
from penstock.server.problems import MethodWrong, openai_problem, problem
from penstock.server.socket import SocketDoor

if TYPE_CHECKING:
    from penstock.assistant import Assistant, Identify
    from penstock.settings import Settings

log = logging.getLogger("penstock.server")


def build(
    assistant: Assistant,
    *,
    settings: Settings | None = None,
    identify: Identify | None = None,
    stalled_s: float = STALLED_S,
    page: Path = BUILT,
) -> App:
    """The ASGI program. A reader that takes nothing for `stalled_s` is dropped, and can resume. `page`: the
    folder of the built page."""
    return App(Life(assistant, settings, identify, stalled_s, page))


class App:
    """Starlette's router, and what becomes of requests that fit no route.

    Starlette's own application wraps `send` twice for its error handling, which would cost
    every token about a tenth of its way; here each route answers for its own errors.
    """

    def __init__(self, life: Life) -> None:
        self.life = life
        self._router = Router(life.routes(), lifespan=life.lifespan, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        try:
            await self._router(scope, receive, send)
        except HTTPException as exc:
            # The router's own word that there is no such route; no route of ours raises it.
            await _unrouted_answer(scope, exc)(scope, receive, send)


class Life:
    """Starts the assistant once, whoever comes first, and ends it with the program."""

    def __init__(
        self,
        assistant: Assistant,
        settings: Settings | None,
        identify: Identify | None,
        stalled_s: float,
        page: Path,
    ) -> None:
        self._assistant = assistant
        self._settings = settings
        self._identify = identify
        self._stalled_s = stalled_s
        self._metrics = Metrics()
        self._page = Page(self.desk, page)
        self._stack = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._desk: Desk | None = None

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        try:
            async with self._stack:
                await self.desk()
                yield
        finally:
            self._desk = None

    async def desk(self) -> Desk:
        if self._desk is None:
            async with self._starting:
                if self._desk is None:
                    self._desk = await self._opened()
        return self._desk

    async def _opened(self) -> Desk:
        settings = self._settings or self._assistant.settings()
        logs.unless_set_up(settings.log, settings.log_level)
        self._page.open(settings)
        auth.check(settings, identified=self._identify is not None)
        opened = await self._stack.enter_async_context(
            self._assistant.opened(settings, report=self._metrics.report)
        )
        signing_in = auth.Auth(settings, opened.store)
        self._stack.push_async_callback(signing_in.close)
        return Desk(opened, self._identify, signing_in, self._stalled_s)

    def routes(self) -> list[BaseRoute]:
        api, openai, door = Api(self.desk), Completions(self.desk), Door(self.desk)
        talks = ConversationRoutes(self.desk)
        return [
            *(_route(path, GET=endpoint) for path, endpoint in self._page.routes().items()),
            _route("/healthz", GET=self.health),
            _route("/metrics", GET=self.metrics),
            _route("/openapi.json", GET=self.openapi),
            _route("/api/threads", GET=talks.listed),
            _route("/api/threads/{thread}", GET=api.transcript, PATCH=talks.change, DELETE=api.forget),
            _route("/api/threads/{thread}/share", PUT=talks.share, DELETE=talks.unshare),
            _route("/api/shared/{token}", GET=talks.shared),
            _route("/api/threads/{thread}/questions", POST=api.ask),
            _route("/api/threads/{thread}/events", GET=api.thread_events),
            _route("/api/turns/{turn}", GET=api.turn),
            _route("/api/turns/{turn}/events", GET=api.turn_events),
            _route("/api/turns/{turn}/stop", POST=api.stop),
            _route("/api/turns/{turn}/feedback", PUT=talks.rate, DELETE=talks.unrate),
            _route("/api/me", GET=door.me),
            _route("/api/ticket", POST=door.ticket),
            _route("/auth/token", POST=door.token),
            _route("/auth/sign-out", POST=door.sign_out),
            _route("/auth/login", GET=door.login),
            _route("/auth/callback", GET=door.callback),
            *(_route(path, **methods) for path, methods in AdminRoutes(self.desk).routes().items()),
            WebSocketRoute("/api/socket", SocketDoor(self.desk)),
            _route("/v1/chat/completions", POST=openai.create),
            _route("/v1/models", GET=openai.models),
            _route("/v1/models/{name:path}", GET=openai.models),
        ]

    async def health(self, request: Request) -> Response:
        """Ready only when the store is."""
        await (await self.desk()).engine.ready()
        return Response("ready\n", media_type="text/plain")

    async def metrics(self, request: Request) -> Response:
        desk = await self.desk()
        desk.check(request)
        if not is_here(request):
            await desk.admin(request)
        page = await self._metrics.page(desk.engine)
        return Response(page, headers={"Content-Type": CONTENT_TYPE})

    async def openapi(self, request: Request) -> Response:
        settings = (await self.desk()).settings
        root: str = request.scope.get("root_path", "")
        return Response(description(settings.title, root), media_type="application/json")


Endpoint = Callable[[Request], Awaitable[ASGIApp]]
"""Its answer is an ASGI program itself, so that one may stream in its own way."""


def _route(path: str, **endpoints: Endpoint) -> Route:
    return Route(path, _Methods(path, endpoints), methods=list(endpoints))


class _Methods:
    """What to do for each method at one address. (Starlette takes an object for an ASGI program.)"""

    def __init__(self, path: str, endpoints: dict[str, Endpoint]) -> None:
        self._path = path
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        answer = await self._answered(self._endpoints[method], Request(scope, receive))
        if isinstance(answer, Response):
            answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        await answer(scope, receive, send)

    async def _answered(self, endpoint: Endpoint, request: Request) -> ASGIApp:
        try:
            return await endpoint(request)
        except PenstockError as exc:
            if not isinstance(exc, Refused | Busy):
                log.warning("a request failed", extra={"path": self._path, "error": exc.code})
            return refusal(request.scope, exc)
        except ClientDisconnect:
            # It went before we had its body; nobody reads this.
            return Response(status_code=400)
        except Exception:
            # The route, for the address may hold a link's token, or a name that somebody gave.
            log.exception("a request failed", extra={"path": self._path})
            return refusal(request.scope, PenstockError())


def refusal(scope: Scope, error: PenstockError) -> Response:
    """Under /v1 in the shape that OpenAI's clients know, elsewhere as problem details."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return openai_problem(error) if path.startswith("/v1/") else problem(error)


def _unrouted_answer(scope: Scope, exc: HTTPException) -> Response:
    unrouted = _unrouted(exc)
    page = nowhere(Request(scope).headers, scope.get("root_path", "")) if exc.status_code == 404 else None
    return page or refusal(scope, unrouted)


def _unrouted(exc: HTTPException) -> Refused:
    if exc.status_code == 405:
        allowed = ", ".join(sorted((exc.headers or {}).get("Allow", "").split(", ")))
        return MethodWrong(f"This address takes {allowed}.", allowed)
    return NotFound("There is nothing at this address.")
