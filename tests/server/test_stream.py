"""A streamed response against an ASGI server that misbehaves, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from penstock.errors import PenstockError
from penstock.server.stream import Encoded, EventStream

SCOPE: Scope = {"type": "http", "method": "GET"}


class Reader:
    """Somebody who takes what is sent until told otherwise."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.has_words = asyncio.Event()
        self.leaves = asyncio.Event()
        self.left = 0

    async def receive(self) -> Message:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append(message)
        if message.get("body"):
            self.has_words.set()

    def has_left(self) -> None:
        self.left += 1

    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got)


class Words:
    """Two words, the second of them when it is let go; knows whether it was closed."""

    def __init__(self) -> None:
        self.more = asyncio.Event()
        self.closed = False

    async def __call__(self) -> AsyncGenerator[bytes]:
        try:
            yield b"one "
            await self.more.wait()
            yield b"two"
        finally:
            self.closed = True


def stream(words: Words, reader: Reader, **given: Any) -> EventStream[bytes]:
    return EventStream(words(), Encoded(), lambda error: error.code.encode(), left=reader.has_left, **given)


async def run(answer: EventStream[bytes], receive: Receive, send: Send) -> None:
    async with asyncio.timeout(10):
        await answer(SCOPE, receive, send)


async def test_a_stream_ends_by_itself_though_nobody_ever_leaves() -> None:
    reader, words = Reader(), Words()
    words.more.set()

    await run(stream(words, reader), reader.receive, reader.send)

    assert reader.body() == b"one two"
    assert reader.got[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert (reader.left, words.closed) == (0, True)


async def test_a_reader_that_hangs_up_is_told_of_once_and_the_words_are_closed() -> None:
    reader, words = Reader(), Words()
    running = asyncio.create_task(run(stream(words, reader), reader.receive, reader.send))
    await reader.has_words.wait()

    reader.leaves.set()
    await running

    assert (reader.left, words.closed) == (1, True)


async def test_a_send_that_fails_is_a_reader_that_has_left() -> None:
    reader, words = Reader(), Words()

    async def send(message: Message) -> None:
        if message.get("body") == b"two":
            raise OSError("gone")
        await reader.send(message)

    words.more.set()
    await run(stream(words, reader), reader.receive, send)

    assert (reader.left, words.closed) == (1, True)


async def test_a_cancelled_request_is_a_reader_that_has_left() -> None:
    reader, words = Reader(), Words()
    running = asyncio.create_task(run(stream(words, reader), reader.receive, reader.send))
    await reader.has_words.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (reader.left, words.closed) == (1, True)


async def test_a_reader_that_takes_not_even_the_headers_is_given_up() -> None:
    reader, words = Reader(), Words()

    async def send(message: Message) -> None:
        await asyncio.Event().wait()

    await run(stream(words, reader, stalled_s=0.01), reader.receive, send)

    assert reader.left == 1


async def test_what_breaks_after_the_headers_is_the_last_event_or_the_servers_to_log() -> None:
    reader = Reader()

    async def broken(error: Exception) -> AsyncGenerator[bytes]:
        yield b"one "
        raise error

    told = EventStream(
        broken(PenstockError()), Encoded(), lambda error: error.code.encode(), left=reader.has_left
    )
    await run(told, reader.receive, reader.send)
    assert reader.body() == b"one error"

    bug = EventStream(broken(ZeroDivisionError()), Encoded(), lambda error: b"", left=reader.has_left)
    with pytest.raises(ZeroDivisionError):
        await run(bug, reader.receive, reader.send)
    assert reader.left == 1
