"""Connections on which no request comes, or only a part of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from penstock.cli.listening import listening
from penstock.cli.request_heads import BoundedHeads


class Hasty(BoundedHeads):
    within_s = 0.05


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """Its port."""
    config = uvicorn.Config(app, http=Hasty, lifespan="off", access_log=False, log_config=None)
    with listening("127.0.0.1", 0) as sockets:
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets))
        yield sockets[0].getsockname()[1]
        server.should_exit = True
        await task


async def cut(port: int, sent: bytes) -> bytes:
    """What is said until the server hangs up, which the client never does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    said = await reader.read()
    writer.close()
    return said


async def ready(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: x\r\n"])
async def test_a_head_that_does_not_come_to_its_end_is_not_waited_for_for_ever(sent: bytes) -> None:
    async with asyncio.timeout(10), served(ready) as port:
        assert await cut(port, sent) == b""


async def test_a_second_request_is_not_waited_for_for_ever_either() -> None:
    async with asyncio.timeout(10), served(ready) as port:
        said = await cut(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n")

    assert said.count(b"HTTP/1.1 200 OK") == 1


async def test_an_answer_may_take_as_long_as_it_likes() -> None:
    cut_off = asyncio.Event()

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        await cut_off.wait()
        await ready(scope, receive, send)

    async with asyncio.timeout(10), served(answers) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        # Two that came later were given up by then.
        await cut(port, b"")
        await cut(port, b"")
        cut_off.set()
        said = await reader.readuntil(b"\r\n")
        writer.close()

    assert said == b"HTTP/1.1 200 OK\r\n"
