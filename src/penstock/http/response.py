"""A response under way, fed by its connection, read by whoever asked."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_HEADERS_BYTES = 256 * 1024
# Past this, unread, the other side has to wait.
_UNREAD_BYTES = 256 * 1024
_INFLATED_BYTES = 16 * 1024 * 1024


class Unreachable(Exception):
    """No response came; the message says why in a few words ("its name is unknown"), without an address."""


class CutOff(Exception):
    """The connection broke in the middle of a response's body."""


class Connection(Protocol):
    """What a response needs of the connection it comes from."""

    def wait(self) -> None: ...
    def go_on(self) -> None: ...
    def release(self, response: Response, *, reusable: bool) -> None: ...


class Response:
    """A response under way: its headers are here, its body arrives. Use `contextlib.closing`."""

    def __init__(self, connection: Connection) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        """Names in lower case; of a repeated one, the values joined by ", "."""
        self._connection = connection
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self.heard = 0
        """Bytes that have come before the headers' end."""
        self._began = False
        self._chunks: list[bytes] = []
        self._unread = 0
        self._inflate: zlib._Decompress | None = None
        self._over = False
        self._keep = False
        self._broken: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        """Everything that has arrived, at least a byte; nothing at the end. Raises CutOff."""
        while not (chunks := self._chunks):
            if self._broken is not None:
                raise CutOff(self._broken)
            if self._over:
                return b""
            self._waiter = waiter = asyncio.get_running_loop().create_future()
            await waiter
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        if self._unread > _UNREAD_BYTES:
            self._connection.go_on()
        self._unread = 0
        return data

    async def whole(self, most_bytes: int) -> bytes:
        """The body to its end, or its first `most_bytes`. Raises CutOff."""
        body = bytearray()
        while len(body) < most_bytes and (chunk := await self.read()):
            body += chunk
        return bytes(body[:most_bytes])

    def close(self) -> None:
        """Back into the pool if the body has ended, else the connection is closed."""
        self._connection.release(self, reusable=self._over and self._keep and self._broken is None)
        # It and the parser hold each other, and a busy server collects its cycles seldom.
        self._parser = None

    async def begun(self) -> None:
        """Wait for the headers. Raises Unreachable."""
        while not self._began:
            if self._broken is not None:
                raise Unreachable(self._broken)
            self._waiter = waiter = asyncio.get_running_loop().create_future()
            await waiter

    def _tell(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # Called by the connection.

    def fed(self, data: bytes) -> None:
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            self.heard += len(data)
            self.broke(f"no HTTP: {type(exc).__name__}")
            return
        if not self._began:
            self.heard += len(data)
            if self.heard > _HEADERS_BYTES:
                self.broke("its headers do not end")
            return
        if self._unread > _UNREAD_BYTES:
            self._connection.wait()
        self._tell()

    def broke(self, why: str) -> None:
        """The connection is lost, which is also how a body without a length ends."""
        if self._over or self._broken is not None:
            return
        if self._began and "content-length" not in self.headers and "transfer-encoding" not in self.headers:
            self._over = True
        else:
            self._broken = why
        self._tell()

    # Called by httptools.

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._began:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        self.status = self._parser.get_status_code()
        if self.status < 200:
            # 100 Continue and 103 Early Hints: the response is still to come.
            self.headers.clear()
            return
        self._began = True
        if self.headers.get("content-encoding", "identity") != "identity":
            # Nobody asked for it; 32 + 15 takes gzip and zlib.
            self._inflate = zlib.decompressobj(47)

    def on_body(self, body: bytes) -> None:
        if self._over:
            return
        if self._inflate is not None:
            body = self._inflated(self._inflate, body)
        self._unread += len(body)
        if body:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._began and self._parser is not None:
            # After a second answer to one question nobody knows whose the next one is.
            self._keep = not self._over and self._parser.should_keep_alive()
            self._over = True

    def _inflated(self, inflate: zlib._Decompress, body: bytes) -> bytes:
        try:
            data = inflate.decompress(body, _INFLATED_BYTES)
        except zlib.error:
            self._broken = "a compression that was not asked for"
            return b""
        if inflate.unconsumed_tail:
            self._broken = "compressed beyond all measure"
        return data
