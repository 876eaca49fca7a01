"""A response under way, fed by its connection, read by whoever asked."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol, Self

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_HEADERS_BYTES = 256 * 1024
# Past this, unread, the other side has to wait.
_UNREAD_BYTES = 256 * 1024
_PLAIN = ("", "identity", "utf-8")  # The last is no coding, but servers send it.
_INFLATED_BYTES = 16 * 1024 * 1024
# Of a refusal the status is enough; its words are worth this much, and this long a wait.
COMPLAINT_BYTES = 64 * 1024
COMPLAINT_S = 10.0


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
        self._compressed = False
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

    async def beginning(self, most_bytes: int = COMPLAINT_BYTES, within_s: float = COMPLAINT_S) -> bytes:
        """What comes of the body's first bytes in this time, perhaps nothing. `read` gives it out again.

        A body that stalls is given up: behind what came of it, `read` raises CutOff.
        """
        body = bytearray()
        try:
            async with asyncio.timeout(within_s):
                while len(body) < most_bytes and (chunk := await self.read()):
                    body += chunk
        except CutOff:
            pass
        except TimeoutError:
            self._broken = "it did not go on in time"
        if body:
            self._chunks.insert(0, bytes(body))
            self._unread += len(body)
        return bytes(body[:most_bytes])

    def close(self) -> None:
        """Back into the pool if the body has ended, else the connection is closed."""
        self._connection.release(self, reusable=self._over and self._keep and self._broken is None)
        # It and the parser hold each other, and a busy server collects its cycles seldom.
        self._parser = None

    async def begun(self) -> Self:
        """This response, once its headers are here; closed otherwise. Raises Unreachable."""
        try:
            while not self._began:
                if self._broken is not None:
                    raise Unreachable(self._broken)
                self._waiter = waiter = asyncio.get_running_loop().create_future()
                await waiter
        except BaseException:
            self.close()
            raise
        return self

    def _tell(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # Called by the connection.

    def fed(self, data: bytes | memoryview) -> None:
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            self.heard += len(data)
            self._keep = False
            self.broke(f"no HTTP: {type(exc).__name__}")
            # The answer before it may be whole.
            self._tell()
            return
        if not self._began:
            self.heard += len(data)
            if self.heard > _HEADERS_BYTES:
                self.broke("its headers do not end")
            return
        if self._unread > _UNREAD_BYTES:
            self._connection.wait()
        self._tell()

    def ended(self) -> None:
        """The other side has said all: the end of a body without a length."""
        if self._began and "content-length" not in self.headers and "transfer-encoding" not in self.headers:
            self._end()
            self._tell()

    def broke(self, why: str) -> None:
        """The connection is lost."""
        if not self._over and self._broken is None:
            self._broken = why
            self._tell()

    # Called by httptools.

    def on_message_begin(self) -> None:
        if self._over:
            # After a second answer to one question nobody knows whose the next one is.
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._began:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        if self._began:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            # 100 Continue and 103 Early Hints: the response is still to come.
            self.headers.clear()
            return
        self._began = True
        # Nobody asked for it.
        self._compressed = self.headers.get("content-encoding", "").lower() not in _PLAIN

    def on_body(self, body: bytes) -> None:
        if self._over or self._broken is not None:
            return
        if self._compressed:
            body = self._inflated(body)
        self._unread += len(body)
        if body:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._began and not self._over and self._parser is not None:
            self._keep = self._parser.should_keep_alive()
            self._end()

    def _end(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            self.broke("its compression breaks off")
        self._over = True

    def _inflated(self, body: bytes) -> bytes:
        # 32 + 15 takes gzip and zlib.
        inflate = self._inflate = self._inflate or zlib.decompressobj(47)
        # One more than is allowed, and never 0, which would allow everything.
        spare_bytes = max(_INFLATED_BYTES - self._unread, 0) + 1
        try:
            data = inflate.decompress(body, spare_bytes)
        except zlib.error:
            self._broken = "a compression that was not asked for"
            return b""
        if len(data) == spare_bytes:
            self._broken = "compressed beyond all measure"
        elif inflate.unused_data:
            self._broken = "something follows what was compressed"
        return data
