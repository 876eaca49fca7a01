"""The client: connections are made, kept for a while, and given up."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import cast

from penstock.http.response import Response, Unreachable
from penstock.http.wire import Target, request, target

# Shorter than most servers and load balancers allow; whoever closes earlier (uvicorn after 5 s) is noticed.
_IDLE_S = 15.0


class Client:
    """Keeps connections alive, per host. Times are the caller's: asyncio.timeout works everywhere.

    Belongs to the loop it was first used in; after `close` it can be used anew.
    """

    def __init__(self, *, connect_timeout_s: float = 10.0) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._idle: dict[Target, list[_Connection]] = {}
        self._all_open: set[_Connection] = set()
        self._tls: ssl.SSLContext | None = None

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
        while True:
            idle = self._idle.setdefault(where, [])
            # The one used last is the least likely to be closed by the other side at this very moment.
            kept = idle.pop() if idle else None
            response = (kept or await self._connect(where, idle)).ask(data)
            try:
                await response.begun()
                return response
            except Unreachable:
                response.close()
                # The server had closed it just before. Browsers, too, then ask again on another one.
                if kept is None or response.heard:
                    raise
            except BaseException:
                response.close()
                raise

    async def close(self) -> None:
        """Close every connection, also those in use."""
        for connection in [*self._all_open]:
            connection.close()

    async def _connect(self, where: Target, idle: list[_Connection]) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(idle, self._all_open),
                    where.host,
                    where.port,
                    ssl=self._trust() if where.tls else None,
                )
                return connection
        except (OSError, UnicodeError) as exc:
            raise Unreachable(reason(exc)) from exc

    def _trust(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


class _Connection(asyncio.Protocol):
    """One socket; at most one response at a time is read from it."""

    def __init__(self, idle: list[_Connection], all_open: set[_Connection]) -> None:
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
        if reusable and not self._transport.is_closing():
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

    def data_received(self, data: bytes) -> None:
        if self._response is not None:
            self._response.fed(data)
        else:
            # Said unasked, say a 408 for being idle; nobody would know what it belongs to.
            self.close()

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
        case TimeoutError():
            return "it did not answer in time"
        case _:
            return type(exc).__name__
