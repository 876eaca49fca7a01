"""A server on the loopback that answers each request by a function, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.aws.keys import LATER


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Loopback(NamedTuple):
    url: str
    asked: list[Asked]
    connections: Callable[[], int]


Handler = Callable[[Asked], Awaitable[Answer]]


def in_turn(*answers: Answer) -> Handler:
    """These, one after the other; the last one for all that follow."""
    left = list(answers)

    async def handler(_: Asked) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return handler


def role(name: str, expiration: str = LATER) -> Answer:
    """What container and instance answer."""
    answer = {
        "Code": "Success",
        "AccessKeyId": name,
        "SecretAccessKey": f"{name}-secret",
        "Token": f"{name}-token",
        "Expiration": expiration,
    }
    return Answer(200, json.dumps(answer).encode())


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[Loopback]:
    asked: list[Asked] = []
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                asked.append(await _request(reader))
                answer = await handler(asked[-1])
                writer.write(_response(answer))
                await writer.drain()
                if answer.headers.get("connection") == "close":
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield Loopback(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked, lambda: len(serving))
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def _response(answer: Answer) -> bytes:
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + answer.body
