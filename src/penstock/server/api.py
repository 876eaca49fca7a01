"""The native API: put a question, read a thread, follow an answer, stop, forget.

docs/http-api.md describes it for those who use it, openapi.py for programs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from penstock.channels.web import BEAT, Sse
from penstock.core import cursor as cursors
from penstock.core.cursor import Cursor
from penstock.core.question import Person
from penstock.core.turn import ENDED
from penstock.errors import PenstockError
from penstock.server import shapes
from penstock.server.decoding import decoded, limit_of
from penstock.server.desk import AtDesk, Desk, thread_name
from penstock.server.driver import Driver, thread_drivers
from penstock.server.shapes import Ask, StopNoted
from penstock.server.stream import Encoded, EventStream

_ask = msgspec.json.Decoder(Ask)


class Api:
    def __init__(self, desk: AtDesk) -> None:
        self._desk = desk

    async def ask(self, request: Request) -> ASGIApp:
        """202 with the turn, or at once its events, if the client accepts those."""
        desk = await self._desk()
        person = await desk.person(request)
        thread = desk.thread(person, request.path_params["thread"])
        sent = decoded(_ask, await desk.body(request))
        question = desk.question(person, thread, sent.text, sent.id, sent.replaces)
        received = (await desk.ask(question)).received
        if "text/event-stream" in request.headers.get("accept", ""):
            turn = received.turn.id
            return await begun(desk, turn_events(desk, person, thread, turn), {"Penstock-Turn": turn})
        return json_response(shapes.accepted(received, request.scope.get("root_path", "")), 202)

    async def transcript(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        thread = desk.thread(person, request.path_params["thread"])
        limit = limit_of(request)
        before = request.query_params.get("before", "")
        conversations = desk.engine.conversations
        about = await conversations.thread(person, thread)
        # One more than is wanted shows whether there are any before them.
        found = await desk.engine.transcript(person, thread, before=before, limit=limit + 1)
        more, found = len(found) > limit, found[-limit:]
        ratings = await conversations.ratings(exchange.turn.id for exchange in found)
        token = await conversations.token(person, thread)
        return json_response(shapes.transcript(about, found, ratings, token=token, more=more))

    async def forget(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        await desk.engine.forget(person, desk.thread(person, request.path_params["thread"]))
        return Response(status_code=204)

    async def thread_events(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        thread = desk.thread(person, request.path_params["thread"])
        return await begun(desk, thread_events(desk, person, thread, seen(request)))

    async def turn(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        return json_response(shapes.answer(*await desk.engine.turn(person, request.path_params["turn"])))

    async def turn_events(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        info, _ = await desk.engine.turn(person, request.path_params["turn"])
        cursor = seen(request)
        if cursor is not None and info.state in ENDED and cursor[1:] == (info.attempt, info.last):
            # It has seen the end. An EventSource comes back all the same, until it is told this.
            return Response(status_code=204)
        return await begun(desk, turn_events(desk, person, info.thread, info.id, cursor))

    async def stop(self, request: Request) -> ASGIApp:
        desk = await self._desk()
        person = await desk.person(request)
        info = await desk.engine.stop(person, request.path_params["turn"])
        return json_response(StopNoted(info.id, info.state), 202)


async def begun(
    desk: Desk, events: AsyncGenerator[bytes], headers: dict[str, str] | None = None
) -> EventStream[bytes]:
    """A response whose first bytes are there: what is wrong with the request has shown by then."""
    first = await anext(events)
    return EventStream(events, Encoded(), _failed, first=first, headers=headers, stalled_s=desk.stalled_s)


def _failed(error: PenstockError) -> bytes:
    event = {"type": "RUN_ERROR", "message": error.for_reader, "code": error.code}
    return b"data: %b\n\n" % msgspec.json.encode(event)


async def turn_events(
    desk: Desk, person: Person, thread: str, turn: str, seen: Cursor | None = None
) -> AsyncGenerator[bytes]:
    """A turn's log as server-sent events, after what was seen."""
    reader = Sse(thread_name(thread), turn, seen=seen, frames=desk.frames(turn))
    driver = Driver(desk, person, thread, turn, reader, seen)
    async with aclosing(desk.engine.follow(person, turn, seen)) as news:
        async for entries in news:
            yield b"".join(await driver.encoded(entries)) or BEAT


async def thread_events(
    desk: Desk, person: Person, thread: str, seen: Cursor | None
) -> AsyncGenerator[bytes]:
    """The same for one turn after another, each told with the question it answers."""
    async with aclosing(thread_drivers(desk, person, thread, seen, Sse)) as news:
        async for driver, entries in news:
            yield b"".join(await driver.encoded(entries) if driver else ()) or BEAT


def seen(request: Request) -> Cursor | None:
    """The cursor a reader comes back with: an EventSource sends it by itself."""
    text = request.headers.get("last-event-id") or request.query_params.get("cursor", "")
    return cursors.parse(text) if text else None


def json_response(value: object, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(value), status, {"Cache-Control": "no-store"}, media_type="application/json"
    )
