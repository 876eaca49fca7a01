"""The client: connections are made, kept for a while, and given up."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from typing import cast
from weakref import WeakSet

from penstock.http.response import CutOff, Response, Unreachable
from penstock.http.wire import Target, request, target

# Shorter than most servers and load balancers allow; whoever closes earlier (uvicorn after 5 s) is noticed.
_IDLE_S = 15.0
_READ_BYTES = 64 * 1024


class Client:
    """Keeps connections alive, per host. Times are the caller's: asyncio.timeout works everywhere.

    Belongs to the loop it was first used in; after `close` it can be used anew.
    """

    def __init__(self, *, connect_timeout_s: float = 10.0) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._idle: dict[Target, list[_Connection]] = {}
        self._closings = 0
        # Weak, because uvloop does not tell of the end of a connection whose making was cancelled.
        self._all_open = WeakSet[_Connection]()
        self._tls: ssl.SSLContext | None = None
        # One for all: what a read brought is taken out before the loop does anything else. Without it
        # asyncio makes room for 256 KB anew for each read, which costs more than all that follows.
        self._buffer = memoryview(bytearray(_READ_BYTES))

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """The response, once its headers are here. `url` is sent as it is written, and never redirected.

        Sends Host and Content-Length itself. Raises Unreachable, also for what cannot be sent at all.
        """
        try:
            where, path, own = target(url)
            data = request(method, path, {**own, **headers}, body)
        except ValueError as exc:
            # UnicodeError is one, too: a host name or header that cannot be encoded.
            raise Unreachable(f"its URL or a header cannot be sent: {type(exc).__name__}") from None
        idle, closings = self._idle.setdefault(where, []), self._closings
        if idle:
            # The one used last is the least likely to be closed by the other side at this very moment.
            response = idle.pop().ask(data)
            try:
                return await response.begun()
            except Unreachable:
                # The server had closed it just before. Browsers, too, then ask once more, on a new one.
                if response.heard or closings != self._closings:
                    raise
        return await (await self._connect(where, idle)).ask(data).begun()

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = {},
        body: bytes = b"",
        *,
        within_s: float,
        most_bytes: int,
    ) -> tuple[int, bytes]:
        """Status and body of a short answer; of a longer one, the first `most_bytes`.

        Raises Unreachable, also when it is not here in time or breaks off.
        """
        try:
            async with asyncio.timeout(within_s):
                with closing(await self.send(method, url, headers, body)) as response:
                    return response.status, await response.whole(most_bytes)
        except (CutOff, TimeoutError) as exc:
            raise Unreachable(reason(exc)) from exc

    async def close(self) -> None:
        """Close every connection, also those in use or being made."""
        self._closings += 1
        for connection in [*self._all_open]:
            connection.close()

    async def _connect(self, where: Target, idle: list[_Connection]) -> _Connection:
        loop, closings = asyncio.get_running_loop(), self._closings
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(idle, self._all_open, self._buffer),
                    where.host,
                    where.port,
                    ssl=self._trust() if where.tls else None,
                )
        except (OSError, UnicodeError) as exc:
            raise Unreachable(reason(exc)) from exc
        if closings != self._closings:
            connection.close()
            raise Unreachable("it was given up")
        return connection

    def _trust(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


class _Connection(asyncio.BufferedProtocol):
    """One socket; at most one response at a time is read from it."""

    def __init__(self, idle: list[_Connection], all_open: WeakSet[_Connection], buffer: memoryview) -> None:
        self._buffer = buffer
        self._idle = idle
        self._all_open = all_open
        self._transport: asyncio.Transport | None = None
        self._response: Response | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def ask(self, data: bytes) -> Response:
        assert self._transport is not None
        if self._expiry is not None:
            self._expiry.cancel()
        self._response = Response(self)
        self._transport.write(data)
        return self._response

    def release(self, response: Response, *, reusable: bool) -> None:
        if self._response is not response or self._transport is None:
            return
        self._response = None
        # A request that is still being sent would be in the way of the next.
        if reusable and not self._transport.is_closing() and not self._transport.get_write_buffer_size():
            # It may have been made to wait, and would hear neither the next answer nor a hang-up.
            self._transport.resume_reading()
            self._idle.append(self)
            self._expiry = asyncio.get_running_loop().call_later(_IDLE_S, self.close)
        else:
            # Not close(), which would first send what is still unsent.
            self._transport.abort()

    def close(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self in self._idle:
            self._idle.remove(self)
        if self._transport is not None:
            self._transport.abort()

    def wait(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # Called by the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one in all but name.
        self._transport = cast("asyncio.Transport", transport)
        self._all_open.add(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._response is not None:
            self._response.fed(self._buffer[:nbytes])
        else:
            # Said unasked, say a 408 for being idle; nobody would know what it belongs to.
            self.close()

    def eof_received(self) -> None:
        if self._response is not None:
            self._response.ended()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._response is not None:
            self._response.broke(reason(exc) if exc is not None else "it hung up")
        self._all_open.discard(self)
        self.close()


def reason(exc: BaseException) -> str:
    """Why a connection failed, in a few words without an address."""
    match exc:
        case socket.gaierror():
            return "its name is unknown"
        case ssl.SSLError():
            return f"TLS failed: {type(exc).__name__}"
        case CutOff():
            return str(exc)
        case TimeoutError():
            return "it did not answer in time"
        case _:
            return type(exc).__name__
