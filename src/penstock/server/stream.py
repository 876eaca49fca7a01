"""A response that is written as it comes, to a reader that may leave or fall asleep.

Starlette's StreamingResponse would do, but it starts a task group for each stream and
never drops a reader that does not read; here one timer and one waiting task watch it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from starlette.types import Receive, Scope, Send

# A reader that takes nothing for so long is gone; it can come back with its cursor.
STALLED_S = 30.0

T = TypeVar("T")

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx and what is built on it would gather the answer otherwise.
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """Server-sent events. `left` is called when the reader went before the end."""

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        *,
        first: bytes = b"",
        headers: dict[str, str] | None = None,
        left: Callable[[], None] = lambda: None,
        stalled_s: float = STALLED_S,
    ) -> None:
        self._chunks = chunks
        self._first = first
        self._headers = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        self._left = left
        self._stalled_s = stalled_s
        self._sending_since_s: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as here:
                gone = loop.create_task(_gone(receive, here))
                watch = loop.call_later(self._stalled_s, self._look, here)
                self._watch = watch
                try:
                    await self._write(send, loop)
                finally:
                    gone.cancel()
                    self._watch.cancel()
        except TimeoutError:
            self._left()

    async def _write(self, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *self._headers]})
        async with aclosing(self._chunks) as chunks:
            if self._first:
                await send({"type": "http.response.body", "body": self._first, "more_body": True})
            async for chunk in chunks:
                self._sending_since_s = loop.time()
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                self._sending_since_s = None
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _look(self, here: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        since_s = self._sending_since_s
        if since_s is not None and loop.time() - since_s >= self._stalled_s:
            _leave(here)
        else:
            self._watch = loop.call_later(self._stalled_s / 2, self._look, here)


async def _gone(receive: Receive, here: asyncio.Timeout) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    _leave(here)


def _leave(here: asyncio.Timeout) -> None:
    if here.when() is None:
        here.reschedule(asyncio.get_running_loop().time())


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T | None:
    """The result of `work`; None, and the work cancelled, when the client hangs up first."""
    try:
        async with asyncio.timeout(None) as here:
            gone = asyncio.create_task(_gone(receive, here))
            try:
                return await work
            finally:
                gone.cancel()
    except TimeoutError:
        return None
