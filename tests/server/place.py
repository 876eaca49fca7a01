"""A small vocabulary for stories about the HTTP side: a real server on loopback, and people who use it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import uvicorn
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect

from penstock import Assistant
from penstock.assistant import Identify, Opened
from penstock.cli.listening import listening
from penstock.cli.serving import config
from penstock.core.ports import Model, Store
from penstock.core.question import Person, Visitor
from penstock.engine import Engine, Rules, TurnReport
from penstock.server import build
from penstock.server.app import App
from penstock.server.problems import NotSignedIn
from penstock.settings import Settings
from penstock.testing.models import ScriptedModel

QUESTION = "What is the capital of France?"


def by_header(connection: HTTPConnection) -> Person | Visitor:
    """Whoever the header names, without any proof: this is a test. One is the owner."""
    name = connection.headers.get("x-person", "ann")
    if name == "nobody":
        raise NotSignedIn("Please sign in.")
    tenant, _, id = name.rpartition("/")
    person = Person(tenant or "acme", id)
    return Visitor(person, admin=True) if name == "owner" else person


class Tried(Assistant):
    """An assistant whose engine a test may look at, and whose rules it may change."""

    def __init__(self, model: Model, data: Path, rules: Mapping[str, float], **settings: Any) -> None:
        super().__init__(model, data=str(data), grace_s=0.0, **settings)
        self._rules = rules

    @asynccontextmanager
    async def opened(
        self,
        settings: Settings | None = None,
        *,
        store: Store | None = None,
        report: Callable[[TurnReport], None] = lambda report: None,
    ) -> AsyncIterator[Opened]:
        self.reports: asyncio.Queue[TurnReport] = asyncio.Queue()

        def both(turn: TurnReport) -> None:
            report(turn)
            self.reports.put_nowait(turn)

        async with super().opened(settings, store=store, report=both) as opened:
            self.engine: Engine = opened.engine
            rules: Rules = msgspec.structs.replace(opened.engine.rules, **self._rules)
            self.engine.rules = self.engine._beat.rules = rules
            yield opened


class SseEvent(NamedTuple):
    """One server-sent event: its cursor ("" when it carries none) and what it says."""

    id: str
    data: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.data.get("type", ""))


class Stream:
    """A response that is read as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.seen: list[SseEvent] = []
        self.beats = 0
        self._lines = response.aiter_lines()

    async def next(self) -> SseEvent | None:
        """The next event; None when the stream has ended. `[DONE]` is an event without data."""
        id = data = ""
        async for line in self._lines:
            if line.startswith("id:"):
                id = line[3:].strip()
            elif line.startswith("data:"):
                data += line[5:].strip()
            elif line.startswith(":"):
                self.beats += 1
                return SseEvent("", {"type": "beat"})
            elif not line and data:
                event = SseEvent(id, {} if data == "[DONE]" else json.loads(data))
                self.seen.append(event)
                return event
        return None

    async def until(self, *types: str) -> SseEvent:
        while (event := await self.next()) is not None:
            if event.type in types:
                return event
        raise AssertionError(f"the stream ended without {types}")

    async def until_words(self, words: str) -> None:
        """Read until the answer, as this stream told it, ends with these words."""
        while not self.text.endswith(words):
            assert await self.next() is not None, f"the stream ended after {self.text!r}"

    async def rest(self) -> list[SseEvent]:
        """Everything to the end."""
        while await self.next() is not None:
            pass
        return self.seen

    @property
    def text(self) -> str:
        """The answer's words that came by this stream."""
        return "".join(_words(event.data) for event in self.seen)

    @property
    def cursor(self) -> str:
        """What an EventSource would come back with."""
        return next((event.id for event in reversed(self.seen) if event.id), "")


def _words(data: dict[str, Any]) -> str:
    if "choices" in data:
        return "".join(choice["delta"].get("content") or "" for choice in data["choices"])
    return str(data["delta"]) if data.get("type") == "TEXT_MESSAGE_CONTENT" else ""


class Line:
    """A WebSocket, as a client holds it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    async def say(self, type: str, **more: Any) -> None:
        await self.connection.send(json.dumps({"type": type, **more}))

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        self.heard.append(message)
        return message

    async def answer(self, type: str, **more: Any) -> dict[str, Any]:
        """Say it and return the first message that is not an event."""
        await self.say(type, **more)
        while (message := await self.next())["type"] == "events":
            pass
        return message

    async def until(self, type: str, turn: str = "") -> dict[str, Any]:
        """Listen until an event of that type comes (of that turn); the frame it came in."""
        while True:
            frame = await self.next()
            if frame["type"] != "events" or turn not in ("", frame["turn"]):
                continue
            if any(event["type"] == type for event in frame["events"]):
                return frame

    async def until_words(self, turn: str, words: str) -> dict[str, Any]:
        """Listen until the turn's answer ends with these words; the frame they came in."""
        while not self.text(turn).endswith(words):
            await self.next()
        return next(frame for frame in reversed(self.heard) if frame.get("turn") == turn)

    def frames(self, turn: str) -> list[dict[str, Any]]:
        return [frame for frame in self.heard if frame["type"] == "events" and frame["turn"] == turn]

    def text(self, turn: str) -> str:
        return "".join(_words(event) for frame in self.frames(turn) for event in frame["events"])


class Place:
    """A server at work, and a client for everybody (`person` is who the request says it is)."""

    def __init__(self, url: str, app: App, assistant: Tried, client: httpx.AsyncClient) -> None:
        self.url = url
        self.app = app
        self.port = int(url.rpartition(":")[2])
        self.assistant = assistant
        self.client = client

    @property
    def engine(self) -> Engine:
        return self.assistant.engine

    async def get(self, path: str, person: str = "ann", **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={"x-person": person, **headers})

    async def post(
        self, path: str, body: object = None, person: str = "ann", **headers: str
    ) -> httpx.Response:
        return await self.client.post(path, json=body, headers={"x-person": person, **headers})

    async def send(self, method: str, path: str, body: object = None, person: str = "ann") -> httpx.Response:
        """Any request; without a body it sends none."""
        return await self.client.request(method, path, headers={"x-person": person}, json=body)

    async def ask(
        self,
        text: str = QUESTION,
        *,
        thread: str = "t1",
        id: str = "",
        replaces: str = "",
        person: str = "ann",
    ) -> dict[str, Any]:
        """Ask, and return what was accepted."""
        given = {"id": id, "replaces": replaces}
        body = {"text": text, **{name: value for name, value in given.items() if value}}
        response = await self.post(f"/api/threads/{thread}/questions", body, person)
        assert response.status_code == 202, response.text
        accepted: dict[str, Any] = response.json()
        return accepted

    async def answered(
        self, text: str = QUESTION, *, thread: str = "t1", replaces: str = "", person: str = "ann"
    ) -> dict[str, Any]:
        """Ask, and return the answer when it has ended."""
        turn = (await self.ask(text, thread=thread, replaces=replaces, person=person))["turn"]
        async with self.stream(f"/api/turns/{turn}/events", person=person) as stream:
            await stream.rest()
        found: dict[str, Any] = (await self.get(f"/api/turns/{turn}", person)).json()
        return found

    @asynccontextmanager
    async def stream(
        self, path: str, *, body: object = None, person: str = "ann", **headers: str
    ) -> AsyncIterator[Stream]:
        names = {"x-person": person, **{name.replace("_", "-"): text for name, text in headers.items()}}
        method = "GET" if body is None else "POST"
        async with self.client.stream(method, path, headers=names, json=body) as response:
            assert response.status_code == 200, (await response.aread()).decode()
            yield Stream(response)

    @asynccontextmanager
    async def line(self, person: str = "ann", **more: Any) -> AsyncIterator[Line]:
        headers = {"x-person": person, **more.pop("headers", {})}
        url = f"ws://127.0.0.1:{self.port}/api/socket"
        async with connect(
            url, additional_headers=headers, compression=None, proxy=None, **more
        ) as connection:
            yield Line(connection)

    async def raw(self, *pieces: bytes) -> bytes:
        """What the server answers to these bytes, up to where it closes or waits for more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for piece in pieces:
            writer.write(piece)
        writer.write_eof()
        said = await reader.read()
        writer.close()
        return said

    async def readers(self, count: int) -> None:
        """Return when so many follow."""
        await until(lambda: self.engine.readers == count)


async def until(true: Callable[[], bool]) -> None:
    """Return when it is so. For what happens in the server and tells nobody; it is of this event loop."""
    while not true():
        await _a_turn_of_the_loop()


async def _a_turn_of_the_loop() -> None:
    await asyncio.sleep(0)


class Places:
    """Opens servers, one after the other, on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @asynccontextmanager
    async def open(
        self,
        model: Model | None = None,
        *,
        rules: Mapping[str, float] = {},
        stalled_s: float = 30.0,
        identified: bool = True,
        identify: Identify = by_header,
        port: int = 0,
        send_buffer: int = 0,
        **settings: object,
    ) -> AsyncIterator[Place]:
        # These people ask as fast as they can.
        settings = {"questions_per_minute": 0, **settings}
        assistant = Tried(model or ScriptedModel(["Paris."]), self.folder, rules, **settings)
        app = build(assistant, identify=identify if identified else None, stalled_s=stalled_s)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(asyncio.timeout(20))
            await stack.enter_async_context(app.life.lifespan(app))
            url = await stack.enter_async_context(serving(app, assistant.settings(), port, send_buffer))
            client = httpx.AsyncClient(base_url=url, timeout=15, limits=httpx.Limits(max_connections=None))
            yield Place(url, app, assistant, await stack.enter_async_context(client))


@asynccontextmanager
async def serving(
    app: ASGIApp, settings: Settings, port: int = 0, send_buffer: int = 0
) -> AsyncIterator[str]:
    """The address of a server that runs in the test's own loop, as `penstock serve` runs it.

    With a small `send_buffer`, a reader that does not read is noticed after a few words.
    """
    with listening("127.0.0.1", port) as sockets:
        if send_buffer:
            # Every connection inherits it.
            sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        server = uvicorn.Server(config(app, settings))
        task = asyncio.create_task(server.serve(sockets))
        try:
            yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            await task
