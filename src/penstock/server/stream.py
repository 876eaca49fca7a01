"""A response that is written as it comes, to a reader that may leave or fall asleep.

Starlette's StreamingResponse would do, but it starts a task group for each stream and
never drops a reader that does not read; here one timer and one waiting task watch it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

from starlette.types import Receive, Scope, Send

from penstock.errors import PenstockError
from penstock.server.patience import STALLED_S, Patience

T = TypeVar("T")
NewsT = TypeVar("NewsT")
_Out = TypeVar("_Out", covariant=True)
_In = TypeVar("_In", contravariant=True)


class News(Protocol[_Out]):
    """What is to be told, as it comes; whoever leaves it early closes it."""

    def __aiter__(self) -> AsyncIterator[_Out]: ...
    def aclose(self) -> Coroutine[Any, Any, None]: ...


class Wire(Protocol[_In]):
    """How it is told. Its bytes come from a plain call, because a coroutine more is felt at every token."""

    @property
    def over(self) -> bool:
        """Everything was said, whether or not there would be more news."""
        ...

    def encode(self, news: _In) -> bytes: ...


class Encoded:
    """For news that are bytes already."""

    over = False

    def encode(self, news: bytes) -> bytes:
        return news


# A reader on a slow line takes long for a whole log; that it takes piece after piece shows that it is there.
_PIECE_BYTES = 64 * 1024

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # nginx and what is built on it would gather the answer otherwise.
    (b"x-accel-buffering", b"no"),
]


class EventStream(Generic[NewsT]):
    """Server-sent events.

    `left` is called when the reader went before the end; `failed` says, as the last event, what went
    wrong when it is too late for a status.
    """

    def __init__(
        self,
        news: News[NewsT],
        wire: Wire[NewsT],
        failed: Callable[[PenstockError], bytes],
        *,
        first: bytes = b"",
        headers: dict[str, str] | None = None,
        left: Callable[[], None] = lambda: None,
        stalled_s: float = STALLED_S,
    ) -> None:
        self._news = news
        self._wire = wire
        self._failed = failed
        self._first = first
        self._headers = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        self._left = left
        self._stalled_s = stalled_s
        self._complete = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._news), Patience(self._stalled_s) as patience:
                await self._written(scope, receive, send, patience)
        except OSError:
            # ASGI's word for a reader that is gone.
            pass
        finally:
            if not self._complete:
                self._left()

    async def _written(self, scope: Scope, receive: Receive, send: Send, patience: Patience) -> None:
        # In a task of its own, because each token wakes every coroutine that waits for the next one, and a
        # request's task has a dozen more, from the server down to here.
        writer = asyncio.create_task(self._write(scope, send, patience))
        writer.add_done_callback(patience.leave)
        try:
            await _until_gone(receive)
        finally:
            writer.remove_done_callback(patience.leave)
            writer.cancel()
            await asyncio.wait([writer])
            if not writer.cancelled():
                writer.result()

    async def _write(self, scope: Scope, send: Send, patience: Patience) -> None:
        patience.begun += 1
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *self._headers]})
        patience.taken += 1
        if scope["method"] != "HEAD":
            await self._write_body(send, patience)
        patience.begun += 1
        self._complete = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write_body(self, send: Send, patience: Patience) -> None:
        await _in_pieces(self._first, send, patience)
        wire = self._wire
        try:
            async for news in self._news:
                chunk = wire.encode(news)
                if len(chunk) > _PIECE_BYTES:
                    await _in_pieces(chunk, send, patience)
                else:
                    patience.begun += 1
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    patience.taken += 1
                if wire.over:
                    break
        except PenstockError as exc:
            await _in_pieces(self._failed(exc), send, patience)


async def _in_pieces(chunk: bytes, send: Send, patience: Patience) -> None:
    for start in range(0, len(chunk), _PIECE_BYTES):
        piece = chunk[start : start + _PIECE_BYTES]
        patience.begun += 1
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        patience.taken += 1


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T | None:
    """The result of `work`; None, and the work cancelled, when the client hangs up first."""
    async with Patience(STALLED_S) as patience:
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda gone: None if gone.cancelled() else patience.lose())
        try:
            return await work
        finally:
            gone.cancel()
    return None


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
