"""A provider for the tests of models: a real server that says what the test tells it; and asking a model."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from penstock.core.events import Event
from penstock.core.ports import Model
from penstock.core.prompt import Prompt
from penstock.core.question import Message

QUESTION = Prompt((Message("user", "Where did I leave my grandmother's ring?"),))


class Asked:
    """One request, and the way back to whoever sent it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.head = ""
        self.body: Any = None

    async def read(self) -> bool:
        try:
            self.head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        size = next(
            line for line in self.head.lower().splitlines() if line.startswith("content-length:")
        ).partition(":")[2]
        self.body = msgspec.json.decode(await self._reader.readexactly(int(size)))
        return True

    async def say(self, text: str | bytes) -> None:
        self._writer.write(text.encode() if isinstance(text, str) else text)
        await self._writer.drain()

    async def begin(self, media_type: str = "text/event-stream") -> None:
        await self.say(f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n")

    async def send(self, text: str) -> None:
        data = text.encode()
        await self.say(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.say("0\r\n\r\n")

    async def answer(self, status: int, body: str, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}", *headers]
        await self.say("\r\n".join(lines) + "\r\n\r\n" + body)

    async def left(self) -> None:
        """Wait until whoever asked has closed the connection."""
        while await self._reader.read(1024):
            pass

    def hang_up(self) -> None:
        self._writer.transport.abort()


class Upstream:
    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.connections = 0
        self.asked: list[Asked] = []


Script = Callable[[Asked], Awaitable[None]]


@asynccontextmanager
async def upstream(script: Script) -> AsyncIterator[Upstream]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        here.connections += 1
        try:
            while await (asked := Asked(reader, writer)).read():
                here.asked.append(asked)
                await script(asked)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    here = Upstream(server.sockets[0].getsockname()[1])
    try:
        async with asyncio.timeout(20):
            yield here
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await server.wait_closed()


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


# --- Asking --------------------------------------------------------------------


def stream_of(model: Model, prompt: Prompt = QUESTION) -> AsyncGenerator[Event, None]:
    stream = model.stream(prompt)
    assert isinstance(stream, AsyncGenerator)
    return stream


async def heard(model: Model, prompt: Prompt = QUESTION) -> list[Event]:
    return [event async for event in model.stream(prompt)]
