"""Readers that come back after every cut, each with a screen of its own."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from penstock.core.events import Finished
from penstock.core.turn import fold
from tests.channels.agui_reader import Page, Shown
from tests.faults.server import Life, Server
from tests.faults.story import story

CUT = (httpx.TransportError, ConnectionClosed, InvalidHandshake, InvalidMessage, OSError)
"""How a connection ends whose server was killed."""

_ENDED = re.compile(rb'"type":"RUN_(?:FINISHED|ERROR)"')


class ShutDown(OSError):
    """The server takes no more, because it was told to end."""


def to_be_shown(question: str) -> Shown:
    """What every reader of this question's answer sees in the end, whatever happened on the way."""
    view = fold([*story(question), Finished()])
    return Shown(
        state="done",
        text=view.text,
        reasoning=view.reasoning,
        status="",
        citations=tuple((c.number, c.passage.source, c.passage.text) for c in view.citations),
        ahead=0,
        finish="complete",
        stopped_by="",
        error=("", "", ""),
        tokens=(view.usage.input_tokens, view.usage.output_tokens),
        tools=(),
    )


class Screen(Page):
    """A page that also knows when it saw the end, and how long it waited after each take-over."""

    def __init__(self) -> None:
        super().__init__()
        self.ended_s: float | None = None
        self.connections = 0
        self.taken_over_after_s: list[float] = []

    @property
    def over(self) -> bool:
        return any(event["type"] in ("RUN_FINISHED", "RUN_ERROR") for event in self.events)

    @property
    def ended(self) -> set[str]:
        """The turns whose end it saw."""
        return {event["runId"] for event in self.events if event["type"] == "RUN_FINISHED"}

    def answers(self) -> dict[str, list[str]]:
        """What it shows for each turn; a message's id begins with its turn's."""
        found: dict[str, list[str]] = {}
        for id, message in self.messages.items():
            if message["role"] == "assistant":
                found.setdefault(id.partition(":")[0], []).append(message["content"])
        return found

    def shown_of(self, turn: str) -> Shown:
        """The screen without the answers of earlier turns, which a snapshot of the thread brings."""
        self.messages = {id: m for id, m in self.messages.items() if id.partition(":")[0] == turn}
        return self.shown()


# --- One answer, by server-sent events -------------------------------------------


async def read_by_sse(
    server: Server, turn: str, screen: Screen, leaving: random.Random | None = None
) -> None:
    """Follow a turn to its end; with `leaving`, also go away in the middle now and then."""
    before: Life | None = None
    while not screen.over:
        life = await server.open()
        had_begun = before not in (None, life) and bool(screen.cursor)
        patience = leaving.randrange(1, 40) if leaving else 0
        left = await _connected(server, life, turn, screen, patience, had_begun)
        before = life
        if not left and not screen.over:
            await life.over.wait()
    screen.ended_s = screen.ended_s or time.monotonic()


async def _connected(
    server: Server, life: Life, turn: str, screen: Screen, patience: int, had_begun: bool
) -> bool:
    """One connection, read until it ends or patience does; whether it was we who left."""
    got, chunks, left = bytearray(), 0, False
    try:
        async with aclosing(events(server, f"/api/turns/{turn}/events", screen.cursor)) as stream:
            async for chunk in stream:
                got += chunk
                chunks += 1
                if had_begun and b"id: " in got:
                    screen.taken_over_after_s.append(time.monotonic() - (life.ready_s or time.monotonic()))
                    had_begun = False
                if left := chunks == patience:
                    break
    except CUT:
        pass
    screen.connections += 1
    screen.read_sse(bytes(got))
    return left


async def seen(server: Server, turn: str, attempt: int, word: str) -> None:
    """Wait until this attempt at the turn has said the word."""
    said = re.compile(rf"id: {turn}\.{attempt}\.\d+\ndata: [^\n]*{re.escape(word)}".encode())
    got = bytearray()
    await server.open()
    async with aclosing(events(server, f"/api/turns/{turn}/events", "")) as stream:
        async for chunk in stream:
            got += chunk
            if said.search(got):
                return
    raise AssertionError(f"the answer ended without {word!r}")


async def events(server: Server, path: str, cursor: str) -> AsyncGenerator[bytes]:
    headers = {"Last-Event-ID": cursor} if cursor else {}
    async with client(server) as http, http.stream("GET", path, headers=headers) as response:
        if response.status_code == 503:
            raise ShutDown
        assert response.status_code == 200, (path, cursor, await response.aread())
        async for chunk in response.aiter_raw():
            yield chunk


def client(server: Server) -> httpx.AsyncClient:
    # A connection of its own for every request: one of an earlier life must not be used again.
    return httpx.AsyncClient(
        base_url=server.url,
        timeout=None,
        trust_env=False,
        # Reading the machine's certificates, which nobody needs here, takes longer than asking.
        verify=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


# --- One answer, on a WebSocket ---------------------------------------------------


async def read_by_socket(server: Server, thread: str, question: str, turn: str, screen: Screen) -> None:
    """Ask on the socket (again, for it has been asked already), then follow and resume to the end."""
    while not screen.over:
        life = await server.open()
        first = (
            {"type": "resume", "cursor": screen.cursor}
            if screen.cursor
            else {"type": "ask", "thread": thread, "text": question, "id": question}
        )
        frames: list[bytes] = []
        try:
            async with connect(f"{server.url.replace('http', 'ws')}/api/socket", proxy=None) as socket:
                await socket.send(json.dumps(first))
                async for message in socket:
                    if _taken(message, turn, frames):
                        break
        except CUT:
            pass
        screen.connections += 1
        screen.read_frames(frames)
        if not screen.over:
            await life.over.wait()
    screen.ended_s = time.monotonic()


def _taken(message: str | bytes, turn: str, frames: list[bytes]) -> bool:
    """Whether this was the last message of the answer."""
    raw = message.encode() if isinstance(message, str) else message
    match json.loads(raw):
        case {"type": "accepted", "turn": accepted, "repeat": True}:
            assert accepted == turn
            return False
        case {"type": "events", "turn": told}:
            assert told == turn
            frames.append(raw)
            return bool(_ENDED.search(raw))
        case {"type": "error", "code": "shutting_down"}:
            raise ShutDown
        case other:
            raise AssertionError(other)


# --- A whole thread -------------------------------------------------------------


async def read_thread(server: Server, thread: str, screen: Screen, enough: Callable[[Screen], bool]) -> None:
    """Follow a thread, turn after turn, until the screen has enough; called again, it goes on."""
    while not enough(screen):
        life = await server.open()
        got, read = bytearray(), 0
        try:
            async with aclosing(events(server, f"/api/threads/{thread}/events", screen.cursor)) as stream:
                async for chunk in stream:
                    got += chunk
                    if _ENDED.search(got, max(0, read - 100)) and got.endswith(b"\n\n"):
                        break
                    read = len(got)
        except CUT:
            await life.over.wait()
        finally:
            screen.connections += 1
            screen.read_sse(bytes(got))


# --- What is asked once -----------------------------------------------------------


async def ask(server: Server, thread: str, question: str) -> Any:
    """Ask until it is acknowledged; the question is its own id."""
    path = f"/api/threads/{thread}/questions"
    return await told(server, "POST", path, json={"text": question, "id": question})


async def told(server: Server, method: str, path: str, **sent: Any) -> Any:
    """The JSON of an answer, from whichever life gives one."""
    while True:
        life = await server.open()
        try:
            async with client(server) as http:
                response = await http.request(method, path, **sent)
        except CUT:
            await life.over.wait()
            continue
        if response.status_code == 503:
            await life.over.wait()
            continue
        assert response.is_success, (path, response.status_code, response.text)
        return response.json()
